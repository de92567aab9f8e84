import Exchanges
import Sketches

/// What an account did, summarised: bounded in size and mergeable.
///
/// `merge` is associative and commutative to the byte: all counts are integers that saturate, and every sketch keeps a
/// part of the whole that does not depend on the order. Any split of an account's exchanges over threads, files or
/// machines therefore gives the same `serialized` bytes. `Limit` bounds the size; a test holds the bound.
public struct AccountProfile: Equatable, Sendable {
    /// Capacities of the sketches. They bound the profile and are part of its format.
    public enum Limit {
        /// Exchanges in the uniform sample that are kept with identifier and artefacts.
        public static let samples = 32
        /// Further exchanges of the uniform sample, of which only signals are kept.
        public static let furtherSamples = 96
        /// The account's first exchanges that are kept: what it was like before a uniform sample says much.
        public static let earliest = 32
        /// Exchanges of the sample that keep a preview.
        public static let previews = 4
        /// Distinct prompts whose hash is kept.
        public static let prompts = 64
        /// Distinct conversations whose hash is kept.
        public static let conversations = 32
        /// Distinct addresses, and distinct reasoning signatures of each kind.
        public static let addresses = 16
        /// Distinct reasoning signatures received, and presented.
        public static let signatures = 32
        /// Distinct values of the other artefacts.
        public static let artefacts = 8
        /// Buckets of activity; 1,100 hours are 45 days.
        public static let hours = 1100
    }
    /// Longest request identifier kept, in bytes.
    public static let idLimit = 64
    /// Longest preview kept, in characters.
    public static let previewLimit = 160
    /// Longest fact or artefact name kept, in bytes.
    static let nameLimit = 96

    /// The account.
    public let account: String

    /// Exchanges seen.
    public internal(set) var exchanges: UInt64 = 0
    /// Exchanges refused by a limit or a ban (status 401, 403, 429).
    public internal(set) var refused: UInt64 = 0
    /// Exchanges that failed otherwise (other statuses from 400).
    public internal(set) var failed: UInt64 = 0
    /// Exchanges that carried text.
    public internal(set) var withText: UInt64 = 0
    /// Exchanges with earlier answers in the conversation sent.
    public internal(set) var multiTurn: UInt64 = 0
    /// Exchanges with tools.
    public internal(set) var withTools: UInt64 = 0
    /// Exchanges whose log line carries token counts.
    public internal(set) var withUsage: UInt64 = 0
    /// Bytes of prompts.
    public internal(set) var promptBytes: UInt64 = 0
    /// Tokens sent.
    public internal(set) var inputTokens: UInt64 = 0
    /// Tokens answered.
    public internal(set) var outputTokens: UInt64 = 0
    /// Tokens of reasoning.
    public internal(set) var reasoningTokens: UInt64 = 0
    /// First event time, microseconds since 1970.
    public internal(set) var firstMicroseconds: Int64 = .max
    /// Last event time, microseconds since 1970.
    public internal(set) var lastMicroseconds: Int64 = .min
    /// Exchanges by category, in the order of `Category.allCases`.
    public internal(set) var categories = [UInt32](repeating: 0, count: Category.allCases.count)

    /// Facts of the sign-up.
    public internal(set) var facts = SignupFacts()

    /// Exchanges by hour.
    public internal(set) var hours = TimeHistogram()
    /// Uniform sample of exchanges, smallest ranks first.
    public internal(set) var samples: [SampledExchange] = []
    /// The uniform sample's further exchanges, smallest ranks first.
    var furtherSamples: [RankedSignals] = []
    /// The first exchanges by event time.
    var earliest: [SampledSignals] = []
    /// Exchanges that contain a word of each content bin; empty while the sample holds every exchange.
    public internal(set) var contentCounts: [UInt32] = []

    /// Distinct prompts.
    public internal(set) var prompts = CountedBottomK()
    /// Distinct conversations.
    public internal(set) var conversations = CountedBottomK()
    /// System prompts.
    public internal(set) var systems = CountedBottomK()
    /// Parameter fingerprints.
    public internal(set) var parameters = CountedBottomK()
    /// Clients by User-Agent.
    public internal(set) var userAgents = CountedBottomK()
    /// Addresses.
    public internal(set) var addresses = CountedBottomK()
    /// Networks: IPv4 /24 and IPv6 /48.
    public internal(set) var networks = CountedBottomK()
    /// TLS client fingerprints.
    public internal(set) var tlsFingerprints = CountedBottomK()
    /// Models, with their names.
    public internal(set) var models = CountedBottomK()
    /// Reasoning signatures received in answers.
    public internal(set) var issuedSignatures = CountedBottomK()
    /// Reasoning signatures presented in requests.
    public internal(set) var presentedSignatures = CountedBottomK()

    /// A profile without exchanges.
    public init(account: String) {
        self.account = account
    }

    /// Adds one exchange of this account.
    ///
    /// - Parameter keepText: whether previews hold the text itself; otherwise letters and digits are masked.
    public mutating func add(_ exchange: Exchange, _ signals: ExchangeSignals, keepText: Bool) {
        ProfileEntry.with(exchange) { entry in
            add(entry, signals) { Preview.of(exchange, keepText: keepText) }
        }
    }

