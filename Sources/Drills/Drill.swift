import Detection
import Exchanges
import Simulation
import Sketches

/// Puts simulated campaigns into the profiles of a user's own logs, judges each time, and says which are found and how
/// soon.
///
/// A campaign is a clean hydra: its accounts share nothing but what they ask for, the pace, and the time. What tells it from
/// the user's traffic in other ways is taken from that traffic: every account wears the client, model and parameters
/// of an innocent account, and cover is innocent accounts' sampled exchanges, dealt again. Fields that the logs lack are
/// left out. The logs themselves are neither read again nor changed.
public struct Drill {
    private let settings: DrillSettings
    private let base: ProfileSet
    private let host: HostTraffic
    private let source: CampaignSource
    private let extractor: SignalExtractor
    private let accusedBefore: Set<String>
    private let taken: Set<String>
    private let endSeconds: Int64

    /// A drill on `profiles`, sorted by account as a scan gives them, judged once without a campaign.
    ///
    /// - Throws: `DrillError` when the logs are too short or lend no cover, `SimulationError` when the corpus cannot be
    ///   used, `RuleSetError` when the rules cannot.
    public init(_ profiles: ProfileSet, rules: RuleSet, settings: DrillSettings) throws {
        self.settings = settings
        base = profiles
        let (first, last) = profiles.times ?? (0, 0)
        guard last - first >= Int64(settings.days) * 86_400_000_000 else {
            throw DrillError.shortLogs(days: settings.days)
        }
        endSeconds = last / 1_000_000
        let judgement = Judge(settings: settings.judge).judge(profiles)
        accusedBefore = Self.accused(judgement)
        host = HostTraffic(profiles, judgement: judgement)
        if host.donors.isEmpty, settings.grid.dilutions.contains(where: { $0 > 0 }) {
            throw DrillError.noCover
        }
        taken = Set(profiles.map(\.account))
        extractor = try SignalExtractor(rules: rules)
        source = try CampaignSource(
            corpus: settings.corpus, seed: settings.seed, prompts: Self.prompts)
    }

    /// Prompts of the built-in grammar: enough for a thousand accounts at two a day over two weeks without a repeat. Fixed,
    /// so that a campaign does not depend on the rest of the grid.
    private static let prompts = 30_000

    /// Whole days that logs from `first` to `last` (microseconds) hold, at most `wanted`.
    public static func days(wanted: Int, from first: Int64, to last: Int64) -> Int {
        max(1, min(wanted, Int((last - first) / 86_400_000_000)))
    }

    private static func accused(_ judgement: Judgement) -> Set<String> {
        Set(judgement.accounts.lazy.filter { $0.verdict == .distillation }.map(\.account))
    }

    /// Runs every campaign of the grid. Each is drawn from the seed and its own cell and number, so that it does not depend
    /// on the rest of the grid.
    ///
    /// - Parameter progress: called after each campaign with the number done and the number in all.
    public func run(progress: (Int, Int) -> Void = { _, _ in }) -> DrillResult {
        let cells = settings.grid.cells
        let total = cells.count * settings.repeats
        var done = 0
        let results = cells.map { cell in
            let trials = (0..<settings.repeats).map { number in
                let trial = trial(cell, number)
                done += 1
                progress(done, total)
                return trial
            }
            return DrillCellResult(cell: cell, trials: trials)
        }
        return DrillResult(
            cells: results, accusedBefore: accusedBefore.count, donors: host.donors.count)
    }

    private func trial(_ cell: DrillGrid.Cell, _ number: Int) -> DrillTrial {
        var seed = Hash64.mix(settings.seed &+ 0xd217)
        for part in [UInt64(cell.accounts), UInt64(cell.rate), UInt64(number)] {
            seed = Hash64.combine(seed, part)
        }
        // Dilutions share the draws of a repeat, so that they differ by the cover alone.
        let injection = Injection(
            CampaignSource.Shape(
                accounts: cell.accounts, exchangesPerDay: Double(cell.rate), days: settings.days,
                endSeconds: endSeconds, seed: seed),
            dilution: cell.dilution, cover: settings.cover, source: source, host: host,
            extractor: extractor,
            taken: taken)
        let profiles = ProfileSet.merged([base, ProfileSet(injection.profiles)])
        let judgement = Judge(settings: settings.judge).judge(profiles)
        let accused = Self.accused(judgement)
        let own = Set(injection.profiles.map(\.account))
        let share = Double(accused.intersection(own).count) / Double(max(1, cell.accounts))
        let flagged = share < 0.5 ? nil : Self.flag(own, judgement)
        let harvest = injection.harvestMicroseconds
        return DrillTrial(
            accusedShare: share,
            secondsToFlag: flagged.map {
                Double(max(0, $0 - injection.firstMicroseconds)) / 1_000_000
            },
            leakedShare: flagged.map { moment in
                Double(harvest.count { $0 < moment }) / Double(max(1, harvest.count))
            } ?? 1,
            exchanges: injection.exchanges,
            newlyAccused: accused.subtracting(own).subtracting(accusedBefore).sorted())
    }

    /// When the accused campaign that holds most of `accounts` was first flagged, microseconds since 1970.
    private static func flag(_ accounts: Set<String>, _ judgement: Judgement) -> Int64? {
        let campaigns = judgement.campaigns.filter { $0.verdict == .distillation }
        let counts = campaigns.map { $0.members.count { accounts.contains($0.account) } }
        guard let most = counts.max(), let index = counts.firstIndex(of: most) else { return nil }
        return campaigns[index].firstFlaggedMicroseconds
    }
}
