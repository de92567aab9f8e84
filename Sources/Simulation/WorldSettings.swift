/// The ways of distilling that a world can hold; raw values are the names on the command line and in labels.
public enum CampaignKind: String, CaseIterable, Sendable {
    /// A few days of high volume by new accounts.
    case naiveBurst = "naive_burst"
    /// Many low-volume accounts that share addresses, payment, client and template.
    case sharedHydra = "shared_hydra"
    /// Residential addresses, diverse clients and cards: only content and timing link the accounts.
    case cleanHydra = "clean_hydra"
    /// A hydra whose accounts carry three fifths unrelated customers' traffic.
    case mixedHydra = "mixed_hydra"
    /// Prompts that make the model spell out its reasoning.
    case reasoningElicitation = "reasoning_elicitation"
    /// The model used as a reward model.
    case rubricGrading = "rubric_grading"
    /// Multi-turn tool use.
    case agentic = "agentic"
    /// About five requests a day in paraphrased templates, a quarter of them cover traffic.
    case slowParaphrase = "slow_paraphrase"
    /// Old accounts that behaved personally, then pivot.
    case agedPivot = "aged_pivot"
    /// Half the traffic moves to a new model within a day of its release.
    case releaseRush = "release_rush"
    /// One fixed prompt injected around unrelated users' traffic.
    case injectedPrompt = "injected_prompt"
    /// A second pool of accounts rises as the first is blocked.
    case twoPools = "two_pools"
    /// Thinking signatures of one account replayed in others.
    case signatureReplay = "signature_replay"
    /// A clean hydra with people's volumes and hours, whose accounts sign up over months and start one by one.
    case adaptiveVolumes = "adaptive_volumes"
    /// A clean hydra in which each account asks about a subject of its own.
    case adaptiveStyle = "adaptive_style"
    /// A clean hydra under four fifths of cover traffic that differs from account to account.
    case adaptiveCover = "adaptive_cover"
    /// Clean hydras of four to eight accounts, each with a data set and a time of its own.
    case adaptiveSmall = "adaptive_small"

    /// The kinds that `CampaignSelection.all` stands for: those of the public record. The rest are written against this
    /// project's own detector, and run only when named.
    public static let standard = allCases.filter { !$0.rawValue.hasPrefix("adaptive_") }
}

/// The innocent classes that a world holds; raw values are the names in labels.
public enum InnocentClass: String, CaseIterable, Sendable {
    case hobby, developer, student, company, classroom, course, benchmark, pipeline, aggregator
    case powerUser = "power_user"
    case oneOff = "one_off"
    case agentUser = "agent_user"
    case nightlyEvaluation = "nightly_evaluation"
    case chatProduct = "chat_product"
    case licensedSynthetic = "licensed_synthetic"
    case carrierNAT = "carrier_nat"
    case vpnExit = "vpn_exit"
    case viralPrompt = "viral_prompt"
    case freeAccounts = "free_accounts"
    case openSourceTool = "open_source_tool"
    case vendorKeys = "vendor_keys"
    case fallbackRouter = "fallback_router"
    case embeddingBackfill = "embedding_backfill"
    case driftMonitor = "drift_monitor"
    case reasoningAudit = "reasoning_audit"
    case modelJudge = "model_judge"
    case deviceFleet = "device_fleet"
    case callCentre = "call_centre"
    case hackathon
    case workspaceBot = "workspace_bot"
}

/// Which campaigns a world holds.
public enum CampaignSelection: Equatable, Sendable {
    /// One campaign of every standard kind.
    case all
    /// Innocent accounts only.
    case none
    /// The kinds with these raw values, one campaign for each mention.
    case named([String])
}

/// What campaigns are held to instead of what they would draw; `nil` leaves it to chance.
public struct CampaignTuning: Equatable, Sendable {
    /// Accounts of each campaign.
    public var accounts: Int?
    /// Requests an account and day, cover traffic included.
    public var requestsPerDay: Double?
    /// Days that a campaign runs; those whose kind has its own times keep them.
    public var days: Double?
    /// The share of cover traffic, of clean and mixed hydras and adaptive cover only.
    public var dilution: Double?

    /// Leaves everything to chance.
    public init() {}

    func validate() throws(SimulationError) {
        if let accounts, !(2...100_000).contains(accounts) {
            throw .badSettings("a campaign has 2 to 100,000 accounts")
        }
        if let requestsPerDay, !(requestsPerDay > 0 && requestsPerDay <= 10_000) {
            throw .badSettings("a campaign's rate must be above 0 and at most 10,000 a day")
        }
        if let days, !(days >= 0.5 && days <= 366) {
            throw .badSettings("a campaign lasts from half a day to 366 days")
        }
        if let dilution, !(dilution >= 0 && dilution < 1) {
            throw .badSettings("the dilution must be from 0 to below 1")
        }
    }
}

