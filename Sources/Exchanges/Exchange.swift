/// A moment in event time, in microseconds since 1970-01-01T00:00:00Z.
///
/// The range that decoders accept is `EventTime.plausible`: anything else is an impossible time.
public struct EventTime: Hashable, Comparable, Sendable {
    /// Microseconds since 1970, UTC.
    public let microseconds: Int64

    /// Wraps microseconds since 1970.
    @inlinable public init(microseconds: Int64) { self.microseconds = microseconds }

    /// 2015-01-01 to 2100-01-01: before language-model APIs existed, and after any log we will read.
    public static let plausible =
        EventTime(
            microseconds: 1_420_070_400_000_000)...EventTime(
            microseconds: 4_102_444_800_000_000)

    /// Earlier first.
    @inlinable public static func < (a: EventTime, b: EventTime) -> Bool {
        a.microseconds < b.microseconds
    }
}

/// Who is billed, with what the provider knows of the sign-up. Absent fields are empty.
public struct AccountFacts {
    /// The account's identifier; never empty in a decoded exchange.
    public var id = ByteView.empty
    /// When the account was made.
    public var created: EventTime?
    /// The customer organisation or team that the account belongs to.
    public var organization = ByteView.empty
    /// The domain of the sign-up address.
    public var emailDomain = ByteView.empty
    /// ISO 3166 country code.
    public var country = ByteView.empty
    /// A provider's opaque identifier for the payment instrument.
    public var paymentFingerprint = ByteView.empty
    /// The price plan's name.
    public var plan = ByteView.empty
    /// The sign-up path: education, research, startup and so on.
    public var signupPath = ByteView.empty

    /// No facts.
    public init() {}
}

/// Where a request came from. Absent fields are empty.
public struct ClientFacts {
    /// Textual address.
    public var ip = ByteView.empty
    /// The User-Agent header.
    public var userAgent = ByteView.empty
    /// A TLS client fingerprint (JA4, or JA3 where only that is logged).
    public var tlsFingerprint = ByteView.empty
    /// Autonomous system number; zero when unknown.
    public var asn: UInt32 = 0

    /// No facts.
    public init() {}
}

/// Who wrote a message.
public enum Role: UInt8, Sendable {
    /// Instructions: `system` and `developer`.
    case system
    /// The person or program that asks.
    case user
    /// The model.
    case assistant
    /// A tool's result.
    case tool
}

/// One content block of a message. Blocks of all messages stand in `Exchange.blocks`.
public struct ContentBlock {
    /// What the block holds.
    public enum Kind: UInt8, Sendable {
        /// Plain text.
        case text
        /// An image, audio or file; its bytes are not kept.
        case media
        /// The model's call of a tool; `text` is the tool's name.
        case toolUse
        /// What a tool answered.
        case toolResult
        /// The model's reasoning, with its `signature` or encrypted data.
        case thinking
        /// Text was present but only its digest was logged; `text` is that digest.
        case digest
    }
    /// What the block holds.
    public var kind: Kind
    /// The text, the tool's name, or the digest.
    public var text: ByteView
    /// A reasoning block's signature, or the encrypted block itself; otherwise empty.
    public var signature: ByteView

    /// Makes a block.
    @inlinable public init(kind: Kind, text: ByteView, signature: ByteView = .empty) {
        self.kind = kind
        self.text = text
        self.signature = signature
    }
}

/// One message: its role and its run of blocks in `Exchange.blocks`.
public struct Message {
    /// Who wrote it.
    public var role: Role
    /// Index of the first block.
    public var firstBlock: Int
    /// Number of blocks.
    public var blockCount: Int

    /// Makes a message.
    @inlinable public init(role: Role, firstBlock: Int, blockCount: Int) {
        self.role = role
        self.firstBlock = firstBlock
        self.blockCount = blockCount
    }
}

/// Sampling and limit parameters of a request; `nil` when the request did not set them.
public struct RequestParameters {
    /// Sampling temperature.
    public var temperature: Double?
    /// Nucleus sampling mass.
    public var topP: Double?
    /// Top-k cut.
    public var topK: Double?
    /// The largest answer asked for, in tokens.
    public var maxTokens: Int64?
    /// Frequency penalty.
    public var frequencyPenalty: Double?
    /// Presence penalty.
    public var presencePenalty: Double?
    /// Sampling seed.
    public var seed: Int64?
    /// Number of answers asked for.
    public var n: Int64?
    /// Whether the answer was streamed.
    public var stream: Bool?
    /// Whether token log-probabilities were asked for.
    public var logprobs: Bool?
    /// Reasoning effort or thinking budget, as text or digits.
    public var reasoning = ByteView.empty
    /// The type of a structured response format.
    public var responseFormat = ByteView.empty

    /// Nothing set.
    public init() {}
}

/// Token counts of an exchange; `nil` when the log does not carry them.
public struct Usage {
    /// Tokens read, cached ones included.
    public var inputTokens: Int64?
    /// Tokens written, reasoning included where the API counts it so.
    public var outputTokens: Int64?
    /// Tokens of reasoning.
    public var reasoningTokens: Int64?

    /// Unknown.
    public init() {}
}

/// One API request with its answer, decoded.
///
/// All text is borrowed from the decoder and valid only during the call that delivers the exchange. A decoder
/// reuses one value and its arrays for every record, so that decoding allocates nothing once warmed up.
public struct Exchange {
    /// The request's identifier; empty when the log has none.
    public var id = ByteView.empty
    /// When the request began.
    public var time = EventTime(microseconds: 0)
    /// Who is billed.
    public var account = AccountFacts()
    /// Where it came from.
    public var client = ClientFacts()
    /// The session or conversation the log assigns the request to; empty when it has none.
    public var conversation = ByteView.empty
    /// Request path, such as `/v1/messages`.
    public var endpoint = ByteView.empty
    /// The model asked for.
    public var model = ByteView.empty
    /// Instructions given outside the messages, as blocks of `systemBlocks`.
    public var systemBlocks: [ContentBlock] = []
    /// The conversation sent, oldest first.
    public var messages: [Message] = []
    /// The blocks of all messages.
    public var blocks: [ContentBlock] = []
    /// Names of the tools offered, in the request's order.
    public var tools: [ByteView] = []
    /// Sampling and limits.
    public var parameters = RequestParameters()
    /// HTTP status of the answer; `nil` when not logged.
    public var status: Int32?
    /// Why the answer ended.
    public var finishReason = ByteView.empty
    /// The answer's blocks: text, tool calls, reasoning with its signature.
    public var answer: [ContentBlock] = []
    /// Token counts.
    public var usage = Usage()

    /// An exchange with nothing in it.
    public init() {}

    /// Empties the value for the next record and keeps the arrays' storage.
    public mutating func reset() {
        id = .empty
        time = EventTime(microseconds: 0)
        account = AccountFacts()
        client = ClientFacts()
        conversation = .empty
        endpoint = .empty
        model = .empty
        systemBlocks.removeAll(keepingCapacity: true)
        messages.removeAll(keepingCapacity: true)
        blocks.removeAll(keepingCapacity: true)
        tools.removeAll(keepingCapacity: true)
        parameters = RequestParameters()
        status = nil
        finishReason = .empty
        answer.removeAll(keepingCapacity: true)
        usage = Usage()
    }
}
