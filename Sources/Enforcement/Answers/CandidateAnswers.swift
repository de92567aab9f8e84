/// Several answers from one request, of which the marked one is sent: for chat completions and completions, whose `n`
/// asks for them. A model server counts the tokens of all.
package enum CandidateAnswers {
    /// A request for `count` answers, or `nil` where the client asks for several itself, for a stream, or through an
    /// interface that gives one.
    package static func request(_ body: [UInt8], api: APIKind, count: Int) -> [UInt8]? {
        guard api == .chatCompletions || api == .completions, count > 1 else { return nil }
        return body.withUnsafeBufferPointer { buffer in
            guard let text = JSONText(buffer), text.isObject(text.root) else { return nil }
            let members = text.members(of: text.root)
            for member in members {
                if text.isKey(member.key, "stream"), text.isTrue(member.value) { return nil }
                let isNumber = text.isKey(member.key, "n") || text.isKey(member.key, "best_of")
                if isNumber, !text.isNull(member.value), text.number(member.value) != 1 {
                    return nil
                }
            }
            var edits = JSONEdits()
            edits.remove(from: text.root, members: members, adding: "\"n\":\(count)") { member in
                text.isKey(member.key, "n") || text.isKey(member.key, "best_of")
            }
            return edits.applied(to: text)
        }
    }

    /// The answer with the chosen one of its choices as the only one; `nil` where it has no two.
    package static func pick(
        from answer: [UInt8], api: APIKind, by choice: CandidateChoice
    ) -> [UInt8]? {
        guard api == .chatCompletions || api == .completions else { return nil }
        return answer.withUnsafeBufferPointer { buffer in
            guard let text = JSONText(buffer), let list = text.value("choices", in: text.root)
            else { return nil }
            let choices = text.elements(of: list)
            guard choices.count > 1 else { return nil }
            let texts = choices.map { element in
                let value =
                    api == .completions
                    ? text.value("text", in: element)
                    : text.value("message", in: element).flatMap { text.value("content", in: $0) }
                return value.map(text.string) ?? []
            }
            guard let index = choice.choose(among: texts) else { return nil }
            var edits = JSONEdits()
            edits.remove(elements: choices) { $0 != choices[index] }
            for member in text.members(of: choices[index]) where text.isKey(member.key, "index") {
                edits.replace(member.value, with: "0")
            }
            return edits.applied(to: text)
        }
    }
}
