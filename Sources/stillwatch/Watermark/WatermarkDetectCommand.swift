import ArgumentParser
import Documents
import Foundation
import Scanning
import Watermarking

struct WatermarkDetectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "detect",
        abstract: "Reads the mark in documents: token ids, or texts with a tokenizer.",
        discussion: """
            Files hold a document on each line: {"id": ..., "tokens": [...], "prompt_tokens": [...]} or {"id": ..., "text": ..., \
            "prompt": ...}. A prompt is context and never scored. A window that comes again in a document counts once. p_value is \
            the probability of such a score or a higher one in text that the keys had no part in; of N unmarked documents about \
            N times alpha have one at or below alpha. A line that cannot be read is told of in its place. Exit status: 0 it ran; \
            1 with --exit-code when a document's p-value is at or below --alpha; 2 it could not run, or too many lines were bad.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json }
    enum Detector: String, ExpressibleByArgument, CaseIterable {
        case mean
        case weightedMean = "weighted-mean"
        case bayesian
    }

    @OptionGroup var mark: ManifestArguments

    @OptionGroup var documents: DocumentArguments

    @Option(help: "SynthID: which score the p-value is of: mean, weighted-mean or bayesian.")
    var detector = Detector.weightedMean

    @Option(help: "SynthID: the fit for bayesian, a JSON object with beta, delta and base_rate.")
    var fit: String?

    @Flag(
        name: .customLong("count-repeats"),
        help:
            "Count windows that come again, as some engines' detectors do; p-values are then too small."
    )
    var countsRepeats = false

    @Option(help: "Documents at or below this p-value are pointed out.")
    var alpha = 1e-6

    @Option(help: "table or json (a line for each document).")
    var format = Format.table

    @Option(help: "An SVG file for a chart of z by document.")
    var plot: String?

    @Option(help: "Threads; the number of processors if not given.")
    var threads: Int?

    @Flag(name: .customLong("exit-code"), help: "End with status 1 if a mark was found.")
    var usesExitCode = false

    func validate() throws {
        guard alpha > 0, alpha < 1 else {
            throw ValidationError("--alpha must be between 0 and 1, not \(alpha)")
        }
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads must be between 1 and 1024, not \(threads)")
        }
        if (detector == .bayesian) != (fit != nil) {
            throw ValidationError("--detector bayesian and --fit need each other")
        }
    }

    func run() throws {
        var output = DetectionOutput(format: format, alpha: alpha, plot: plot)
        do {
            let reader = try reader()
            let scan = DocumentScan(
                reader, threads: threads ?? ProcessInfo.processInfo.activeProcessorCount,
                longestLine: documents.longestLineBytes)
            try scan.run(try documents.files()) { output.write($0) }
            try output.draw()
        } catch {
            output.flush()
            Terminal.message("stillwatch: \(Terminal.safe("\(error)"))")
            throw ExitCode(2)
        }
        output.finish()
        if Double(output.bad) > documents.maxBad * Double(output.documents) {
            Terminal.message(
                "stillwatch: \(output.bad) of \(output.documents) lines could not be read, more than "
                    + "--max-bad \(documents.maxBad); first: \(Terminal.safe(output.firstBad))")
            throw ExitCode(2)
        }
        if usesExitCode, output.found > 0 { throw ExitCode(1) }
    }

    private func reader() throws -> MarkReader {
        let (manifest, keys) = try mark.read()
        if manifest.scheme == .candidates {
            return .words(try CandidateChoice(manifest: manifest, keys: keys))
        }
        let scheme = try WatermarkScheme(manifest: manifest, keys: keys)
        let statistic: SynthIDStatistic
        switch detector {
        case .mean: statistic = .mean
        case .weightedMean: statistic = .weightedMean
        case .bayesian: statistic = .bayesian(try BayesianLikelihood(contentsOf: fit ?? ""))
        }
        let encoder = try documents.encoder(manifest)
        return .tokens(
            try WatermarkDetector(
                scheme, statistic: statistic, repeats: countsRepeats ? .counted : .draws),
            encoder)
    }
}
