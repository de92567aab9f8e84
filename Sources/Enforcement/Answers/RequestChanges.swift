/// Edits the JSON bodies of requests, so that the model gives less before anything has to be taken away.
///
/// What it does not change stays as it was, byte for byte. Every member of a name is edited, escaped or repeated, since
/// parsers differ in which of them counts.
package struct RequestChanges: Sendable {
    private let changes: AnswerChanges

    package init(_ changes: AnswerChanges) { self.changes = changes }

    /// The edited body, or `nil` where nothing changes or the body is not JSON. Linear in the body's size.
    package func apply(to body: [UInt8], api: APIKind) -> [UInt8]? {
        body.withUnsafeBufferPointer { apply(to: $0, api: api) }
    }

    /// The same for borrowed bytes.
    package func apply(to body: UnsafeBufferPointer<UInt8>, api: APIKind) -> [UInt8]? {
        guard !changes.isEmpty, let text = JSONText(body), text.isObject(text.root) else {
            return nil
        }
        var edit = RequestEdit(text: text, changes: changes)
        switch api {
        case .chatCompletions: edit.chat()
        case .completions: edit.completion()
        case .responses: edit.response()
        case .messages: edit.message()
        case .other: break
        }
        return edit.applied()
    }

    /// A streamed request of either completions interface that asks for usage in the stream's last chunk, or `nil` where
    /// it already does, or is no such request.
    package static func ensureUsage(_ body: [UInt8]) -> [UInt8]? {
        body.withUnsafeBufferPointer { buffer in
            guard let text = JSONText(buffer), let stream = text.value("stream", in: text.root),
                text.isTrue(stream)
            else { return nil }
            var edits = JSONEdits()
            let members = text.members(of: text.root)
            let options = members.filter { text.isKey($0.key, "stream_options") }
            if options.isEmpty {
                edits.remove(
                    from: text.root, members: members,
                    adding: "\"stream_options\":{\"include_usage\":true}"
                ) { _ in false }
            }
            for option in options {
                guard text.isObject(option.value) else {
                    edits.replace(option.value, with: "{\"include_usage\":true}")
                    continue
                }
                let inner = text.members(of: option.value)
                let given = inner.filter { text.isKey($0.key, "include_usage") }
                for member in given where !text.isTrue(member.value) {
                    edits.replace(member.value, with: "true")
                }
                if given.isEmpty {
                    edits.remove(
                        from: option.value, members: inner, adding: "\"include_usage\":true"
                    ) { _ in false }
                }
            }
            return edits.applied(to: text)
        }
    }
}

/// The edits of one request body.
private struct RequestEdit {
    let text: JSONText
    let changes: AnswerChanges
    let members: [JSONText.Member]
    private var edits = JSONEdits()
    private var dropped: [StaticString] = []
    private var added: String?

    init(text: JSONText, changes: AnswerChanges) {
        self.text = text
        self.changes = changes
        members = text.members(of: text.root)
    }

    private var kinds: AnswerChanges.Kinds { changes.kinds }
    private var hidesReasoning: Bool {
        !kinds.isDisjoint(with: [.stripReasoning, .summariseReasoning])
    }

    mutating func chat() {
        if kinds.contains(.dropLogprobs) { dropped += ["logprobs", "top_logprobs"] }
        capEffort(named: "reasoning_effort", in: members)
        capReasoningObject()
        reduce(["max_tokens", "max_completion_tokens"], adding: "max_completion_tokens")
    }

    mutating func completion() {
        if kinds.contains(.dropLogprobs) { dropped += ["logprobs"] }
        reduce(["max_tokens"], adding: "max_tokens")
    }

    mutating func response() {
        if kinds.contains(.dropLogprobs) { dropped += ["top_logprobs"] }
        let (text, kinds, hidesReasoning) = (text, kinds, hidesReasoning)
        for member in members where text.isKey(member.key, "include") {
            edits.remove(elements: text.elements(of: member.value)) { element in
                if text.isString(element, "message.output_text.logprobs") {
                    return kinds.contains(.dropLogprobs)
                }
                return hidesReasoning && text.isString(element, "reasoning.encrypted_content")
            }
        }
        capReasoningObject()
        reduce(["max_output_tokens"], adding: "max_output_tokens")
    }