/// The log format that exchanges are written in.
public enum WorldFormat: String, CaseIterable, Sendable {
    case stillwatch, otel, litellm, openai, anthropic, helicone, langfuse, envoy, kong
}

/// What a world is made from. The same settings and corpus give the same bytes.
public struct WorldSettings: Sendable {
    /// The folder that receives `exchanges.jsonl`, `accounts.csv` and `labels.csv`; made when missing.
    public var out: String
    /// Seed of all randomness.
    public var seed: UInt64
    /// Innocent accounts; campaigns come on top.
    public var accounts: Int
    /// Days of event time.
    public var days: Int
    /// Which campaigns to run.
    public var campaigns: CampaignSelection
    /// What campaigns are held to.
    public var tuning = CampaignTuning()
    /// Innocent classes that are left out; nobody takes the place of their accounts.
    public var withoutClasses: Set<InnocentClass> = []
    /// A folder with corpus layouts `A` to `D`, or `nil` for the built-in grammar.
    public var corpus: String?
    /// The log format.
    public var format: WorldFormat
    /// The total number of exchanges to aim at by scaling volumes, or `nil` for natural volumes.
    public var exchanges: Int?
    /// The number of exchanges of all innocents to aim at by scaling their volumes; campaigns keep theirs.
    public var innocentExchanges: Int?
    /// What the length of answers is multiplied by.
    public var answerScale = 1.0
    /// Whether exchanges are written as Zstandard frames of some megabytes each, as `exchanges.jsonl.zst`.
    public var isCompressed = false
    /// The first moment, in seconds since 1970.
    public var start: Int64

    /// 2026-04-22T00:00:00Z.
    public static let defaultStart: Int64 = 1_776_816_000

    /// Settings with the defaults of the command line.
    public init(
        out: String, seed: UInt64 = 1, accounts: Int = 2000, days: Int = 21,
        campaigns: CampaignSelection = .all, corpus: String? = nil,
        format: WorldFormat = .stillwatch, exchanges: Int? = nil, start: Int64 = defaultStart
    ) {
        self.out = out
        self.seed = seed
        self.accounts = accounts
        self.days = days
        self.campaigns = campaigns
        self.corpus = corpus
        self.format = format
        self.exchanges = exchanges
        self.start = start
    }

    /// The campaign kinds to run, in a fixed order.
    func campaignKinds() throws(SimulationError) -> [CampaignKind] {
        switch campaigns {
        case .all: return CampaignKind.standard
        case .none: return []
        case .named(let names):
            var kinds: [CampaignKind] = []
            for name in names {
                guard let kind = CampaignKind(rawValue: name) else { throw .unknownCampaign(name) }
                kinds.append(kind)
            }
            return kinds
        }
    }

    func validate() throws(SimulationError) {
        if accounts < 20 { throw .badSettings("a world needs at least 20 accounts") }
        if accounts > 5_000_000 { throw .badSettings("at most 5,000,000 accounts") }
        if days < 3 || days > 366 { throw .badSettings("days must be between 3 and 366") }
        if exchanges != nil, innocentExchanges != nil {
            throw .badSettings("give either all exchanges or those of innocents")
        }
        if let exchanges = exchanges ?? innocentExchanges, exchanges < accounts {
            throw .badSettings("fewer exchanges than accounts")
        }
        if withoutClasses.count == InnocentClass.allCases.count {
            throw .badSettings("a world needs at least one innocent class")
        }
        try tuning.validate()
        if start < 1_420_070_400 || start > 4_000_000_000 {
            throw .badSettings("the start must lie between 2015 and 2096")
        }
    }
}

/// What was written.
public struct WorldSummary: Sendable {
    /// Totals of one innocent class or one campaign.
    public struct Group: Sendable {
        /// The class or campaign kind.
        public var name: String
        /// Whether its accounts are labelled `distillation`.
        public var isCampaign: Bool
        /// Its accounts.
        public var accounts: Int
        /// Its exchanges.
        public var exchanges: Int
        /// Its bytes in the exchange file.
        public var bytes: Int
    }
    /// Innocent classes, then campaigns.
    public var groups: [Group]
    /// All accounts.
    public var accounts: Int
    /// All exchanges.
    public var exchanges: Int
    /// Bytes of the exchange file.
    public var bytes: Int
    /// Paths of the three files: exchanges, accounts, labels.
    public var files: [String]
}
