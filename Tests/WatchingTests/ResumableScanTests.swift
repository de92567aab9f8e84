import Detection
import Exchanges
import Foundation
import Scanning
import Simulation
import Testing

@testable import Watching

@Suite struct ResumableScanTests {
    private static let world = try! Workplace.world()
    private static let rules = try! RuleSet(Rule.defaults)
    /// Ends of lines at shares of the world's bytes.
    private static let cuts = [0.3, 0.5, 0.8].map { share in
        let start = Int(share * Double(world.count))
        return world[start...].firstIndex(of: 0x0a)! + 1
    }

    /// A process is killed here.
    private struct Killed {
        static let error = WatchError.damaged(path: "killed", reason: "by this test")
    }

    private func scan(
        _ place: Workplace, _ options: ScanOptions = ScanOptions(threads: 2), window: Int? = nil,
        batch: Int64 = 100_000, rules: RuleSet = ResumableScanTests.rules
    ) throws -> ResumableScan {
        try ResumableScan(
            folder: StateFolder(path: place.state), excluded: [], options: options, rules: rules,
            window: window, limits: BatchLimits(bytes: batch))
    }

    private func run(
        _ place: Workplace, _ options: ScanOptions = ScanOptions(threads: 2), window: Int? = nil,
        batch: Int64 = 100_000
    ) throws -> ResumableScan.Outcome {
        try scan(place, options, window: window, batch: batch)
            .run([place.logs], progress: ScanProgress())
    }

    /// Everything that an output file is made of.
    private func expect(
        _ found: ScanResult, isThatOf wanted: ScanResult, _ what: Comment,
        _ location: SourceLocation = #_sourceLocation
    ) {
        #expect(found.profiles == wanted.profiles, what, sourceLocation: location)
        #expect(found.inputs == wanted.inputs, what, sourceLocation: location)
        #expect(found.bad == wanted.bad, what, sourceLocation: location)
    }

    private func plain(
        _ place: Workplace, _ options: ScanOptions = ScanOptions()
    ) throws -> ScanResult {
        try Scanner(options: options, rules: Self.rules).scan(
            InputSet([place.logs]), progress: ScanProgress())
    }

    /// A log in three forms, the last without the end of its last line.
    private func mixed() throws -> Workplace {
        let place = Workplace()
        let cuts = [0] + Self.cuts + [Self.world.count]
        try place.write(Self.world[cuts[0]..<cuts[1]] + Array("not json\n".utf8), to: "a.jsonl")
        try place.write(Workplace.gzip(Array(Self.world[cuts[1]..<cuts[2]])), to: "b.jsonl.gz")
        try place.write(Self.blocks(Array(Self.world[cuts[2]..<cuts[3]])), to: "c.jsonl.gz")
        try place.write(Self.world[cuts[3]...].dropLast(30), to: "d.jsonl")
        try place.write([], to: "empty.jsonl")
        return place
    }

