import Foundation

/// How a scan's verdicts compare with the truth.
///
/// An account is accused when its verdict is `distillation`. Labelled accounts without a verdict count as
/// `no_finding` with score zero; verdicts on accounts without a label are left out. Both are counted.
public struct Score: Sendable, Encodable, Equatable {
    /// One true campaign.
    public struct CampaignScore: Sendable, Encodable, Equatable {
        /// The campaign's name in the labels.
        public var name: String
        /// Its kind.
        public var `class`: String
        /// Its accounts.
        public var accounts: Int
        /// Those of them that were accused.
        public var accused: Int
        /// `accused / accounts`.
        public var recall: Double
        /// The reported campaign that holds most of its accounts; empty when none holds any.
        public var bestReportedCampaign: String
        /// The share of its accounts that this reported campaign holds.
        public var coverage: Double
        /// The share of that reported campaign's labelled accounts that belong to this true campaign.
        public var purity: Double
    }

    /// One innocent class.
    public struct InnocentScore: Sendable, Encodable, Equatable {
        /// The class.
        public var `class`: String
        /// Its accounts.
        public var accounts: Int
        /// Those wrongly accused.
        public var accused: Int
        /// Those called suspicious.
        public var suspicious: Int
    }

    /// The share of accused accounts that are labelled `distillation`; 1 when none is accused.
    public var precision: Double
    /// The share of accounts labelled `distillation` that are accused; 1 when there are none.
    public var recall: Double
    /// The share of innocent accounts that are accused; 0 when there are none.
    public var falsePositiveRate: Double
    /// The chance that a guilty account's score lies above an innocent one's, ties counted half; 0.5 when either kind is
    /// missing. By midranks (Mann and Whitney 1947).
    public var auroc: Double
    /// Labelled accounts.
    public var accounts: Int
    /// Accounts labelled `distillation`.
    public var guilty: Int
    /// Labelled accounts that were accused.
    public var accused: Int
    /// Innocent accounts that were accused.
    public var falselyAccused: Int
    /// Labelled accounts called suspicious.
    public var suspicious: Int
    /// Labelled accounts without a verdict.
    public var withoutVerdict: Int
    /// Verdicts on accounts without a label.
    public var unlabelled: Int
    /// True campaigns by name.
    public var campaigns: [CampaignScore]
    /// Innocent classes by name.
    public var falseAccusations: [InnocentScore]

    /// Compares the files at two paths.
    /// - Throws: when a file cannot be read or a line has no account.
    public static func compute(labels: String, verdicts: String) throws(SimulationError) -> Score {
        guard let labelData = FileManager.default.contents(atPath: labels) else {
            throw .unreadable(path: labels)
        }
        guard let verdictData = FileManager.default.contents(atPath: verdicts) else {
            throw .unreadable(path: verdicts)
        }
        return try compute(labels: Array(labelData), verdicts: Array(verdictData))
    }

    /// Compares `labels.csv` with `verdicts.jsonl`. O(n log n) in the number of accounts.
    /// - Throws: when a line has no account, or a verdict line is not a JSON object.
    public static func compute(labels: [UInt8], verdicts: [UInt8]) throws(SimulationError) -> Score
    {
        let truth = try Label.read(labels)
        let found = try Verdict.read(verdicts)
        return Score(truth: truth, found: found)
    }

    private init(truth: [Label], found: [String: Verdict]) {
        var scores: [(score: Double, isGuilty: Bool)] = []
        var classes: [String: InnocentScore] = [:]
        var members: [String: [Label]] = [:]
        var reportedSizes: [String: Int] = [:]
        accounts = truth.count
        guilty = truth.count { $0.isGuilty }
        (accused, falselyAccused, suspicious, withoutVerdict) = (0, 0, 0, 0)
        for label in truth {
            let verdict = found[label.account]
            if verdict == nil { withoutVerdict += 1 }
            scores.append((verdict?.score ?? 0, label.isGuilty))
            let isAccused = verdict?.isAccused ?? false
            let isSuspicious = verdict?.isSuspicious ?? false
            if isAccused { accused += 1 }
            if isSuspicious { suspicious += 1 }
            if let campaign = verdict?.campaign { reportedSizes[campaign, default: 0] += 1 }
            if label.isGuilty {
                members[label.campaign, default: []].append(label)
                continue
            }
            if isAccused { falselyAccused += 1 }
            var own =
                classes[label.kind]
                ?? InnocentScore(class: label.kind, accounts: 0, accused: 0, suspicious: 0)
            own.accounts += 1
            own.accused += isAccused ? 1 : 0
            own.suspicious += isSuspicious ? 1 : 0
            classes[label.kind] = own
        }
        let known = Set(truth.map(\.account))
        unlabelled = found.keys.count { !known.contains($0) }
        precision = accused == 0 ? 1 : Double(accused - falselyAccused) / Double(accused)
        recall = guilty == 0 ? 1 : Double(accused - falselyAccused) / Double(guilty)
        let innocent = accounts - guilty
        falsePositiveRate = innocent == 0 ? 0 : Double(falselyAccused) / Double(innocent)
        auroc = Self.areaUnderCurve(scores)
        falseAccusations = classes.values.sorted { $0.class < $1.class }
        campaigns = members.sorted { $0.key < $1.key }.map { name, labels in
            CampaignScore(name: name, members: labels, found: found, reportedSizes: reportedSizes)
        }
    }

