/// The outer members that both envelopes share; ends after `"status"`.
private func appendEnvelope(_ exchange: Rendered, endpoint: StaticString, to line: ByteBuffer) {
    line.append("{\"id\":\"req_")
    line.append(hex: exchange.id)
    line.append("\",\"time\":\"")
    line.append(time: exchange.time)
    line.append("\",\"account\":{")
    line.append(member: "id", exchange.account.id, comma: false)
    if !exchange.account.organization.isEmpty {
        line.append(member: "organization", exchange.account.organization)
    }
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
    line.append(",\"endpoint\":\"")
    line.append(endpoint)
    line.append("\",\"status\":")
    line.append(exchange.status)
}

/// Raw bodies of Chat Completions in an envelope; of the Responses API where reasoning is passed back.
struct OpenAIWriter: RecordWriter {
    func write(_ exchange: Rendered, to line: ByteBuffer) {
        if exchange.style.passesThinking {
            appendEnvelope(exchange, endpoint: "/v1/responses", to: line)
            line.append(",\"request\":")
            line.append(responsesRequest: exchange)
            line.append(",\"response\":")
            line.append(responsesResponse: exchange)
        } else {
            let isEmbedding = exchange.style.endpoint == .embeddings
            appendEnvelope(
                exchange, endpoint: isEmbedding ? "/v1/embeddings" : "/v1/chat/completions",
                to: line)
            line.append(",\"request\":")
            line.append(chatRequest: exchange)
            line.append(",\"response\":")
            line.append(chatResponse: exchange)
        }
        line.append("}\n")
    }
}

/// Raw bodies of the Messages API in an envelope. That API has no embeddings: a backfill's documents stand as messages.
struct AnthropicWriter: RecordWriter {
    func write(_ exchange: Rendered, to line: ByteBuffer) {
        appendEnvelope(exchange, endpoint: "/v1/messages", to: line)
        line.append(",\"request\":")
        line.append(messagesRequest: exchange)
        line.append(",\"response\":")
        line.append(messagesResponse: exchange)
        line.append("}\n")
    }
}
