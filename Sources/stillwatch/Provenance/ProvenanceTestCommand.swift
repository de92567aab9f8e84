import ArgumentParser
import Foundation
import Watermarking

struct ProvenanceTestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Tests whether a suspect learned from marked answers.",
        discussion: """
            --protocol closed scores what the suspect answers: a file of {"prompt": ..., "answer": ...} (token ids as prompt_tokens \
            and tokens), or an OpenAI-compatible address that is asked the prompts of --prompts. --protocol open scores what a \
            suspect with known weights predicts in text it reads: {"tokens": [...], "predictions": [...]}, prediction i being its \
            most likely token before token i. The test may be watched (trace.jsonl), stopped and gone on with by the same command. \
            Writes report.json, report.md and p-values.svg to the state folder and a table to standard output. Exit status: 0 it ran; 1 with \
            --exit-code when the finding is "consistent with training on marked answers"; 2 it could not run.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json }

    @OptionGroup var mark: ManifestArguments
    @OptionGroup var address: SuspectAddressArguments

    @Option(help: "A file of the suspect's answers, or its address.")
    var suspect: String

    @Option(name: .customLong("protocol"), help: "closed, open or canary.")
    var method = ProvenanceProtocol.closed

    @Option(help: "Folder of the test: its state, journals, trace and report.")
    var state: String

    @Option(help: "The teacher's tokenizer.json, for answers that are text.")
    var tokenizer: String?

    @Option(help: "Score only windows of this file, which 'provenance filter' made.")
    var filter: String?

    @Option(
        name: .customLong("planned-tokens"),
        help: "Scored tokens that were planned; the fixed-size p-value is read there.")
    var plannedTokens: Int?

    @Option(help: "Which test decides: anytime or fixed. To be chosen before the test.")
    var decide = DecidingTest.anytime

    @Option(help: "p-value at which there is a finding, after correction for --tests.")
    var alpha = 1e-6

    @Option(help: "Suspects, protocols and manifests tried in all, those not reported among them.")
    var tests = 1

    @Option(
        help: "A model that should not show the mark: NAME=FILE or NAME=ADDRESS; may be repeated.")
    var control: [String] = []

    @Option(name: .customLong("control-alpha"), help: "Level of all controls together.")
    var controlAlpha = 0.01

    @Option(help: "Open: tokens that the suspect sees at once; the whole text if not given.")
    var attention: Int?

    @Flag(
        name: .customLong("count-prompt-windows"),
        help:
            "Score windows of an answer's own prompt too; only for prompts without any marked text."
    )
    var countsPromptWindows = false

    @Flag(
        name: .customLong("stop-when-found"),
        help: "Stop as soon as the anytime-valid test finds something.")
    var stopsWhenFound = false

    @Option(name: .customLong("max-scored"), help: "Stop at this many scored tokens.")
    var mostScored: Int?

    @Option(help: "Canary: the secret set, canaries.json.")
    var canaries: String?

    @Option(help: "Canary: the commitment that was published.")
    var commitment: String?

    @Option(help: "Canary: a campaign that may have fed the suspect; may be repeated.")
    var campaign: [String] = []

    @Option(help: "Canary: times that an address is asked each question.")
    var samples = 1

    @Option(help: "table or json.")
    var format = Format.table

    @Flag(name: .customLong("exit-code"), help: "End with status 1 for a finding.")
    var usesExitCode = false

    func validate() throws {
        guard alpha > 0, alpha < 1, controlAlpha > 0, controlAlpha < 1 else {
            throw ValidationError("--alpha and --control-alpha must be between 0 and 1")
        }
        guard (1...1_000_000).contains(tests) else {
            throw ValidationError("--tests must be between 1 and 1000000, not \(tests)")
        }
        for (name, value) in [
            ("--planned-tokens", plannedTokens), ("--attention", attention),
            ("--max-scored", mostScored),
        ] {
            if let value, !(1...1_000_000_000).contains(value) {
                throw ValidationError("\(name) must be between 1 and 1000000000, not \(value)")
            }
        }
        guard (1...1000).contains(samples) else {
            throw ValidationError("--samples must be between 1 and 1000, not \(samples)")
        }
        if decide == .fixed {
            guard plannedTokens != nil else {
                throw ValidationError("--decide fixed needs --planned-tokens")
            }
            guard !stopsWhenFound else {
                throw ValidationError("--stop-when-found is for --decide anytime")
            }
        }
        _ = try controls()
    }

    private func controls() throws -> [(name: String, source: String)] {
        var names: Set<String> = []
        return try control.map { text in
            guard let equals = text.firstIndex(of: "="), text[..<equals].count <= 64,
                !text[..<equals].isEmpty,
                text[..<equals].allSatisfy({
                    $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0))
                }), text.index(after: equals) < text.endIndex
            else {
                throw ValidationError(
                    "--control '\(text)': expected NAME=FILE or NAME=ADDRESS, the name of letters, "
                        + "digits, '-' and '_'")
            }
            let name = String(text[..<equals])
            guard name != "suspect", names.insert(name).inserted else {
                throw ValidationError("--control: '\(name)' comes twice")
            }
            return (name, String(text[text.index(after: equals)...]))
        }
    }

    func run() throws {
        let finding: Bool
        do {
            finding = try test()
        } catch let code as ExitCode {
            throw code
        } catch { throw ProvenanceCommand.fail(error) }
        if usesExitCode, finding { throw ExitCode(1) }
    }

    private func test() throws -> Bool {
        guard method != .canary else { return try testCanaries() }
        let (manifest, keys) = try mark.read()
        let scheme = try WatermarkScheme(manifest: manifest, keys: keys)
        let read = try ProvenanceCommand.encoder(tokenizer, manifest)
        let windows = try filter.map { try WindowFilter(contentsOf: $0, for: scheme) }
        var settings = ProvenanceSettings(method: method, suspect: suspect)
        settings.plannedCount = plannedTokens
        settings.skipsPromptWindows = !countsPromptWindows
        settings.attention = attention
        settings.filterDigest = windows?.digest
        settings.tokenizerDigest = read?.digest
        var limits = ProvenanceRun.Limits(scored: mostScored)
        if stopsWhenFound { limits.logE = log(Double(tests)) - log(alpha) }
        let subjects = ProvenanceSubjects(
            scheme: scheme, settings: settings, filter: windows, encoder: read?.encoder,
            folder: state, address: address)
        let result = try subjects.run("suspect", suspect, limits)
        var others: [ProvenanceResult] = []
        var otherLimits = limits
        otherLimits.logE = nil
        for (name, source) in try controls() where !subjects.isStopped {
            others.append(try subjects.run(name, source, otherLimits, isControl: true))
        }
        let report = ProvenanceReport(
            manifest: manifest, null: scheme.null, suspect: result, controls: others,
            verdict: ProvenanceVerdict(
                suspect: result, controls: others, deciding: decide, alpha: alpha,
                controlAlpha: controlAlpha, tests: tests),
            deciding: decide, alpha: alpha, controlAlpha: controlAlpha, tests: tests,
            filterWindows: windows?.count,
            missingControls: try controls().map(\.name).filter { name in
                !others.contains { $0.name == name }
            }, isStopped: subjects.isStopped)
        try report.write(to: state)
        try ProvenanceChart.write(
            folder: state, controls: others.map(\.name), alpha: alpha / Double(tests))
        switch format {
        case .table: Terminal.output(report.table)
        case .json: Terminal.output(report.json)
        }
        if subjects.isStopped {
            Terminal.message("stopped; the same command goes on from here")
        }
        return report.verdict.outcome == .consistent
    }

    /// The exact test over planted answers: asks an address for them, and hands the answers on.
    private func testCanaries() throws -> Bool {
        guard let canaries else {
            throw ProvenanceError.settings(reason: "--protocol canary needs --canaries")
        }
        let set = try CanarySet(contentsOf: canaries)
        let questions = set.questions.map(\.text)
        let prompts = (0..<samples).flatMap { _ in questions }
        var isKnown = false
        var knowing: [String] = []
        for (name, source) in [("suspect", suspect)] + (try controls()) {
            let place = name == "suspect" ? "\(state)/suspect" : "\(state)/controls/\(name)"
            let answers = try ProvenanceSubjects.answers(
                source, prompts: prompts, address: address,
                control: name == "suspect" ? nil : name, folder: place)
            var arguments = [
                "--set", canaries, "--answers", answers, "--alpha", "\(alpha / Double(tests))",
            ]
            for campaign in campaign { arguments += ["--campaign", campaign] }
            if let commitment { arguments += ["--commitment", commitment] }
            arguments += ["--format", format.rawValue, "--exit-code"]
            if format == .table { Terminal.output("\(name):") }
            do {
                try CanaryTestCommand.parse(arguments).run()
            } catch let code as ExitCode {
                guard code == ExitCode(1) else { throw code }
                if name == "suspect" { isKnown = true } else { knowing.append(name) }
            }
        }
        if !knowing.isEmpty {
            Terminal.message(
                "inconclusive: \(knowing.joined(separator: ", ")), a control, knows a line; were the secrets kept?"
            )
        }
        return isKnown && knowing.isEmpty
    }
}

extension ProvenanceProtocol: ExpressibleByArgument {}
extension DecidingTest: ExpressibleByArgument {}
extension SuspectEndpoint.Interface: ExpressibleByArgument {}
