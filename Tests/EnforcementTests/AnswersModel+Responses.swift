@testable import Enforcement

extension AnswersModel {
    static func response(_ random: inout AnswersRandom) -> (whole: Object, events: [StreamEvent]) {
        var output: [Object] = []
        var events: [StreamEvent] = []
        func add(_ type: String, _ fields: Object) {
            events.append(
                event(type, fields.merging(["sequence_number": events.count]) { old, _ in old }))
        }
        add("response.created", ["response": ["output": []] as Object])
        for index in 0..<Int.random(in: 0...4, using: &random) {
            let id = "item\(index)"
            func addPart(_ type: String, _ part: Int, _ fields: Object) {
                let place: Object = ["item_id": id, "output_index": index, "content_index": part]
                add(type, fields.merging(place) { old, _ in old })
            }
            let item: Object
            switch random.next() % 3 {
            case 0:
                let pieces = random.pieces(reasoningMark)
                let own = random.pieces(reasoningMark, atMost: 1)
                add(
                    "response.output_item.added",
                    [
                        "output_index": index,
                        "item": ["id": id, "type": "reasoning", "summary": []] as Object,
                    ])
                for piece in pieces {
                    addPart("response.reasoning_text.delta", 0, ["delta": piece])
                }
                var reasoning: Object = [
                    "id": id, "type": "reasoning",
                    "summary": own.map { ["type": "summary_text", "text": $0] },
                    "encrypted_content": reasoningMark,
                ]
                if random.chance(1, in: 2) {
                    reasoning["content"] = [["type": "reasoning_text", "text": pieces.joined()]]
                }
                item = reasoning
            case 1:
                item = ["id": id, "type": "function_call", "name": "f", "arguments": "{}"]
                add("response.output_item.added", ["output_index": index, "item": item])
                addPart("response.function_call_arguments.delta", 0, ["delta": "{}"])
            default:
                var parts: [Object] = []
                let empty: Object = ["id": id, "type": "message", "content": []]
                add("response.output_item.added", ["output_index": index, "item": empty])
                for part in 0..<Int.random(in: 1...2, using: &random) {
                    addPart(
                        "response.content_part.added", part,
                        ["part": ["type": "output_text", "text": "", "logprobs": []] as Object])
                    var tokens: [Object] = []
                    let pieces = random.pieces("")
                    for piece in pieces {
                        let token: Object = ["token": piece, "note": logprobMark]
                        tokens.append(token)
                        addPart(
                            "response.output_text.delta", part,
                            ["delta": piece, "logprobs": [token]])
                    }
                    let text = pieces.joined()
                    addPart("response.output_text.done", part, ["text": text, "logprobs": tokens])
                    let whole: Object = ["type": "output_text", "text": text, "logprobs": tokens]
                    addPart("response.content_part.done", part, ["part": whole])
                    parts.append(whole)
                }
                item = ["id": id, "type": "message", "content": parts]
            }
            add("response.output_item.done", ["output_index": index, "item": item])
            output.append(item)
        }
        add("response.completed", ["response": ["output": output] as Object])
        return (["output": output], events)
    }

    /// The response as its deltas say, if what the other events say of it agrees.
    static func assembleResponse(_ events: [StreamEvent]) -> Object? {
        var items: [Object] = []
        var texts: [String: String] = [:]
        var completed: Object?
        for (number, event) in events.enumerated() {
            guard let fields = AnswersFixtures.parse(event.data),
                fields["sequence_number"] as? Int == number,
                let type = fields["type"] as? String,
                type == String(decoding: event.name, as: UTF8.self)
            else { return nil }
            let index = fields["output_index"] as? Int
            let place = "\(index ?? -1)/\(fields["content_index"] ?? fields["summary_index"] ?? "")"
            switch type {
            case "response.output_item.added":
                guard index == items.count else { return nil }
                items.append(fields["item"] as! Object)
            case "response.output_text.delta", "response.reasoning_summary_text.delta":
                guard index == items.count - 1,
                    items.last?["id"] as? String == fields["item_id"] as? String
                else { return nil }
                texts[place, default: ""] += fields["delta"] as! String
            case "response.output_text.done", "response.reasoning_summary_text.done":
                guard fields["text"] as? String == texts[place] ?? "" else { return nil }
            case "response.content_part.done", "response.reasoning_summary_part.done":
                let part = fields["part"] as! Object
                guard part["text"] as? String == texts[place] ?? "" else { return nil }
            case "response.output_item.done":
                guard let index, index == items.count - 1 else { return nil }
                let item = fields["item"] as! Object
                guard item["id"] as? String == items[index]["id"] as? String else { return nil }
                // The deltas of reasoning that is kept are not put together here.
                let isKept = item["encrypted_content"] != nil
                let parts = isKept ? [] : (item["content"] ?? item["summary"]) as? [Object] ?? []
                for (part, value) in parts.enumerated() {
                    guard value["text"] as? String == texts["\(index)/\(part)"] ?? "" else {
                        return nil
                    }
                }
                items[index] = item
            case "response.completed": completed = fields["response"] as? Object
            default: break
            }
        }
        let whole: Object = ["output": items]
        guard AnswersFixtures.canonical(completed) == AnswersFixtures.canonical(whole) else {
            return nil
        }
        return whole
    }
}
