import Exchanges
import Sketches

/// What a profile takes from one exchange, noted in some 250 bytes.
///
/// Most accounts make few exchanges, and a profile's sketches of a handful of things take many times that. So an account
/// is a list of notes until it has as many as a profile keeps a sample of; what is then added to a profile is, to the byte,
/// what the exchange itself would have added.
struct ExchangeNote {
    private let base: UnsafeMutableRawPointer

    init(_ base: UnsafeMutableRawPointer) { self.base = base }

    /// A name that many exchanges show, kept once: hash, length, bytes.
    struct SharedName {
        static let header = 16
        let base: UnsafeRawPointer

        var key: UInt64 { base.load(as: UInt64.self) }
        var entry: ProfileEntry.Name {
            let count = Int(base.load(fromByteOffset: 8, as: UInt32.self))
            let bytes = (base + Self.header).assumingMemoryBound(to: UInt8.self)
            return ProfileEntry.Name(key: key, text: ByteView(base: bytes, count: count))
        }
    }

    /// Numbers of one exchange, as they are.
    private struct Fixed: BitwiseCopyable {
        var next: UnsafeMutableRawPointer?
        var priority: UInt64
        var time: Int64
        var prompt: UInt64
        var system: UInt64
        var parameters: UInt64
        var conversation: UInt64
        var promptBytes: Int64
        var inputTokens: UInt64
        var outputTokens: UInt64
        var reasoningTokens: UInt64
        var userAgent: UnsafeRawPointer?
        var tlsFingerprint: UnsafeRawPointer?
        var model: UnsafeRawPointer?
        var created: Int64
        var categories: UInt32
        var earlierTurns: UInt32
        var prefix: UInt32
        var suffix: UInt32
        var skeleton: UInt32
        var words: UInt32
        var shingles: InlineArray<4, UInt32>
        var status: Int32
        var size: UInt32
        var presented: UInt16
        var issued: UInt16
        var preview: UInt16
        var flags: UInt8
        var binCount: UInt8
    }

    /// What flags say.
    private enum Flag {
        static let tools: UInt8 = 1
        static let text: UInt8 = 2
        static let usage: UInt8 = 4
        static let status: UInt8 = 8
        static let facts: UInt8 = 16
        static let created: UInt8 = 32
        static let previewed: UInt8 = 64
    }

    /// Longest address, and most signatures, that a note takes.
    private static let ipLimit = 200
    private static let signatureLimit = 1000

    /// Bytes kept of a text of which a profile keeps `limit`: one more, which tells where a character is cut.
    private static func kept(_ text: ByteView, _ limit: Int) -> Int { min(text.count, limit + 1) }

    private static func facts(_ facts: AccountFacts) -> [6 of ByteView] {
        [
            facts.organization, facts.emailDomain, facts.country, facts.paymentFingerprint,
            facts.plan, facts.signupPath,
        ]
    }

    /// Bytes that a note of this exchange takes; `nil` if it does not fit into one.
    static func size(
        _ entry: ProfileEntry, _ signals: ExchangeSignals, withFacts: Bool, preview: String?
    ) -> Int? {
        guard entry.ip.count <= ipLimit, entry.presented.count <= signatureLimit,
            entry.issued.count <= signatureLimit
        else { return nil }
        var size = MemoryLayout<Fixed>.size + 2 * Int(signals.text.binCount)
        size += 8 * (entry.presented.count + entry.issued.count)
        size += 2 + kept(entry.id, AccountProfile.idLimit) + entry.ip.count
        size += preview?.utf8.count ?? 0
        if withFacts {
            let own = facts(entry.facts)
            for index in 0..<6 { size += 1 + kept(own[index], AccountProfile.nameLimit) }
        }
        return (size + 15) & ~15
    }

