/// Writes exchanges in one log format, one line each.
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
        default: NativeWriter()
        }
    }
}
