/// OTLP/JSON lines as the collector's file exporter writes them: each a batch of up to eight spans with the attributes of
/// the semantic conventions for generative AI (opentelemetry.io/docs/specs/semconv/gen-ai).
final class OpenTelemetryWriter: RecordWriter {
    private static let batch = 8
    private let inner = ByteBuffer()
    private var held = 0

    func write(_ exchange: Rendered, to line: ByteBuffer) {
        if held == 0 {
            line.append(
                "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":\"model-gateway\"}}]},\"scopeSpans\":[{\"scope\":{\"name\":\"gateway.genai\"},\"spans\":["
            )
        } else {
            line.append(",")
        }
        span(exchange, to: line)
        held += 1
        if held == Self.batch { finish(to: line) }
    }

    func finish(to line: ByteBuffer) {
        if held > 0 { line.append("]}]}]}\n") }
        held = 0
    }

    private func span(_ exchange: Rendered, to line: ByteBuffer) {
        line.append("{\"traceId\":\"")
        line.append(hex: Random.mix(exchange.id))
        line.append(hex: exchange.id)
        line.append("\",\"spanId\":\"")
        line.append(hex: exchange.id)
        line.append("\",\"name\":\"chat\",\"kind\":2,\"startTimeUnixNano\":\"")
        line.append(Int(exchange.time) * 1000)
        line.append("\",\"endTimeUnixNano\":\"")
        line.append(Int(exchange.time + exchange.duration) * 1000)
        line.append(
            "\",\"attributes\":[{\"key\":\"gen_ai.operation.name\",\"value\":{\"stringValue\":")
        let isEmbedding = exchange.style.endpoint == .embeddings
        line.append(isEmbedding ? "\"embeddings\"}}" : "\"chat\"}}")
        text("gen_ai.request.model", exchange.model, to: line)
        text("user.id", exchange.account.id, to: line)
        text("client.address", exchange.address.text, to: line)
        text("user_agent.original", exchange.client.userAgent, to: line)
        text("tls.client.ja4", exchange.client.ja4, to: line)
        number("client.as.number", Int(exchange.address.asn), to: line)
        text("url.path", isEmbedding ? "/v1/embeddings" : "/v1/messages", to: line)
        number("http.response.status_code", exchange.status, to: line)
        identifiers(exchange, to: line)
        parameters(exchange, to: line)
        if !exchange.system.isEmpty {
            inner.removeAll()
            inner.append("[{\"type\":\"text\",\"content\":")
            inner.append(span: exchange.system, of: exchange)
            inner.append("}]")
            json("gen_ai.system_instructions", to: line)
        }
        if !isEmbedding { messages(exchange, to: line) }
        number("gen_ai.usage.input_tokens", exchange.inputTokens, to: line)
        number("gen_ai.usage.output_tokens", exchange.outputTokens, to: line)
        number("gen_ai.usage.reasoning.output_tokens", exchange.reasoningTokens, to: line)
        line.append("],\"status\":{")
        if exchange.status != 200 { line.append("\"code\":2") }
        line.append("}}")
    }

    private func identifiers(_ exchange: Rendered, to line: ByteBuffer) {
        line.append(",{\"key\":\"gen_ai.response.id\",\"value\":{\"stringValue\":\"req_")
        line.append(hex: exchange.id)
        line.append("\"}}")
        if exchange.conversation == 0 { return }
        line.append(",{\"key\":\"gen_ai.conversation.id\",\"value\":{\"stringValue\":\"conv_")
        line.append(hex: exchange.conversation)
        line.append("\"}}")
    }