    /// The area under the ROC curve from the sum of the guilty accounts' midranks.
    static func areaUnderCurve(_ scores: [(score: Double, isGuilty: Bool)]) -> Double {
        let guilty = scores.count { $0.isGuilty }
        let innocent = scores.count - guilty
        guard guilty > 0, innocent > 0 else { return 0.5 }
        let sorted = scores.sorted { $0.score < $1.score }
        var rankSum = 0.0
        var first = 0
        while first < sorted.count {
            var end = first
            while end < sorted.count, sorted[end].score == sorted[first].score { end += 1 }
            let midrank = Double(first + 1 + end) / 2
            rankSum += midrank * Double(sorted[first..<end].count { $0.isGuilty })
            first = end
        }
        let least = Double(guilty) * Double(guilty + 1) / 2
        return (rankSum - least) / (Double(guilty) * Double(innocent))
    }

    /// The score as one JSON object with sorted keys.
    public func json() -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        guard let data = try? encoder.encode(self) else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }
}

extension Score.CampaignScore {
    fileprivate init(
        name: String, members: [Label], found: [String: Verdict], reportedSizes: [String: Int]
    ) {
        var held: [String: Int] = [:]
        var hits = 0
        for member in members {
            guard let verdict = found[member.account] else { continue }
            if verdict.isAccused { hits += 1 }
            if let campaign = verdict.campaign { held[campaign, default: 0] += 1 }
        }
        // Of reported campaigns that hold as many, the first by name.
        let best = held.min { ($1.value, $0.key) < ($0.value, $1.key) }
        self.init(
            name: name, class: members[0].kind, accounts: members.count, accused: hits,
            recall: Double(hits) / Double(members.count), bestReportedCampaign: best?.key ?? "",
            coverage: Double(best?.value ?? 0) / Double(members.count),
            purity: best.map { Double($0.value) / Double(reportedSizes[$0.key] ?? 1) } ?? 0)
    }
}

/// One line of `labels.csv`.
private struct Label {
    var account: String
    var isGuilty: Bool
    var campaign: String
    var kind: String

    static func read(_ bytes: [UInt8]) throws(SimulationError) -> [Label] {
        var labels: [Label] = []
        var line = 0
        for text in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
            line += 1
            if text.isEmpty || line == 1 { continue }
            let trimmed = text.last == 0x0D ? text.dropLast() : text
            let fields = trimmed.split(
                separator: UInt8(ascii: ","), omittingEmptySubsequences: false
            )
            .map { String(decoding: $0, as: UTF8.self) }
            guard fields.count == 4, !fields[0].isEmpty,
                fields[1] == "distillation" || fields[1] == "innocent"
            else { throw .badLine(file: "labels", line: line) }
            labels.append(
                Label(
                    account: fields[0], isGuilty: fields[1] == "distillation", campaign: fields[2],
                    kind: fields[3]))
        }
        return labels
    }
}

/// What a line of `verdicts.jsonl` says that the score needs.
private struct Verdict {
    var isAccused: Bool
    var isSuspicious: Bool
    var score: Double
    /// `nil` when the account belongs to no reported campaign.
    var campaign: String?

    private struct Line: Decodable {
        var account: String
        var verdict: String
        var score: Double?
        var campaign: String?
    }

    static func read(_ bytes: [UInt8]) throws(SimulationError) -> [String: Verdict] {
        var verdicts: [String: Verdict] = [:]
        let decoder = JSONDecoder()
        var number = 0
        for text in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
            number += 1
            if text.allSatisfy({ $0 <= 0x20 }) { continue }
            guard let line = try? decoder.decode(Line.self, from: Data(text)) else {
                throw .badLine(file: "verdicts", line: number)
            }
            let campaign = line.campaign.flatMap { $0.isEmpty ? nil : $0 }
            verdicts[line.account] = Verdict(
                isAccused: line.verdict == "distillation",
                isSuspicious: line.verdict == "suspicious", score: line.score ?? 0,
                campaign: campaign)
        }
        return verdicts
    }
}
