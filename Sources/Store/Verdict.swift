/// The verdict on an account.
public struct VerdictRow: Sendable, Equatable {
    /// The account.
    public var account: String
    /// The verdict: `no_finding` (`VerdictRow.noFinding`) or a finding.
    public var verdict: String
    /// How strong the finding is, in 0...1.
    public var score: Double
    /// The p-value of its group, in 0...1.
    public var pValue: Double
    /// The q-value of its group, in 0...1.
    public var qValue: Double
    /// The campaign it belongs to.
    public var campaign: String?
    /// What it rests on: JSON.
    public var indicators: String
    /// The earliest moment at which a judgement said it could be told. The store keeps the earliest it was given.
    public var firstFlagged: Int64?
    /// The judgement that gave this value of `verdict` first; the store keeps it while the value stays.
    public var since: Int64
    /// The change that wrote this row; the store gives it.
    public var revision: Int64

    /// The verdict of an account without a finding.
    public static let noFinding = "no_finding"

    /// A row with these values; the store ignores `since` and `revision` when it writes.
    public init(
        account: String, verdict: String, score: Double, pValue: Double, qValue: Double,
        campaign: String? = nil, indicators: String = "[]", firstFlagged: Int64? = nil,
        since: Int64 = 0, revision: Int64 = 0
    ) {
        self.account = account
        self.verdict = verdict
        self.score = score
        self.pValue = pValue
        self.qValue = qValue
        self.campaign = campaign
        self.indicators = indicators
        self.firstFlagged = firstFlagged
        self.since = since
        self.revision = revision
    }
}

/// A group of accounts that a judgement found to act together.
public struct CampaignRow: Sendable, Equatable {
    /// The campaign.
    public var id: String
    /// Its verdict.
    public var verdict: String
    /// How many accounts it has.
    public var members: Int
    /// How many exchanges they made in the window.
    public var exchanges: Int64
    /// Its q-value, in 0...1.
    public var qValue: Double
    /// More of it: JSON.
    public var detail: String
    /// The first judgement that had it; a campaign that ended and comes back begins anew. The store keeps it.
    public var since: Int64
    /// The first judgement that did not have it any more. The store keeps it.
    public var ended: Int64?
    /// The change that wrote this row; the store gives it.
    public var revision: Int64

    /// A row with these values; the store ignores `since`, `ended` and `revision` when it writes.
    public init(
        id: String, verdict: String, members: Int, exchanges: Int64, qValue: Double,
        detail: String = "{}", since: Int64 = 0, ended: Int64? = nil, revision: Int64 = 0
    ) {
        self.id = id
        self.verdict = verdict
        self.members = members
        self.exchanges = exchanges
        self.qValue = qValue
        self.detail = detail
        self.since = since
        self.ended = ended
        self.revision = revision
    }
}

extension VerdictRow: StoredRow {
    static let table = "verdicts"
    static let columns = [
        "account", "verdict", "score", "p_value", "q_value", "campaign", "indicators",
        "first_flagged", "since", "revision",
    ]
    static let key = ["account"]

    init(row: inout SQLRow) throws(StoreError) {
        account = try row.text()
        verdict = try row.text()
        score = try row.real()
        pValue = try row.real()
        qValue = try row.real()
        campaign = try row.optionalText()
        indicators = try row.text()
        firstFlagged = try row.optionalInteger()
        since = try row.integer()
        revision = try row.integer()
    }

    var values: [SQLValue] {
        [
            .text(account), .text(verdict), .real(score), .real(pValue), .real(qValue),
            SQLValue(campaign), .text(indicators), SQLValue(firstFlagged), .integer(since),
            .integer(revision),
        ]
    }
}

extension CampaignRow: StoredRow {
    static let table = "campaigns"
    static let columns = [
        "id", "verdict", "members", "exchanges", "q_value", "detail", "since", "ended", "revision",
    ]
    static let key = ["id"]

    init(row: inout SQLRow) throws(StoreError) {
        id = try row.text()
        verdict = try row.text()
        members = try row.int()
        exchanges = try row.integer()
        qValue = try row.real()
        detail = try row.text()
        since = try row.integer()
        ended = try row.optionalInteger()
        revision = try row.integer()
    }

    var values: [SQLValue] {
        [
            .text(id), .text(verdict), .integer(Int64(members)), .integer(exchanges),
            .real(qValue), .text(detail), .integer(since), SQLValue(ended), .integer(revision),
        ]
    }
}
