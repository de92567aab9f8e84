/// Edits whole JSON answers. What it does not change stays as it was, byte for byte.
///
/// A canary goes only into an answer that ends in text: not behind a tool call, where a client waits for none.
package struct AnswerEditor: Sendable {
    private let api: APIKind
    let edits: AnswerEdits

    package init(api: APIKind, edits: AnswerEdits) {
        self.api = api
        self.edits = edits
    }

    /// The edited answer, or `nil` where nothing changes or the body is not JSON. Linear in the body's size.
    package func edit(_ body: [UInt8]) -> [UInt8]? {
        body.withUnsafeBufferPointer { edit($0) }
    }

    /// The same for borrowed bytes.
    package func edit(_ body: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard !edits.isEmpty, api != .other, let text = JSONText(body) else { return nil }
        var changes = JSONEdits()
        switch api {
        case .chatCompletions: editChat(text, &changes)
        case .completions: editCompletion(text, &changes)
        case .responses: editResponse(text, text.root, &changes)
        case .messages: editMessage(text, text.root, &changes)
        case .other: break
        }
        return changes.applied(to: text)
    }

    // MARK: Chat completions

    private func editChat(_ text: JSONText, _ changes: inout JSONEdits) {
        for choice in text.elements(of: text.value("choices", in: text.root) ?? 0..<0) {
            for member in text.members(of: choice) {
                if text.isKey(member.key, "logprobs") {
                    nullLogprobs(text, member.value, &changes)
                } else if text.isKey(member.key, "message") {
                    editChatMessage(text, member.value, &changes)
                }
            }
        }
    }

    private func editChatMessage(
        _ text: JSONText, _ message: Range<Int>, _ changes: inout JSONEdits
    ) {
        let members = text.members(of: message)
        if edits.reasoning != .keep {
            changes.remove(from: message, members: members) { member in
                guard let kind = ChatReasoning(text, member) else { return false }
                guard edits.reasoning == .summarise, kind == .text else { return true }
                guard text.isString(member.value) else { return !text.isNull(member.value) }
                return ReasoningSummary(of: text.string(member.value)).isEmpty
            }
        }
        if edits.reasoning == .summarise {
            for member in members where ChatReasoning(text, member) == .text {
                let summary = ReasoningSummary(of: text.string(member.value))
                guard !summary.isEmpty else { continue }
                changes.replace(member.value, with: JSONString.quoted(summary.text))
            }
        }
        guard let appended = edits.appended,
            let content = members.last(where: { text.isKey($0.key, "content") })?.value,
            text.isString(content), !text.isEmptyString(content)
        else { return }
        let calls = members.last { text.isKey($0.key, "tool_calls") }?.value
        guard calls.map({ text.isNull($0) || text.isEmptyContainer($0) }) ?? true else { return }
        changes.append(appended, toString: content)
    }

    // MARK: Completions

    private func editCompletion(_ text: JSONText, _ changes: inout JSONEdits) {
        for choice in text.elements(of: text.value("choices", in: text.root) ?? 0..<0) {
            for member in text.members(of: choice) {
                if text.isKey(member.key, "logprobs") {
                    nullLogprobs(text, member.value, &changes)
                } else if text.isKey(member.key, "text"), let appended = edits.appended,
                    text.isString(member.value), !text.isEmptyString(member.value)
                {
                    changes.append(appended, toString: member.value)
                }
            }
        }
    }

    /// Replaces what a choice of either completions interface says about other tokens.
    func nullLogprobs(_ text: JSONText, _ value: Range<Int>, _ changes: inout JSONEdits) {
        if edits.dropsLogprobs, !text.isNull(value) { changes.replace(value, with: "null") }
    }

    // MARK: Messages

    func editMessage(_ text: JSONText, _ message: Range<Int>, _ changes: inout JSONEdits) {
        guard let content = text.value("content", in: message) else { return }
        let blocks = text.elements(of: content)
        let kinds = blocks.map { MessagesBlock(text, $0) }
        let summaries = zip(blocks, kinds).map { block, kind in
            edits.reasoning == .summarise && kind == .thinking
                ? ReasoningSummary(
                    of: text.value("thinking", in: block).map(text.string) ?? [])
                : ReasoningSummary()
        }
        if edits.reasoning != .keep {
            var index = -1
            changes.remove(elements: blocks) { _ in
                index += 1
                return kinds[index] != .other && summaries[index].isEmpty
            }
        }
        for (block, summary) in zip(blocks, summaries) where !summary.isEmpty {
            for member in text.members(of: block) {
                if text.isKey(member.key, "thinking") {
                    changes.replace(member.value, with: JSONString.quoted(summary.text))
                } else if text.isKey(member.key, "signature") {
                    changes.replace(member.value, with: "\"\"")
                }
            }
        }
        guard let appended = edits.appended, let last = blocks.last,
            let type = text.value("type", in: last), text.isString(type, "text"),
            let value = text.value("text", in: last), text.isString(value),
            !text.isEmptyString(value)
        else { return }
        changes.append(appended, toString: value)
    }
}

/// The members of a chat message or delta that carry reasoning.
enum ChatReasoning {
    /// Plain text, which can be summarised.
    case text
    /// Lists of blocks with signatures or encrypted parts.
    case details

    init?(_ text: JSONText, _ member: JSONText.Member) {
        if text.isKey(member.key, "reasoning_content") || text.isKey(member.key, "reasoning") {
            self = .text
        } else if text.isKey(member.key, "reasoning_details")
            || text.isKey(member.key, "thinking_blocks")
        {
            self = .details
        } else {
            return nil
        }
    }
}

/// The content blocks of a message, as far as reasoning goes.
enum MessagesBlock {
    case thinking
    case redactedThinking
    case other

    init(_ text: JSONText, _ block: Range<Int>) {
        guard let type = text.value("type", in: block) else {
            self = .other
            return
        }
        if text.isString(type, "thinking") {
            self = .thinking
        } else if text.isString(type, "redacted_thinking") {
            self = .redactedThinking
        } else {
            self = .other
        }
    }
}
