import ArgumentParser
import CaseFiles
import Detection
import Exchanges
import Foundation
import Scanning

/// What is read, how it is judged and where the results go: the same for a scan and a watch.
struct ScanArguments: ParsableArguments {
    @OptionGroup var logs: LogArguments

    @Option(help: "Folder for the results; made if it is not there.")
    var out = "stillwatch-out"

    @Flag(
        name: .customLong("show-text"),
        help: "Show the beginning of example prompts in the report instead of their masked shape.")
    var showText = false

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

    /// Judges what was read and writes the results.
    func publish(
        _ read: ScanResult, _ table: AccountTable?, _ suppressions: SuppressionList?,
        _ floors: InnocentFloors,
        readSeconds: Double
    ) throws -> ScanOutput {
        var result = read
        if result.profiles.isEmpty { throw ScanError.noExchanges }
        let clock = ContinuousClock()
        let started = clock.now
        if let table { result.join(table) }
        let settings = JudgeSettings(
            fdr: logs.fdr, threads: logs.inputs.workers,
            prices: TokenPrices(input: inputPrice, output: outputPrice),
            previewsAreText: showText, floors: floors)
        var judgement = Judge(settings: settings).judge(result.profiles)
        if let suppressions { judgement = suppressions.applied(to: judgement, result.profiles) }
        let judged = clock.now
        let findings = ScanOutput(
            command: self, result: result, judgement: judgement, table: table,
            floors: floors)
        let report = HTMLReport.render(judgement, context: findings.reportContext)
        let folder = try OutputFolder(path: out)
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
}

struct ScanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scan",
        abstract: "Reads request logs, finds campaigns, and writes verdicts and a report.",
        discussion: """
            Writes verdicts.jsonl, campaigns.jsonl, report.html and summary.json into the folder given by --out.
            Exit status: 0 the scan ran; 1 it found a campaign and --exit-code was given; 2 it could not run.
            """)

    @OptionGroup var arguments: ScanArguments

    @Flag(name: .customLong("exit-code"), help: "Exit with status 1 when a campaign is found.")
    var exitCode = false

    func run() throws {
        do {
            let found = try scan()
            if exitCode, found { throw ExitCode(1) }
        } catch let error as ExitCode {
            throw error
        } catch {
            Terminal.message("stillwatch: \(Terminal.safe("\(error)"))")
            throw ExitCode(2)
        }
    }

    private func scan() throws -> Bool {
        let started = ContinuousClock.now
        let scanner = Scanner(
            options: try arguments.logs.inputs.options(keepText: arguments.showText),
            rules: try arguments.logs.inputs.ruleSet())
        let table = try arguments.logs.accountTable()
        let suppressions = try arguments.suppress.map(SuppressionFile.list)
        let floors = try arguments.reference.floors()
        let inputs = try InputSet(arguments.logs.inputs.paths)
        let progress = ScanProgress()
        let display = ProgressDisplay(progress)
        let result: ScanResult
        do {
            defer { display.stop() }
            result = try scanner.scan(inputs, progress: progress)
        }
        let findings = try arguments.publish(
            result, table, suppressions, floors,
            readSeconds: (ContinuousClock.now - started) / .seconds(1))
        findings.printFaults()
        Terminal.output(findings.campaignTable)
        Terminal.output("report: \(try OutputFolder(path: arguments.out).path(of: "report.html"))")
        return findings.judgement.campaigns.contains { $0.verdict == .distillation }
    }
}
