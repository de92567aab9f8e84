import ArgumentParser
import CaseFiles
import Detection
import Exchanges
import Foundation
import Scanning

/// At what bound accounts are judged, and with what facts of theirs.
struct JudgingArguments: ParsableArguments {
    @Option(help: "Account table (.csv or .jsonl) with the sign-up facts that no log carries.")
    var accounts: String?

    @Option(help: "False-discovery bound: the share of accused campaigns that may be innocent.")
    var fdr = 0.01

    func validate() throws {
        guard (0...1).contains(fdr), fdr > 0 else {
            throw ValidationError("--fdr must be above 0 and at most 1, not \(fdr)")
        }
    }

    func accountTable() throws -> AccountTable? { try accounts.map(AccountFile.read) }
}

/// Where results go and how they are presented: the same for a scan, a watch and a judgement of profiles.
struct OutputArguments: ParsableArguments {
    @Option(help: "Folder for the results; made if it is not there.")
    var out = "stillwatch-out"

    @Option(help: "Findings nobody is to act on: a YAML list of what they match, who, why, until.")
    var suppress: String?

    @OptionGroup var reference: ReferenceArguments

    @Option(name: .customLong("input-price"), help: "List price in USD of a million tokens sent.")
    var inputPrice = TokenPrices().input

    @Option(
        name: .customLong("output-price"), help: "List price in USD of a million tokens answered.")
    var outputPrice = TokenPrices().output

    func validate() throws {
        guard inputPrice >= 0, outputPrice >= 0 else {
            throw ValidationError("prices cannot be negative")
        }
    }

    func suppressions() throws -> SuppressionList? { try suppress.map(SuppressionFile.list) }
}

/// How logs were read, as summaries and reports tell it and as profiles depend on it.
struct ReadSettings {
    private(set) var entries: [ProfileFile.Setting]

    static let window = "--window"
    static let showText = "--show-text"
    static let maxBad = "--max-bad"

    init(_ inputs: InputArguments, showText: Bool) throws {
        let rules = try inputs.ruleSet().rules
        let text = rules.map { "\($0.id)\u{0}\($0.category.name)\u{0}\($0.pattern)\u{0}" }.joined()
        entries = [
            .init("--format", inputs.format), .init(Self.maxBad, "\(inputs.maxBad)"),
            .init("--since", inputs.since ?? "none"), .init("--until", inputs.until ?? "none"),
            .init("--rules", inputs.rules ?? "built-in"),
            .init(
                "digest of the rules", FileDigest.hexadecimal(FileDigest.sha256(Array(text.utf8)))),
            .init(Self.showText, showText ? "yes" : "no"),
        ]
    }

    init(_ entries: [ProfileFile.Setting]) { self.entries = entries }

    /// Notes that only exchanges from a moment on are kept, and why.
    mutating func note(window: DayWindow?, since: EventTime) {
        let time = Timestamp.text(microseconds: since.microseconds)
        entries.append(.init(Self.window, "\(window?.description ?? "none"), from \(time)"))
    }

    subscript(name: String) -> String { entries.first { $0.name == name }?.value ?? "none" }

    /// Whether previews hold text rather than its masked shape.
    var showsText: Bool { self[Self.showText] == "yes" }
    /// Largest share of bad records.
    var maximumBadShare: Double { Double(self[Self.maxBad]) ?? 0.01 }
}

/// Judges profiles and writes the results.
struct Publication {
    let judging: JudgingArguments
    let output: OutputArguments
    var read: ReadSettings
    let threads: Int
    let table: AccountTable?
    let suppressions: SuppressionList?
    let floors: InnocentFloors

    init(
        _ judging: JudgingArguments, _ output: OutputArguments, _ read: ReadSettings, threads: Int
    ) throws {
        self.judging = judging
        self.output = output
        self.read = read
        self.threads = threads
        table = try judging.accountTable()
        suppressions = try output.suppressions()
        floors = try output.reference.floors()
    }

    func publish(_ found: ScanResult, readSeconds: Double) throws -> ScanOutput {
        var result = found
        if result.profiles.isEmpty { throw ScanError.noExchanges }
        let clock = ContinuousClock()
        let started = clock.now
        if let table { result.join(table) }
        let settings = JudgeSettings(
            fdr: judging.fdr, threads: threads,
            prices: TokenPrices(input: output.inputPrice, output: output.outputPrice),
            previewsAreText: read.showsText, floors: floors)
        var judgement = Judge(settings: settings).judge(result.profiles)
        if let suppressions { judgement = suppressions.applied(to: judgement, result.profiles) }
        let judged = clock.now
        let findings = ScanOutput(publication: self, result: result, judgement: judgement)
        let report = HTMLReport.render(judgement, context: findings.reportContext)
        let folder = try OutputFolder(path: output.out)
        let timings = [
            ("read", readSeconds), ("judge", (judged - started) / .seconds(1)),
            ("report", (clock.now - judged) / .seconds(1)),
        ]
        try folder.write([
            ("verdicts.jsonl", FindingsFile.verdicts(judgement)),
            ("campaigns.jsonl", FindingsFile.campaigns(judgement)),
            ("report.html", Array(report.utf8)),
            ("summary.json", findings.summary(timings: timings)),
        ])
        return findings
    }

    /// Tells a person what was found and where it is written.
    func tell(_ findings: ScanOutput) throws {
        findings.printFaults()
        Terminal.output(findings.campaignTable)
        Terminal.output("report: \(try OutputFolder(path: output.out).path(of: "report.html"))")
    }
}
