/// Bodies of the Messages API (docs.anthropic.com/en/api/messages).
extension ByteBuffer {
    func append(messagesRequest exchange: Rendered) {
        append("{")
        append(member: "model", exchange.model, comma: false)
        if !exchange.system.isEmpty {
            append(",\"system\":")
            append(span: exchange.system, of: exchange)
        }
        append(",\"messages\":")
        append(messages: exchange)
        append(sampling: exchange, limit: "max_tokens")
        if exchange.style.parameters.thinkingBudget > 0 {
            append(",\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":")
            append(exchange.style.parameters.thinkingBudget)
            append("}")
        }
        if !exchange.tools.isEmpty {
            append(",\"tools\":[")
            for (index, tool) in exchange.tools.enumerated() {
                append(index > 0 ? ",{\"name\":" : "{\"name\":")
                append(quoted: tool)
                append(",\"input_schema\":{\"type\":\"object\"}}")
            }
            append("]")
        }
        append("}")
    }

    func append(messagesResponse exchange: Rendered) {
        if exchange.status != 200 {
            append(
                "{\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"The request was not served.\"}}"
            )
            return
        }
        append("{\"id\":\"msg_")
        append(hex: exchange.id)
        append("\",\"type\":\"message\",\"role\":\"assistant\"")
        append(member: "model", exchange.model)
        append(",\"content\":")
        append(blocks: exchange.answer, of: exchange)
        append(",\"stop_reason\":\"")
        append(stopReason: exchange)
        append("\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":")
        append(exchange.inputTokens)
        append(
            ",\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\":")
        append(exchange.outputTokens)
        append(",\"output_tokens_details\":{\"reasoning_tokens\":")
        append(exchange.reasoningTokens)
        append("}}}")
    }

    private func append(stopReason exchange: Rendered) {
        switch exchange.finish {
        case .length: append("max_tokens")
        case .toolUse: append("tool_use")
        case .stop, .error: append("end_turn")
        }
    }

    /// The parameters that all APIs name alike, each with a comma in front; `limit` names the token limit.
    func append(sampling exchange: Rendered, limit: StaticString) {
        let parameters = exchange.style.parameters
        if let value = parameters.temperature {
            append(",\"temperature\":")
            append(decimal: value)
        }
        if let value = parameters.topP {
            append(",\"top_p\":")
            append(decimal: value)
        }
        if let value = parameters.maxTokens {
            append(",\"")
            append(limit)
            append("\":")
            append(value)
        }
        if let value = parameters.stream {
            append(value ? ",\"stream\":true" : ",\"stream\":false")
        }
    }
}