    /// Adds one exchange; `preview` is asked for only if the exchange is among the few that keep one.
    mutating func add(_ entry: ProfileEntry, _ signals: ExchangeSignals, preview: () -> String) {
        exchanges &+= 1
        if let status = entry.status {
            if status == 429 || status == 403 || status == 401 {
                refused &+= 1
            } else if status >= 400 {
                failed &+= 1
            }
        }
        if signals.hasText { withText &+= 1 }
        if signals.earlierTurns > 0 { multiTurn &+= 1 }
        if signals.usesTools { withTools &+= 1 }
        promptBytes = CountedSum.saturating(promptBytes, UInt64(signals.promptBytes))
        if entry.hasUsage { withUsage &+= 1 }
        inputTokens = CountedSum.saturating(inputTokens, entry.inputTokens)
        outputTokens = CountedSum.saturating(outputTokens, entry.outputTokens)
        reasoningTokens = CountedSum.saturating(reasoningTokens, entry.reasoningTokens)
        firstMicroseconds = min(firstMicroseconds, signals.timeMicroseconds)
        lastMicroseconds = max(lastMicroseconds, signals.timeMicroseconds)
        if signals.categories != 0 {
            for index in 0..<categories.count where signals.categories & (1 << UInt32(index)) != 0 {
                categories[index] = CountedSum.saturating(categories[index], 1)
            }
        }
        facts.add(entry.facts)
        hours.add(seconds: signals.timeMicroseconds / 1_000_000, capacity: Limit.hours)
        addArtefacts(entry, signals)
        addSample(entry, signals, preview)
        addEarliest(signals)
    }

    private mutating func addArtefacts(_ entry: ProfileEntry, _ signals: ExchangeSignals) {
        if signals.prompt != 0 { prompts.add(Hash64.mix(signals.prompt), k: Limit.prompts) }
        if signals.conversation != 0 {
            conversations.add(Hash64.mix(signals.conversation), k: Limit.conversations)
        }
        if signals.system != 0 { systems.add(signals.system, k: Limit.artefacts) }
        parameters.add(signals.parameters, k: Limit.artefacts)
        Self.count(entry.userAgent, k: Limit.artefacts, in: &userAgents)
        Self.count(entry.tlsFingerprint, k: Limit.artefacts, in: &tlsFingerprints)
        Self.count(ProfileEntry.Name(entry.ip, seed: 3), k: Limit.addresses, in: &addresses)
        Self.count(
            ProfileEntry.Name(Self.network(of: entry.ip), seed: 4), k: Limit.artefacts,
            in: &networks)
        Self.count(entry.model, k: Limit.artefacts, in: &models)
        for key in entry.presented { presentedSignatures.add(key, k: Limit.signatures) }
        for key in entry.issued { issuedSignatures.add(key, k: Limit.signatures) }
    }

    @inline(__always)
    private static func count(
        _ value: ProfileEntry.Name, k: Int, in sketch: inout CountedBottomK
    ) {
        guard value.text.count > 0 else { return }
        sketch.add(value.key, k: k) { clipped(value.text, to: nameLimit) }
    }

    /// The /24 of an IPv4 address, or the first three groups of an IPv6 one, as a prefix of its text.
    static func network(of ip: ByteView) -> ByteView {
        var separators = 0
        for index in 0..<ip.count where ip[index] == 0x2e || ip[index] == 0x3a {
            separators += 1
            if separators == 3 { return ByteView(base: ip.base, count: index) }
        }
        return ip
    }

    /// The first `limit` bytes, cut at a character's boundary.
    static func clipped(_ value: ByteView, to limit: Int) -> String {
        var count = min(value.count, limit)
        if count < value.count {
            while count > 0, value[count] & 0xc0 == 0x80 { count -= 1 }
        }
        let text = ByteView(base: value.base, count: count).string
        // Repairing broken UTF-8 can lengthen the text past the limit that readers of profiles rely on.
        return text.utf8.count <= limit
            ? text : String(decoding: text.utf8.prefix(limit / 3), as: UTF8.self)
    }

    private mutating func addSample(
        _ entry: ProfileEntry, _ signals: ExchangeSignals, _ preview: () -> String
    ) {
        let limit = Limit.samples
        if contentCounts.isEmpty, samples.count == limit {
            contentCounts = Self.denseCounts(samples)
        }
        if !contentCounts.isEmpty {
            Self.count(signals.text.bins, signals.text.binCount, in: &contentCounts)
        }
        if samples.count == limit, signals.priority > samples[limit - 1].priority {
            addFurther(RankedSignals(signals))
            return
        }
        var sample = SampledExchange(
            signals,
            model: entry.model.text.isEmpty ? 0 : entry.model.key,
            outputTokens: UInt32(clamping: entry.outputTokens),
            id: Self.clipped(entry.id, to: Self.idLimit))
        var position = samples.count
        while position > 0, SampledExchange.precedes(sample, samples[position - 1]) {
            position -= 1
        }
        if position >= limit {
            addFurther(RankedSignals(signals))
            return
        }
        if position < Limit.previews {
            sample.preview = preview()
            if samples.count >= Limit.previews { samples[Limit.previews - 1].preview = "" }
        }
        samples.insert(sample, at: position)
        if samples.count > limit { addFurther(RankedSignals(samples.removeLast())) }
    }

