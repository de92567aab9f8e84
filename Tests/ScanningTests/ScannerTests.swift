import Detection
import Exchanges
import Foundation
import Simulation
import Testing

@testable import Scanning

@Suite struct ScannerTests {
    /// A small world with one campaign, as lines.
    private static let world: [String] = {
        let folder = Folder()
        var settings = WorldSettings(out: folder.path, seed: 3, accounts: 60, days: 5)
        settings.campaigns = .named(["shared_hydra"])
        settings.exchanges = 1500
        _ = try! World.write(settings)
        let data = FileManager.default.contents(atPath: folder.path + "/exchanges.jsonl")!
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }()

    private func scan(_ paths: [String], _ options: ScanOptions = ScanOptions()) throws
        -> ScanResult
    {
        let rules = try RuleSet(Rule.defaults)
        return try Scanner(options: options, rules: rules).scan(
            InputSet(paths), progress: ScanProgress())
    }

    private func findings(_ result: ScanResult) -> [UInt8] {
        let judgement = Judge(settings: JudgeSettings()).judge(result.profiles)
        return FindingsFile.verdicts(judgement) + FindingsFile.campaigns(judgement)
    }

    @Test func `threads, splitting and packing change no profile and no finding`() throws {
        let folder = Folder()
        let text = Self.world.joined(separator: "\n") + "\n"
        let whole = try folder.write("whole.jsonl", text: text)
        let expected = try scan([whole])
        let accounts = expected.profiles.map(\.account)
        #expect(Set(accounts).count == accounts.count)
        var parts: [String] = []
        for part in 0..<3 {
            let lines = Self.world.enumerated().filter { $0.offset % 3 == part }.map(\.element)
            let bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
            let packed =
                [bytes, Packed.gzip(bytes), Packed.zstandard(bytes)][part]
            let ending = ["", ".gz", ".zst"][part]
            parts.append(try folder.write("part\(part).jsonl\(ending)", packed))
        }
        for threads in [1, 2, 4] {
            let split = try scan(parts.reversed(), ScanOptions(threads: threads))
            #expect(split.profiles == expected.profiles, "\(threads) threads")
            if threads == 4 { #expect(findings(split) == findings(expected)) }
        }
    }

    @Test func `otel and litellm logs of one world give the same verdicts`() throws {
        var verdicts: [[String]] = []
        for format in [WorldFormat.stillwatch, .otel, .litellm] {
            let folder = Folder()
            // A campaign well below the bound: formats that do not log embeddings have other accounts, and with them one
            // group to test more or less.
            var settings = WorldSettings(out: folder.path, seed: 4, accounts: 90, days: 5)
            settings.campaigns = .named(["shared_hydra"])
            settings.exchanges = 2500
            settings.format = format
            _ = try World.write(settings)
            var result = try scan([folder.path + "/exchanges.jsonl"])
            var bytes = [UInt8](
                FileManager.default.contents(atPath: folder.path + "/accounts.csv") ?? Data())
            let count = bytes.count
            bytes += [UInt8](repeating: 0, count: 64)
            let table = try bytes.withUnsafeBytes {
                try AccountTable.parse(
                    UnsafeRawBufferPointer(rebasing: $0[..<count]), isCSV: true)
            }
            result.join(table)
            // Embeddings are no model calls to these two formats, which count them as ignored.
            let labels = String(
                decoding: FileManager.default.contents(atPath: folder.path + "/labels.csv")!,
                as: UTF8.self)
            let embedders = labels.split(separator: "\n").filter {
                $0.hasSuffix(",embedding_backfill")
            }.map { $0.prefix { $0 != "," } }
            verdicts.append(
                Judge(settings: JudgeSettings()).judge(result.profiles).accounts.filter {
                    !embedders.contains($0.account[...])
                }.map { "\($0.account) \($0.verdict)" })
        }
        #expect(verdicts[0].contains { $0.hasSuffix(" distillation") }, "seed 4")
        #expect(verdicts[0] == verdicts[1], "otel")
        #expect(verdicts[0] == verdicts[2], "litellm")
    }

    @Test func `ranges of any length deliver every line once`() throws {
        let folder = Folder()
        let lines = Self.world.prefix(40)
        let path = try folder.write("a.jsonl", text: lines.joined(separator: "\r\n"))
        let whole = try scan([path])
        for step: Int64 in [997, 4096, 50_000] {
            let files = try InputSet([path]).files
            let table = ProfileTable()
            let worker = try ScanWorker(
                files: files, formats: [.stillwatch], options: ScanOptions(),
                rules: RuleSet(Rule.defaults), table: table, progress: ScanProgress())
            let part = InputPart(
                file: files[0], start: 0, end: files[0].size, format: .stillwatch, isDigested: true)
            for piece in try Scanner.pieces(of: [part], rangeBytes: step) { try worker.run(piece) }
            #expect(worker.takeResult().profiles == whole.profiles, "ranges of \(step)")
            #expect(worker.inputs[0].bytes == files[0].size, "ranges of \(step)")
        }
    }

    @Test func `bad records are counted by reason with the first one's place`() throws {
        let folder = Folder()
        let good = Self.world[0]
        let path = try folder.write("a.jsonl", text: "\(good)\nnot json\n{}\nnor this\n\(good)\n")
        let result = try scan([path], ScanOptions(format: .stillwatch, maximumBadShare: 1))
        let offset = Int64(good.utf8.count + 1)
        let first = result.bad.first { $0.reason == .notJSON }
        #expect(first?.count == 2)
        #expect(first?.file == path)
        #expect(first?.offset == offset)
        #expect(result.bad.first { $0.reason == .missingField }?.offset == offset + 9)
        #expect(result.exchanges == 2)
    }

    @Test func `too many bad records end the scan`() throws {
        let folder = Folder()
        let path = try folder.write("a.jsonl", text: "\(Self.world[0])\nnot json\n")
        do {
            _ = try scan([path], ScanOptions(format: .stillwatch, maximumBadShare: 0.4))
            Issue.record("half of the records were bad")
        } catch let error as ScanError {
            guard case .tooManyBad(let bad, let records, _, _) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(bad == 1)
            #expect(records == 2)
        }
    }

    @Test func `a byte order mark is not part of the first record`() throws {
        let folder = Folder()
        let path = try folder.write("a.jsonl", text: "\u{feff}\(Self.world[0])\n")
        #expect(try scan([path]).exchanges == 1)
    }

    @Test func `an empty file has no exchange`() throws {
        let folder = Folder()
        #expect(try scan([folder.write("a.jsonl", text: "")]).profiles.isEmpty)
    }

    @Test func `since is in, until is out`() throws {
        let folder = Folder()
        let lines = (0..<4).map {
            #"{"time":\#(1_776_816_000 + $0),"account":{"id":"a"},"request":{"prompt":"hi"}}"#
        }
        let path = try folder.write("a.jsonl", text: lines.joined(separator: "\n") + "\n")
        let second = { (offset: Int64) in
            EventTime(microseconds: (1_776_816_000 + offset) * 1_000_000)
        }
        let result = try scan([path], ScanOptions(since: second(1), until: second(3)))
        #expect(result.profiles.map(\.exchanges) == [2])
        #expect(result.inputs[0].outsideTime == 2)
    }
}
