import ArgumentParser
import Detection
import Exchanges
import Foundation
import Scanning

/// Which logs are read, and how.
struct InputArguments: ParsableArguments {
    @Argument(help: "Files, folders, patterns, or - for standard input; plain, .gz or .zst.")
    var paths: [String] = []

    @Option(
        help: "Log format: auto, \(LogFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
    var format = "auto"

    @Option(help: "Threads; the number of processors if not given.")
    var threads: Int?

    @Option(name: .customLong("max-bad"), help: "Largest share of records that may be unreadable.")
    var maxBad = 0.01

    @Option(help: "Leave out exchanges before this time (RFC 3339, or seconds since 1970).")
    var since: String?

    @Option(help: "Leave out exchanges at or after this time.")
    var until: String?

    @Option(help: "More rules: a YAML list of id, category and pattern.")
    var rules: String?

    /// Some commands can do without.
    func requirePaths() throws {
        if paths.isEmpty { throw ValidationError("name a file, a folder, a pattern or -") }
    }

    func validate() throws {
        guard (0...1).contains(maxBad) else {
            throw ValidationError("--max-bad must be between 0 and 1, not \(maxBad)")
        }
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads must be between 1 and 1024, not \(threads)")
        }
        if format != "auto", LogFormat(rawValue: format) == nil {
            let known = LogFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--format '\(format)' is unknown; known are auto, \(known)")
        }
    }

    private static func time(_ text: String?, option: String) throws -> EventTime? {
        guard let text else { return nil }
        var copy = text
        let parsed = copy.withUTF8 { bytes -> EventTime? in
            let view = ByteView(base: bytes.baseAddress, count: bytes.count)
            return EventTime(rfc3339: view) ?? EventTime(date: view) ?? EventTime(unixSeconds: view)
        }
        guard let time = parsed else {
            throw ValidationError("\(option) '\(text)' is not a time such as 2026-04-22T00:00:00Z")
        }
        return time
    }

    func ruleSet() throws -> RuleSet {
        try RuleSet(Rule.defaults + (try rules.map(RuleFile.rules) ?? []))
    }

    var workers: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

    func options(keepText: Bool = false) throws -> ScanOptions {
        ScanOptions(
            format: LogFormat(rawValue: format), threads: workers,
            since: try Self.time(since, option: "--since"),
            until: try Self.time(until, option: "--until"),
            maximumBadShare: maxBad, keepText: keepText)
    }

    /// Everything read at once.
    func read() throws -> ScanResult { try read(paths, options()) }

    /// All of other inputs, whatever times were asked for.
    func read(past: String) throws -> ScanResult {
        var whole = try options()
        whole.since = nil
        whole.until = nil
        return try read([past], whole)
    }

    private func read(_ paths: [String], _ options: ScanOptions) throws -> ScanResult {
        let ruleSet = try ruleSet()
        let inputs = try InputSet(paths)
        let progress = ScanProgress()
        let display = ProgressDisplay(progress)
        let logs: ScanResult
        do {
            defer { display.stop() }
            logs = try Scanner(options: options, rules: ruleSet).scan(inputs, progress: progress)
        }
        if logs.profiles.isEmpty { throw ScanError.noExchanges }
        return logs
    }
}

/// Which logs are read, and at what bound they are judged: the same for a scan, a watch, a drill and a calibration.
struct LogArguments: ParsableArguments {
    @OptionGroup var inputs: InputArguments

    @OptionGroup var judging: JudgingArguments

    func validate() throws { try inputs.requirePaths() }

    /// Everything read at once, with what the account table says.
    func profiles() throws -> ScanResult {
        let table = try judging.accountTable()
        var logs = try inputs.read()
        if let table { logs.join(table) }
        return logs
    }
}
