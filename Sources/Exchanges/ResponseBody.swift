/// Reads answers: Chat Completions, Responses, Completions, Messages, and the native form.
extension Exchange {
    /// Reads an answer: a body, its text, the body as a JSON string, or the list of a stream's events.
    mutating func readResponseBody(_ response: JSONValue, scratch: Scratch) {
        let body = scratch.unwrap(response)
        switch body.kind {
        case .string: scratch.readContent(body, into: &answer)
        case .array: readEventsOrMessages(body, scratch: scratch)
        case .object: readResponseObject(body, scratch: scratch)
        default: break
        }
    }

    private mutating func readResponseObject(_ body: JSONValue, scratch: Scratch) {
        if let code = body["status", "status_code"].int { status = Int32(exactly: code) }
        if model.isEmpty { model = body["model"].text }
        if id.isEmpty { id = scratch.identifier(body["id"]) ?? .empty }
        usage.read(body["usage"])
        readFinishReason(body["finish_reason", "stop_reason"])
        if finishReason.isEmpty { readFinishReason(body["incomplete_details"]["reason"]) }
        if body["choices"].isArray {
            for choice in body["choices"].elements { readChoice(choice, scratch: scratch) }
            return
        }
        if body["output"].isArray {
            for item in body["output"].elements { readOutputItem(item, scratch: scratch) }
            if finishReason.isEmpty { finishReason = body["status"].text }
            return
        }
        if body["message"].isObject {
            scratch.readMessageBlocks(body["message"], .assistant, into: &answer)
            return
        }
        let first = answer.count
        if body["thinking"].exists { scratch.appendThinking(body, to: &answer) }
        let content = body["content", "blocks", "parts"]
        if content.exists {
            scratch.readContent(content, into: &answer)
        } else {
            scratch.readContent(body["text", "output_text", "completion"], into: &answer)
        }
        if body["output"].isString { scratch.readContent(body["output"], into: &answer) }
        scratch.appendToolCalls(body, to: &answer)
        if answer.count == first { scratch.appendDigest(of: body, to: &answer) }
    }

    mutating func readFinishReason(_ value: JSONValue) {
        if finishReason.isEmpty { finishReason = value.text }
    }

    private mutating func readChoice(_ choice: JSONValue, scratch: Scratch) {
        readFinishReason(choice["finish_reason"])
        if choice["message"].isObject {
            scratch.readMessageBlocks(choice["message"], .assistant, into: &answer)
        } else {
            scratch.readContent(choice["text"], into: &answer)
        }
    }

    private mutating func readOutputItem(_ item: JSONValue, scratch: Scratch) {
        let type = item["type"].text
        if let kind = Scratch.blockKind(type), kind != .text {
            scratch.readItem(item, kind, into: &answer)
        } else if type.hasSuffix("_call") {
            answer.append(ContentBlock(kind: .toolUse, text: type))
        } else {
            scratch.readMessageBlocks(item, .assistant, into: &answer)
        }
    }

    /// A list is a stream's events, or the answer as messages, or its content blocks.
    private mutating func readEventsOrMessages(_ list: JSONValue, scratch: Scratch) {
        var stream = StreamedAnswer()
        for element in list.elements {
            if stream.read(element, into: &self, scratch: scratch) { continue }
            if element["role"].isString || element["parts"].isArray {
                readFinishReason(element["finish_reason"])
                scratch.readMessageBlocks(element, .assistant, into: &answer)
            } else {
                scratch.readContent(element, into: &answer)
            }
        }
        stream.finish(into: &self, scratch: scratch)
    }
}

/// Puts an answer together from a stream's events.
struct StreamedAnswer {
    /// Whether an event held the whole answer, so that what was read before it counts no more.
    private(set) var isWhole = false
    private var text: [UInt8] = []
    private var thinking: [UInt8] = []
    private var signature = ByteView.empty

