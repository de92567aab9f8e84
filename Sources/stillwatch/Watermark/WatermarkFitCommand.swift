import ArgumentParser
import Documents
import Foundation
import Scanning
import Watermarking

struct WatermarkFitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fit",
        abstract:
            "Fits SynthID's likelihood to marked documents, for 'detect --detector bayesian'.",
        discussion: """
            How far each layer gets depends on how sure the model is of its next token, so a fit belongs to a model, its temperature \
            and its kind of text. Takes documents as 'detect' does; all must be marked. Exit status: 0 written; 2 not.
            """)

    @OptionGroup var mark: ManifestArguments

    @OptionGroup var documents: DocumentArguments

    @Option(help: "The file to write.")
    var out: String

    @Option(name: .customLong("base-rate"), help: "Prior probability of marked text.")
    var baseRate = 0.5

    func validate() throws {
        guard baseRate > 0, baseRate < 1 else {
            throw ValidationError("--base-rate must be between 0 and 1, not \(baseRate)")
        }
    }

    func run() throws {
        do {
            let (manifest, keys) = try mark.read()
            let scheme = try WatermarkScheme(manifest: manifest, keys: keys)
            let detector = try WatermarkDetector(scheme, statistic: .mean)
            var fit = try LikelihoodFit(scheme)
            var scratch = WatermarkDetector.Scratch()
            try documents.forEach(documents.encoder(manifest)) { answer, _ in
                fit.add(try detector.layers(of: answer, &scratch))
            }
            let likelihood = try fit.fitted(baseRate: baseRate)
            try likelihood.write(to: out)
            Terminal.message("\(out): fitted to \(Terminal.grouped(fit.count)) positions")
        } catch {
            Terminal.message("stillwatch: \(Terminal.safe("\(error)"))")
            throw ExitCode(2)
        }
    }
}
