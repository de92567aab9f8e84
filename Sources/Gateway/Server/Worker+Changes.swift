import Enforcement
import NIOCore

extension Endpoint {
    /// Whose shape its answers have.
    var api: APIKind {
        switch self {
        case .chatCompletions: .chatCompletions
        case .completions: .completions
        case .responses: .responses
        case .messages: .messages
        case .embeddings, .models, .countTokens, .other: .other
        }
    }
}

extension Worker {
    /// What is done with the events of a turn's stream; `nil` for nothing.
    func streamEditor(of turn: Turn) -> StreamEditor? {
        guard let changes = turn.decision?.changes, !changes.isEmpty else { return nil }
        let edits = AnswerEdits(changes, dropsUsageChunk: turn.hidesUsage)
        return edits.isEmpty ? nil : StreamEditor(api: turn.endpoint.api, edits: edits)
    }

    /// What is done with a turn's whole answer; `nil` for nothing.
    func answerEditor(of turn: Turn) -> AnswerEditor? {
        guard let changes = turn.decision?.changes, !changes.isEmpty else { return nil }
        let edits = AnswerEdits(changes)
        return edits.isEmpty ? nil : AnswerEditor(api: turn.endpoint.api, edits: edits)
    }

    /// The body that the model server gets in place of the client's; `nil` where it is the same.
    func changedRequest(of turn: Turn) -> ByteBuffer? {
        guard turn.endpoint.generates, let body = turn.request.body else { return nil }
        var changed: [UInt8]?
        if let changes = turn.decision?.changes, !changes.isEmpty {
            changed = body.withUnsafeReadableBytes {
                RequestChanges(changes).apply(
                    to: $0.bindMemory(to: UInt8.self), api: turn.endpoint.api)
            }
        }
        if turn.facts.isStream,
            turn.endpoint == .chatCompletions || turn.endpoint == .completions
        {
            let known = changed ?? Array(body.readableBytesView)
            if let asking = RequestChanges.ensureUsage(known) {
                changed = asking
                turn.hidesUsage = true
            }
        }
        return changed.map { allocator.buffer(bytes: $0) }
    }
}

/// The chunk of a stream that tells the usage, which the gateway asked for and the client did not.
struct UsageChunk {
    private var editor: StreamEditor

    init() {
        var edits = AnswerEdits()
        edits.dropsUsageChunk = true
        editor = StreamEditor(api: .chatCompletions, edits: edits)
    }

    /// Whether an event is it.
    mutating func isHidden(_ event: EventStream.Event) -> Bool {
        editor.feed(name: Array(event.name), data: Array(event.data)) == .replaced([])
    }
}

extension EventStream.Event {
    /// Whether the data can be a chunk that ends with an object, as one with the usage does; others end with the list of
    /// choices or with `null`.
    var mayBeUsage: Bool {
        guard data.count > 2 else { return false }
        let last = data[data.count - 2]
        return last != UInt8(ascii: "]") && last != UInt8(ascii: "l")
    }
}
