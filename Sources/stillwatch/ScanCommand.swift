import ArgumentParser
import Detection
import Foundation
import Scanning

/// What is read, how it is judged and where the results go: the same for a scan and a watch.
struct ScanArguments: ParsableArguments {
    @OptionGroup var logs: LogArguments

    @OptionGroup var output: OutputArguments

    @Flag(
        name: .customLong("show-text"),
        help: "Show the beginning of example prompts in the report instead of their masked shape.")
    var showText = false

    /// How logs are read, judged and told of.
    func publication() throws -> Publication {
        try Publication(
            logs.judging, output, try ReadSettings(logs.inputs, showText: showText),
            threads: logs.inputs.workers)
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
        let publication = try arguments.publication()
        let inputs = try InputSet(arguments.logs.inputs.paths)
        let progress = ScanProgress()
        let display = ProgressDisplay(progress)
        let result: ScanResult
        do {
            defer { display.stop() }
            result = try scanner.scan(inputs, progress: progress)
        }
        let findings = try publication.publish(
            result, readSeconds: (ContinuousClock.now - started) / .seconds(1))
        try publication.tell(findings)
        return findings.hasCampaign
    }
}
