import Foundation

@testable import Enforcement

/// One random answer in both its forms, and how clients put the streamed form together.
enum AnswersModel {
    typealias Object = [String: Any]
    /// Stands in all reasoning and all encrypted parts, so that a leak can be seen.
    static let reasoningMark = "R3ASONING"
    static let logprobMark = "L0GPROB"
    /// JSON's null.
    private static var null: Any { NSNull() }

    static func event(_ type: String, _ fields: Object) -> StreamEvent {
        StreamEvent(
            name: Array(type.utf8),
            data: AnswersFixtures.json(fields.merging(["type": type]) { old, _ in old }))
    }

    // MARK: Chat

    static func chat(_ random: inout AnswersRandom) -> (whole: Object, events: [StreamEvent]) {
        var chunks: [[Object]] = []
        var choices: [Object] = []
        for index in 0..<Int.random(in: 1...2, using: &random) {
            var message: Object = ["role": "assistant"]
            var tokens: [Object] = []
            var details: [Object] = []
            var own: [Object] = []
            func add(_ delta: Object, finish: Any = null, logprobs: Any = null) {
                own.append([
                    "index": index, "delta": delta, "finish_reason": finish, "logprobs": logprobs,
                ])
            }
            let repeatsRole = random.chance(1, in: 3)
            if random.chance(2, in: 3) { add(["role": "assistant", "content": ""]) }
            let key = random.chance(1, in: 2) ? "reasoning_content" : "reasoning"
            let reasoning = random.chance(2, in: 3) ? random.pieces(reasoningMark) : []
            for piece in reasoning {
                var delta: Object = [key: piece]
                if repeatsRole { delta["role"] = "assistant" }
                if random.chance(1, in: 3) { delta["content"] = null }
                if random.chance(1, in: 3) {
                    let detail: Object = ["data": reasoningMark]
                    delta["reasoning_details"] = [detail]
                    details.append(detail)
                }
                add(delta)
            }
            if !reasoning.isEmpty { message[key] = reasoning.joined() }
            if !details.isEmpty { message["reasoning_details"] = details }
            let content = random.pieces("")
            for piece in content {
                let token: Object = ["token": piece, "note": logprobMark]
                tokens.append(token)
                add(["content": piece], logprobs: ["content": [token]] as Object)
            }
            message["content"] = content.joined()
            if random.chance(1, in: 4) {
                let call: Object = [
                    "index": 0, "id": "t", "function": ["name": "f", "arguments": "{}"],
                ]
                add(["tool_calls": [call]])
                message["tool_calls"] = [call]
            }
            add([:], finish: "stop")
            choices.append([
                "index": index, "message": message, "finish_reason": "stop",
                "logprobs": tokens.isEmpty ? null : ["content": tokens] as Object,
            ])
            // A chunk may carry several choices.
            let earlier = index == 1 ? chunks.count : 0
            var position = Int.random(in: 0...earlier, using: &random)
            for choice in own {
                if position < earlier {
                    chunks[position].append(choice)
                    position += Int.random(in: 1...2, using: &random)
                } else {
                    chunks.append([choice])
                }
            }
        }
        let events = chunks.map { choices in
            StreamEvent(name: [], data: AnswersFixtures.json(["id": "c", "choices": choices]))
        }
        let done = StreamEvent(name: [], data: Array("[DONE]".utf8))
        return (["id": "c", "choices": choices], events + [done])
    }

