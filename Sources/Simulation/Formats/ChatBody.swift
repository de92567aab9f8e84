/// Bodies of the Chat Completions and Embeddings APIs (platform.openai.com/docs/api-reference/chat).
extension ByteBuffer {
    func append(chatRequest exchange: Rendered) {
        append("{")
        append(member: "model", exchange.model, comma: false)
        if exchange.style.endpoint == .embeddings {
            append(",\"input\":")
            append(span: exchange.blocks[0].text, of: exchange)
            append("}")
            return
        }
        append(",\"messages\":")
        append(chatMessages: exchange)
        append(chatParameters: exchange)
        append("}")
    }

    /// Parameters and tools, each with a comma in front.
    func append(chatParameters exchange: Rendered) {
        let parameters = exchange.style.parameters
        append(sampling: exchange, limit: "max_completion_tokens")
        if let value = parameters.seed {
            append(",\"seed\":")
            append(value)
        }
        if parameters.logprobs { append(",\"logprobs\":true") }
        if parameters.wantsJSON { append(",\"response_format\":{\"type\":\"json_object\"}") }
        if parameters.thinkingBudget > 0 {
            append(",\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":")
            append(parameters.thinkingBudget)
            append("}")
        }
        if exchange.tools.isEmpty { return }
        append(",\"tools\":[")
        for (index, tool) in exchange.tools.enumerated() {
            if index > 0 { append(",") }
            append("{\"type\":\"function\",\"function\":{\"name\":")
            append(quoted: tool)
            append(",\"parameters\":{\"type\":\"object\"}}}")
        }
        append("]")
    }

    /// All messages, the system text first. Thinking stands in `thinking_blocks`, as LiteLLM passes it.
    func append(chatMessages exchange: Rendered) {
        append("[")
        var isFirst = true
        if !exchange.system.isEmpty {
            append("{\"role\":\"system\",\"content\":")
            append(span: exchange.system, of: exchange)
            append("}")
            isFirst = false
        }
        for message in exchange.messages {
            if !isFirst { append(",") }
            isFirst = false
            append(chatMessage: message.blocks, role: message.role, of: exchange)
        }
        append("]")
    }

    func append(
        chatMessage blocks: Range<Int>, role: RenderedMessage.Role, of exchange: Rendered
    ) {
        switch role {
        case .user: append("{\"role\":\"user\",\"content\":")
        case .assistant: append("{\"role\":\"assistant\",\"content\":")
        case .tool: append("{\"role\":\"tool\",\"content\":")
        }
        append("\"")
        for index in blocks {
            let block = exchange.blocks[index]
            if block.kind == .text || block.kind == .toolResult {
                append(escaped: exchange.bytes(block.text))
            }
        }
        append("\"")
        for index in blocks { append(chatExtra: exchange.blocks[index], of: exchange) }
        append("}")
    }

    /// What a block adds to a chat message beside its content.
    private func append(chatExtra block: RenderedBlock, of exchange: Rendered) {
        switch block.kind {
        case .text: break
        case .thinking:
            append(",\"thinking_blocks\":[{\"type\":\"thinking\",\"thinking\":")
            append(span: block.text, of: exchange)
            append(",\"signature\":\"")
            Rendered.appendSignature(block.seed, to: self)
            append("\"}]")
        case .toolUse:
            append(",\"tool_calls\":[{\"id\":\"call_")
            append(hex: block.seed)
            append("\",\"type\":\"function\",\"function\":{\"name\":")
            append(quoted: exchange.tools[block.tool])
            append(",\"arguments\":\"{\\\"target\\\":\\\"item ")
            append(Int(block.seed % 97))
            append("\\\"}\"}}]")
        case .toolResult:
            append(",\"tool_call_id\":\"call_")
            append(hex: block.seed)
            append("\"")
        }
    }

    func append(chatResponse exchange: Rendered) {
        if exchange.status != 200 {
            append(
                "{\"error\":{\"message\":\"The request was not served.\",\"type\":\"server_error\",\"param\":null,\"code\":null}}"
            )
            return
        }
        if exchange.style.endpoint == .embeddings {
            append("{\"object\":\"list\",\"data\":[]")
            append(member: "model", exchange.model)
            append(",\"usage\":{\"prompt_tokens\":")
            append(exchange.inputTokens)
            append(",\"total_tokens\":")
            append(exchange.inputTokens)
            append("}}")
            return
        }
        append("{\"id\":\"chatcmpl-")
        append(hex: exchange.id)
        append("\",\"object\":\"chat.completion\",\"created\":")
        append(Int((exchange.time + exchange.duration) / second))
        append(member: "model", exchange.model)
        append(",\"choices\":[{\"index\":0,\"message\":")
        append(chatMessage: exchange.answer, role: .assistant, of: exchange)
        append(",\"logprobs\":null,\"finish_reason\":\"")
        append(finishReason: exchange)
        append("\"}],\"usage\":{\"prompt_tokens\":")
        append(exchange.inputTokens)
        append(",\"completion_tokens\":")
        append(exchange.outputTokens)
        append(",\"total_tokens\":")
        append(exchange.inputTokens + exchange.outputTokens)
        append(",\"completion_tokens_details\":{\"reasoning_tokens\":")
        append(exchange.reasoningTokens)
        append("}}}")
    }

    func append(finishReason exchange: Rendered) {
        switch exchange.finish {
        case .stop: append("stop")
        case .length: append("length")
        case .toolUse: append("tool_calls")
        case .error: append("error")
        }
    }
}
