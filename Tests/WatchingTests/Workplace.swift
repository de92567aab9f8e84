import CCompression
import Detection
import Exchanges
import Foundation
import Scanning
import Simulation

@testable import Watching

/// A folder of one test with logs and a state, removed with it.
final class Workplace {
    let path: String
    private static let rules = try! RuleSet(Rule.defaults)

    init() {
        path = NSTemporaryDirectory() + "stillwatch-watch-" + UUID().uuidString
        for folder in ["", "/logs"] {
            try! FileManager.default.createDirectory(
                atPath: path + folder, withIntermediateDirectories: true)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var logs: String { path + "/logs" }
    var state: String { path + "/state" }

    func log(_ name: String) -> String { logs + "/" + name }

    func append(_ bytes: some Sequence<UInt8>, to name: String) throws {
        let place = log(name)
        if !FileManager.default.fileExists(atPath: place) {
            _ = FileManager.default.createFile(atPath: place, contents: nil)
        }
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: place))
        defer { try? handle.close() }
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(bytes))
    }

    func write(_ bytes: some Sequence<UInt8>, to name: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: log(name)))
    }

    func move(_ name: String, to other: String) throws {
        try FileManager.default.moveItem(atPath: log(name), toPath: log(other))
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: log(name)) }

    func watcher(
        _ options: ScanOptions = ScanOptions(), rules: RuleSet = Workplace.rules
    ) throws -> Watcher {
        try Watcher(
            folder: StateFolder(path: state), paths: [logs], excluded: [], options: options,
            rules: rules, hasWebhook: false)
    }

    /// One round of a process of its own.
    @discardableResult func round(
        _ options: ScanOptions = ScanOptions()
    ) throws -> (findings: [UInt8], alerts: [String], messages: [String]) {
        let watcher = try watcher(options)
        let round = try watcher.read(progress: ScanProgress())
        let judgement = Self.judgement(round.result)
        let alerts = try watcher.finish(round, judgement)
        return (Self.findings(judgement), alerts, round.messages)
    }

    /// What a scan of `paths` finds.
    static func scan(_ paths: [String], _ options: ScanOptions = ScanOptions()) throws -> [UInt8] {
        let result = try Scanner(options: options, rules: rules).scan(
            InputSet(paths), progress: ScanProgress())
        return findings(judgement(result))
    }

    static func judgement(_ result: ScanResult) -> Judgement {
        Judge(settings: JudgeSettings()).judge(result.profiles)
    }

    static func findings(_ judgement: Judgement) -> [UInt8] {
        FindingsFile.verdicts(judgement) + FindingsFile.campaigns(judgement)
    }

    /// A small world with one campaign, as the bytes of its log.
    static func world(_ format: WorldFormat = .stillwatch) throws -> [UInt8] {
        let place = Workplace()
        var settings = WorldSettings(out: place.path, seed: 3, accounts: 60, days: 5)
        settings.campaigns = .named(["shared_hydra"])
        settings.exchanges = 1500
        settings.format = format
        _ = try World.write(settings)
        return [UInt8](FileManager.default.contents(atPath: place.path + "/exchanges.jsonl")!)
    }

    /// One gzip member.
    static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        deflateInit2_(
            &stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        defer { deflateEnd(&stream) }
        var input = bytes
        var output = [UInt8](repeating: 0, count: bytes.count + bytes.count / 100 + 1024)
        let count = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                deflate(&stream, Z_FINISH)
                return target.count - Int(stream.avail_out)
            }
        }
        return Array(output[..<count])
    }
}
