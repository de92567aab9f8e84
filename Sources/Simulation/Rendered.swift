/// A run of bytes in `Rendered.text`.
typealias Span = Range<Int>

/// A content block in words.
struct RenderedBlock {
    enum Kind {
        case text, thinking, toolUse, toolResult
    }
    var kind: Kind
    var text: Span
    /// Seed of a thinking signature or of a tool call's identifier.
    var seed: UInt64 = 0
    /// Index into the toolset, of a tool call.
    var tool = 0
}

/// A message in words.
struct RenderedMessage {
    enum Role {
        case user, assistant, tool
    }
    var role: Role
    /// Indices into `Rendered.blocks`.
    var blocks: Range<Int>
}

/// Why an answer ended.
enum Finish {
    case stop, length, toolUse, error
}

/// One exchange in words, before a format gives it its shape. One value is reused for all events.
final class Rendered {
    let text = ByteBuffer(capacity: 1 << 16)
    var id: UInt64 = 0
    var time: Int64 = 0
    var duration: Int64 = 0
    var account = Account(id: "", created: 0, group: 0)
    var client = Client(userAgent: "", ja4: "")
    var address = Networks.Address(text: "", asn: 0)
    var model = ""
    var style = Style()
    var tools: [String] = []
    /// Empty when the request stands alone.
    var conversation: UInt64 = 0
    var system: Span = 0..<0
    var messages: [RenderedMessage] = []
    var blocks: [RenderedBlock] = []
    /// Indices into `blocks`.
    var answer: Range<Int> = 0..<0
    var status = 200
    var finish = Finish.stop
    var inputTokens = 0
    var outputTokens = 0
    var reasoningTokens = 0

    func bytes(_ span: Span) -> UnsafeBufferPointer<UInt8> { text.bytes(span) }

    /// The signature that belongs to a thinking block.
    static func appendSignature(_ seed: UInt64, to target: ByteBuffer) {
        target.append("EqoBCkgI")
        for part in 1...4 as ClosedRange<UInt64> {
            target.append(hex: Random.mix(seed &+ part &* 0x9e37_79b9_7f4a_7c15))
        }
        target.append("==")
    }
}
