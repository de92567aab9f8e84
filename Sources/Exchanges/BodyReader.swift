/// Reads the bodies of a request and of its answer as they pass, for a program that stands between the two.
///
/// Reuses its buffers; nothing is allocated per body once they have grown. Not thread-safe: use one per thread.
package final class BodyReader {
    private let parser = JSONParser()
    private let scratch = Scratch()
    private var exchange = Exchange()
    /// A copy of the body, since the parser reads past its end.
    private var padded: [UInt8] = []
    private static let padding = 64
    private static let retainedBytes = 1 << 20

    /// A reader with empty buffers.
    package init() {}

    private func parse<R>(
        _ body: UnsafeRawBufferPointer, _ use: (JSONValue) throws(BadRecord) -> R
    ) throws(BadRecord) -> R {
        defer { if padded.capacity > Self.retainedBytes { padded = [] } }
        padded.removeAll(keepingCapacity: true)
        padded.reserveCapacity(body.count + Self.padding)
        padded.append(contentsOf: body)
        padded.append(contentsOf: repeatElement(0, count: Self.padding))
        return try padded.withUnsafeBufferPointer { (bytes) throws(BadRecord) -> R in
            let text = ByteView(base: bytes.baseAddress, count: body.count)
            let root: JSONValue
            do throws(JSONParser.Failure) {
                root = try parser.parse(text)
            } catch {
                throw BadRecord(MalformedText.reason(for: error, in: text, isLast: true))
            }
            guard root.isObject || root.isArray else { throw BadRecord(.wrongType) }
            scratch.reset()
            exchange.reset()
            return try use(root)
        }
    }

    /// Reads a request body.
    /// - Parameters:
    ///   - body: one JSON object.
    ///   - use: gets the exchange with all that the request says; its text is valid only during the call.
    package func request<R>(
        _ body: UnsafeRawBufferPointer, _ use: (inout Exchange) -> R
    ) throws(BadRecord) -> R {
        try parse(body) { root throws(BadRecord) -> R in
            guard root.isObject else { throw BadRecord(.wrongType) }
            try exchange.readRequestBody(root, .optional, scratch: scratch)
            return use(&exchange)
        }
    }

    /// Reads a whole answer, or the list of some of a stream's events, into what is known of the answer so far.
    package func answer(
        _ body: UnsafeRawBufferPointer, into answer: inout AnswerSoFar
    ) throws(BadRecord) {
        try parse(body) { root throws(BadRecord) -> Void in
            if root.isObject {
                exchange.readResponseBody(root, scratch: scratch)
                answer.take(exchange, replacing: true)
                return
            }
            var stream = StreamedAnswer()
            for event in root.elements {
                _ = stream.read(event, into: &exchange, scratch: scratch)
                if event["error"].isObject || event["type"].text.equals("error") {
                    answer.hasError = true
                }
            }
            stream.finish(into: &exchange, scratch: scratch)
            answer.take(exchange, replacing: stream.isWhole)
        }
    }
}

/// What is known of an answer while it passes: the parts that a log keeps, in memory of its own.
package struct AnswerSoFar {
    /// The answer's text.
    package var text: [UInt8] = []
    /// The text of its reasoning.
    package var reasoning: [UInt8] = []
    /// The reasoning's signature, or its encrypted form.
    package var signature: [UInt8] = []
    /// Names of the tools called.
    package var tools: [[UInt8]] = []
    /// Why the answer ended; empty while it has not.
    package var finishReason: [UInt8] = []
    /// Token counts, as far as they were told.
    package var usage = Usage()
    /// Whether the model's server said that something went wrong in mid-stream.
    package var hasError = false

    /// Nothing yet.
    package init() {}

    /// Adds what an exchange holds of an answer.
    mutating func take(_ exchange: Exchange, replacing: Bool) {
        if replacing {
            text.removeAll(keepingCapacity: true)
            reasoning.removeAll(keepingCapacity: true)
            signature.removeAll(keepingCapacity: true)
            tools.removeAll(keepingCapacity: true)
        }
        for block in exchange.answer {
            switch block.kind {
            case .text, .toolResult: text.append(contentsOf: block.text.buffer)
            case .thinking:
                reasoning.append(contentsOf: block.text.buffer)
                if block.signature.count > 0 { signature = Array(block.signature.buffer) }
            case .toolUse: tools.append(Array(block.text.buffer))
            case .media, .digest: break
            }
        }
        if !exchange.finishReason.isEmpty { finishReason = Array(exchange.finishReason.buffer) }
        usage.inputTokens = exchange.usage.inputTokens ?? usage.inputTokens
        usage.outputTokens = exchange.usage.outputTokens ?? usage.outputTokens
        usage.reasoningTokens = exchange.usage.reasoningTokens ?? usage.reasoningTokens
    }
}
