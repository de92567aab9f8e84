import ArgumentParser
import Detection
import Exchanges
import Foundation
import Scanning

/// Where a file of profiles goes, whole or dealt by accounts.
struct ProfileOutput: ParsableArguments {
    @Option(help: "File to write; with --buckets a folder, made if it is not there.")
    var out: String

    @Option(help: "Deal the accounts over this many files, bucket-00000 and so on.")
    var buckets: Int?

    func validate() throws {
        if let buckets, !(1...100_000).contains(buckets) {
            throw ValidationError("--buckets must be between 1 and 100000, not \(buckets)")
        }
    }

    func write(_ file: ProfileFile) throws {
        guard let buckets else { return try file.write(to: out) }
        let folder = try OutputFolder(path: out)
        for (index, bucket) in file.buckets(buckets).enumerated() {
            let digits = String(index)
            let padded = String(repeating: "0", count: max(0, 5 - digits.count)) + digits
            try bucket.write(to: folder.path(of: "bucket-" + padded))
        }
    }
}

/// Runs `body`; says what went wrong and ends with status 2 if it fails.
private func reporting(_ body: () throws -> Void) throws {
    do {
        try body()
    } catch let error as ExitCode {
        throw error
    } catch {
        Terminal.message("stillwatch: \(Terminal.safe("\(error)"))")
        throw ExitCode(2)
    }
}

struct ProfileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile",
        abstract:
            "Reads request logs and writes account profiles, to be merged and judged elsewhere.",
        discussion: """
            What profile, merge and judge do one after the other is what scan does, to the byte. A profile holds no text \
            but for masked previews, unless --show-text is given.
            With --parts the list names parts of files, a JSON object a line: {"path": P, "start": S, "end": E} for the lines \
            that begin in bytes S up to E of a plain file (E null for the rest), {"path": P, "digest": true} for its \
            SHA-256. Exit status: 0 it ran; 2 it could not run.
            """)

    @OptionGroup var inputs: InputArguments

    @OptionGroup var output: ProfileOutput

    @Flag(
        name: .customLong("show-text"),
        help: "Keep the beginning of example prompts instead of their masked shape.")
    var showText = false

    @Option(
        name: .customLong("as"),
        help:
            "Standard input is a part of an input of this name: bad records are told without their place, and --max-bad is left to judge."
    )
    var name: String?

    @Option(
        help: "Read the parts that this file lists instead of whole inputs; - for standard input.")
    var parts: String?

    func validate() throws {
        if parts != nil, !inputs.paths.isEmpty {
            throw ValidationError("name either inputs or --parts")
        }
        if parts == nil { try inputs.requirePaths() }
    }

    func run() throws {
        try reporting {
            let settings = try ReadSettings(inputs, showText: showText)
            let scanner = Scanner(
                options: try inputs.options(keepText: showText), rules: try inputs.ruleSet())
            let progress = ScanProgress()
            var result: ScanResult
            if let parts {
                let list = try PartList(path: parts)
                result = try scanner.read(list, progress: progress)
            } else {
                let set = try InputSet(inputs.paths)
                let display = ProgressDisplay(progress)
                defer { display.stop() }
                result = try scanner.scan(set, progress: progress, isPart: name != nil)
            }
            if let name { result.becomePart(of: name) }
            try output.write(ProfileFile(settings: settings.entries, result: result))
        }
    }
}

/// Which files of profiles are read.
struct ProfileInputs: ParsableArguments {
    @Argument(help: "Files that 'stillwatch profile' or 'stillwatch merge' wrote.")
    var files: [String]

    @Option(help: "Threads; the number of processors if not given.")
    var threads: Int?

    var workers: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

    func validate() throws {
        if files.isEmpty { throw ValidationError("name a file of profiles") }
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads must be between 1 and 1024, not \(threads)")
        }
    }

    func read() throws -> ProfileFile {
        // In order of their names, so that nothing depends on how they were listed.
        let read = try files.sorted().map {
            (path: $0, contents: try ProfileFile(path: $0, threads: workers))
        }
        return try ProfileFile.merged(read, threads: workers)
    }
}

struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Merges files of account profiles into one.",
        discussion: """
            The same files give the same bytes in any order and grouping. Files that were made with different settings are \
            refused. Exit status: 0 it ran; 2 it could not run.
            """)

    @OptionGroup var inputs: ProfileInputs

    @OptionGroup var output: ProfileOutput

    func run() throws {
        try reporting { try output.write(try inputs.read()) }
    }
}

struct JudgeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "judge",
        abstract: "Judges account profiles, and writes verdicts and a report.",
        discussion: """
            Writes verdicts.jsonl, campaigns.jsonl, report.html and summary.json into the folder given by --out, as scan does.
            Exit status: 0 it ran; 1 it found a campaign and --exit-code was given; 2 it could not run.
            """)

    @OptionGroup var inputs: ProfileInputs

    @OptionGroup var judging: JudgingArguments

    @OptionGroup var output: OutputArguments

    @Flag(name: .customLong("exit-code"), help: "Exit with status 1 when a campaign is found.")
    var exitCode = false

    func run() throws {
        try reporting {
            let started = ContinuousClock.now
            let file = try inputs.read()
            let settings = ReadSettings(file.settings)
            try file.result.requireReadable(limit: settings.maximumBadShare)
            let publication = try Publication(judging, output, settings, threads: inputs.workers)
            let findings = try publication.publish(
                file.result, readSeconds: (ContinuousClock.now - started) / .seconds(1))
            try publication.tell(findings)
            if exitCode, findings.hasCampaign { throw ExitCode(1) }
        }
    }
}
