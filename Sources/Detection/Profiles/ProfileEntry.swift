import Exchanges
import Sketches

/// What a profile takes from one exchange beside its signals: borrowed bytes and hashes of them.
///
/// Made from an exchange as it is decoded, or from what was noted of one (`ExchangeNote`); `AccountProfile.add` cannot
/// tell the two apart.
struct ProfileEntry {
    /// A value with the hash that stands for it.
    struct Name {
        /// Hash of the whole value; meaningless when `text` is empty.
        var key: UInt64 = 0
        /// The value, or as much of it as is kept.
        var text = ByteView.empty

        init(_ text: ByteView, seed: UInt64) {
            self.text = text
            if text.count > 0 { key = Hash64.bytes(text.base, count: text.count, seed: seed) }
        }

        init(key: UInt64, text: ByteView) {
            self.key = key
            self.text = text
        }
    }

    var status: Int32?
    var id: ByteView
    var facts: AccountFacts
    var userAgent: Name
    var tlsFingerprint: Name
    var model: Name
    var ip: ByteView
    /// Whether the log line carries token counts.
    var hasUsage: Bool
    /// Token counts, at most 2^40 each.
    var inputTokens: UInt64
    var outputTokens: UInt64
    var reasoningTokens: UInt64
    /// Keys of the reasoning signatures presented and received.
    var presented: UnsafeBufferPointer<UInt64>
    var issued: UnsafeBufferPointer<UInt64>

    /// Takes what a profile needs from an exchange.
    /// - Parameter signatures: filled with the keys of its signatures; must live and stay as it is as long as the entry.
    init(_ exchange: Exchange, signatures: UnsafeBufferPointer<UInt64>, presentedCount: Int) {
        status = exchange.status
        id = exchange.id
        facts = exchange.account
        userAgent = Name(exchange.client.userAgent, seed: 1)
        tlsFingerprint = Name(exchange.client.tlsFingerprint, seed: 2)
        model = Name(exchange.model, seed: 5)
        ip = exchange.client.ip
        hasUsage = exchange.usage.outputTokens != nil || exchange.usage.inputTokens != nil
        // Token counts above 2^40 are not counts of tokens; clamping keeps sums far from overflow.
        func tokens(_ value: Int64?) -> UInt64 { UInt64(min(max(value ?? 0, 0), 1 << 40)) }
        inputTokens = tokens(exchange.usage.inputTokens)
        outputTokens = tokens(exchange.usage.outputTokens)
        reasoningTokens = tokens(exchange.usage.reasoningTokens)
        presented = UnsafeBufferPointer(rebasing: signatures[..<presentedCount])
        issued = UnsafeBufferPointer(rebasing: signatures[presentedCount...])
    }

    init(
        status: Int32?, id: ByteView, facts: AccountFacts, userAgent: Name, tlsFingerprint: Name,
        model: Name, ip: ByteView, hasUsage: Bool, inputTokens: UInt64, outputTokens: UInt64,
        reasoningTokens: UInt64, presented: UnsafeBufferPointer<UInt64>,
        issued: UnsafeBufferPointer<UInt64>
    ) {
        self.status = status
        self.id = id
        self.facts = facts
        self.userAgent = userAgent
        self.tlsFingerprint = tlsFingerprint
        self.model = model
        self.ip = ip
        self.hasUsage = hasUsage
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.reasoningTokens = reasoningTokens
        self.presented = presented
        self.issued = issued
    }

    /// Calls `body` with the entry of an exchange, whose signatures are hashed into memory that lives as long.
    static func with(_ exchange: Exchange, _ body: (ProfileEntry) -> Void) {
        var count = 0
        for block in exchange.blocks where block.signature.count > 0 { count += 1 }
        let presented = count
        for block in exchange.answer where block.signature.count > 0 { count += 1 }
        if count == 0 {
            return body(
                ProfileEntry(
                    exchange, signatures: UnsafeBufferPointer(start: nil, count: 0),
                    presentedCount: 0))
        }
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: count) { keys in
            var index = 0
            func take(_ block: ContentBlock) {
                if block.signature.count == 0 { return }
                keys.initializeElement(
                    at: index,
                    to: Hash64.bytes(block.signature.base, count: block.signature.count, seed: 6))
                index += 1
            }
            for block in exchange.blocks { take(block) }
            for block in exchange.answer { take(block) }
            body(
                ProfileEntry(
                    exchange, signatures: UnsafeBufferPointer(keys), presentedCount: presented))
        }
    }
}
