/// Writes exchanges in one log format, one line each unless the format batches.
protocol RecordWriter {
    func write(_ exchange: Rendered, to line: ByteBuffer)
    /// What a format that batches still holds; called once, after the last exchange.
    func finish(to line: ByteBuffer)
}

extension RecordWriter {
    func finish(to line: ByteBuffer) {}
}

extension WorldFormat {
    func makeWriter() -> any RecordWriter {
        switch self {
        case .stillwatch: NativeWriter()
        case .otel: OpenTelemetryWriter()
        case .litellm: LiteLLMWriter()
        case .openai: OpenAIWriter()
        case .anthropic: AnthropicWriter()
        case .helicone: HeliconeWriter()
        case .langfuse: LangfuseWriter()
        case .envoy: EnvoyWriter()
        case .kong: KongWriter()
        }
    }
}
