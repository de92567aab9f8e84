import Detection
import Exchanges
import Scanning

/// One input, and how far it was read.
struct WatchedInput: Equatable {
    /// Its present name, or its last.
    var path: String
    /// The file; `nil` for standard input.
    var identity: FileIdentity?
    /// Size on disk of a packed file when it was read; `-1` for a plain one.
    var packedSize: Int64
    /// How far it was read, and what tells that a file begins with just that.
    var marks: FileMarks
    /// What was read.
    var report: InputReport
    /// What an input of few records gave, as long as later ones may still change its format; `nil` once it is settled.
    var held: HeldRecords?
}

/// Profiles and faults of an input that is read again when there is more of it.
struct HeldRecords: Equatable {
    var profiles: ProfileSet
    var faults: [BadRecordSummary]
}

/// All that a watch knows between two rounds.
struct WatchState {
    /// Settings that the profiles depend on.
    var settings: [WatchSetting]
    /// Rounds that were finished.
    var generation: UInt64 = 0
    /// Inputs in order of their first reading.
    var inputs: [WatchedInput] = []
    /// Profiles from all settled inputs.
    var profiles = ProfileSet()
    /// Bad records of all settled inputs.
    var faults: [BadRecordSummary] = []
    /// Campaigns that were told of.
    var campaigns: [FollowedCampaign] = []
    /// Alerts of the last round, a line of JSON each.
    var alerts: [String] = []

    /// What a scan of everything read so far would give.
    var result: ScanResult {
        var faults = faults
        let held = inputs.compactMap(\.held)
        for held in held { faults.add(held.faults) }
        let reports = inputs.map { input in
            var report = input.report
            report.path = input.path
            return report
        }
        return ScanResult(
            profiles: .merged([profiles] + held.map(\.profiles)),
            inputs: reports.sorted { $0.path < $1.path }, bad: faults)
    }

    /// Adds what settled inputs gave.
    mutating func add(_ result: ScanResult) {
        profiles = .merged([profiles, result.profiles])
        faults.add(result.bad)
    }
}