    /// BGZF, a block for every 20,000 bytes.
    private static func blocks(_ bytes: [UInt8]) -> [UInt8] {
        var packed: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 20_000) {
            let member = Workplace.gzip(Array(bytes[start..<min(start + 20_000, bytes.count)]))
            let size = member.count + 8 - 1
            packed += member[..<3] + [4] + member[4..<10]
            packed += [6, 0] + Array("BC".utf8) + [2, 0, UInt8(size & 255), UInt8(size >> 8)]
            packed += member[10...]
        }
        return packed
    }

    @Test func `batches of any size give a scan's results`() throws {
        let place = try mixed()
        let wanted = try plain(place)
        for batch: Int64 in [30_000, 250_000, 1 << 30] {
            try? FileManager.default.removeItem(atPath: place.state)
            let found = try run(place, batch: batch)
            expect(found.result, isThatOf: wanted, "batches of \(batch) bytes")
            let again = try run(place)
            expect(again.result, isThatOf: wanted, "again after batches of \(batch) bytes")
        }
    }

    @Test func `killed between any two steps, it goes on to the same results`() throws {
        let place = try mixed()
        let wanted = try plain(place)
        var stopped = 0
        while true {
            try? FileManager.default.removeItem(atPath: place.state)
            if try kill(place, after: stopped) { break }
            stopped += 1
            // The one that goes on is killed too, once.
            _ = try kill(place, after: stopped % 3)
            let found = try run(place)
            expect(found.result, isThatOf: wanted, "killed after \(stopped) steps")
        }
        #expect(stopped > 20)
    }

    /// Runs until so many steps were done.
    ///
    /// - Returns: whether it came to its end before.
    private func kill(_ place: Workplace, after steps: Int) throws -> Bool {
        let scan = try scan(place)
        var left = steps
        scan.onStep = { _ throws(WatchError) in
            left -= 1
            if left < 0 { throw Killed.error }
        }
        return (try? scan.run([place.logs], progress: ScanProgress())) != nil
    }

    @Test func `what was committed is not read again`() throws {
        let place = try mixed()
        let size = try #require(try plain(place).inputs.first { $0.path.hasSuffix("a.jsonl") })
            .bytes
        do {
            let first = try scan(place)
            var commits = 0
            first.onStep = { step throws(WatchError) in
                if step == .committed { commits += 1 }
                if commits == 3 { throw Killed.error }
            }
            _ = try? first.run([place.log("a.jsonl")], progress: ScanProgress())
        }
        let progress = ScanProgress()
        _ = try scan(place).run([place.log("a.jsonl")], progress: progress)
        #expect(progress.bytesRead > 0)
        #expect(progress.bytesRead <= size - 3 * 100_000)
    }

    @Test func `segments that no manifest names are removed`() throws {
        let place = try mixed()
        _ = try run(place)
        let left = place.state + "/segment-99999"
        _ = FileManager.default.createFile(atPath: left, contents: Data([1]))
        _ = try scan(place)
        #expect(!FileManager.default.fileExists(atPath: left))
    }

    @Test func `files that grow, come and are renamed add up to a scan of everything`() throws {
        let place = Workplace()
        let cuts = Self.cuts
        try place.write(Self.world[..<(cuts[0] - 40)], to: "a.jsonl")
        expect(try run(place).result, isThatOf: try plain(place), "an incomplete line")
        try place.append(Self.world[(cuts[0] - 40)..<cuts[1]], to: "a.jsonl")
        expect(try run(place).result, isThatOf: try plain(place), "grown")
        try place.move("a.jsonl", to: "a-1.jsonl")
        try place.append(Array("bad\n".utf8), to: "a-1.jsonl")
        try place.write(Self.world[cuts[1]..<cuts[2]].dropLast(1), to: "a.jsonl")
        expect(
            try run(place).result, isThatOf: try plain(place), "renamed, and a line feed missing")
        try place.append([0x0a] + Self.world[cuts[2]...], to: "a.jsonl")
        expect(try run(place).result, isThatOf: try plain(place), "the line feed, and more")
        try place.write(Self.world.prefix(0), to: "b.jsonl")
        expect(try run(place).result, isThatOf: try plain(place), "an empty file")
        try place.write(Self.world.prefix(Self.world.firstIndex(of: 0x0a)! + 1), to: "b.jsonl")
        expect(try run(place).result, isThatOf: try plain(place), "one record")
        try place.append(Self.world.prefix(cuts[0]), to: "b.jsonl")
        expect(try run(place).result, isThatOf: try plain(place), "more than a record")
    }

    @Test func `what vanished stays counted, and what was replaced is told`() throws {
        let place = Workplace()
        let cut = Self.cuts[0]
        try place.write(Self.world[..<cut], to: "a.jsonl")
        _ = try run(place)
        try place.write(Self.world[cut...], to: "a.jsonl")
        let second = try run(place)
        #expect(second.messages.contains { $0.contains("a.jsonl was replaced or cut short") })
        let all = Workplace()
        try all.write(Self.world, to: "a.jsonl")
        #expect(second.result.profiles == (try plain(all)).profiles)
        #expect(second.result.inputs.count == 2)
        try place.remove("a.jsonl")
        try place.write(Self.world[..<0], to: "b.jsonl")
        #expect(try run(place).result.profiles == second.result.profiles)
    }

    @Test(arguments: [1, 2, 4])
    func `a window gives what --since its first day gives`(days: Int) throws {
        let place = try mixed()
        let found = try run(place, window: days)
        let since = try #require(found.since)
        #expect(since.microseconds % 86_400_000_000 == 0)
        let wanted = try plain(place, ScanOptions(since: since))
        expect(found.result, isThatOf: wanted, "\(days) days")
        let last = try #require(found.result.times?.last)
        #expect((last - since.microseconds) / 86_400_000_000 == Int64(days - 1))
    }

    @Test func `a window moves on, and what comes late for an expired day is left out`() throws {
        let place = Workplace()
        var lines: [[[UInt8]]] = Array(repeating: [], count: 3)
        for (index, line) in Self.world.split(separator: 0x0a).enumerated() {
            // Of the first third every fourth line comes last.
            let isEarly = index < 500
            lines[isEarly ? (index % 4 == 0 ? 2 : 0) : 1].append(Array(line))
        }
        for (index, part) in lines.enumerated() {
            let bytes: [UInt8] = part.flatMap { (line: [UInt8]) -> [UInt8] in line + [0x0a] }
            try place.write(bytes, to: "\(index).jsonl")
            let found = try run(place, window: 3)
            let wanted = try plain(place, ScanOptions(since: found.since))
            expect(found.result, isThatOf: wanted, "part \(index)")
        }
        // Days that were deleted do not come back.
        let narrow = try run(place, window: 1)
        let wide = try run(place)
        #expect(wide.result.profiles == narrow.result.profiles)
        #expect(wide.messages.contains { $0.contains("deleted from the state") })
    }

    @Test func `another setting is refused`() throws {
        let place = try mixed()
        _ = try run(place)
        let changed: [(String, ScanOptions)] = [
            ("--format", ScanOptions(format: .stillwatch)),
            ("--since", ScanOptions(since: EventTime(microseconds: 1))),
            ("--show-text", ScanOptions(keepText: true)),
        ]
        for (name, options) in changed {
            #expect {
                try scan(place, options)
            } throws: {
                "\($0)".contains(name)
            }
        }
        let more = try RuleSet(
            Rule.defaults + [Rule(id: "one.more", category: .coding, pattern: "more")])
        #expect {
            try scan(place, rules: more)
        } throws: {
            "\($0)".contains("--rules")
        }
    }

    @Test func `a damaged, exchanged or missing segment is noticed and named`() throws {
        let place = try mixed()
        _ = try run(place)
        let names = try FileManager.default.contentsOfDirectory(atPath: place.state)
            .filter { $0.hasPrefix("segment-") }.sorted()
        let path = place.state + "/" + names[0]
        let bytes = [UInt8](FileManager.default.contents(atPath: path)!)
        let other = FileManager.default.contents(atPath: place.state + "/" + names[1])!
        var changed = bytes
        changed[bytes.count / 2] ^= 1
        let wrongs: [Data?] = [Data(changed), Data(bytes.dropLast(5)), other, nil]
        for wrong in wrongs {
            try? FileManager.default.removeItem(atPath: path)
            if let wrong { try wrong.write(to: URL(fileURLWithPath: path)) }
            #expect {
                try run(place)
            } throws: {
                "\($0)".contains(path) && "\($0)".contains("delete \(place.state)")
            }
        }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        expect(try run(place).result, isThatOf: try plain(place), "put back")
    }

    @Test func `a format that later records correct is an error that says so`() throws {
        let plain =
            #"{"time":"2026-04-22T00:00:01Z","account":{"id":"a"},"request":{"model":"m","messages":[{"role":"user","content":"one"}]}}"#
        let body =
            #"{"time":"2026-04-22T00:00:02Z","account":{"id":"b"},"request":{"model":"m","messages":[{"role":"user","content":"two"}]},"response":{"object":"chat.completion","choices":[]}}"#
        let place = Workplace()
        try place.append((plain + "\n").utf8, to: "a.jsonl")
        _ = try run(place)
        for _ in 0..<30 { try place.append((body + "\n").utf8, to: "a.jsonl") }
        #expect {
            try run(place)
        } throws: {
            "\($0)".contains("--format")
        }
    }
}
