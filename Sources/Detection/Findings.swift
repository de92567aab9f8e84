/// What is decided about an account or a group. The raw value is the one written to `verdicts.jsonl`.
public enum Verdict: String, Sendable, CaseIterable {
    /// Accused: part of a campaign whose innocent explanations are all rejected at the false-discovery bound.
    case distillation
    /// Signs of coordination or harvesting that do not reject every innocent explanation.
    case suspicious
    /// Enough data, and nothing found.
    case noFinding = "no_finding"
    /// Too little data to say; not a finding of innocence.
    case inconclusive
}

/// A measured sign with its p-value and the exchanges behind it.
public struct Indicator: Sendable, Equatable {
    /// Stable name, such as `shared_template`.
    public let name: String
    /// The measured value, in `unit`.
    public let value: Double
    /// The value from which the sign counts, in `unit`.
    public let threshold: Double
    /// What value and threshold are measured in.
    public let unit: String
    /// Probability of a value at least this extreme when the innocent explanation holds; `nil` when it has no null model.
    public let pValue: Double?
    /// Identifiers of exchanges that show the sign, at most a few, in event-time order.
    public let exchangeIDs: [String]

    /// Makes an indicator.
    public init(
        name: String, value: Double, threshold: Double, unit: String, pValue: Double?,
        exchangeIDs: [String]
    ) {
        self.name = name
        self.value = value
        self.threshold = threshold
        self.unit = unit
        self.pValue = pValue
        self.exchangeIDs = exchangeIDs
    }
}

/// An innocent explanation of a group, and whether the data reject it.
public struct InnocentExplanation: Sendable, Equatable {
    /// Stable name, such as `independent_people`.
    public let name: String
    /// One sentence for a reader: what would make the group innocent.
    public let statement: String
    /// Probability of the data under the explanation; `nil` when it was decided on a fact and not on a test.
    public let pValue: Double?
    /// Whether the explanation was rejected.
    public let rejected: Bool
    /// One or two sentences for a reader: what was measured, and why that rejects the explanation or not.
    public let reason: String

    /// Makes an explanation.
    public init(name: String, statement: String, pValue: Double?, rejected: Bool, reason: String) {
        self.name = name
        self.statement = statement
        self.pValue = pValue
        self.rejected = rejected
        self.reason = reason
    }
}

/// Something that accounts share and strangers seldom do.
public struct SharedArtefact: Sendable, Equatable {
    /// Stable kind, such as `system_prompt`, `prefix_block`, `payment_fingerprint`, `ip_network`.
    public let kind: String
    /// The value itself where it is not text of a prompt, otherwise its 64-bit digest in hexadecimal.
    public let value: String
    /// Accounts of the group that show it.
    public let accounts: Int
    /// Accounts of the whole scan that show it.
    public let accountsInScan: Int

    /// Makes an artefact.
    public init(kind: String, value: String, accounts: Int, accountsInScan: Int) {
        self.kind = kind
        self.value = value
        self.accounts = accounts
        self.accountsInScan = accountsInScan
    }
}

/// One link between two members of a group, by position in the group's `members`.
public struct MemberLink: Sendable, Equatable {
    /// Position of one account.
    public let first: Int
    /// Position of the other account, larger than `first`.
    public let second: Int
    /// What links them: kinds such as `content`, `timing`, `system_prompt`.
    public let kinds: [String]
    /// Strength in nats of evidence.
    public let weight: Double

    /// Makes a link.
    public init(first: Int, second: Int, kinds: [String], weight: Double) {
        self.first = first
        self.second = second
        self.kinds = kinds
        self.weight = weight
    }
}

/// A share of a group's exchanges that target one capability.
public struct CapabilityShare: Sendable, Equatable {
    /// Stable name, such as `coding`.
    public let name: String
    /// Share of the group's exchanges, 0...1. Shares of different capabilities may overlap.
    public let share: Double

    /// Makes a share.
    public init(name: String, share: Double) {
        self.name = name
        self.share = share
    }
}

/// One step of a group's timeline.
public struct TimelinePoint: Sendable, Equatable {
    /// Start of the step, seconds since 1970.
    public let startSeconds: Int64
    /// Exchanges in the step.
    public let exchanges: Int
    /// Accounts active in the step.
    public let accounts: Int

    /// Makes a point.
    public init(startSeconds: Int64, exchanges: Int, accounts: Int) {
        self.startSeconds = startSeconds
        self.exchanges = exchanges
        self.accounts = accounts
    }
}

