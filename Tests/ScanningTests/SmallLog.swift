import Detection
import Exchanges
import Foundation
import Simulation
import Testing

@testable import Scanning

/// A small world's log with bad records in it.
enum SmallLog {
    /// The lines of a world with one campaign.
    static let lines: [String] = {
        let folder = Folder()
        var settings = WorldSettings(out: folder.path, seed: 5, accounts: 40, days: 4)
        settings.campaigns = .named(["shared_hydra"])
        settings.exchanges = 400
        _ = try! World.write(settings)
        let data = FileManager.default.contents(atPath: folder.path + "/exchanges.jsonl")!
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }()

    /// The log's bytes: an empty line, bad records of two kinds, and a last line without its line feed.
    static let bytes: [UInt8] = {
        var lines = Self.lines
        lines.insert("", at: 10)
        lines.insert("{\"time\": 5}", at: 250)
        lines.insert("no record " + String(repeating: "x", count: 3000), at: 130)
        lines.insert("none either", at: 60)
        return Array(lines.joined(separator: "\n").utf8)
    }()

    static let rules = try! RuleSet(Rule.defaults)

    /// A scan as users run it.
    static func scan(_ path: String, threads: Int = 1) throws -> ScanResult {
        try Scanner(
            options: ScanOptions(format: .stillwatch, threads: threads, maximumBadShare: 1),
            rules: rules
        ).scan(InputSet([path]), progress: ScanProgress())
    }

    /// A scan cut into pieces of about `rangeBytes`, taken in any order by two workers on one table.
    static func scan(
        _ path: String, rangeBytes: Int64, _ random: inout some RandomNumberGenerator
    ) throws -> (result: ScanResult, pieces: Int) {
        let file = try InputSet([path]).files[0]
        let part = InputPart(
            file: file, start: 0, end: file.isSeekable ? file.size : .max, format: .stillwatch,
            isDigested: true)
        let table = ProfileTable()
        let workers = try (0..<2).map { _ in
            try ScanWorker(
                files: [file], formats: [.stillwatch],
                options: ScanOptions(format: .stillwatch), rules: rules, table: table,
                progress: ScanProgress())
        }
        let pieces = try Scanner.pieces(of: [part], rangeBytes: rangeBytes)
        for piece in pieces.shuffled(using: &random) {
            try workers[Int.random(in: 0..<2, using: &random)].run(piece)
        }
        workers[0].merge(workers[1])
        return (workers[0].takeResult(), pieces.count)
    }
}

/// Whether two scans read the same, wherever it stood and however it was packed.
func expectSame(
    _ own: ScanResult, _ other: ScanResult, _ note: String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    func bare(_ reports: [InputReport]) -> [InputReport] {
        reports.map {
            var report = $0
            report.path = ""
            report.digest = ""
            return report
        }
    }
    func bare(_ faults: [BadRecordSummary]) -> [BadRecordSummary] {
        faults.map {
            var fault = $0
            fault.file = ""
            return fault
        }
    }
    #expect(own.profiles == other.profiles, "\(note)", sourceLocation: sourceLocation)
    #expect(bare(own.inputs) == bare(other.inputs), "\(note)", sourceLocation: sourceLocation)
    #expect(bare(own.bad) == bare(other.bad), "\(note)", sourceLocation: sourceLocation)
    #expect(own.times?.first == other.times?.first, "\(note)", sourceLocation: sourceLocation)
    #expect(own.times?.last == other.times?.last, "\(note)", sourceLocation: sourceLocation)
}
