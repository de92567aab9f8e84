/// Edits the events of a streamed message.
///
/// Clients put content blocks into a list by their index, so the blocks that stay are numbered anew without gaps.
struct MessagesStream: Sendable {
    private let edits: AnswerEdits
    /// New indices by the model server's.
    private var indices: [Int: Int] = [:]
    private var dropped: Set<Int> = []
    private var summaries: [Int: ReasoningSummary] = [:]
    /// Server indices of text blocks in which text has come.
    private var texts: Set<Int> = []
    /// The end of a text block that may be the last, with its new index.
    private var heldStop: (event: StreamEvent, index: Int)?

    init(edits: AnswerEdits) { self.edits = edits }

    mutating func feed(name: [UInt8], data: [UInt8]) -> StreamEdit {
        data.withUnsafeBufferPointer { buffer in
            guard let text = JSONText(buffer), let type = text.value("type", in: text.root) else {
                return .unchanged
            }
            let index = text.value("index", in: text.root).flatMap(text.integer)
            if let index {
                if text.isString(type, "content_block_start") {
                    return start(text, index, name)
                } else if text.isString(type, "content_block_delta") {
                    return delta(text, index, name)
                } else if text.isString(type, "content_block_stop") {
                    return stop(text, index, name)
                }
            }
            if text.isString(type, "ping") { return .unchanged }
            var before: [StreamEvent] = []
            if text.isString(type, "message_delta"), let held = heldStop,
                let appended = edits.appended
            {
                before.append(
                    StreamEvent(
                        name: "content_block_delta",
                        "{\"type\":\"content_block_delta\",\"index\":\(held.index),\"delta\":"
                            + "{\"type\":\"text_delta\",\"text\":\(quotedText(appended))}}"))
            }
            before += release()
            guard !before.isEmpty else { return .unchanged }
            return .replaced(before + [StreamEvent(name: name, data: data)])
        }
    }

    /// Lets the end of a text block go that turned out not to be the last, or whose stream was cut.
    mutating func release() -> [StreamEvent] {
        defer { heldStop = nil }
        return heldStop.map { [$0.event] } ?? []
    }

    private mutating func start(_ text: JSONText, _ index: Int, _ name: [UInt8]) -> StreamEdit {
        let before = release()
        let block = text.value("content_block", in: text.root) ?? 0..<0
        let kind = MessagesBlock(text, block)
        if edits.reasoning != .keep, kind != .other {
            dropped.insert(index)
            if edits.reasoning == .summarise, kind == .thinking {
                summaries[index] = ReasoningSummary(
                    of: text.value("thinking", in: block).map(text.string) ?? [])
            }
            return .replaced(before)
        }
        indices[index] = indices.count
        if let value = text.value("text", in: block), text.isString(value),
            !text.isEmptyString(value), isText(text, block)
        {
            texts.insert(index)
        }
        return renumbered(text, index, name, after: before)
    }

    private mutating func delta(_ text: JSONText, _ index: Int, _ name: [UInt8]) -> StreamEdit {
        let delta = text.value("delta", in: text.root) ?? 0..<0
        if dropped.contains(index) {
            if let value = text.value("thinking", in: delta) {
                summaries[index]?.add(text.string(value))
            }
            return .replaced([])
        }
        if edits.canary != nil, let type = text.value("type", in: delta),
            text.isString(type, "text_delta"), let value = text.value("text", in: delta),
            text.isString(value), !text.isEmptyString(value)
        {
            texts.insert(index)
        }
        return renumbered(text, index, name)
    }

    private mutating func stop(_ text: JSONText, _ index: Int, _ name: [UInt8]) -> StreamEdit {
        if dropped.contains(index) {
            guard let summary = summaries.removeValue(forKey: index), !summary.isEmpty else {
                return .replaced([])
            }
            let new = indices.count
            indices[index] = new
            return .replaced(Self.thinking(summary.text, index: new))
        }
        let edit = renumbered(text, index, name)
        guard edits.canary != nil, texts.contains(index), let new = indices[index] else {
            return edit
        }
        let before = release()
        let event: StreamEvent
        if case .replaced(let events) = edit, let last = events.last {
            event = last
        } else {
            event = StreamEvent(name: name, data: Array(text.bytes))
        }
        heldStop = (event, new)
        return .replaced(before)
    }

    private func isText(_ text: JSONText, _ block: Range<Int>) -> Bool {
        text.value("type", in: block).map { text.isString($0, "text") } ?? false
    }

    private func renumbered(
        _ text: JSONText, _ index: Int, _ name: [UInt8], after before: [StreamEvent] = []
    ) -> StreamEdit {
        var changes = JSONEdits()
        if let new = indices[index], new != index {
            for member in text.members(of: text.root) where text.isKey(member.key, "index") {
                changes.replace(member.value, with: "\(new)")
            }
        }
        guard let data = changes.applied(to: text) else {
            return before.isEmpty
                ? .unchanged
                : .replaced(before + [StreamEvent(name: name, data: Array(text.bytes))])
        }
        return .replaced(before + [StreamEvent(name: name, data: data)])
    }

    /// The events of one block of thinking that says `summary`.
    private static func thinking(_ summary: [UInt8], index: Int) -> [StreamEvent] {
        [
            StreamEvent(
                name: "content_block_start",
                "{\"type\":\"content_block_start\",\"index\":\(index),\"content_block\":"
                    + "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}}"),
            StreamEvent(
                name: "content_block_delta",
                "{\"type\":\"content_block_delta\",\"index\":\(index),\"delta\":"
                    + "{\"type\":\"thinking_delta\",\"thinking\":\(quotedText(summary))}}"),
            StreamEvent(
                name: "content_block_stop",
                "{\"type\":\"content_block_stop\",\"index\":\(index)}"),
        ]
    }
}
