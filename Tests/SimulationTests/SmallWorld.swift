import Foundation
import Simulation
import Testing

/// A small world in a folder of its own, written for one test and removed after it.
struct SmallWorld {
    struct Label {
        var isGuilty: Bool
        var campaign: String
        var kind: String
    }

    let summary: WorldSummary
    let exchanges: Data
    let accounts: String
    let labels: [String: Label]

    init(
        seed: UInt64 = 7, accounts: Int = 120, days: Int = 7, exchanges wanted: Int? = 3500,
        campaigns: CampaignSelection = .all, format: WorldFormat = .stillwatch,
        corpus: String? = nil, tuning: CampaignTuning = CampaignTuning(),
        without: Set<InnocentClass> = []
    ) throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("stillwatch-world-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var settings = WorldSettings(
            out: folder, seed: seed, accounts: accounts, days: days, campaigns: campaigns,
            corpus: corpus, format: format, exchanges: wanted)
        settings.tuning = tuning
        settings.withoutClasses = without
        summary = try World.write(settings)
        exchanges = try #require(FileManager.default.contents(atPath: summary.files[0]))
        self.accounts = try String(contentsOfFile: summary.files[1], encoding: .utf8)
        let table = try String(contentsOfFile: summary.files[2], encoding: .utf8)
        var labels: [String: Label] = [:]
        for line in table.split(separator: "\n").dropFirst() {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            labels[String(fields[0])] = Label(
                isGuilty: fields[1] == "distillation", campaign: String(fields[2]),
                kind: String(fields[3]))
        }
        self.labels = labels
    }

    /// Every line as a JSON object.
    func records() throws -> [[String: Any]] {
        try exchanges.split(separator: 0x0A).map { line in
            try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any])
        }
    }

    static func account(_ record: [String: Any]) throws -> String {
        try #require((record["account"] as? [String: Any])?["id"] as? String)
    }
}
