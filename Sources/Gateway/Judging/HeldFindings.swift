import Detection
import Store

/// Findings that take effect when judgements in a row have made them, and outlive the judgement that made them last.
///
/// Judgements are many, and one that accuses by chance would be enough to shut somebody out: so a finding counts once it was made as
/// often in a row as the settings say, and until then the account is suspicious.
///
/// Near the bound the same accounts pass one judgement and not the next, and whoever is let in again takes up where it was
/// stopped. So a finding stands until no judgement has made it for a while. Whoever is accused wrongly stays accused as long: each
/// judgement holds its false-discovery bound, their union over time does not, and the time is therefore bounded and a setting.
struct HeldFindings {
    /// The name among a verdict's indicators that says so.
    static let indicator = "held_from_earlier_judgement"
    private static let page = 5000

    /// The name among a verdict's indicators of a finding that is to be made again before it counts.
    static let unconfirmed = "awaits_another_judgement"

    private let microseconds: Int64
    private let confirmations: Int
    /// How often in a row accounts were accused that are not yet.
    private var candidates: [String: Int] = [:]
    private var findings: [String: (row: VerdictRow, last: Int64)] = [:]
    private var campaigns: [String: CampaignRow] = [:]
    private(set) var isLoaded = false

    /// - Parameter seconds: how long a finding stands after the last judgement that made it; 0 for no longer than that.
    /// - Parameter confirmations: judgements in a row that must make a finding before it counts.
    init(seconds: Double, confirmations: Int) {
        microseconds = Int64(seconds * 1_000_000)
        self.confirmations = confirmations
    }

    /// Takes what the store has, as if the judgement had just been made: when it was made last is not known.
    mutating func load(from store: Store, now: Int64) throws(StoreError) {
        var revision: Int64 = 0
        while true {
            let rows = try store.verdicts(changedAfter: revision, limit: Self.page)
            for row in rows {
                revision = max(revision, row.revision)
                if row.verdict == Verdict.distillation.rawValue {
                    findings[row.account] = (row, now)
                }
            }
            if rows.count < Self.page { break }
        }
        for row in try store.campaigns() where row.ended == nil { campaigns[row.id] = row }
        isLoaded = true
    }

    /// What stands after a judgement: what it found, and what is held of earlier ones.
    mutating func keep(
        _ verdicts: [VerdictRow], _ found: [CampaignRow], now: Int64
    ) -> (verdicts: [VerdictRow], campaigns: [CampaignRow]) {
        var standing: [VerdictRow] = []
        standing.reserveCapacity(verdicts.count)
        var missing = Set(findings.keys)
        var accusedOnce: [String: Int] = [:]
        defer { candidates = accusedOnce }
        for row in verdicts {
            missing.remove(row.account)
            if row.verdict == Verdict.distillation.rawValue {
                let count = (candidates[row.account] ?? 0) + 1
                if findings[row.account] == nil, count < confirmations {
                    accusedOnce[row.account] = count
                    standing.append(Self.suspicious(row))
                    continue
                }
                findings[row.account] = (row, now)
                standing.append(row)
            } else {
                standing.append(heldRow(of: row.account, now) ?? row)
            }
        }
        // An account of which the window holds nothing any more.
        for account in missing.sorted() {
            if let row = heldRow(of: account, now) { standing.append(row) }
        }
        for row in found { campaigns[row.id] = row }
        let named = Set(found.map(\.id))
        let needed = Set(standing.compactMap(\.campaign)).subtracting(named)
        let all = found + needed.sorted().compactMap { campaigns[$0] }
        campaigns = campaigns.filter { named.contains($0.key) || needed.contains($0.key) }
        return (standing, all)
    }

    private static func suspicious(_ row: VerdictRow) -> VerdictRow {
        var row = row
        row.verdict = Verdict.suspicious.rawValue
        row.indicators = IndicatorNames.write(IndicatorNames.read(row.indicators) + [unconfirmed])
        return row
    }

    private mutating func heldRow(of account: String, _ now: Int64) -> VerdictRow? {
        guard let finding = findings[account] else { return nil }
        guard now - finding.last < microseconds else {
            findings[account] = nil
            return nil
        }
        var row = finding.row
        var names = IndicatorNames.read(row.indicators)
        if !names.contains(Self.indicator) { names.append(Self.indicator) }
        row.indicators = IndicatorNames.write(names)
        return row
    }
}
