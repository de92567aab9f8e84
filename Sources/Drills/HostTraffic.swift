import Detection
import Exchanges
import Sketches

/// What an injected campaign takes from the user's own traffic, so that it does not stand out by what the simulator makes
/// up: which fields the logs have at all, and how innocent accounts look.
struct HostTraffic {
    /// Which fields some account of the logs shows.
    struct Fields {
        var text = false
        var prompts = false
        var usage = false
        var created = false
        var organization = false
        var emailDomain = false
        var country = false
        var payment = false
        var plan = false
        var signupPath = false
        var addresses = false
    }

    let fields: Fields
    /// Accounts in no campaign with sampled prompts enough to be somebody, by position in the logs' profiles.
    let donors: [AccountProfile]

    /// Sampled prompts that an account must have to lend its traffic.
    private static let leastPrompts = 8

    init(_ profiles: ProfileSet, judgement: Judgement) {
        var fields = Fields()
        for profile in profiles {
            let facts = profile.facts
            fields.text = fields.text || profile.withText > 0
            fields.prompts = fields.prompts || !profile.prompts.entries.isEmpty
            fields.usage = fields.usage || profile.withUsage > 0
            fields.created = fields.created || facts.createdMicroseconds != nil
            fields.organization = fields.organization || !facts.organization.isEmpty
            fields.emailDomain = fields.emailDomain || !facts.emailDomain.isEmpty
            fields.country = fields.country || !facts.country.isEmpty
            fields.payment = fields.payment || !facts.payment.isEmpty
            fields.plan = fields.plan || !facts.plan.isEmpty
            fields.signupPath = fields.signupPath || !facts.signupPath.isEmpty
            fields.addresses = fields.addresses || !profile.addresses.entries.isEmpty
        }
        self.fields = fields
        donors = zip(profiles, judgement.accounts).filter { profile, verdict in
            verdict.campaign == nil
                && profile.samples.count { $0.prompt != 0 } >= Self.leastPrompts
        }.map(\.0)
    }

    /// A sampled exchange with a prompt of any donor, by a random number; `nil` without donors.
    func anySample(_ draw: UInt64) -> SampledExchange? {
        guard !donors.isEmpty else { return nil }
        let samples = donors[Int(Hash64.mix(draw) % UInt64(donors.count))].samples
        let start = Int(Hash64.mix(draw &+ 1) % UInt64(samples.count))
        // From a random place on: an exchange without a prompt must not turn cover into harvest.
        return (0..<samples.count).lazy.map { samples[(start + $0) % samples.count] }
            .first { $0.prompt != 0 }
    }

    /// Leaves out of an exchange what these logs never say.
    func mask(_ exchange: inout Exchange) {
        if !fields.created { exchange.account.created = nil }
        if !fields.organization { exchange.account.organization = .empty }
        if !fields.emailDomain { exchange.account.emailDomain = .empty }
        if !fields.country { exchange.account.country = .empty }
        if !fields.payment { exchange.account.paymentFingerprint = .empty }
        if !fields.plan { exchange.account.plan = .empty }
        if !fields.signupPath { exchange.account.signupPath = .empty }
        if !fields.addresses { exchange.client.ip = .empty }
        if !fields.usage { exchange.usage = Exchange().usage }
    }

    /// Leaves out of signals what these logs never say.
    func mask(_ signals: inout ExchangeSignals) {
        if !fields.prompts { signals.prompt = 0 }
        if !fields.text {
            signals.text = TextSketch()
            signals.categories = 0
            signals.promptBytes = 0
            signals.hasText = false
        }
    }
}

/// One account's looks, lent to an injected one: its client, its model, its parameters, and its sampled exchanges for
/// cover.
struct Disguise {
    let model: [UInt8]
    let userAgent: [UInt8]
    let tlsFingerprint: [UInt8]
    let parameters: UInt64?
    private let samples: [SampledExchange]
    private let salt: UInt64
    private var dealt = 0

    init(_ donor: AccountProfile?, account: String) {
        func main(_ sketch: CountedBottomK?) -> CountedBottomK.Entry? {
            sketch?.entries.max { ($0.count, $1.key) < ($1.count, $0.key) }
        }
        model = Array((main(donor?.models)?.name ?? "").utf8)
        userAgent = Array((main(donor?.userAgents)?.name ?? "").utf8)
        tlsFingerprint = Array((main(donor?.tlsFingerprints)?.name ?? "").utf8)
        parameters = main(donor?.parameters)?.key
        samples = donor?.samples.filter { $0.prompt != 0 } ?? []
        salt = Hash64.string(account, seed: 0xd155)
    }

    /// The donor's next sampled exchange: in the order of their random ranks, and again once all were dealt.
    mutating func ownSample() -> SampledExchange? {
        guard !samples.isEmpty else { return nil }
        defer { dealt += 1 }
        return samples[dealt % samples.count]
    }

    /// Turns the signals of a harvest exchange into those of `sample`, sent by this account at the same moment.
    ///
    /// The prompt gets a hash of its own: somebody else, with the same interests and tools, asks.
    func cover(_ signals: inout ExchangeSignals, with sample: SampledExchange) {
        signals.prompt = Hash64.combine(sample.prompt, salt)
        signals.system = sample.system
        signals.parameters = sample.parameters
        signals.conversation = Hash64.combine(
            signals.prompt, UInt64(bitPattern: signals.timeMicroseconds))
        signals.categories = sample.categories
        signals.earlierTurns = sample.earlierTurns
        signals.usesTools = sample.categories & Category.agentic.bit != 0
        signals.hasText = sample.binCount > 0
        signals.text = TextSketch()
        signals.text.bins = sample.bins
        signals.text.binCount = sample.binCount
        signals.text.shingles = sample.shingles
        signals.text.prefix = sample.prefix
        signals.text.suffix = sample.suffix
        signals.text.skeleton = sample.skeleton
        signals.text.words = sample.words
    }
}
