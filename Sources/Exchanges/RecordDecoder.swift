extension BadRecord: Error {}

/// Turns the records of one log format into exchanges.
///
/// Every record that is not blank gives at least one exchange, at least one fault, or adds to `ignoredRecords`. A record
/// that is a JSON array gives what each element would give on its own line. Unknown fields are skipped; of fields with the
/// same name the first counts. Allocates nothing per record once its buffers have grown to the input.
///
/// Not thread-safe: use one per thread.
public final class RecordDecoder {
    /// The format of the records.
    public let format: LogFormat
    /// Longer records are faults and are not parsed.
    public let maximumRecordBytes: Int
    /// Records, or parts of them, that are well formed but no model call: other spans, empty lists.
    public internal(set) var ignoredRecords = 0

    private let parser = JSONParser()
    private let scratch = Scratch()
    private var current = Exchange()
    /// What outlives one span of an export request.
    let resourceScratch = Scratch()
    /// The spans of an export request that report a call another span reports too.
    var copies = SpanCopies()
    /// What the resource at hand says for all of its spans.
    var resourceFacts = ResourceFacts()

    /// Makes a decoder for one format.
    public init(format: LogFormat, maximumRecordBytes: Int = 32 << 20) {
        self.format = format
        self.maximumRecordBytes = maximumRecordBytes
    }

    /// Decodes one record.
    /// - Parameters:
    ///   - record: one line without its newline, followed by at least 64 readable bytes.
    ///   - isLast: whether this is a file's final line and has no newline, so that it may have been cut off.
    ///   - body: gets each exchange. Its text is valid only during the call; what `body` changes is not kept.
    ///   - fault: gets each fault.
    public func decode(
        _ record: UnsafeRawBufferPointer, isLast: Bool = false,
        exchange body: (inout Exchange) -> Void, fault: (BadRecord) -> Void
    ) {
        let text = ByteView(
            base: record.baseAddress?.assumingMemoryBound(to: UInt8.self), count: record.count)
        guard text.firstNonBlank != nil else { return }
        guard text.count <= maximumRecordBytes else { return fault(BadRecord(.tooLarge)) }
        let root: JSONValue
        do throws(JSONParser.Failure) {
            root = try parser.parse(text)
        } catch {
            return fault(BadRecord(MalformedText.reason(for: error, in: text, isLast: isLast)))
        }
        guard root.isArray else { return decode(root, exchange: body, fault: fault) }
        if root.isEmptyContainer { ignoredRecords += 1 }
        for element in root.elements { decode(element, exchange: body, fault: fault) }
    }

    private func decode(
        _ record: JSONValue, exchange body: (inout Exchange) -> Void, fault: (BadRecord) -> Void
    ) {
        guard record.isObject else { return fault(BadRecord(.wrongType)) }
        if format == .otel { return decodeExportRequest(record, exchange: body, fault: fault) }
        let format = format
        deliver(record, exchange: body, fault: fault) {
            (exchange, record, scratch) throws(BadRecord) in
            switch format {
            case .stillwatch, .otel: try exchange.readStillwatch(record, scratch: scratch)
            case .openai, .anthropic: try exchange.readEnvelope(record, scratch: scratch)
            case .litellm: return try exchange.readLiteLLM(record, scratch: scratch)
            case .helicone: return try exchange.readHelicone(record, scratch: scratch)
            case .langfuse: return try exchange.readLangfuse(record, scratch: scratch)
            case .envoy: return try exchange.readEnvoy(record, scratch: scratch)
            case .kong: return try exchange.readKong(record, scratch: scratch)
            }
            return true
        }
    }

    /// Reads one exchange with `read`, which returns `false` for what is no model call.
    func deliver(
        _ value: JSONValue, exchange body: (inout Exchange) -> Void, fault: (BadRecord) -> Void,
        read: (inout Exchange, JSONValue, Scratch) throws(BadRecord) -> Bool
    ) {
        scratch.reset()
        current.reset()
        do throws(BadRecord) {
            guard try read(&current, value, scratch) else {
                ignoredRecords += 1
                return
            }
        } catch {
            return fault(error)
        }
        body(&current)
    }
}
