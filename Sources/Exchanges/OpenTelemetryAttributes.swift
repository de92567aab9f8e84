extension Exchange {
    /// Reads a token count; `false` when the attribute is none.
    mutating func readUsageAttribute(_ key: ByteView, _ value: JSONValue) -> Bool {
        guard key.hasPrefix("gen_ai.usage.") else { return false }
        guard let count = AnyValue.int(value), count >= 0 else { return true }
        let name = key.dropFirst(13)
        if name.equals("input_tokens") {
            usage.inputTokens = count
        } else if name.equals("prompt_tokens") {
            usage.inputTokens = usage.inputTokens ?? count
        } else if name.equals("output_tokens") {
            usage.outputTokens = count
        } else if name.equals("completion_tokens") {
            usage.outputTokens = usage.outputTokens ?? count
        } else if name.equals("reasoning_tokens") || name.equals("reasoning.output_tokens") {
            usage.reasoningTokens = count
        }
        return true
    }

    /// Reads a request parameter; `false` when the attribute is none.
    mutating func readParameterAttribute(
        _ key: ByteView, _ value: JSONValue, scratch: Scratch
    ) -> Bool {
        if key.equals("gen_ai.output.type") || key.equals("gen_ai.openai.request.response_format") {
            parameters.responseFormat = value.text
            return true
        }
        if key.equals("gen_ai.is_streaming") || key.equals("llm.is_streaming") {
            parameters.stream = AnyValue.bool(value)
            return true
        }
        guard key.hasPrefix("gen_ai.request.") else { return false }
        let name = key.dropFirst(15)
        if name.equals("temperature") {
            parameters.temperature = AnyValue.double(value)
        } else if name.equals("top_p") {
            parameters.topP = AnyValue.double(value)
        } else if name.equals("top_k") {
            parameters.topK = AnyValue.double(value)
        } else if name.equals("max_tokens") {
            parameters.maxTokens = AnyValue.int(value)
        } else if name.equals("frequency_penalty") {
            parameters.frequencyPenalty = AnyValue.double(value)
        } else if name.equals("presence_penalty") {
            parameters.presencePenalty = AnyValue.double(value)
        } else if name.equals("seed") {
            parameters.seed = AnyValue.int(value)
        } else if name.equals("choice.count") {
            parameters.n = AnyValue.int(value)
        } else if name.equals("stream") {
            parameters.stream = AnyValue.bool(value)
        } else if name.equals("reasoning_effort") || name.equals("reasoning.effort") {
            parameters.reasoning = scratch.identifier(value) ?? .empty
        } else {
            return false
        }
        return true
    }

    /// Reads where the request came from; `false` when the attribute does not say.
    mutating func readNetAttribute(_ key: ByteView, _ value: JSONValue) -> Bool {
        if key.equals("client.address") {
            client.ip = value.text
        } else if key.equals("user_agent.original") {
            client.userAgent = value.text
        } else if key.equals("tls.client.ja3") || key.equals("tls.client.ja4") {
            client.tlsFingerprint = value.text
        } else if key.equals("client.as.number") {
            client.asn = ClientFacts.asNumber(value)
        } else if key.equals("url.path") || key.equals("http.route") {
            endpoint = value.text
        } else if key.equals("http.response.status_code") {
            status = AnyValue.int(value).flatMap { Int32(exactly: $0) }
        } else {
            return false
        }
        return true
    }
}

/// An attribute of the deprecated flat form, such as `gen_ai.prompt.0.content`.
struct FlattenedAttribute {
    private enum Field { case role, content, toolName, finishReason }

    private let isPrompt: Bool
    /// The message's place.
    private let index: Int64
    /// The attribute's place, which keeps the sort stable.
    private let order: Int
    private let field: Field
    private let value: JSONValue

    /// Splits a key; `nil` when it is not of this form or says nothing that is kept.
    init?(_ key: ByteView, _ value: JSONValue, order: Int) {
        let rest: ByteView
        if key.hasPrefix("gen_ai.prompt.") {
            isPrompt = true
            rest = key.dropFirst(14)
        } else if key.hasPrefix("gen_ai.completion.") {
            isPrompt = false
            rest = key.dropFirst(18)
        } else {
            return nil
        }
        guard let dot = rest.firstIndex(of: UInt8(ascii: ".")), let index = rest.prefix(dot).int,
            index >= 0
        else { return nil }
        let name = rest.dropFirst(dot + 1)
        if name.equals("role") {
            field = .role
        } else if name.equals("content") {
            field = .content
        } else if name.equals("finish_reason") {
            field = .finishReason
        } else if name.hasPrefix("tool_calls.") && name.hasSuffix(".name") {
            field = .toolName
        } else {
            return nil
        }
        self.index = index
        self.order = order
        self.value = value
    }

    /// Appends the messages and the answer that the attributes hold, in the order of their numbers.
    static func append(
        _ attributes: inout [FlattenedAttribute], to exchange: inout Exchange, scratch: Scratch
    ) {
        attributes.sort { ($0.index, $0.order) < ($1.index, $1.order) }
        var start = 0
        while start < attributes.count {
            var end = start
            while end < attributes.count && attributes[end].index == attributes[start].index {
                end += 1
            }
            appendMessage(attributes[start..<end], to: &exchange, scratch: scratch)
            start = end
        }
    }

    private static func appendMessage(
        _ group: ArraySlice<FlattenedAttribute>, to exchange: inout Exchange, scratch: Scratch
    ) {
        var role = Role.user
        var hasPrompt = false
        for attribute in group where attribute.isPrompt {
            hasPrompt = true
            if attribute.field == .role { role = Role(attribute.value.text) ?? .user }
        }
        if hasPrompt {
            exchange.appendMessage(role) { blocks in
                for attribute in group where attribute.isPrompt {
                    attribute.append(role, to: &blocks, scratch: scratch)
                }
            }
        }
        for attribute in group where !attribute.isPrompt {
            if attribute.field == .finishReason { exchange.readFinishReason(attribute.value) }
            attribute.append(.assistant, to: &exchange.answer, scratch: scratch)
        }
    }

    private func append(_ role: Role, to blocks: inout [ContentBlock], scratch: Scratch) {
        if field == .toolName {
            blocks.append(ContentBlock(kind: .toolUse, text: value.text))
        } else if field == .content && role == .tool {
            blocks.append(ContentBlock(kind: .toolResult, text: value.text))
        } else if field == .content {
            let content = scratch.unwrap(value)
            let first = blocks.count
            if content.isArray { scratch.readContent(content, into: &blocks) }
            // JSON that holds no blocks is the text itself.
            if blocks.count == first { scratch.readContent(value, into: &blocks) }
        }
    }
}