    /// Reads one event; `false` when the value is none.
    mutating func read(
        _ event: JSONValue, into exchange: inout Exchange, scratch: Scratch
    ) -> Bool {
        guard event.isObject else { return false }
        if event["object"].text.equals("chat.completion.chunk") || event["choices"].isArray {
            readChunk(event, into: &exchange)
            return true
        }
        let type = event["type"].text
        if type.hasPrefix("message_") || type.hasPrefix("content_block_") || type.equals("ping") {
            readMessagesEvent(event, type, into: &exchange)
            return true
        }
        guard type.hasPrefix("response.") else { return false }
        if type.equals("response.completed") || type.equals("response.incomplete") {
            text.removeAll()
            isWhole = true
            exchange.readResponseBody(event["response"], scratch: scratch)
        } else if type.equals("response.output_text.delta") {
            text.append(contentsOf: event["delta"].text.buffer)
        }
        return true
    }

    /// Chat Completions and Completions chunks.
    private mutating func readChunk(_ event: JSONValue, into exchange: inout Exchange) {
        exchange.usage.read(event["usage"])
        if exchange.model.isEmpty { exchange.model = event["model"].text }
        for choice in event["choices"].elements {
            let delta = choice["delta"]
            text.append(contentsOf: delta["content"].text.buffer)
            text.append(contentsOf: choice["text"].text.buffer)
            thinking.append(contentsOf: delta["reasoning_content", "reasoning"].text.buffer)
            exchange.readFinishReason(choice["finish_reason"])
            for call in delta["tool_calls"].elements where call["function"]["name"].isString {
                exchange.answer.append(
                    ContentBlock(kind: .toolUse, text: call["function"]["name"].text))
            }
        }
    }

    /// Events of the Messages API.
    private mutating func readMessagesEvent(
        _ event: JSONValue, _ type: ByteView, into exchange: inout Exchange
    ) {
        if type.equals("message_start") {
            exchange.usage.read(event["message"]["usage"])
            if exchange.model.isEmpty { exchange.model = event["message"]["model"].text }
        } else if type.equals("content_block_start") {
            let block = event["content_block"]
            if Scratch.blockKind(block["type"].text) == .toolUse {
                exchange.answer.append(ContentBlock(kind: .toolUse, text: block["name"].text))
            }
        } else if type.equals("content_block_delta") {
            let delta = event["delta"]
            text.append(contentsOf: delta["text"].text.buffer)
            thinking.append(contentsOf: delta["thinking"].text.buffer)
            if delta["signature"].isString { signature = delta["signature"].text }
        } else if type.equals("message_delta") {
            exchange.usage.read(event["usage"])
            exchange.readFinishReason(event["delta"]["stop_reason"])
        }
    }

    mutating func finish(into exchange: inout Exchange, scratch: Scratch) {
        if !thinking.isEmpty || !signature.isEmpty {
            let words = thinking.withUnsafeBufferPointer { scratch.arena.copy($0) }
            exchange.answer.append(
                ContentBlock(kind: .thinking, text: words, signature: signature))
        }
        if !text.isEmpty {
            let words = text.withUnsafeBufferPointer { scratch.arena.copy($0) }
            exchange.answer.append(ContentBlock(kind: .text, text: words))
        }
    }
}

extension Usage {
    /// Reads a `usage` object of any of the APIs; keeps what it does not find.
    ///
    /// The Messages API counts cached tokens beside `input_tokens`, the others inside their input count; here they are inside.
    mutating func read(_ usage: JSONValue) {
        guard usage.isObject else { return }
        if let prompt = Self.count(usage["prompt_tokens"]) {
            inputTokens = prompt
        } else if let input = Self.count(usage["input_tokens"]) {
            let cached = Self.count(usage["cache_read_input_tokens"]) ?? 0
            let written = Self.count(usage["cache_creation_input_tokens"]) ?? 0
            inputTokens = input.addingSaturated(cached).addingSaturated(written)
        }
        outputTokens =
            Self.count(usage["completion_tokens", "output_tokens"]) ?? outputTokens
        let details = usage["completion_tokens_details", "output_tokens_details"]
        reasoningTokens =
            Self.count(usage["reasoning_tokens"]) ?? Self.count(details["reasoning_tokens"])
            ?? reasoningTokens
    }

    /// A token count: a whole number that is not negative.
    static func count(_ value: JSONValue) -> Int64? {
        guard let count = value.int, count >= 0 else { return nil }
        return count
    }
}

extension Int64 {
    func addingSaturated(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
