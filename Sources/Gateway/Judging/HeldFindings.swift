import Detection
import Store

/// Findings that outlive the judgement that made them.
///
/// Near the bound the same accounts pass one judgement and not the next, and whoever is let in again takes up where it was
/// stopped. So a finding stands until no judgement has made it for a while. Whoever is accused wrongly stays accused as long: each
/// judgement holds its false-discovery bound, their union over time does not, and the time is therefore bounded and a setting.
struct HeldFindings {
    /// The name among a verdict's indicators that says so.
    static let indicator = "held_from_earlier_judgement"
    private static let page = 5000

    private let microseconds: Int64
    private var findings: [String: (row: VerdictRow, last: Int64)] = [:]
    private var campaigns: [String: CampaignRow] = [:]
    private(set) var isLoaded = false

    /// - Parameter seconds: how long a finding stands after the last judgement that made it; 0 for no longer than that.
    init(seconds: Double) { microseconds = Int64(seconds * 1_000_000) }

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
        for row in verdicts {
            missing.remove(row.account)
            if row.verdict == Verdict.distillation.rawValue {
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