/// One exchange shown as an example.
public struct ExampleExchange: Sendable, Equatable {
    /// The request's identifier.
    public let id: String
    /// Who made it.
    public let account: String
    /// Event time in microseconds since 1970.
    public let timeMicroseconds: Int64
    /// The model asked for.
    public let model: String
    /// The beginning of the prompt: its shape only (letters and digits masked), or the text where the user asked for it.
    public let preview: String
    /// Whether `preview` is the text itself.
    public let isText: Bool

    /// Makes an example.
    public init(
        id: String, account: String, timeMicroseconds: Int64, model: String, preview: String,
        isText: Bool
    ) {
        self.id = id
        self.account = account
        self.timeMicroseconds = timeMicroseconds
        self.model = model
        self.preview = preview
        self.isText = isText
    }
}

/// What is known of one member of a group.
public struct GroupMember: Sendable, Equatable {
    /// The account.
    public let account: String
    /// Its exchanges in the scan.
    public let exchanges: Int
    /// First and last event time, microseconds since 1970.
    public let firstMicroseconds: Int64
    /// Last event time, microseconds since 1970.
    public let lastMicroseconds: Int64
    /// When the account was made, microseconds since 1970, where known.
    public let createdMicroseconds: Int64?

    /// Makes a member.
    public init(
        account: String, exchanges: Int, firstMicroseconds: Int64, lastMicroseconds: Int64,
        createdMicroseconds: Int64?
    ) {
        self.account = account
        self.exchanges = exchanges
        self.firstMicroseconds = firstMicroseconds
        self.lastMicroseconds = lastMicroseconds
        self.createdMicroseconds = createdMicroseconds
    }
}

/// A relation of one campaign to another, such as failover.
public struct CampaignRelation: Sendable, Equatable {
    /// The other campaign.
    public let campaign: String
    /// Stable kind: `failover` or `shared_artefact`.
    public let kind: String
    /// One sentence for a reader.
    public let reason: String

    /// Makes a relation.
    public init(campaign: String, kind: String, reason: String) {
        self.campaign = campaign
        self.kind = kind
        self.reason = reason
    }
}

/// A group of accounts judged together: a campaign when accused or suspicious, a cleared look-alike otherwise.
public struct JudgedGroup: Sendable {
    /// `C-0001` and on for campaigns (strongest first), `G-0001` and on for cleared groups.
    public var id: String
    /// What was decided.
    public var verdict: Verdict
    /// Combined p-value: the largest over the innocent explanations that had to be rejected.
    public var pValue: Double
    /// False-discovery rate at which the group would be accused.
    public var qValue: Double
    /// Members, by account name.
    public var members: [GroupMember]
    /// Links drawn in the report: the strongest ones, at most a few per member.
    public var links: [MemberLink]
    /// Exchanges of all members.
    public var exchanges: Int
    /// First event time, microseconds since 1970.
    public var firstMicroseconds: Int64
    /// Last event time, microseconds since 1970.
    public var lastMicroseconds: Int64
    /// Rare things the members share.
    public var sharedArtefacts: [SharedArtefact]
    /// Signs measured on the pool.
    public var indicators: [Indicator]
    /// Innocent explanations considered.
    public var explanations: [InnocentExplanation]
    /// What was asked for.
    public var capabilities: [CapabilityShare]
    /// Tokens sent.
    public var inputTokens: Int64
    /// Tokens taken, reasoning included.
    public var outputTokens: Int64
    /// Tokens of reasoning taken.
    public var reasoningTokens: Int64
    /// Cost at list price in US dollars; `nil` when no price is known for the models.
    public var listPriceUSD: Double?
    /// Relations to other campaigns.
    public var relations: [CampaignRelation]
    /// Exchanges and active accounts over time, equal steps.
    public var timeline: [TimelinePoint]
    /// Length of a step of `timeline` in seconds.
    public var timelineStepSeconds: Int64
    /// When the pool first passed the test, microseconds since 1970; `nil` when it did not.
    public var firstFlaggedMicroseconds: Int64?
    /// Exchanges the group made before that moment.
    public var exchangesBeforeFlag: Int
    /// Example exchanges.
    public var examples: [ExampleExchange]
    /// The innocent kind it most resembles, in plain words; empty for an accused campaign.
    public var resembles: String