    /// Writes a note.
    /// - Parameters:
    ///   - size: what `size` gave.
    ///   - name: finds or makes the shared copy of a name.
    func write(
        _ entry: ProfileEntry, _ signals: ExchangeSignals, withFacts: Bool, preview: String?,
        size: Int, next: ExchangeNote?, name: (ProfileEntry.Name) -> UnsafeRawPointer?
    ) {
        var flags: UInt8 = 0
        if signals.usesTools { flags |= Flag.tools }
        if signals.hasText { flags |= Flag.text }
        if entry.hasUsage { flags |= Flag.usage }
        if entry.status != nil { flags |= Flag.status }
        if withFacts { flags |= Flag.facts }
        if entry.facts.created != nil { flags |= Flag.created }
        if preview != nil { flags |= Flag.previewed }
        base.storeBytes(
            of: Fixed(
                next: next?.base, priority: signals.priority, time: signals.timeMicroseconds,
                prompt: signals.prompt, system: signals.system, parameters: signals.parameters,
                conversation: signals.conversation, promptBytes: signals.promptBytes,
                inputTokens: entry.inputTokens, outputTokens: entry.outputTokens,
                reasoningTokens: entry.reasoningTokens, userAgent: name(entry.userAgent),
                tlsFingerprint: name(entry.tlsFingerprint), model: name(entry.model),
                created: entry.facts.created?.microseconds ?? 0, categories: signals.categories,
                earlierTurns: signals.earlierTurns, prefix: signals.text.prefix,
                suffix: signals.text.suffix, skeleton: signals.text.skeleton,
                words: signals.text.words, shingles: signals.text.shingles,
                status: entry.status ?? 0, size: UInt32(size),
                presented: UInt16(entry.presented.count), issued: UInt16(entry.issued.count),
                preview: UInt16(preview?.utf8.count ?? 0), flags: flags,
                binCount: signals.text.binCount), as: Fixed.self)
        var end = base + MemoryLayout<Fixed>.size
        for key in [entry.presented, entry.issued] where key.count > 0 {
            end.copyMemory(from: UnsafeRawPointer(key.baseAddress!), byteCount: 8 * key.count)
            end += 8 * key.count
        }
        for index in 0..<Int(signals.text.binCount) {
            end.storeBytes(of: signals.text.bins[index], as: UInt16.self)
            end += 2
        }
        func put(_ text: ByteView, _ limit: Int) {
            let count = Self.kept(text, limit)
            end.storeBytes(of: UInt8(count), as: UInt8.self)
            end += 1
            if count > 0 { end.copyMemory(from: text.base!, byteCount: count) }
            end += count
        }
        put(entry.id, AccountProfile.idLimit)
        put(entry.ip, Self.ipLimit)
        if withFacts {
            let own = Self.facts(entry.facts)
            for index in 0..<6 { put(own[index], AccountProfile.nameLimit) }
        }
        if var preview {
            preview.withUTF8 { bytes in
                if let source = bytes.baseAddress {
                    end.copyMemory(from: source, byteCount: bytes.count)
                }
            }
        }
    }

    private var fixed: Fixed { base.load(as: Fixed.self) }

    /// The note before it in the account's list.
    var next: ExchangeNote? { fixed.next.map(ExchangeNote.init) }
    /// The exchange's rank.
    var priority: UInt64 { base.load(fromByteOffset: 8, as: UInt64.self) }
    /// Its memory.
    var memory: UnsafeMutableRawPointer { base }
    /// Bytes of its memory.
    var size: Int { Int(fixed.size) }

    /// Adds the exchange to a profile.
    func add(to profile: inout AccountProfile) {
        let fixed = fixed
        var end = UnsafeRawPointer(base) + MemoryLayout<Fixed>.size
        func keys(_ count: UInt16) -> UnsafeBufferPointer<UInt64> {
            let start = end.assumingMemoryBound(to: UInt64.self)
            end += 8 * Int(count)
            return UnsafeBufferPointer(start: count == 0 ? nil : start, count: Int(count))
        }
        let presented = keys(fixed.presented)
        let issued = keys(fixed.issued)
        var signals = ExchangeSignals()
        signals.priority = fixed.priority
        signals.timeMicroseconds = fixed.time
        signals.prompt = fixed.prompt
        signals.system = fixed.system
        signals.parameters = fixed.parameters
        signals.conversation = fixed.conversation
        signals.categories = fixed.categories
        signals.earlierTurns = fixed.earlierTurns
        signals.usesTools = fixed.flags & Flag.tools != 0
        signals.hasText = fixed.flags & Flag.text != 0
        signals.promptBytes = fixed.promptBytes
        signals.text.prefix = fixed.prefix
        signals.text.suffix = fixed.suffix
        signals.text.skeleton = fixed.skeleton
        signals.text.words = fixed.words
        signals.text.shingles = fixed.shingles
        signals.text.binCount = fixed.binCount
        for index in 0..<Int(fixed.binCount) {
            signals.text.bins[index] = end.load(as: UInt16.self)
            end += 2
        }
        func text() -> ByteView {
            let count = Int(end.load(as: UInt8.self))
            let start = (end + 1).assumingMemoryBound(to: UInt8.self)
            end += 1 + count
            return count == 0 ? .empty : ByteView(base: start, count: count)
        }
        let id = text()
        let ip = text()
        var facts = AccountFacts()
        if fixed.flags & Flag.facts != 0 {
            if fixed.flags & Flag.created != 0 {
                facts.created = EventTime(microseconds: fixed.created)
            }
            facts.organization = text()
            facts.emailDomain = text()
            facts.country = text()
            facts.paymentFingerprint = text()
            facts.plan = text()
            facts.signupPath = text()
        }
        func name(_ base: UnsafeRawPointer?) -> ProfileEntry.Name {
            base.map { SharedName(base: $0).entry } ?? ProfileEntry.Name(key: 0, text: .empty)
        }
        let entry = ProfileEntry(
            status: fixed.flags & Flag.status != 0 ? fixed.status : nil, id: id, facts: facts,
            userAgent: name(fixed.userAgent), tlsFingerprint: name(fixed.tlsFingerprint),
            model: name(fixed.model), ip: ip, hasUsage: fixed.flags & Flag.usage != 0,
            inputTokens: fixed.inputTokens, outputTokens: fixed.outputTokens,
            reasoningTokens: fixed.reasoningTokens, presented: presented, issued: issued)
        let preview = UnsafeBufferPointer(
            start: end.assumingMemoryBound(to: UInt8.self), count: Int(fixed.preview))
        profile.add(entry, signals) {
            fixed.flags & Flag.previewed != 0 ? String(decoding: preview, as: UTF8.self) : ""
        }
    }
}
