/// Bodies of the Responses API (platform.openai.com/docs/api-reference/responses), which carries encrypted reasoning.
extension ByteBuffer {
    func append(responsesRequest exchange: Rendered) {
        append("{")
        append(member: "model", exchange.model, comma: false)
        if !exchange.system.isEmpty {
            append(",\"instructions\":")
            append(span: exchange.system, of: exchange)
        }
        append(",\"input\":[")
        var isFirst = true
        for message in exchange.messages {
            append(
                items: message.blocks, isAnswer: false, role: message.role, &isFirst, of: exchange)
        }
        append("],\"include\":[\"reasoning.encrypted_content\"],\"store\":false")
        append(sampling: exchange, limit: "max_output_tokens")
        if exchange.style.parameters.thinkingBudget > 0 {
            append(",\"reasoning\":{\"effort\":\"high\",\"summary\":\"auto\"}")
        }
        if !exchange.tools.isEmpty {
            append(",\"tools\":[")
            for (index, tool) in exchange.tools.enumerated() {
                append(
                    index > 0
                        ? ",{\"type\":\"function\",\"name\":" : "{\"type\":\"function\",\"name\":")
                append(quoted: tool)
                append(",\"parameters\":{\"type\":\"object\"}}")
            }
            append("]")
        }
        append("}")
    }

    func append(responsesResponse exchange: Rendered) {
        if exchange.status != 200 {
            append(chatResponse: exchange)
            return
        }
        append("{\"id\":\"resp_")
        append(hex: exchange.id)
        append("\",\"object\":\"response\",\"created_at\":")
        append(Int(exchange.time / second))
        append(
            exchange.finish == .length ? ",\"status\":\"incomplete\"" : ",\"status\":\"completed\"")
        if exchange.finish == .length {
            append(",\"incomplete_details\":{\"reason\":\"max_output_tokens\"}")
        }
        append(member: "model", exchange.model)
        append(",\"output\":[")
        var isFirst = true
        append(items: exchange.answer, isAnswer: true, role: .assistant, &isFirst, of: exchange)
        append("],\"usage\":{\"input_tokens\":")
        append(exchange.inputTokens)
        append(",\"output_tokens\":")
        append(exchange.outputTokens)
        append(",\"output_tokens_details\":{\"reasoning_tokens\":")
        append(exchange.reasoningTokens)
        append("}}}")
    }

    /// Every block is an item of its own.
    private func append(
        items blocks: Range<Int>, isAnswer: Bool, role: RenderedMessage.Role, _ isFirst: inout Bool,
        of exchange: Rendered
    ) {
        for index in blocks {
            if !isFirst { append(",") }
            isFirst = false
            let block = exchange.blocks[index]
            switch block.kind {
            case .text:
                append(
                    role == .user
                        ? "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":"
                        : "{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":"
                )
                append(span: block.text, of: exchange)
                append("}]}")
            case .thinking:
                append("{\"type\":\"reasoning\",\"summary\":[{\"type\":\"summary_text\",\"text\":")
                append(span: block.text, of: exchange)
                append("}],\"encrypted_content\":\"")
                Rendered.appendSignature(block.seed, to: self)
                append("\"}")
            case .toolUse:
                append("{\"type\":\"function_call\",\"call_id\":\"call_")
                append(hex: block.seed)
                append("\",\"name\":")
                append(quoted: exchange.tools[block.tool])
                append(",\"arguments\":\"{\\\"target\\\":\\\"item ")
                append(Int(block.seed % 97))
                append("\\\"}\"}")
            case .toolResult:
                append("{\"type\":\"function_call_output\",\"call_id\":\"call_")
                append(hex: block.seed)
                append("\",\"output\":")
                append(span: block.text, of: exchange)
                append("}")
            }
        }
    }
}