    mutating func message() {
        if hidesReasoning { dropUnsignedThinking() }
        if kinds.contains(.capReasoning) {
            for member in members where text.isKey(member.key, "output_config") {
                capEffort(named: "effort", in: text.members(of: member.value))
            }
        }
        // The part of max_tokens that is for reasoning.
        var budget = 0
        for member in members where text.isKey(member.key, "thinking") {
            for field in text.members(of: member.value) where text.isKey(field.key, "budget_tokens")
            {
                guard let number = text.number(field.value) else { continue }
                var capped = number
                if kinds.contains(.capReasoning), let cap = changes.reasoningTokens {
                    capped = min(number, Double(max(RequestEdit.leastBudget, cap)))
                }
                if capped < number { edits.replace(field.value, with: "\(Int(capped))") }
                // Beyond this the request's own max_tokens decides.
                budget = max(budget, Int(min(max(capped, 0), 1e9)))
            }
        }
        reduce(["max_tokens"], adding: "max_tokens", beyond: budget)
    }

    /// Takes summaries of reasoning, which have no signature, out of the conversation that a client sends back: model
    /// servers refuse thinking that they did not sign.
    private mutating func dropUnsignedThinking() {
        let text = text
        for list in members where text.isKey(list.key, "messages") {
            for message in text.elements(of: list.value) {
                for content in text.members(of: message) where text.isKey(content.key, "content") {
                    edits.remove(elements: text.elements(of: content.value)) { block in
                        MessagesBlock(text, block) == .thinking
                            && text.value("signature", in: block).map(text.isEmptyString) ?? true
                    }
                }
            }
        }
    }

    /// The interface takes no smaller `budget_tokens`.
    private static let leastBudget = 1_024

    mutating func applied() -> [UInt8]? {
        let (text, dropped) = (text, dropped)
        edits.remove(from: text.root, members: members, adding: added) { member in
            dropped.contains { text.isKey(member.key, $0) }
        }
        return edits.applied(to: text)
    }

    /// Caps `effort` and `max_tokens` of the object `reasoning`, and drops what it says of summaries that would be
    /// stripped.
    private mutating func capReasoningObject() {
        for member in members where text.isKey(member.key, "reasoning") {
            let fields = text.members(of: member.value)
            capEffort(named: "effort", in: fields)
            if kinds.contains(.capReasoning), let cap = changes.reasoningTokens {
                for field in fields where text.isKey(field.key, "max_tokens") {
                    lower(field.value, to: cap)
                }
            }
            guard kinds.contains(.stripReasoning) else { continue }
            let text = text
            edits.remove(from: member.value, members: fields) {
                text.isKey($0.key, "summary") || text.isKey($0.key, "generate_summary")
            }
        }
    }

    private mutating func capEffort(named name: StaticString, in members: [JSONText.Member]) {
        guard kinds.contains(.capReasoning), let cap = changes.reasoningEffort else { return }
        for member in members where text.isKey(member.key, name) && text.isString(member.value) {
            let word = String(decoding: text.string(member.value), as: UTF8.self)
            // A word that is not known may mean more than all that are.
            if let effort = ReasoningEffort(rawValue: word), effort <= cap { continue }
            edits.replace(member.value, with: "\"\(cap.rawValue)\"")
        }
    }

    /// Lowers the limits of an answer's length, or adds one where there is none.
    private mutating func reduce(
        _ names: [StaticString], adding name: StaticString, beyond reserved: Int = 0
    ) {
        guard kinds.contains(.reduce), let maximum = changes.maximumTokens else { return }
        var isLimited = false
        for member in members where names.contains(where: { text.isKey(member.key, $0) }) {
            guard !text.isNull(member.value) else { continue }
            isLimited = true
            lower(member.value, to: maximum + reserved)
        }
        guard !isLimited else { return }
        // A limit of null goes, so that the name stands once.
        dropped.append(name)
        added = "\"\(name)\":\(maximum + reserved)"
    }

    private mutating func lower(_ value: Range<Int>, to maximum: Int) {
        guard let number = text.number(value), number > Double(maximum) else { return }
        edits.replace(value, with: "\(maximum)")
    }
}
