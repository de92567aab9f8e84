/// Which of the model server's interfaces a request and its answer belong to.
package enum APIKind: String, CaseIterable, Sendable {
    /// `/v1/chat/completions`
    case chatCompletions
    /// `/v1/completions`
    case completions
    /// `/v1/responses`
    case responses
    /// `/v1/messages`
    case messages
    /// Anything else; its bytes are left alone.
    case other
}

/// What is done to the bytes of an answer.
package struct AnswerEdits: Hashable, Sendable {
    /// What happens to the model's reasoning, where an answer carries it apart from its text.
    package enum Reasoning: Hashable, Sendable {
        case keep
        case summarise
        case strip
    }

    package var reasoning = Reasoning.keep
    package var dropsLogprobs = false
    /// Text that is added, after an empty line, to an answer that ends in text.
    package var canary: [UInt8]?
    /// Whether the chunk of a stream that carries nothing but usage is dropped, since only the gateway asked for it.
    package var dropsUsageChunk = false

    package init() {}

    package init(_ changes: AnswerChanges, dropsUsageChunk: Bool = false) {
        if changes.kinds.contains(.stripReasoning) {
            reasoning = .strip
        } else if changes.kinds.contains(.summariseReasoning) {
            reasoning = .summarise
        }
        dropsLogprobs = changes.kinds.contains(.dropLogprobs)
        if changes.kinds.contains(.canary) { canary = changes.canary.map { Array($0.utf8) } }
        self.dropsUsageChunk = dropsUsageChunk
    }

    /// Whether answers stay as they are.
    package var isEmpty: Bool { self == AnswerEdits() }

    /// What is appended for the canary.
    var appended: [UInt8]? { canary.map { [0x0A, 0x0A] + $0 } }
}
