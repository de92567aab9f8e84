import Detection
import Enforcement
import Exchanges
import Foundation
import Scanning
import Simulation
import Sketches
import Store
import Synchronization
import Testing

@testable import Gateway

@Suite("Judging in the background", .serialized)
struct JudgingTests {
    private func settings(_ folder: String) throws -> GatewaySettings {
        try GatewaySettings(
            yaml:
                "upstreams: [{url: \"http://127.0.0.1:1\"}]\nstate: \(folder)\njudging: {hold: 0s, confirm: 1}\n",
            path: "\(folder)/sw.yaml")
    }

    /// Everything of one gateway but its listeners.
    private struct Parts {
        let writer: LogWriter
        let judging: JudgingLoop

        init(_ settings: GatewaySettings, store: Store, name: String) throws {
            let metrics = Metrics()
            let folder = try LogFolder(
                path: settings.log.folder, gateway: name, retentionSeconds: nil)
            writer = LogWriter(
                settings: settings.log, folder: folder, metrics: metrics, messages: quiet)
            judging = JudgingLoop(
                store: store, writer: writer, budgets: .own(try BudgetBook(limits: [])),
                settings: settings, gateway: name, metrics: metrics, log: quiet)
            writer.start()
        }

        /// Gives the lines of a log to the writer, with the signals that the gateway would have measured.
        func write(_ lines: [[UInt8]]) throws {
            let extractor = try SignalExtractor(rules: try RuleSet(Rule.defaults))
            let decoder = RecordDecoder(format: .stillwatch)
            var entries: [LogEntry] = []
            for line in lines {
                let padded = line + [UInt8](repeating: 0, count: 64)
                padded.withUnsafeBytes { bytes in
                    decoder.decode(
                        UnsafeRawBufferPointer(rebasing: bytes[..<line.count]),
                        exchange: { exchange in
                            let isJudged = !exchange.endpoint.hasSuffix("/embeddings")
                            entries.append(
                                LogEntry(
                                    line: line + [0x0A],
                                    signals: isJudged ? extractor.signals(of: exchange) : nil))
                        }, fault: { _ in })
                }
            }
            let done = DispatchSemaphore(value: 0)
            writer.submit(entries) { _ in done.signal() }
            done.wait()
        }
    }

    /// A small world with a campaign in it: its log's lines.
    private func world(_ folder: String) throws -> [[UInt8]] {
        let summary = try World.write(
            WorldSettings(
                out: folder + "/world", seed: 1, accounts: 400, days: 14,
                campaigns: .named(["clean_hydra", "shared_hydra"])))
        let data = try Data(contentsOf: URL(fileURLWithPath: summary.files[0]))
        return data.split(separator: 0x0A).map { Array($0) }
    }

    @Test(
        "two gateways that share a store judge as one scan of both logs does, and names of campaigns stay"
    )
    func twoGateways() throws {
        let scratch = try Scratch()
        let lines = try world(scratch.path)
        let store = try Store(url: "sqlite:\(scratch.path)/store.db")
        var logs: [LogSettings] = []
        var parts: [Parts] = []
        for name in ["a", "b"] {
            var own = try settings("\(scratch.path)/\(name)")
            own.log.queueBytes = 1 << 30
            logs.append(own.log)
            parts.append(try Parts(own, store: store, name: name))
        }
        // Dealt over both, a part at a time, each part judged.
        let half = lines.count / 2
        for (index, line) in [lines[..<half], lines[half...]].enumerated() {
            for (number, part) in parts.enumerated() {
                try part.write(
                    line.enumerated().filter { $0.offset % 2 == number }.map(\.element))
                part.judging.flush()
            }
            #expect(parts[0].judging.judge())
            // The lease is the first one's.
            #expect(!parts[1].judging.judge())
            if index == 0 { _ = try store.campaigns() }
        }
        for part in parts { part.writer.stop() }
        let result = try Scanner(
            options: ScanOptions(threads: 1), rules: try RuleSet(Rule.defaults)
        ).scan(InputSet(logs.map(\.folder)), progress: ScanProgress())
        let judgement = Judge(settings: JudgeSettings()).judge(result.profiles)
        #expect(judgement.campaigns.contains { $0.verdict == .distillation })
        var wrong: [String] = []
        for expected in judgement.accounts {
            let stored = try store.verdict(account: expected.account)
            if stored?.verdict != expected.verdict.rawValue || stored?.score != expected.score {
                wrong.append(expected.account)
            }
        }
        #expect(wrong.isEmpty)
        let open = try store.campaigns().filter { $0.ended == nil }
        #expect(open.count == judgement.campaigns.count)

        // Blocked in one step; names and blocks outlive a judgement that changes nothing.
        let accused = try #require(open.first { $0.verdict == "distillation" })
        let count = try store.block(campaign: accused.id, by: "test", reason: "test", at: 1)
        #expect(count == accused.members)
        let names = try CampaignNames(store: store).names(for: judgement.campaigns)
        #expect(Set(names) == Set(open.map(\.id)))
    }

