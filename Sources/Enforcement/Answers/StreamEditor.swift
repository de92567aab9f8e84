/// One server-sent event, without its framing.
package struct StreamEvent: Hashable, Sendable {
    /// The `event` field; empty where there is none.
    package let name: [UInt8]
    /// The `data` field.
    package let data: [UInt8]

    package init(name: [UInt8], data: [UInt8]) {
        self.name = name
        self.data = data
    }

    init(name: StaticString, _ data: String) {
        let bytes = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        self.init(name: Array(bytes), data: Array(data.utf8))
    }
}

/// What becomes of an event.
package enum StreamEdit: Hashable, Sendable {
    /// It goes on as it came.
    case unchanged
    /// These go on in its place; none where it is dropped or waits for the next.
    case replaced([StreamEvent])
}

/// Edits a streamed answer, event by event, so that a client that puts the events together gets what ``AnswerEditor``
/// makes of the whole answer.
///
/// Held back is no more than a block of reasoning that is summarised, and the end of a text that may be the last.
package struct StreamEditor: Sendable {
    private enum State: Sendable {
        case passing
        case chat(ChatStream)
        case messages(MessagesStream)
        case responses(ResponsesStream)
    }

    private var state: State

    package init(api: APIKind, edits: AnswerEdits) {
        switch api {
        case _ where edits.isEmpty: state = .passing
        case .chatCompletions: state = .chat(ChatStream(edits: edits, isChat: true))
        case .completions: state = .chat(ChatStream(edits: edits, isChat: false))
        case .messages: state = .messages(MessagesStream(edits: edits))
        case .responses: state = .responses(ResponsesStream(edits: edits))
        case .other: state = .passing
        }
    }

    /// Takes one event. Data that is not JSON goes on as it came.
    package mutating func feed(name: [UInt8], data: [UInt8]) -> StreamEdit {
        switch state {
        case .passing: return .unchanged
        case .chat(var stream):
            state = .passing
            defer { state = .chat(stream) }
            return stream.feed(name: name, data: data)
        case .messages(var stream):
            state = .passing
            defer { state = .messages(stream) }
            return stream.feed(name: name, data: data)
        case .responses(var stream):
            state = .passing
            defer { state = .responses(stream) }
            return stream.feed(name: name, data: data)
        }
    }

    /// What is still held back when the stream ends. Nothing when it ended as its interface says.
    package mutating func end() -> [StreamEvent] {
        defer { state = .passing }
        switch state {
        case .passing: return []
        case .chat(var stream): return stream.end()
        case .messages(var stream): return stream.release()
        case .responses(var stream): return stream.release()
        }
    }
}
