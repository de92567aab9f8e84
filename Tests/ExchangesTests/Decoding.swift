import Exchanges

/// What a test keeps of a decoded exchange.
struct Decoded: Equatable {
    var id = ""
    var time: Int64 = 0
    var account = ""
    var organization = ""
    var conversation = ""
    var endpoint = ""
    var model = ""
    var ip = ""
    var userAgent = ""
    var tls = ""
    var asn: UInt32 = 0
    var system: [String] = []
    /// `role: kind text #signature`, blocks joined by ` | `.
    var messages: [String] = []
    var tools: [String] = []
    var answer: [String] = []
    var finish = ""
    var status: Int32?
    var input: Int64?
    var output: Int64?
    var reasoning: Int64?
    var parameters = RequestParameters()

    init(_ exchange: Exchange) {
        id = exchange.id.string
        time = exchange.time.microseconds
        account = exchange.account.id.string
        organization = exchange.account.organization.string
        conversation = exchange.conversation.string
        endpoint = exchange.endpoint.string
        model = exchange.model.string
        ip = exchange.client.ip.string
        userAgent = exchange.client.userAgent.string
        tls = exchange.client.tlsFingerprint.string
        asn = exchange.client.asn
        system = exchange.systemBlocks.map(Self.describe)
        messages = exchange.messages.map { message in
            let end = message.firstBlock + message.blockCount
            let blocks = exchange.blocks[message.firstBlock..<end].map(Self.describe)
            return "\(message.role): " + blocks.joined(separator: " | ")
        }
        tools = exchange.tools.map(\.string)
        answer = exchange.answer.map(Self.describe)
        finish = exchange.finishReason.string
        status = exchange.status
        input = exchange.usage.inputTokens
        output = exchange.usage.outputTokens
        reasoning = exchange.usage.reasoningTokens
        parameters = exchange.parameters
    }

    static func describe(_ block: ContentBlock) -> String {
        let signature = block.signature.isEmpty ? "" : " #\(block.signature.string)"
        return "\(block.kind) \(block.text.string)\(signature)"
    }

    static func == (a: Decoded, b: Decoded) -> Bool { "\(a)" == "\(b)" }
}

/// What a decoder gave for some records.
struct Outcome {
    var exchanges: [Decoded] = []
    var faults: [BadRecord] = []
    var ignored = 0
}

/// Decodes one record, with poison after it in place of padding.
func decode(_ record: [UInt8], with decoder: RecordDecoder, isLast: Bool = false) -> Outcome {
    var outcome = Outcome()
    let padded = record + [UInt8](repeating: UInt8(ascii: "\""), count: 64)
    let before = decoder.ignoredRecords
    padded.withUnsafeBytes { bytes in
        decoder.decode(
            UnsafeRawBufferPointer(rebasing: bytes[..<record.count]), isLast: isLast,
            exchange: { outcome.exchanges.append(Decoded($0)) },
            fault: { outcome.faults.append($0) })
    }
    outcome.ignored = decoder.ignoredRecords - before
    return outcome
}

/// Decodes one record with a new decoder.
func decode(_ record: String, _ format: LogFormat, isLast: Bool = false) -> Outcome {
    decode(Array(record.utf8), with: RecordDecoder(format: format), isLast: isLast)
}