    /// Choices put together, or `nil` where a client would fail.
    static func assembleChat(_ events: [StreamEvent]) -> Object? {
        var choices: [Int: Object] = [:]
        guard events.last?.data == Array("[DONE]".utf8) else { return nil }
        for event in events.dropLast() {
            guard let chunk = AnswersFixtures.parse(event.data),
                let list = chunk["choices"] as? [Object], !list.isEmpty
            else { return nil }
            for choice in list {
                guard let index = choice["index"] as? Int, let delta = choice["delta"] as? Object
                else { return nil }
                var whole =
                    choices[index] ?? [
                        "index": index, "message": ["role": "assistant", "content": ""] as Object,
                        "finish_reason": null, "logprobs": null,
                    ]
                guard !(whole["finish_reason"] is String) else { return nil }
                var message = whole["message"] as! Object
                for (key, value) in delta where key != "role" {
                    if let text = value as? String {
                        message[key] = (message[key] as? String ?? "") + text
                    } else if let list = value as? [Any] {
                        message[key] = (message[key] as? [Any] ?? []) + list
                    }
                }
                whole["message"] = message
                if let finish = choice["finish_reason"] as? String {
                    whole["finish_reason"] = finish
                }
                if let logprobs = choice["logprobs"] as? Object {
                    let before = (whole["logprobs"] as? Object)?["content"] as? [Any] ?? []
                    whole["logprobs"] =
                        ["content": before + (logprobs["content"] as? [Any] ?? [])] as Object
                }
                choices[index] = whole
            }
        }
        return ["id": "c", "choices": choices.keys.sorted().map { choices[$0]! }]
    }

    // MARK: Messages

    static func message(_ random: inout AnswersRandom) -> (whole: Object, events: [StreamEvent]) {
        var content: [Object] = []
        var events = [event("message_start", ["message": ["content": []] as Object])]
        for index in 0..<Int.random(in: 0...5, using: &random) {
            func delta(_ delta: Object) {
                events.append(event("content_block_delta", ["index": index, "delta": delta]))
            }
            func start(_ block: Object) {
                events.append(
                    event("content_block_start", ["index": index, "content_block": block]))
            }
            switch random.next() % 4 {
            case 0:
                let pieces = random.pieces(reasoningMark)
                start(["type": "thinking", "thinking": "", "signature": ""])
                for piece in pieces { delta(["type": "thinking_delta", "thinking": piece]) }
                delta(["type": "signature_delta", "signature": reasoningMark])
                content.append([
                    "type": "thinking", "thinking": pieces.joined(), "signature": reasoningMark,
                ])
            case 1:
                let block: Object = ["type": "redacted_thinking", "data": reasoningMark]
                start(block)
                content.append(block)
            case 2:
                start(["type": "tool_use", "id": "t", "input": [:] as Object])
                delta(["type": "input_json_delta", "partial_json": "{\"a\":1}"])
                content.append(["type": "tool_use", "id": "t", "input": ["a": 1]])
            default:
                let pieces = random.pieces("")
                start(["type": "text", "text": ""])
                for piece in pieces { delta(["type": "text_delta", "text": piece]) }
                content.append(["type": "text", "text": pieces.joined()])
            }
            if random.chance(1, in: 3) { events.append(event("ping", [:])) }
            events.append(event("content_block_stop", ["index": index]))
        }
        events.append(event("message_delta", ["delta": ["stop_reason": "end_turn"]]))
        events.append(event("message_stop", [:]))
        return (["content": content], events)
    }

    static func assembleMessage(_ events: [StreamEvent]) -> Object? {
        var content: [Object] = []
        var open: Set<Int> = []
        var input = ""
        for event in events {
            guard let fields = AnswersFixtures.parse(event.data),
                fields["type"] as? String == String(decoding: event.name, as: UTF8.self)
            else { return nil }
            let index = fields["index"] as? Int ?? -1
            switch fields["type"] as? String {
            case "content_block_start":
                guard index == content.count, open.isEmpty,
                    let block = fields["content_block"] as? Object
                else { return nil }
                content.append(block)
                open.insert(index)
            case "content_block_delta":
                guard open.contains(index), let delta = fields["delta"] as? Object else {
                    return nil
                }
                for key in ["thinking", "text"] {
                    guard let text = delta[key] as? String else { continue }
                    content[index][key] = (content[index][key] as? String ?? "") + text
                }
                if let signature = delta["signature"] { content[index]["signature"] = signature }
                if let text = delta["partial_json"] as? String { input += text }
            case "content_block_stop":
                guard open.remove(index) != nil else { return nil }
                if content[index]["type"] as? String == "tool_use" {
                    content[index]["input"] = AnswersFixtures.parse(Array(input.utf8))
                    input = ""
                }
            case "message_delta": guard open.isEmpty else { return nil }
            default: break
            }
        }
        return ["content": content]
    }
}
