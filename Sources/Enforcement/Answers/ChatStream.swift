/// Edits the chunks of a streamed chat completion or completion.
///
/// A summary is sent before the first chunk of the answer proper, a canary before the chunk that finishes a choice.
struct ChatStream: Sendable {
    /// What has been seen of one choice.
    private struct Choice {
        let index: Int
        var hasSentRole = false
        var hasText = false
        var hasCalls = false
        var reasoningContent = ReasoningSummary()
        var reasoning = ReasoningSummary()
        var hasSentSummary = false

        /// The members of the delta that tells the summary; `nil` where there is none to tell.
        mutating func takeSummary() -> String? {
            guard !hasSentSummary else { return nil }
            var members: [String] = []
            for (name, summary) in [
                ("reasoning_content", reasoningContent), ("reasoning", reasoning),
            ] where !summary.isEmpty {
                members.append("\"\(name)\":\(quotedText(summary.text))")
            }
            guard !members.isEmpty else { return nil }
            hasSentSummary = true
            return members.joined(separator: ",")
        }

        var isHolding: Bool {
            !hasSentSummary && !(reasoningContent.isEmpty && reasoning.isEmpty)
        }
    }

    private let edits: AnswerEdits
    private let isChat: Bool
    private var choices: [Choice] = []
    /// The last chunk, while a summary waits; its fields frame the summary if no other chunk comes.
    private var lastChunk: (name: [UInt8], data: [UInt8])?

    init(edits: AnswerEdits, isChat: Bool) {
        self.edits = edits
        self.isChat = isChat
    }

    mutating func feed(name: [UInt8], data: [UInt8]) -> StreamEdit {
        if data.elementsEqual("[DONE]".utf8) {
            let waiting = end()
            return waiting.isEmpty
                ? .unchanged : .replaced(waiting + [StreamEvent(name: name, data: data)])
        }
        return data.withUnsafeBufferPointer { buffer in
            guard let text = JSONText(buffer), let list = text.value("choices", in: text.root)
            else { return .unchanged }
            let result = edit(text, list, name)
            let isHolding = choices.contains { $0.isHolding }
            lastChunk = isHolding ? (name, data) : nil
            return result
        }
    }

    /// The summaries of choices that ended in nothing else.
    mutating func end() -> [StreamEvent] {
        guard let (name, data) = lastChunk else { return [] }
        lastChunk = nil
        return data.withUnsafeBufferPointer { buffer in
            guard let text = JSONText(buffer) else { return [] }
            var events: [StreamEvent] = []
            for position in choices.indices {
                guard let delta = choices[position].takeSummary() else { continue }
                let made = chunk(text, choices[position].index, delta)
                events.append(StreamEvent(name: name, data: made))
            }
            return events
        }
    }

    private mutating func edit(_ text: JSONText, _ list: Range<Int>, _ name: [UInt8]) -> StreamEdit
    {
        let elements = text.elements(of: list)
        let hasUsage = text.value("usage", in: text.root).map { !text.isNull($0) } ?? false
        if elements.isEmpty {
            return edits.dropsUsageChunk && hasUsage ? .replaced([]) : .unchanged
        }
        var before: [StreamEvent] = []
        var changes = JSONEdits()
        var dropped: [Range<Int>] = []
        for element in elements {
            let index = text.value("index", in: element).flatMap(text.integer) ?? 0
            let position: Int
            if let known = choices.firstIndex(where: { $0.index == index }) {
                position = known
            } else {
                position = choices.count
                choices.append(Choice(index: index))
            }
            var choice = choices[position]
            let (deltas, isDropped) = edit(text, element, &choice, &changes)
            choices[position] = choice
            for delta in deltas {
                before.append(StreamEvent(name: name, data: chunk(text, index, delta)))
            }
            if isDropped { dropped.append(element) }
        }
        if dropped.count == elements.count, !hasUsage { return .replaced(before) }
        changes.remove(elements: elements) { dropped.contains($0) }
        guard let data = changes.applied(to: text) else {
            return before.isEmpty
                ? .unchanged
                : .replaced(before + [StreamEvent(name: name, data: Array(text.bytes))])
        }
        return .replaced(before + [StreamEvent(name: name, data: data)])
    }