    @Test(
        "a finding stands for a while after the last judgement that made it, and its campaign with it"
    )
    func held() throws {
        func verdict(_ account: String, _ isAccused: Bool) -> VerdictRow {
            VerdictRow(
                account: account, verdict: isAccused ? "distillation" : "no_finding", score: 0.5,
                pValue: 1, qValue: 1, campaign: isAccused ? "C-0001" : nil, indicators: "[\"x\"]",
                firstFlagged: nil)
        }
        let campaign = CampaignRow(
            id: "C-0001", verdict: "distillation", members: 2, exchanges: 9, qValue: 0, detail: "{}"
        )
        func names(_ rows: [VerdictRow]) -> [String] {
            rows.filter { $0.verdict == "distillation" }.map(\.account)
        }
        var held = HeldFindings(seconds: 10, confirmations: 1)
        let first = held.keep(
            [verdict("a", true), verdict("b", true), verdict("c", false)], [campaign], now: 0)
        #expect(names(first.verdicts) == ["a", "b"])
        // b is accused again at 6 s, a is not.
        let second = held.keep(
            [verdict("a", false), verdict("b", true), verdict("c", false)], [campaign],
            now: 6_000_000)
        #expect(names(second.verdicts) == ["a", "b"])
        #expect(second.verdicts[0].indicators.contains(HeldFindings.indicator))
        #expect(!second.verdicts[1].indicators.contains(HeldFindings.indicator))
        // The judgement finds nothing, b is not even in its window.
        let third = held.keep([verdict("a", false), verdict("c", false)], [], now: 11_000_000)
        #expect(names(third.verdicts) == ["b"])
        #expect(third.campaigns.map(\.id) == ["C-0001"])
        let fourth = held.keep([verdict("a", false), verdict("c", false)], [], now: 16_000_000)
        #expect(names(fourth.verdicts).isEmpty)
        #expect(fourth.campaigns.isEmpty)
        // Without a time nothing is held.
        var brief = HeldFindings(seconds: 0, confirmations: 1)
        _ = brief.keep([verdict("a", true)], [campaign], now: 0)
        #expect(names(brief.keep([verdict("a", false)], [], now: 0).verdicts).isEmpty)

        // One judgement is not enough where two are wanted, nor are two that do not follow one another.
        var careful = HeldFindings(seconds: 10, confirmations: 2)
        var counted: [[String]] = []
        for isAccused in [true, false, true, true, false] {
            let kept = careful.keep([verdict("a", isAccused)], [campaign], now: 0).verdicts
            counted.append(names(kept))
            if counted.count == 1 {
                #expect(kept[0].verdict == "suspicious")
                #expect(kept[0].indicators.contains(HeldFindings.unconfirmed))
            }
        }
        #expect(counted == [[], [], [], ["a"], ["a"]])

        // A gateway that takes over the judging goes on with what stands in the store.
        let scratch = try Scratch()
        let store = try Store(url: "sqlite:\(scratch.path)/store.db")
        try store.putJudgement(
            verdicts: [verdict("a", true), verdict("c", false)], campaigns: [campaign], at: 1)
        var successor = HeldFindings(seconds: 10, confirmations: 1)
        try successor.load(from: store, now: 0)
        let taken = successor.keep([verdict("a", false), verdict("c", false)], [], now: 1)
        #expect(names(taken.verdicts) == ["a"])
        #expect(taken.campaigns.map(\.id) == ["C-0001"])
    }

    @Test("what cannot be stored is kept and brought later")
    func storeAway() throws {
        let scratch = try Scratch()
        let path = "\(scratch.path)/store.db"
        let store = try Store(url: "sqlite:\(path)")
        let part = try Parts(try settings(scratch.path), store: store, name: "a")
        var source = try LoggedExchanges(seed: 4)
        let submit = { (entry: LogEntry) in
            let done = DispatchSemaphore(value: 0)
            part.writer.submit([entry]) { _ in done.signal() }
            done.wait()
        }
        // A merge that cannot be made stands for a store that fails: bytes that are no profile.
        submit(try source.entry(1, account: "a"))
        let day = DayTables.day(of: EventTime(microseconds: 1_780_000_037_000_000))
        try store.addProfiles(
            [(day: day, account: "a", bytes: [1, 2, 3])], gateway: "other",
            position: LogPosition(segment: "", offset: 0), counters: [], merge: { $1 })
        part.judging.flush()
        #expect(try store.position(gateway: "a") == nil)
        try store.deleteProfiles(before: day + 1)
        submit(try source.entry(2, account: "a"))
        part.judging.flush()
        #expect(try store.position(gateway: "a") != nil)
        part.writer.stop()
        let rows = try store.profiles(changedAfter: 0, limit: 10)
        var exchanges = 0
        for row in rows where row.account == "a" {
            exchanges += Int(try profile(row.bytes).exchanges)
        }
        #expect(exchanges == 2)
    }

    private func profile(_ bytes: [UInt8]) throws -> AccountProfile {
        var reader = ByteReader(bytes)
        return try AccountProfile(from: &reader)
    }
}
