/// Edits the events of a streamed response.
///
/// Output items and events are numbered anew without gaps, as clients put items into a list by their index.
struct ResponsesStream: Sendable {
    private let edits: AnswerEdits
    /// Edits response objects of events that do not end the answer, which get no canary.
    private let editor: AnswerEditor
    private let endEditor: AnswerEditor
    /// New indices of output items by the model server's.
    private var indices: [Int: Int] = [:]
    private var dropped: Set<Int> = []
    /// Events added less events dropped so far.
    private var shift = 0
    private var lastSequence: Int?
    /// The end of a text that may be the answer's last: its own event, its part's and its item's.
    private var held: [StreamEvent] = []
    private var heldIndex: Int?

    init(edits: AnswerEdits) {
        self.edits = edits
        var plain = edits
        plain.canary = nil
        editor = AnswerEditor(api: .responses, edits: plain)
        endEditor = AnswerEditor(api: .responses, edits: edits)
    }

    mutating func feed(name: [UInt8], data: [UInt8]) -> StreamEdit {
        let event = StreamEvent(name: name, data: data)
        return data.withUnsafeBufferPointer { buffer in
            guard let text = JSONText(buffer), let type = text.value("type", in: text.root) else {
                let before = release()
                return before.isEmpty ? .unchanged : .replaced(before + [event])
            }
            return feed(text, type, event)
        }
    }

    private mutating func feed(
        _ text: JSONText, _ type: Range<Int>, _ event: StreamEvent
    ) -> StreamEdit {
        let index = text.value("output_index", in: text.root).flatMap(text.integer)
        if !held.isEmpty, index == heldIndex,
            text.isString(type, "response.content_part.done")
                || text.isString(type, "response.output_item.done")
        {
            held.append(event)
            return .replaced([])
        }
        let isEnd =
            text.isString(type, "response.completed") || text.isString(type, "response.incomplete")
        let endsInText = isEnd && !held.isEmpty
        var output = endsInText ? releaseWithCanary() : release()
        if let index, edits.reasoning != .keep {
            let isAdded = text.isString(type, "response.output_item.added")
            if isAdded, let item = text.value("item", in: text.root),
                AnswerEditor.isReasoning(text, item)
            {
                dropped.insert(index)
            }
            if dropped.contains(index) || text.hasPrefix(type, "response.reasoning") {
                skip(text)
                if text.isString(type, "response.output_item.done") {
                    output += summarised(text, index)
                }
                return .replaced(output)
            }
        }
        if let index, edits.reasoning != .keep, indices[index] == nil {
            indices[index] = indices.count
        }
        if edits.canary != nil, text.isString(type, "response.output_text.done"),
            let value = text.value("text", in: text.root), !text.isEmptyString(value)
        {
            held = [event]
            heldIndex = index
            return .replaced(output)
        }
        let data = edited(text, isEnd: endsInText)
        if output.isEmpty, data == nil { return .unchanged }
        output.append(StreamEvent(name: event.name, data: data ?? event.data))
        return .replaced(output)
    }

    /// Lets the end of a text go that turned out not to be the answer's last, or whose stream was cut.
    mutating func release() -> [StreamEvent] {
        guard !held.isEmpty else { return [] }
        let events = held
        held = []
        return events.map { event in
            event.data.withUnsafeBufferPointer { buffer in
                guard let text = JSONText(buffer), let data = edited(text, isEnd: false) else {
                    return event
                }
                return StreamEvent(name: event.name, data: data)
            }
        }
    }

    private mutating func releaseWithCanary() -> [StreamEvent] {
        let events = held
        held = []
        guard let appended = edits.appended else { return [] }
        var output: [StreamEvent] = []
        for event in events {
            event.data.withUnsafeBufferPointer { buffer in
                guard let text = JSONText(buffer) else { return }
                if output.isEmpty { output.append(canaryDelta(text, appended)) }
                let data = edited(text, isEnd: false, appended: appended)
                output.append(StreamEvent(name: event.name, data: data ?? event.data))
            }
        }
        return output
    }

    /// A delta that adds the canary to the text whose end `text` tells.
    private mutating func canaryDelta(_ text: JSONText, _ appended: [UInt8]) -> StreamEvent {
        var fields = "{\"type\":\"response.output_text.delta\""
        if let sequence = nextSequence() { fields += ",\"sequence_number\":\(sequence)" }
        for member in text.members(of: text.root) {
            if text.isKey(member.key, "item_id") {
                fields += ",\"item_id\":" + raw(text, member.value)
            } else if text.isKey(member.key, "content_index") {
                fields += ",\"content_index\":" + raw(text, member.value)
            }
        }
        let index = heldIndex.flatMap { indices[$0] ?? $0 } ?? 0
        fields += ",\"output_index\":\(index),\"delta\":\(quotedText(appended)),\"logprobs\":[]}"
        return StreamEvent(name: "response.output_text.delta", fields)
    }

