/// The native form. Beside the documented members it writes `conversation`, and `response.content` with the answer's
/// thinking and tool calls where there are any.
struct NativeWriter: RecordWriter {
    func write(_ exchange: Rendered, to line: ByteBuffer) {
        line.append("{\"id\":\"req_")
        line.append(hex: exchange.id)
        line.append("\",\"time\":\"")
        line.append(time: exchange.time)
        line.append("\",\"account\":{")
        let account = exchange.account
        line.append(member: "id", account.id, comma: false)
        line.append(",\"created\":\"")
        line.append(time: account.created)
        line.append("\"")
        if !account.organization.isEmpty {
            line.append(member: "organization", account.organization)
        }
        if !account.emailDomain.isEmpty { line.append(member: "email_domain", account.emailDomain) }
        line.append(member: "country", account.country)
        if !account.payment.isEmpty { line.append(member: "payment_fingerprint", account.payment) }
        line.append(member: "plan", account.plan)
        line.append(member: "signup_path", account.signupPath)
        line.append("},\"client\":{")
        line.append(member: "ip", exchange.address.text, comma: false)
        line.append(member: "user_agent", exchange.client.userAgent)
        line.append(member: "ja4", exchange.client.ja4)
        line.append(",\"asn\":")
        line.append(Int(exchange.address.asn))
        line.append("}")
        if exchange.conversation != 0 {
            line.append(",\"conversation\":\"conv_")
            line.append(hex: exchange.conversation)
            line.append("\"")
        }
        request(exchange, to: line)
        line.append(",\"response\":{\"status\":")
        line.append(exchange.status)
        if exchange.status == 200 && exchange.style.endpoint == .messages {
            line.append(",\"finish_reason\":\"")
            line.append(nativeFinish: exchange)
            line.append("\",\"text\":")
            line.append(answerText: exchange)
            if line.hasStructure(exchange) {
                line.append(",\"content\":")
                line.append(blocks: exchange.answer, of: exchange)
            }
        }
        line.append("},\"usage\":{\"input_tokens\":")
        line.append(exchange.inputTokens)
        line.append(",\"output_tokens\":")
        line.append(exchange.outputTokens)
        line.append(",\"reasoning_tokens\":")
        line.append(exchange.reasoningTokens)
        line.append("}}\n")
    }

    private func request(_ exchange: Rendered, to line: ByteBuffer) {
        let isEmbedding = exchange.style.endpoint == .embeddings
        line.append(",\"request\":{\"endpoint\":")
        line.append(isEmbedding ? "\"/v1/embeddings\"" : "\"/v1/messages\"")
        line.append(member: "model", exchange.model)
        if isEmbedding, let block = exchange.blocks.first {
            line.append(",\"prompt\":")
            line.append(span: block.text, of: exchange)
            line.append("}")
            return
        }
        if !exchange.system.isEmpty {
            line.append(",\"system\":")
            line.append(span: exchange.system, of: exchange)
        }
        line.append(",\"messages\":")
        line.append(messages: exchange)
        line.append(sampling: exchange, limit: "max_tokens")
        line.append(extras: exchange)
        if exchange.style.parameters.thinkingBudget > 0 {
            line.append(",\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":")
            line.append(exchange.style.parameters.thinkingBudget)
            line.append("}")
        }
        if !exchange.tools.isEmpty {
            line.append(",\"tools\":[")
            for (index, tool) in exchange.tools.enumerated() {
                line.append(index > 0 ? ",{\"name\":" : "{\"name\":")
                line.append(quoted: tool)
                line.append("}")
            }
            line.append("]")
        }
        line.append("}")
    }
}

extension ByteBuffer {
    fileprivate func append(nativeFinish exchange: Rendered) {
        switch exchange.finish {
        case .stop: append("stop")
        case .length: append("length")
        case .toolUse: append("tool_use")
        case .error: append("error")
        }
    }

    /// Parameters that not all APIs have, each with a comma in front.
    fileprivate func append(extras exchange: Rendered) {
        let parameters = exchange.style.parameters
        if let value = parameters.seed {
            append(",\"seed\":")
            append(value)
        }
        if parameters.logprobs { append(",\"logprobs\":true") }
        if parameters.wantsJSON { append(",\"response_format\":{\"type\":\"json_object\"}") }
    }
}
