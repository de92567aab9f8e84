/// The request and answer bodies that a gateway logs: of the Messages API where signed thinking is passed, else of Chat
/// Completions.
private func appendBody(
    _ exchange: Rendered, isRequest: Bool, through inner: ByteBuffer, to line: ByteBuffer
) {
    inner.removeAll()
    switch (exchange.style.passesThinking, isRequest) {
    case (true, true): inner.append(messagesRequest: exchange)
    case (true, false): inner.append(messagesResponse: exchange)
    case (false, true): inner.append(chatRequest: exchange)
    case (false, false): inner.append(chatResponse: exchange)
    }
    line.append(quoted: inner.bytes)
}

private func path(_ exchange: Rendered) -> StaticString {
    if exchange.style.passesThinking { return "/v1/messages" }
    return exchange.style.endpoint == .embeddings ? "/v1/embeddings" : "/v1/chat/completions"
}

/// An Envoy AI Gateway access log entry in JSON, with the operator's choice of keys: the documented defaults, the account
/// in `user.id` and the bodies.
struct EnvoyWriter: RecordWriter {
    private let inner = ByteBuffer()

    func write(_ exchange: Rendered, to line: ByteBuffer) {
        line.append("{\"start_time\":\"")
        line.append(time: exchange.time)
        line.append("\",\"method\":\"POST\",\"x-envoy-origin-path\":\"")
        line.append(path(exchange))
        line.append("\",\"protocol\":\"HTTP/2\",\"response_code\":")
        line.append(exchange.status)
        line.append(",\"response_flags\":\"-\",\"duration\":")
        line.append(Int(exchange.duration / 1000))
        line.append(member: "x-forwarded-for", exchange.address.text)
        line.append(member: "user-agent", exchange.client.userAgent)
        line.append(member: "tls_ja4_fingerprint", exchange.client.ja4)
        line.append(",\"x-request-id\":\"req_")
        line.append(hex: exchange.id)
        line.append("\"")
        line.append(member: "gen_ai.request.model", exchange.model)
        line.append(member: "gen_ai.response.model", exchange.model)
        line.append(",\"gen_ai.usage.input_tokens\":")
        line.append(exchange.inputTokens)
        line.append(",\"gen_ai.usage.output_tokens\":")
        line.append(exchange.outputTokens)
        if exchange.conversation != 0 {
            line.append(",\"session.id\":\"conv_")
            line.append(hex: exchange.conversation)
            line.append("\"")
        }
        line.append(member: "user.id", exchange.account.id)
        line.append(",\"request_body\":")
        appendBody(exchange, isRequest: true, through: inner, to: line)
        line.append(",\"response_body\":")
        appendBody(exchange, isRequest: false, through: inner, to: line)
        line.append("}\n")
    }
}

/// An entry of a Kong logging plugin with the fields of `ai-proxy`
/// (developer.konghq.com/ai-gateway/ai-audit-log-reference).
struct KongWriter: RecordWriter {
    private let inner = ByteBuffer()

    func write(_ exchange: Rendered, to line: ByteBuffer) {
        line.append("{")
        line.append(member: "client_ip", exchange.address.text, comma: false)
        line.append(",\"started_at\":")
        line.append(Int(exchange.time / 1000))
        line.append(",\"consumer\":{")
        line.append(member: "custom_id", exchange.account.id, comma: false)
        line.append("},\"request\":{\"id\":\"req_")
        line.append(hex: exchange.id)
        line.append("\",\"method\":\"POST\",\"uri\":\"")
        line.append(path(exchange))
        line.append("\",\"headers\":{")
        line.append(member: "user-agent", exchange.client.userAgent, comma: false)
        if exchange.conversation != 0 {
            line.append(",\"x-session-id\":\"conv_")
            line.append(hex: exchange.conversation)
            line.append("\"")
        }
        line.append("}},\"response\":{\"status\":")
        line.append(exchange.status)
        line.append(",\"headers\":{}},\"latencies\":{\"request\":")
        line.append(Int(exchange.duration / 1000))
        line.append("},\"ai\":{\"proxy\":{\"payload\":{\"request\":")
        appendBody(exchange, isRequest: true, through: inner, to: line)
        line.append(",\"response\":")
        appendBody(exchange, isRequest: false, through: inner, to: line)
        line.append("},\"usage\":{\"prompt_tokens\":")
        line.append(exchange.inputTokens)
        line.append(",\"completion_tokens\":")
        line.append(exchange.outputTokens)
        line.append(",\"total_tokens\":")
        line.append(exchange.inputTokens + exchange.outputTokens)
        line.append("},\"meta\":{")
        line.append(member: "request_model", exchange.model, comma: false)
        line.append(member: "response_model", exchange.model)
        line.append(",\"provider_name\":")
        line.append(exchange.style.passesThinking ? "\"anthropic\"" : "\"openai\"")
        line.append("},\"cache\":{}}}}\n")
    }
}
