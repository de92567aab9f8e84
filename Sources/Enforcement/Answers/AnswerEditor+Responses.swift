extension AnswerEditor {
    /// Edits a response object, which is the whole answer or a part of some events.
    func editResponse(_ text: JSONText, _ response: Range<Int>, _ changes: inout JSONEdits) {
        guard let output = text.value("output", in: response) else { return }
        let items = text.elements(of: output)
        let isReasoning = items.map { Self.isReasoning(text, $0) }
        let summaries = zip(items, isReasoning).map { item, isReasoning in
            edits.reasoning == .summarise && isReasoning
                ? Self.summary(text, item) : ReasoningSummary()
        }
        if edits.reasoning != .keep {
            var index = -1
            changes.remove(elements: items) { _ in
                index += 1
                return isReasoning[index] && summaries[index].isEmpty
            }
        }
        for (item, summary) in zip(items, summaries) where !summary.isEmpty {
            Self.summarise(text, item, summary, &changes)
        }
        if edits.dropsLogprobs {
            for item in items { dropItemLogprobs(text, item, &changes) }
        }
        guard let appended = edits.appended, let last = items.last,
            let value = Self.endingText(text, last)
        else { return }
        changes.append(appended, toString: value)
    }

    static func isReasoning(_ text: JSONText, _ item: Range<Int>) -> Bool {
        guard let type = text.value("type", in: item) else { return false }
        return text.isString(type, "reasoning")
    }

    /// Of the reasoning itself where the item shows it, else of the model's own summary.
    static func summary(_ text: JSONText, _ item: Range<Int>) -> ReasoningSummary {
        var summary = ReasoningSummary()
        for name: StaticString in ["content", "summary"] {
            for part in text.elements(of: text.value(name, in: item) ?? 0..<0) {
                guard let value = text.value("text", in: part) else { continue }
                summary.add(text.string(value))
                summary.add([0x0A])
            }
            if !summary.isEmpty { break }
        }
        return summary
    }

    /// Leaves an item of reasoning nothing but its summary.
    static func summarise(
        _ text: JSONText, _ item: Range<Int>, _ summary: ReasoningSummary,
        _ changes: inout JSONEdits
    ) {
        let members = text.members(of: item)
        let list = "[\(summaryPart(summary.text))]"
        let hasList = members.contains { text.isKey($0.key, "summary") }
        changes.remove(from: item, members: members, adding: hasList ? nil : "\"summary\":\(list)")
        {
            text.isKey($0.key, "content") || text.isKey($0.key, "encrypted_content")
        }
        for member in members where text.isKey(member.key, "summary") {
            changes.replace(member.value, with: list)
        }
    }

    static func summaryPart(_ summary: [UInt8]) -> String {
        let quoted = String(decoding: JSONString.quoted(summary), as: UTF8.self)
        return "{\"type\":\"summary_text\",\"text\":\(quoted)}"
    }

    func dropItemLogprobs(_ text: JSONText, _ item: Range<Int>, _ changes: inout JSONEdits) {
        for part in text.elements(of: text.value("content", in: item) ?? 0..<0) {
            dropLogprobs(text, in: part, &changes)
        }
    }

    /// Empties the list `logprobs` of one object.
    func dropLogprobs(_ text: JSONText, in object: Range<Int>, _ changes: inout JSONEdits) {
        guard edits.dropsLogprobs else { return }
        for member in text.members(of: object)
        where text.isKey(member.key, "logprobs") && text.isList(member.value)
            && !text.isEmptyContainer(member.value)
        {
            changes.replace(member.value, with: "[]")
        }
    }

    /// The text an output item ends in, where it is a message that does and there is any.
    static func endingText(_ text: JSONText, _ item: Range<Int>) -> Range<Int>? {
        guard let type = text.value("type", in: item), text.isString(type, "message"),
            let part = text.elements(of: text.value("content", in: item) ?? 0..<0).last
        else { return nil }
        return outputText(text, part)
    }

    /// The text of a content part, where it is one of output text and there is any.
    static func outputText(_ text: JSONText, _ part: Range<Int>) -> Range<Int>? {
        guard let type = text.value("type", in: part), text.isString(type, "output_text"),
            let value = text.value("text", in: part), text.isString(value),
            !text.isEmptyString(value)
        else { return nil }
        return value
    }
}
