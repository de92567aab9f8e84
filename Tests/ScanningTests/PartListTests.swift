import Detection
import Exchanges
import Foundation
import Testing

@testable import Scanning

@Suite struct PartListTests {
    private static func line(_ path: String, _ start: Int64, _ end: Int64?) -> String {
        #"{"path": "\#(path)", "start": \#(start), "end": \#(end.map(String.init) ?? "null")}"#
    }

    private func read(_ lines: [String], threads: Int = 1) throws -> ScanResult {
        let list = try PartList(Data((lines.joined(separator: "\n") + "\n").utf8))
        return try Scanner(
            options: ScanOptions(format: .stillwatch, threads: threads), rules: SmallLog.rules
        ).read(list, progress: ScanProgress())
    }

    @Test(arguments: UInt64(1)...4) func `any partition of files gives what a scan gives`(
        seed: UInt64
    ) throws {
        let folder = Folder()
        let half = SmallLog.bytes.count / 2
        let plain = try folder.write("a.jsonl", SmallLog.bytes[..<half])
        let packed = try folder.write(
            "b.jsonl.zst", Packed.zstandard(Array(SmallLog.bytes[half...])))
        let whole = try Scanner(
            options: ScanOptions(format: .stillwatch, threads: 1, maximumBadShare: 1),
            rules: SmallLog.rules
        ).scan(InputSet([folder.path]), progress: ScanProgress())
        var random = SplitMix(seed: seed)
        var cuts: Set<Int64> = [0, 1, Int64(half)]
        let feeds = (0..<half).filter { SmallLog.bytes[$0] == 0x0a }
        for _ in 0..<12 {
            let feed = Int64(feeds.randomElement(using: &random)!)
            cuts.insert([feed, feed + 1].randomElement(using: &random)!)
            cuts.insert(Int64.random(in: 0...Int64(half), using: &random))
        }
        let ordered = cuts.sorted()
        var lines = zip(ordered, ordered.dropFirst()).map { start, end in
            Self.line(plain, start, end == Int64(half) && seed % 2 == 0 ? nil : end)
        }
        lines += [
            Self.line(packed, 0, nil), #"{"path": "\#(plain)", "digest": true}"#,
            #"{"path": "\#(packed)", "digest": true}"#, "",
            // Nothing begins here.
            Self.line(plain, 7, 7), Self.line(plain, Int64(half) + 9, Int64(half) + 99),
        ]
        lines.shuffle(using: &random)
        let together = try read(lines, threads: 3)
        #expect(together.profiles == whole.profiles, "seed \(seed)")
        #expect(together.inputs == whole.inputs, "seed \(seed)")
        #expect(together.bad == whole.bad, "seed \(seed)")
        let apart = try lines.map { try read([$0]) }.shuffled(using: &random)
        let merged = ScanResult.merged(apart, threads: 2)
        #expect(merged.profiles == whole.profiles, "seed \(seed)")
        #expect(merged.inputs == whole.inputs, "seed \(seed)")
        #expect(merged.bad == whole.bad, "seed \(seed)")
    }

    @Test func `an empty list reads nothing`() throws {
        #expect(try read(["", " \r"]).profiles.isEmpty)
    }

    @Test func `a bad line is an error that says which`() throws {
        let folder = Folder()
        let plain = try folder.write("a.jsonl", text: SmallLog.lines[0] + "\n")
        let packed = try folder.write("a.jsonl.gz", Packed.gzip(Array(SmallLog.lines[0].utf8)))
        let bad = [
            "no JSON", "[]", "{}", #"{"path": 5}"#, #"{"path": "\#(plain)", "start": "0"}"#,
            Self.line(plain, -1, 5), Self.line(plain, 5, 4), Self.line(packed, 3, nil),
            Self.line(packed, 0, 30), #"{"path": "\#(plain)", "start": 1e300}"#,
        ]
        for line in bad {
            do {
                _ = try read([Self.line(plain, 0, nil), "", line])
                Issue.record("\(line) was taken")
            } catch let error as ScanError {
                guard case .partList(line: 3, _) = error else {
                    Issue.record("\(line): \(error)")
                    continue
                }
                #expect("\(error)".contains("line 3"))
            }
        }
        do {
            _ = try read([Self.line(folder.path + "/missing.jsonl", 0, nil)])
            Issue.record("a missing file was taken")
        } catch let error as ScanError {
            guard case .notFound(let path) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(path == folder.path + "/missing.jsonl")
        }
    }
}