    /// An empty group, to be filled in.
    public init(id: String, verdict: Verdict) {
        self.id = id
        self.verdict = verdict
        pValue = 1
        qValue = 1
        members = []
        links = []
        exchanges = 0
        firstMicroseconds = 0
        lastMicroseconds = 0
        sharedArtefacts = []
        indicators = []
        explanations = []
        capabilities = []
        inputTokens = 0
        outputTokens = 0
        reasoningTokens = 0
        listPriceUSD = nil
        relations = []
        timeline = []
        timelineStepSeconds = 3600
        firstFlaggedMicroseconds = nil
        exchangesBeforeFlag = 0
        examples = []
        resembles = ""
    }
}

/// What is decided about one account: a line of `verdicts.jsonl`.
public struct AccountVerdict: Sendable {
    /// The account.
    public let account: String
    /// What was decided.
    public let verdict: Verdict
    /// 0...1; orders all accounts, also those below the bound.
    public let score: Double
    /// Smallest p-value of a group the account belongs to; 1 when it belongs to none.
    public let pValue: Double
    /// False-discovery rate at which the account would be accused.
    public let qValue: Double
    /// The campaign it belongs to.
    public let campaign: String?
    /// Its exchanges in the scan.
    public let exchanges: Int
    /// When it was first flagged, microseconds since 1970.
    public let firstFlaggedMicroseconds: Int64?
    /// Exchanges it made before that moment.
    public let exchangesBeforeFlag: Int?
    /// Its own signs.
    public let indicators: [Indicator]
    /// What was measured; differs from `verdict` for an account whose finding is suppressed.
    public let measuredVerdict: Verdict
    /// Why nobody is to act on what was measured.
    public let suppression: Suppression?

    /// Makes a verdict.
    public init(
        account: String, verdict: Verdict, score: Double, pValue: Double, qValue: Double,
        campaign: String?, exchanges: Int, firstFlaggedMicroseconds: Int64?,
        exchangesBeforeFlag: Int?, indicators: [Indicator]
    ) {
        self.account = account
        self.verdict = verdict
        measuredVerdict = verdict
        suppression = nil
        self.score = score
        self.pValue = pValue
        self.qValue = qValue
        self.campaign = campaign
        self.exchanges = exchanges
        self.firstFlaggedMicroseconds = firstFlaggedMicroseconds
        self.exchangesBeforeFlag = exchangesBeforeFlag
        self.indicators = indicators
    }

    /// The same measurements with the verdict `noFinding`: a program that acts on verdicts must not act on this account.
    func suppressed(_ suppression: Suppression) -> AccountVerdict {
        AccountVerdict(measured: self, suppression: suppression)
    }

    private init(measured: AccountVerdict, suppression: Suppression) {
        account = measured.account
        verdict = .noFinding
        measuredVerdict = measured.measuredVerdict
        self.suppression = suppression
        score = measured.score
        pValue = measured.pValue
        qValue = measured.qValue
        campaign = measured.campaign
        exchanges = measured.exchanges
        firstFlaggedMicroseconds = measured.firstFlaggedMicroseconds
        exchangesBeforeFlag = measured.exchangesBeforeFlag
        indicators = measured.indicators
    }
}

/// Everything a judgement says.
public struct Judgement: Sendable {
    /// A verdict for every account, by account name.
    public var accounts: [AccountVerdict]
    /// Accused and suspicious groups, strongest first.
    public var campaigns: [JudgedGroup]
    /// Look-alikes that were examined and cleared, largest first.
    public var cleared: [JudgedGroup]
    /// Notes on indicators that the data could not support, such as "no client addresses".
    public var unavailable: [String]
    /// The false-discovery bound that was asked for.
    public var fdr: Double
    /// Groups that were tested.
    public var groupsTested: Int
    /// Accused and suspicious groups that nobody is to act on; they are not among `campaigns`.
    public var suppressed: [SuppressedGroup] = []
    /// What became of each entry of the list of suppressions.
    public var suppressionUse: [SuppressionUse] = []

    /// Makes a judgement.
    public init(
        accounts: [AccountVerdict], campaigns: [JudgedGroup], cleared: [JudgedGroup],
        unavailable: [String], fdr: Double, groupsTested: Int
    ) {
        self.accounts = accounts
        self.campaigns = campaigns
        self.cleared = cleared
        self.unavailable = unavailable
        self.fdr = fdr
        self.groupsTested = groupsTested
    }
}
