import Detection

/// What the sections of a report need to know of each other: order, anchors, totals and limits.
struct ReportOutline {
    /// Campaigns shown in full; the rest are listed in the overview.
    static let fullCampaigns = 50
    /// Cleared groups shown in full.
    static let fullCleared = 50
    /// Campaigns listed in the overview.
    static let listedCampaigns = 300
    /// Accounts listed for a group.
    static let listedAccounts = 200

    let judgement: Judgement
    let context: ReportContext
    /// Accused campaigns first, then suspicious ones; each in the judgement's order.
    let campaigns: [JudgedGroup]
    /// Totals of the accused campaigns.
    let accused: Totals
    /// Totals of the suspicious groups.
    let suspicious: Totals
    /// Accounts by verdict.
    let accountsByVerdict: [Verdict: Int]
    private let anchors: [String: Int]
    private let verdicts: [String: AccountVerdict]

    /// Sums over some campaigns.
    struct Totals {
        var campaigns = 0
        var exchanges = 0
        var outputTokens: Int64 = 0
        var exchangesBeforeFlag = 0
        /// `nil` when no campaign has a known price.
        var listPriceUSD: Double?
        /// Whether a campaign has no known price.
        var lacksPrices = false

        mutating func add(_ group: JudgedGroup) {
            campaigns += 1
            exchanges = Self.sum(exchanges, group.exchanges)
            outputTokens = Self.sum(outputTokens, group.outputTokens)
            exchangesBeforeFlag = Self.sum(exchangesBeforeFlag, group.exchangesBeforeFlag)
            if let price = group.listPriceUSD {
                listPriceUSD = (listPriceUSD ?? 0) + price
            } else {
                lacksPrices = true
            }
        }

        /// Logs can claim any number of tokens, so sums stop at the largest integer.
        private static func sum<Number: FixedWidthInteger>(_ a: Number, _ b: Number) -> Number {
            let (sum, overflow) = a.addingReportingOverflow(b)
            return overflow ? .max : sum
        }
    }

    init(_ judgement: Judgement, _ context: ReportContext) {
        self.judgement = judgement
        self.context = context
        campaigns =
            judgement.campaigns.filter { $0.verdict == .distillation }
            + judgement.campaigns.filter { $0.verdict != .distillation }
        var accused = Totals()
        var suspicious = Totals()
        var anchors: [String: Int] = [:]
        for (index, group) in campaigns.enumerated() {
            if group.verdict == .distillation { accused.add(group) } else { suspicious.add(group) }
            if index < Self.fullCampaigns { anchors[group.id] = anchors[group.id] ?? index }
        }
        self.accused = accused
        self.suspicious = suspicious
        self.anchors = anchors
        // Only members of campaigns are looked up, so a scan of millions of accounts stays cheap.
        var wanted: Set<String> = []
        for group in campaigns.prefix(Self.fullCampaigns) {
            for member in ReportOutline.largest(group.members) { wanted.insert(member.account) }
        }
        var counts: [Verdict: Int] = [:]
        var verdicts: [String: AccountVerdict] = [:]
        for account in judgement.accounts {
            counts[account.verdict, default: 0] += 1
            if wanted.contains(account.account) { verdicts[account.account] = account }
        }
        accountsByVerdict = counts
        self.verdicts = verdicts
    }

    /// The anchor of a campaign that is shown in full.
    func anchor(_ campaign: String) -> String? { anchors[campaign].map(Self.anchor(position:)) }

    /// The anchor of the campaign at a position of `campaigns`.
    static func anchor(position: Int) -> String { "campaign-\(position + 1)" }

    /// The verdict of a listed account.
    func verdict(_ account: String) -> AccountVerdict? { verdicts[account] }

    /// Accounts with a verdict.
    func accounts(_ verdict: Verdict) -> Int { accountsByVerdict[verdict] ?? 0 }

    /// The members to list: most exchanges first, then by name.
    static func largest(_ members: [GroupMember]) -> [GroupMember] {
        Array(
            members.sorted { ($1.exchanges, $0.account) < ($0.exchanges, $1.account) }
                .prefix(listedAccounts))
    }

    /// The finding of the whole scan in one sentence.
    var headline: String {
        if context.exchanges == 0 && judgement.accounts.isEmpty {
            return "No exchanges could be read"
        }
        if accused.campaigns > 0 {
            return "\(Readable.count(accused.campaigns, "distillation campaign")) found"
        }
        if suspicious.campaigns > 0 {
            return "No accusation; \(Readable.count(suspicious.campaigns, "suspicious group"))"
        }
        if !judgement.accounts.isEmpty && accounts(.inconclusive) == judgement.accounts.count {
            return "Too little data to say"
        }
        return "No campaign found"
    }
}
