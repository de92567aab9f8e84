import Detection
import Foundation
import Scanning
import Simulation
import Sketches
import Testing

@testable import Drills

/// Drills on a small world without campaigns, read once as a scan reads logs.
@Suite struct DrillTests {
    private static let profiles: ProfileSet = {
        do {
            let folder = NSTemporaryDirectory() + "stillwatch-drill-" + UUID().uuidString
            defer { try? FileManager.default.removeItem(atPath: folder) }
            _ = try World.write(
                WorldSettings(
                    out: folder, seed: 3, accounts: 150, days: 10, campaigns: .none,
                    exchanges: 8000))
            let scanner = Scanner(options: ScanOptions(threads: 2), rules: try rules())
            return try scanner.scan(
                try InputSet([folder + "/exchanges.jsonl"]), progress: ScanProgress()
            ).profiles
        } catch {
            Issue.record("no world: \(error)")
            return ProfileSet()
        }
    }()

    private static func rules() throws -> RuleSet { try RuleSet(Rule.defaults) }

    private static func run(
        sizes: String, rates: String, dilutions: String = "0", days: Int = 8, repeats: Int = 1,
        seed: UInt64 = 1, threads: Int = 2, cover: DrillCover = .personal
    ) throws -> DrillResult {
        let settings = DrillSettings(
            grid: try DrillGrid(sizes: sizes, rates: rates, dilutions: dilutions), cover: cover,
            days: days, repeats: repeats, seed: seed, corpus: nil,
            judge: JudgeSettings(threads: threads))
        return try Drill(profiles, rules: try rules(), settings: settings).run()
    }

    @Test func `a large undiluted campaign is caught, and before it is through`() throws {
        let result = try Self.run(sizes: "40", rates: "12", repeats: 2)
        let cell = try #require(result.cells.first)
        #expect(cell.caught == 2, "seed 1")
        #expect(cell.newlyAccused == 0, "seed 1")
        let leaked = try #require(cell.leakedShare)
        let seconds = try #require(cell.secondsToFlag)
        #expect(leaked > 0 && leaked < 0.6, "seed 1: \(leaked)")
        #expect(seconds > 0 && seconds < 5 * 86_400, "seed 1: \(seconds)")
        #expect(result.smallestCaught.first?.cell?.cell.accounts == 40)
    }

    @Test func `three accounts with two exchanges each are not caught`() throws {
        let result = try Self.run(sizes: "3", rates: "1", days: 2, repeats: 3)
        let cell = try #require(result.cells.first)
        #expect(cell.caught == 0, "seed 1")
        #expect(cell.secondsToFlag == nil && cell.leakedShare == nil)
        #expect(cell.trials.allSatisfy { $0.leakedShare == 1 && $0.exchanges >= 3 })
        #expect(result.smallestCaught.first?.cell == nil)
    }

    @Test(arguments: DrillCover.allCases)
    func `a seed gives one result, whatever the threads`(cover: DrillCover) throws {
        let results = try [(1, 1), (3, 1), (1, 2)].map { threads, seed in
            try Self.run(
                sizes: "15", rates: "8", dilutions: "0.3", days: 6, repeats: 2,
                seed: UInt64(seed), threads: threads, cover: cover
            ).cells
        }
        #expect(results[0] == results[1])
        #expect(results[0] != results[2])
    }

    @Test func `a campaign does not depend on the rest of the grid`() throws {
        let alone = try Self.run(sizes: "15", rates: "8", days: 6)
        let among = try Self.run(sizes: "15,20", rates: "8", dilutions: "0,0.5", days: 6)
        #expect(alone.cells[0] == among.cells[0])
    }

    @Test func `logs that are too short are refused`() throws {
        #expect(throws: DrillError.shortLogs(days: 30)) {
            try Self.run(sizes: "5", rates: "5", days: 30)
        }
    }

    /// The logs' own profiles, with the fields of the account blocks left out as a log without them would be.
    @Test func `an injected campaign shows no field that the logs lack`() throws {
        let judgement = Judge(settings: JudgeSettings(threads: 2)).judge(Self.profiles)
        let host = HostTraffic(Self.profiles, judgement: judgement)
        #expect(host.fields.addresses && host.fields.payment && host.fields.created)
        let bare = HostTraffic(
            ProfileSet(), judgement: Judge(settings: JudgeSettings()).judge(ProfileSet()))
        for traffic in [host, bare] {
            let injection = Injection(
                CampaignSource.Shape(
                    accounts: 5, exchangesPerDay: 5, days: 3, endSeconds: 1_777_000_000, seed: 4),
                dilution: 0, cover: .personal,
                source: try CampaignSource(corpus: nil, seed: 1, prompts: 200), host: traffic,
                extractor: try SignalExtractor(rules: try Self.rules()), taken: [])
            #expect(injection.profiles.count == 5)
            let isKnown = traffic.fields.created
            for profile in injection.profiles {
                #expect((profile.facts.createdMicroseconds != nil) == isKnown)
                #expect(profile.addresses.entries.isEmpty != isKnown)
                #expect(profile.userAgents.entries.isEmpty != isKnown)
                #expect((profile.withText > 0) == isKnown)
            }
        }
    }
}