    private func parameters(_ exchange: Rendered, to line: ByteBuffer) {
        let parameters = exchange.style.parameters
        if let value = parameters.temperature {
            decimal("gen_ai.request.temperature", value, to: line)
        }
        if let value = parameters.topP { decimal("gen_ai.request.top_p", value, to: line) }
        if let value = parameters.maxTokens { number("gen_ai.request.max_tokens", value, to: line) }
        if let value = parameters.seed { number("gen_ai.request.seed", value, to: line) }
        if let value = parameters.stream {
            line.append(",{\"key\":\"gen_ai.request.stream\",\"value\":{\"boolValue\":")
            line.append(value ? "true}}" : "false}}")
        }
        if parameters.wantsJSON { text("gen_ai.output.type", "json", to: line) }
        if parameters.thinkingBudget > 0 {
            text("gen_ai.request.reasoning.effort", String(parameters.thinkingBudget), to: line)
        }
        if exchange.tools.isEmpty { return }
        inner.removeAll()
        inner.append("[")
        for (index, tool) in exchange.tools.enumerated() {
            if index > 0 { inner.append(",") }
            inner.append("{\"type\":\"function\",\"name\":")
            inner.append(quoted: tool)
            inner.append("}")
        }
        inner.append("]")
        json("gen_ai.tool.definitions", to: line)
    }

    private func messages(_ exchange: Rendered, to line: ByteBuffer) {
        inner.removeAll()
        inner.append("[")
        for (index, message) in exchange.messages.enumerated() {
            if index > 0 { inner.append(",") }
            switch message.role {
            case .user: inner.append("{\"role\":\"user\",\"parts\":")
            case .assistant: inner.append("{\"role\":\"assistant\",\"parts\":")
            case .tool: inner.append("{\"role\":\"tool\",\"parts\":")
            }
            parts(message.blocks, exchange)
            inner.append("}")
        }
        inner.append("]")
        json("gen_ai.input.messages", to: line)
        if exchange.answer.isEmpty { return }
        inner.removeAll()
        inner.append("[{\"role\":\"assistant\",\"parts\":")
        parts(exchange.answer, exchange)
        inner.append(",\"finish_reason\":\"")
        inner.append(finishReason: exchange)
        inner.append("\"}]")
        json("gen_ai.output.messages", to: line)
    }

    private func parts(_ blocks: Range<Int>, _ exchange: Rendered) {
        inner.append("[")
        for index in blocks {
            if index > blocks.lowerBound { inner.append(",") }
            let block = exchange.blocks[index]
            switch block.kind {
            case .text:
                inner.append("{\"type\":\"text\",\"content\":")
                inner.append(span: block.text, of: exchange)
            case .thinking:
                inner.append("{\"type\":\"reasoning\",\"content\":")
                inner.append(span: block.text, of: exchange)
                inner.append(",\"signature\":\"")
                Rendered.appendSignature(block.seed, to: inner)
                inner.append("\"")
            case .toolUse:
                inner.append("{\"type\":\"tool_call\",\"id\":\"call_")
                inner.append(hex: block.seed)
                inner.append("\",\"name\":")
                inner.append(quoted: exchange.tools[block.tool])
                inner.append(",\"arguments\":{\"target\":\"item ")
                inner.append(Int(block.seed % 97))
                inner.append("\"}")
            case .toolResult:
                inner.append("{\"type\":\"tool_call_response\",\"id\":\"call_")
                inner.append(hex: block.seed)
                inner.append("\",\"response\":")
                inner.append(span: block.text, of: exchange)
            }
            inner.append("}")
        }
        inner.append("]")
    }

    private func key(_ name: StaticString, to line: ByteBuffer) {
        line.append(",{\"key\":\"")
        line.append(name)
        line.append("\",\"value\":{")
    }

    private func text(_ name: StaticString, _ value: String, to line: ByteBuffer) {
        key(name, to: line)
        line.append("\"stringValue\":")
        line.append(quoted: value)
        line.append("}}")
    }

    /// What `inner` holds, as a string attribute.
    private func json(_ name: StaticString, to line: ByteBuffer) {
        key(name, to: line)
        line.append("\"stringValue\":")
        line.append(quoted: inner.bytes)
        line.append("}}")
    }

    private func number(_ name: StaticString, _ value: Int, to line: ByteBuffer) {
        key(name, to: line)
        line.append("\"intValue\":\"")
        line.append(value)
        line.append("\"}}")
    }

    private func decimal(_ name: StaticString, _ value: Double, to line: ByteBuffer) {
        key(name, to: line)
        line.append("\"doubleValue\":")
        line.append(decimal: value)
        line.append("}}")
    }
}