    /// The events of one item of reasoning that says its summary, in place of the item's last event.
    private mutating func summarised(_ text: JSONText, _ old: Int) -> [StreamEvent] {
        guard edits.reasoning == .summarise, let item = text.value("item", in: text.root),
            AnswerEditor.isReasoning(text, item)
        else { return [] }
        let summary = AnswerEditor.summary(text, item)
        guard !summary.isEmpty else { return [] }
        let index = indices.count
        indices[old] = index
        var changes = JSONEdits()
        AnswerEditor.summarise(text, item, summary, &changes)
        let id = text.value("id", in: item).map { raw(text, $0) } ?? "\"\""
        let done = changes.applied(to: text, in: item) ?? []
        let part = AnswerEditor.summaryPart(summary.text)
        let quoted = quotedText(summary.text)
        let place = "\"item_id\":\(id),\"output_index\":\(index),\"summary_index\":0"
        let started = "{\"id\":\(id),\"type\":\"reasoning\",\"summary\":[]}"
        return [
            added("response.output_item.added", "\"output_index\":\(index),\"item\":\(started)"),
            added(
                "response.reasoning_summary_part.added",
                "\(place),\"part\":\(AnswerEditor.summaryPart([]))"),
            added("response.reasoning_summary_text.delta", "\(place),\"delta\":\(quoted)"),
            added("response.reasoning_summary_text.done", "\(place),\"text\":\(quoted)"),
            added("response.reasoning_summary_part.done", "\(place),\"part\":\(part)"),
            added(
                "response.output_item.done",
                "\"output_index\":\(index),\"item\":\(String(decoding: done, as: UTF8.self))"),
        ]
    }

    private mutating func added(_ type: StaticString, _ fields: String) -> StreamEvent {
        let sequence = nextSequence().map { "\"sequence_number\":\($0)," } ?? ""
        return StreamEvent(name: type, "{\"type\":\"\(type)\",\(sequence)\(fields)}")
    }

    /// The number of an event that is added; `nil` where the model server numbers none.
    private mutating func nextSequence() -> Int? {
        guard let last = lastSequence else { return nil }
        lastSequence = last + 1
        shift += 1
        return last + 1
    }

    private mutating func skip(_ text: JSONText) {
        guard let value = text.value("sequence_number", in: text.root), text.integer(value) != nil
        else { return }
        // The first event is never dropped, so what is added later has a number to follow.
        shift -= 1
    }

    /// The event with its numbers, logprobs and whatever it repeats of the answer edited; `nil` where nothing changes.
    private mutating func edited(
        _ text: JSONText, isEnd: Bool, appended: [UInt8]? = nil
    ) -> [UInt8]? {
        var changes = JSONEdits()
        editor.dropLogprobs(text, in: text.root, &changes)
        for member in text.members(of: text.root) {
            let value = member.value
            if text.isKey(member.key, "sequence_number"), let number = text.integer(value) {
                lastSequence = number + shift
                if shift != 0 { changes.replace(value, with: "\(number + shift)") }
            } else if text.isKey(member.key, "output_index"), let index = text.integer(value) {
                if let new = indices[index], new != index {
                    changes.replace(value, with: "\(new)")
                }
            } else if text.isKey(member.key, "response") {
                (isEnd ? endEditor : editor).editResponse(text, value, &changes)
            } else if text.isKey(member.key, "item") {
                if edits.dropsLogprobs { editor.dropItemLogprobs(text, value, &changes) }
                if let appended, let ending = AnswerEditor.endingText(text, value) {
                    changes.append(appended, toString: ending)
                }
            } else if text.isKey(member.key, "part") {
                editor.dropLogprobs(text, in: value, &changes)
                if let appended, let ending = AnswerEditor.outputText(text, value) {
                    changes.append(appended, toString: ending)
                }
            } else if text.isKey(member.key, "text"), let appended, text.isString(value) {
                changes.append(appended, toString: value)
            }
        }
        return changes.applied(to: text)
    }

    private func raw(_ text: JSONText, _ value: Range<Int>) -> String {
        String(decoding: text.bytes[value], as: UTF8.self)
    }
}
