import Detection
import Exchanges
import Foundation
import Scanning
import Simulation
import Testing

@testable import Watching

@Suite struct WatcherTests {
    private static let world = try! Workplace.world()
    private static let findings = try! scanned(world)

    private static func scanned(_ bytes: [UInt8]) throws -> [UInt8] {
        let place = Workplace()
        try place.write(bytes, to: "all.jsonl")
        return try Workplace.scan([place.log("all.jsonl")])
    }

    /// Ends of lines, the first at or after each share of the bytes.
    private static func cuts(_ bytes: [UInt8], _ shares: [Double]) -> [Int] {
        shares.map { share in
            let start = Int(share * Double(bytes.count))
            return bytes[start...].firstIndex(of: 0x0a)! + 1
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `any steps, within lines too, give a scan's bytes`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let place = Workplace()
        let bytes = Self.world
        var cuts = (0..<8).map { _ in Int(random.next() % UInt64(bytes.count)) }.sorted()
        cuts.append(bytes.count)
        var start = 0
        var last: [UInt8] = []
        for cut in cuts {
            try place.append(bytes[start..<cut], to: "a.jsonl")
            last = try place.round(ScanOptions(threads: 2)).findings
            start = cut
        }
        #expect(last == Self.findings, "seed \(seed)")
    }

    @Test(arguments: [WorldFormat.otel, .litellm, .openai, .anthropic, .kong])
    func `every format gives a scan's bytes, from its first record on`(format: WorldFormat) throws {
        let place = Workplace()
        let bytes = try Workplace.world(format)
        let cuts = [0] + Self.cuts(bytes, [0, 0.005, 0.4]) + [bytes.count]
        var last: [UInt8] = []
        for (start, end) in zip(cuts, cuts.dropFirst()) {
            try place.append(bytes[start..<end], to: "a.jsonl")
            last = try place.round().findings
        }
        #expect(last == (try Self.scanned(bytes)))
    }

    @Test func `every round's findings are a scan's of the same lines`() throws {
        let place = Workplace()
        var start = 0
        for cut in Self.cuts(Self.world, [0.2, 0.5, 0.9]) {
            try place.append(Self.world[start..<cut], to: "a.jsonl")
            let found = try place.round().findings
            #expect(found == (try Self.scanned(Array(Self.world[..<cut]))), "up to \(cut)")
            start = cut
        }
    }

    @Test func `one process over many rounds gives a scan's bytes`() throws {
        let place = Workplace()
        let watcher = try place.watcher()
        var start = 0
        var last: [UInt8] = []
        for cut in Self.cuts(Self.world, [0, 0.3, 0.6]) + [Self.world.count] {
            try place.append(Self.world[start..<cut], to: "a.jsonl")
            let round = try watcher.read(progress: ScanProgress())
            let judgement = Workplace.judgement(round.result)
            _ = try watcher.finish(round, judgement)
            last = Workplace.findings(judgement)
            start = cut
        }
        #expect(last == Self.findings)
    }

    @Test func `new files and packed ones add up to a scan's bytes`() throws {
        let place = Workplace()
        let cuts = [0] + Self.cuts(Self.world, [0.001, 0.3, 0.6]) + [Self.world.count]
        var last: [UInt8] = []
        for (index, name) in ["tiny.jsonl", "b.jsonl.gz", "c.log", "d.jsonl.gz"].enumerated() {
            let part = Array(Self.world[cuts[index]..<cuts[index + 1]])
            try place.write(name.hasSuffix(".gz") ? Workplace.gzip(part) : part, to: name)
            last = try place.round().findings
        }
        #expect(last == Self.findings)
        let again = try place.watcher().read(progress: ScanProgress())
        #expect(!again.isNew)
    }

    @Test func `a packed file that is still being written is left for the next round`() throws {
        let place = Workplace()
        let cut = Self.cuts(Self.world, [0.5])[0]
        try place.write(Self.world[..<cut], to: "a.jsonl")
        let packed = Workplace.gzip(Array(Self.world[cut...]))
        try place.write(packed.prefix(packed.count / 2), to: "b.jsonl.gz")
        let first = try place.round()
        #expect(first.findings == (try Self.scanned(Array(Self.world[..<cut]))))
        #expect(first.messages.contains { $0.contains("b.jsonl.gz") && $0.contains("next round") })
        try place.write(packed, to: "b.jsonl.gz")
        #expect(try place.round().findings == Self.findings)
    }

    @Test func `a renamed file goes on, and a new one under its name is new`() throws {
        let place = Workplace()
        let cuts = Self.cuts(Self.world, [0.3, 0.4, 0.7])
        try place.write(Self.world[..<cuts[0]], to: "a.jsonl")
        try place.round()
        // Written to after the last round, renamed, begun anew.
        try place.append(Self.world[cuts[0]..<cuts[1]], to: "a.jsonl")
        try place.move("a.jsonl", to: "a-1.jsonl")
        try place.append(Self.world[cuts[1]..<cuts[2]], to: "a.jsonl")
        try place.round()
        try place.append(Self.world[cuts[2]...], to: "a.jsonl")
        #expect(try place.round().findings == Self.findings)
    }

    @Test func `a file that is packed after it was read is not read twice`() throws {
        let place = Workplace()
        let cuts = Self.cuts(Self.world, [0.3, 0.4])
        try place.write(Self.world[..<cuts[0]], to: "a.jsonl")
        try place.round()
        try place.write(Workplace.gzip(Array(Self.world[..<cuts[1]])), to: "a-1.jsonl.gz")
        try place.remove("a.jsonl")
        try place.write(Self.world[cuts[1]...], to: "a.jsonl")
        #expect(try place.round().findings == Self.findings)
    }

    @Test func `a file cut short is read as a new one, with a message`() throws {
        let place = Workplace()
        let cut = Self.cuts(Self.world, [0.6])[0]
        try place.write(Self.world[..<cut], to: "a.jsonl")
        try place.round()
        let handle = try FileHandle(
            forWritingTo: URL(fileURLWithPath: place.log("a.jsonl")))
        try handle.truncate(atOffset: 0)
        try handle.close()
        try place.append(Self.world[cut...], to: "a.jsonl")
        let second = try place.round()
        #expect(second.findings == Self.findings)
        #expect(second.messages.contains { $0.contains("a.jsonl was replaced or cut short") })
    }

    @Test func `records of a file that is gone are kept, however few`() throws {
        let place = Workplace()
        let cut = Self.world.firstIndex(of: 0x0a)! + 1
        try place.write(Self.world[..<cut], to: "a.jsonl")
        try place.round()
        try place.remove("a.jsonl")
        try place.write(Self.world[cut...], to: "b.jsonl")
        #expect(try place.round().findings == Self.findings)
    }

    @Test func `a format that later records correct is corrected from the first on`() throws {
        // A request without an answer looks native; what follows shows bodies in an envelope.
        let plain =
            #"{"time":"2026-04-22T00:00:01Z","account":{"id":"a"},"request":{"model":"m","messages":[{"role":"user","content":"one"}]}}"#
        let body =
            #"{"time":"2026-04-22T00:00:02Z","account":{"id":"b"},"request":{"model":"m","messages":[{"role":"user","content":"two"}]},"response":{"object":"chat.completion","choices":[]}}"#
        let place = Workplace()
        try place.append((plain + "\n").utf8, to: "a.jsonl")
        try place.round()
        for _ in 0..<30 { try place.append((body + "\n").utf8, to: "a.jsonl") }
        let found = try place.round().findings
        #expect(found == (try Workplace.scan([place.log("a.jsonl")])))
    }

    @Test func `an incomplete last line waits for its end`() throws {
        let place = Workplace()
        let end = Self.world.firstIndex(of: 0x0a)!
        try place.write(Self.world[..<end], to: "a.jsonl")
        let watcher = try place.watcher()
        let first = try watcher.read(progress: ScanProgress())
        #expect(!first.isNew)
        try place.append(Self.world[end...end], to: "a.jsonl")
        let second = try watcher.read(progress: ScanProgress())
        #expect(second.newExchanges == 1)
    }

    @Test func `too many bad records leave the state as it was`() throws {
        let place = Workplace()
        try place.write(Self.world, to: "a.jsonl")
        try place.round()
        let before = FileManager.default.contents(atPath: place.state + "/state")
        try place.append(String(repeating: "not json\n", count: 100).utf8, to: "a.jsonl")
        #expect(throws: WatchError.self) { try place.round() }
        #expect(FileManager.default.contents(atPath: place.state + "/state") == before)
        let round = try place.watcher(ScanOptions(maximumBadShare: 0.5)).read(
            progress: ScanProgress())
        #expect(round.result.bad.map(\.count) == [100])
        #expect(round.result.bad[0].offset == Int64(Self.world.count))
    }

    @Test func `the program's own files are no logs`() throws {
        let place = Workplace()
        try place.write(Self.world, to: "a.jsonl")
        let state = place.logs + "/state"
        for _ in 0..<2 {
            let watcher = try Watcher(
                folder: StateFolder(path: state), paths: [place.logs], excluded: [],
                options: ScanOptions(), rules: RuleSet(Rule.defaults), hasWebhook: false)
            let round = try watcher.read(progress: ScanProgress())
            _ = try watcher.finish(round, Workplace.judgement(round.result))
            #expect(round.result.inputs.map(\.path) == [place.log("a.jsonl")])
        }
    }
}