    /// Edits one choice of a chunk.
    /// - Returns: members of deltas that go before the chunk, and whether nothing of the choice is left.
    private func edit(
        _ text: JSONText, _ element: Range<Int>, _ choice: inout Choice, _ changes: inout JSONEdits
    ) -> (deltas: [String], isDropped: Bool) {
        let members = text.members(of: element)
        let isFinish = members.contains {
            text.isKey($0.key, "finish_reason") && text.isString($0.value)
        }
        var deltas: [String] = []
        var content: Range<Int>?
        if isChat {
            if let delta = members.last(where: { text.isKey($0.key, "delta") })?.value {
                let read = readDelta(text, delta, &choice)
                if read.isEmpty, !isFinish { return ([], true) }
                if read.bringsAnswer || isFinish, let summary = choice.takeSummary() {
                    deltas.append(summary)
                }
                content = read.content
                changes.remove(from: delta, members: read.members) { read.isReasoning($0) }
            }
        } else if let value = members.last(where: { text.isKey($0.key, "text") })?.value,
            text.isString(value), !text.isEmptyString(value)
        {
            content = value
        }
        if content != nil { choice.hasText = true }
        if isFinish, choice.hasText, !choice.hasCalls, let appended = edits.appended {
            if let content {
                changes.append(appended, toString: content)
            } else {
                deltas.append("\"\(isChat ? "content" : "text")\":\(quotedText(appended))")
            }
        }
        for member in members where text.isKey(member.key, "logprobs") {
            if edits.dropsLogprobs, !text.isNull(member.value) {
                changes.replace(member.value, with: "null")
            }
        }
        return (deltas, false)
    }

    private struct Delta {
        let members: [JSONText.Member]
        /// The first bytes of the keys of members that are taken out.
        var reasoning: [Int] = []
        /// The text of the answer, where there is any.
        var content: Range<Int>?
        /// Whether the answer proper has begun.
        var bringsAnswer = false
        /// Whether nothing is left once the reasoning is out.
        var isEmpty = false

        func isReasoning(_ member: JSONText.Member) -> Bool {
            reasoning.contains(member.key.lowerBound)
        }
    }

    private func readDelta(
        _ text: JSONText, _ delta: Range<Int>, _ choice: inout Choice
    ) -> Delta {
        var read = Delta(members: text.members(of: delta))
        var isEmpty = true
        var bringsRole = false
        for member in read.members {
            let value = member.value
            if edits.reasoning != .keep, let kind = ChatReasoning(text, member) {
                if edits.reasoning == .summarise, kind == .text {
                    if text.isNull(value) { continue }
                    if text.isKey(member.key, "reasoning") {
                        choice.reasoning.add(text.string(value))
                    } else {
                        choice.reasoningContent.add(text.string(value))
                    }
                }
                read.reasoning.append(member.key.lowerBound)
            } else if text.isKey(member.key, "role") {
                bringsRole = true
                if !choice.hasSentRole { isEmpty = false }
            } else if text.isNull(value) || text.isEmptyString(value) {
                continue
            } else {
                isEmpty = false
                if text.isKey(member.key, "content") {
                    if text.isString(value) { read.content = value }
                    read.bringsAnswer = true
                } else if text.isKey(member.key, "tool_calls") {
                    choice.hasCalls = choice.hasCalls || !text.isEmptyContainer(value)
                    read.bringsAnswer = true
                }
            }
        }
        read.isEmpty = isEmpty && !read.reasoning.isEmpty
        if bringsRole, !read.isEmpty { choice.hasSentRole = true }
        return read
    }

    /// A chunk like `text` with one choice and nothing in it but `delta`.
    private func chunk(_ text: JSONText, _ index: Int, _ delta: String) -> [UInt8] {
        var changes = JSONEdits()
        let members = text.members(of: text.root)
        changes.remove(from: text.root, members: members) {
            text.isKey($0.key, "usage") && !text.isNull($0.value)
        }
        let choice = isChat ? "\"delta\":{\(delta)}" : delta
        for member in members where text.isKey(member.key, "choices") {
            changes.replace(
                member.value,
                with: "[{\"index\":\(index),\(choice),\"logprobs\":null,\"finish_reason\":null}]")
        }
        return changes.applied(to: text) ?? []
    }
}

/// Text as a JSON string with its quotes.
func quotedText(_ text: [UInt8]) -> String {
    String(decoding: JSONString.quoted(text), as: UTF8.self)
}
