/// A request of a Helicone export (docs.helicone.ai/rest/request), with bodies as objects: those of the Messages API where
/// signed thinking is passed, else of Chat Completions.
struct HeliconeWriter: RecordWriter {
    func write(_ exchange: Rendered, to line: ByteBuffer) {
        let isMessages = exchange.style.passesThinking
        let isEmbedding = exchange.style.endpoint == .embeddings
        line.append("{\"request_id\":\"req_")
        line.append(hex: exchange.id)
        line.append("\",\"request_created_at\":\"")
        line.append(time: exchange.time)
        line.append("\",\"response_created_at\":\"")
        line.append(time: exchange.time + exchange.duration)
        line.append("\"")
        line.append(member: "user_id", exchange.account.id)
        if !exchange.account.organization.isEmpty {
            line.append(member: "organization_id", exchange.account.organization)
        }
        line.append(member: "country_code", exchange.account.country)
        line.append(isMessages ? ",\"provider\":\"ANTHROPIC\"" : ",\"provider\":\"OPENAI\"")
        line.append(",\"status\":")
        line.append(exchange.status)
        line.append(",\"latency\":")
        line.append(Int(exchange.duration / 1000))
        line.append(member: "model", exchange.model)
        line.append(",\"prompt_tokens\":")
        line.append(exchange.inputTokens)
        line.append(",\"completion_tokens\":")
        line.append(exchange.outputTokens)
        line.append(",\"properties\":{")
        if exchange.conversation != 0 {
            line.append("\"Helicone-Session-Id\":\"conv_")
            line.append(hex: exchange.conversation)
            line.append("\"")
        }
        line.append("},\"target_url\":")
        line.append(
            isMessages
                ? "\"https://api.example/v1/messages\""
                : isEmbedding
                    ? "\"https://api.example/v1/embeddings\""
                    : "\"https://api.example/v1/chat/completions\"")
        line.append(",\"request_body\":")
        if isMessages {
            line.append(messagesRequest: exchange)
        } else {
            line.append(chatRequest: exchange)
        }
        line.append(",\"response_body\":")
        if isMessages {
            line.append(messagesResponse: exchange)
        } else {
            line.append(chatResponse: exchange)
        }
        line.append("}\n")
    }
}

/// An enriched observation of a Langfuse blob-storage export, whose input and output are JSON in strings
/// (langfuse.com/docs/api-and-data-platform/features/blob-storage-export-fields).
struct LangfuseWriter: RecordWriter {
    private let inner = ByteBuffer()

    func write(_ exchange: Rendered, to line: ByteBuffer) {
        let isEmbedding = exchange.style.endpoint == .embeddings
        line.append("{\"id\":\"req_")
        line.append(hex: exchange.id)
        line.append("\",\"trace_id\":\"")
        line.append(hex: Random.mix(exchange.id))
        line.append(hex: exchange.id)
        line.append("\",\"environment\":\"production\",\"type\":")
        line.append(isEmbedding ? "\"EMBEDDING\"" : "\"GENERATION\"")
        line.append(",\"start_time\":\"")
        stamp(exchange.time, to: line)
        line.append("\",\"end_time\":\"")
        stamp(exchange.time + exchange.duration, to: line)
        line.append(exchange.status == 200 ? "\",\"level\":\"DEFAULT\"" : "\",\"level\":\"ERROR\"")
        line.append(",\"status_message\":\"")
        if exchange.status != 200 { line.append(exchange.status) }
        line.append("\"")
        line.append(member: "user_id", exchange.account.id)
        line.append(",\"session_id\":\"")
        if exchange.conversation != 0 {
            line.append("conv_")
            line.append(hex: exchange.conversation)
        }
        line.append("\"")
        line.append(member: "provided_model_name", exchange.model)
        inner.removeAll()
        if isEmbedding {
            inner.append(span: exchange.blocks[0].text, of: exchange)
        } else {
            inner.append(chatMessages: exchange)
        }
        line.append(",\"input\":")
        line.append(quoted: inner.bytes)
        inner.removeAll()
        if exchange.answer.isEmpty {
            inner.append("null")
        } else if exchange.style.passesThinking {
            inner.append("{\"role\":\"assistant\",\"content\":")
            inner.append(blocks: exchange.answer, of: exchange)
            inner.append("}")
        } else {
            inner.append(chatMessage: exchange.answer, role: .assistant, of: exchange)
        }
        line.append(",\"output\":")
        line.append(quoted: inner.bytes)
        inner.removeAll()
        inner.append("{\"api\":\"chat\"")
        inner.append(chatParameters: exchange)
        inner.append("}")
        line.append(",\"model_parameters\":")
        line.append(quoted: inner.bytes)
        usage(exchange, to: line)
    }

    private func usage(_ exchange: Rendered, to line: ByteBuffer) {
        // The parts of `usage_details` do not overlap.
        line.append(",\"usage_details\":{\"input\":")
        line.append(exchange.inputTokens)
        line.append(",\"output\":")
        line.append(exchange.outputTokens - exchange.reasoningTokens)
        if exchange.reasoningTokens > 0 {
            line.append(",\"output_reasoning_tokens\":")
            line.append(exchange.reasoningTokens)
        }
        line.append(",\"total\":")
        line.append(exchange.inputTokens + exchange.outputTokens)
        line.append("},\"tool_definitions\":[")
        for (index, tool) in exchange.tools.enumerated() {
            line.append(index > 0 ? ",{\"name\":" : "{\"name\":")
            line.append(quoted: tool)
            line.append("}")
        }
        line.append("]}\n")
    }

    /// `YYYY-MM-DD HH:MM:SS.ffffff`, UTC.
    private func stamp(_ microseconds: Int64, to line: ByteBuffer) {
        let from = line.count
        line.append(time: microseconds)
        line.base[from + 10] = UInt8(ascii: " ")
        line.count -= 1
        line.append(padded: Int(microseconds % 1000), width: 3)
    }
}
