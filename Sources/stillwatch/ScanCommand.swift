import ArgumentParser
import Detection
import Foundation
import Scanning
import Watching

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
            With --state it goes on where one that was killed has stopped, and later reads only what is new: files that have \
            grown, been renamed or been added. The results are those of a scan of everything that was ever read, files that \
            are gone by now included. With --window they are those of --since the first of the last days, counted back from \
            the day (UTC) of the last exchange; earlier days are deleted from the state, and their exchanges are counted as \
            outside the time asked for, as those are that come late.
            Exit status: 0 the scan ran; 1 it found a campaign and --exit-code was given; 2 it could not run.
            """)

    @OptionGroup var arguments: ScanArguments

    @Flag(name: .customLong("exit-code"), help: "Exit with status 1 when a campaign is found.")
    var exitCode = false

    @Option(help: "Folder for what was read so far, to go on from; made if it is not there.")
    var state: String?

    @Option(help: "Judge and keep only the last days of the state, such as 45d.")
    var window: DayWindow?

    func validate() throws {
        guard let state else {
            if window != nil { throw ValidationError("--window needs --state") }
            return
        }
        if state.isEmpty { throw ValidationError("--state needs the name of a folder") }
        if arguments.logs.inputs.paths.contains("-") {
            throw ValidationError(
                "standard input cannot be read again, so it cannot be scanned with --state; 'watch' can follow it"
            )
        }
    }

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
        var publication = try arguments.publication()
        let progress = ScanProgress()
        let display = ProgressDisplay(progress)
        let result: ScanResult
        do {
            defer { display.stop() }
            result =
                try state.map { try resume($0, progress, &publication) } ?? readAll(progress)
        }
        let findings = try publication.publish(
            result, readSeconds: (ContinuousClock.now - started) / .seconds(1))
        try publication.tell(findings)
        return findings.hasCampaign
    }

    private func readAll(_ progress: ScanProgress) throws -> ScanResult {
        let inputs = arguments.logs.inputs
        return try Scanner(
            options: try inputs.options(keepText: arguments.showText), rules: try inputs.ruleSet()
        ).scan(InputSet(inputs.paths), progress: progress)
    }

    /// Bytes of a batch, so that a small log has many when a scan is killed to try it; 1 GiB if it is not set.
    private static let batchVariable = "STILLWATCH_BATCH_BYTES"

    private func resume(
        _ folder: String, _ progress: ScanProgress, _ publication: inout Publication
    ) throws -> ScanResult {
        let inputs = arguments.logs.inputs
        let bytes = ProcessInfo.processInfo.environment[Self.batchVariable].flatMap(Int64.init)
        let scan = try ResumableScan(
            folder: try StateFolder(path: folder), excluded: [arguments.output.out],
            options: try inputs.options(keepText: arguments.showText),
            rules: try inputs.ruleSet(), window: window?.days,
            limits: bytes.map { BatchLimits(bytes: max(1, $0)) } ?? BatchLimits())
        let outcome = try scan.run(inputs.paths, progress: progress)
        for message in outcome.messages {
            Terminal.message("stillwatch: \(Terminal.safe(message))")
        }
        if let since = outcome.since { publication.read.note(window: window, since: since) }
        return outcome.result
    }
}