    private static func count(
        _ bins: InlineArray<24, UInt16>, _ binCount: UInt8, in counts: inout [UInt32]
    ) {
        // Two words of one prompt may share a bin; the bin counts the exchange once for each, as everywhere.
        for index in 0..<Int(binCount) {
            let bin = Int(bins[index])
            counts[bin] = CountedSum.saturating(counts[bin], 1)
        }
    }

    private static func denseCounts(_ samples: [SampledExchange]) -> [UInt32] {
        var counts = [UInt32](repeating: 0, count: ContentBins.count)
        for sample in samples { count(sample.bins, sample.binCount, in: &counts) }
        return counts
    }

    /// How often each content bin occurs over all exchanges.
    public var content: [UInt32] {
        contentCounts.isEmpty ? Self.denseCounts(samples) : contentCounts
    }

    /// Adds everything that `other`, a profile of the same account, saw.
    public mutating func merge(_ other: AccountProfile) {
        precondition(account == other.account, "profiles of different accounts cannot be merged")
        let total = CountedSum.saturating(exchanges, other.exchanges)
        if total > UInt64(Limit.samples) {
            var counts = content
            for (index, value) in other.content.enumerated() where value > 0 {
                counts[index] = CountedSum.saturating(counts[index], value)
            }
            contentCounts = counts
        }
        exchanges = total
        refused = CountedSum.saturating(refused, other.refused)
        failed = CountedSum.saturating(failed, other.failed)
        withText = CountedSum.saturating(withText, other.withText)
        multiTurn = CountedSum.saturating(multiTurn, other.multiTurn)
        withTools = CountedSum.saturating(withTools, other.withTools)
        withUsage = CountedSum.saturating(withUsage, other.withUsage)
        promptBytes = CountedSum.saturating(promptBytes, other.promptBytes)
        inputTokens = CountedSum.saturating(inputTokens, other.inputTokens)
        outputTokens = CountedSum.saturating(outputTokens, other.outputTokens)
        reasoningTokens = CountedSum.saturating(reasoningTokens, other.reasoningTokens)
        firstMicroseconds = min(firstMicroseconds, other.firstMicroseconds)
        lastMicroseconds = max(lastMicroseconds, other.lastMicroseconds)
        for index in categories.indices {
            categories[index] = CountedSum.saturating(categories[index], other.categories[index])
        }
        facts.merge(other.facts)
        hours.merge(other.hours, capacity: Limit.hours)
        prompts.merge(other.prompts, k: Limit.prompts)
        conversations.merge(other.conversations, k: Limit.conversations)
        systems.merge(other.systems, k: Limit.artefacts)
        parameters.merge(other.parameters, k: Limit.artefacts)
        userAgents.merge(other.userAgents, k: Limit.artefacts)
        addresses.merge(other.addresses, k: Limit.addresses)
        networks.merge(other.networks, k: Limit.artefacts)
        tlsFingerprints.merge(other.tlsFingerprints, k: Limit.artefacts)
        models.merge(other.models, k: Limit.artefacts)
        issuedSignatures.merge(other.issuedSignatures, k: Limit.signatures)
        presentedSignatures.merge(other.presentedSignatures, k: Limit.signatures)
        mergeSamples(other.samples, further: other.furtherSamples)
        mergeEarliest(other.earliest)
    }

    private mutating func mergeSamples(_ right: [SampledExchange], further: [RankedSignals]) {
        if right.isEmpty { return }
        var merged: [SampledExchange] = []
        merged.reserveCapacity(min(Limit.samples, samples.count + right.count))
        var i = 0
        var j = 0
        while merged.count < Limit.samples, i < samples.count || j < right.count {
            if j == right.count
                || (i < samples.count && !SampledExchange.precedes(right[j], samples[i]))
            {
                merged.append(samples[i])
                i += 1
            } else {
                merged.append(right[j])
                j += 1
            }
            if merged.count > Limit.previews { merged[merged.count - 1].preview = "" }
        }
        mergeFurther(
            samples[i...].map(RankedSignals.init) + right[j...].map(RankedSignals.init) + further)
        samples = merged
    }
}

/// Addition of counts that stops at the largest value, which keeps it associative.
enum CountedSum {
    @inline(__always)
    static func saturating(_ a: UInt32, _ b: UInt32) -> UInt32 {
        let (value, overflow) = a.addingReportingOverflow(b)
        return overflow ? .max : value
    }

    /// The largest of the 64-bit counts: a number that every reader of JSON takes. A log that claims 2^40 tokens for each of
    /// its exchanges gets there with some thousands.
    static let largest: UInt64 = 1 << 53

    /// - Parameters: counts of at most `largest`.
    @inline(__always)
    static func saturating(_ a: UInt64, _ b: UInt64) -> UInt64 { min(a &+ b, largest) }
}
