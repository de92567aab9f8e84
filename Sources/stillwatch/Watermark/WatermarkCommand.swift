import ArgumentParser
import Watermarking

struct WatermarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watermark",
        abstract: "Keyed marks in answers: makes keys, reads marks, says who a mark names.",
        discussion: """
            A manifest says what a generator and a detector must agree on: scheme, widths, vocabulary, tokenizer, dates and a \
            commitment to the keys, which lie in a file of their own. Documentation/Watermarks.md explains both.
            """,
        subcommands: [
            WatermarkNewCommand.self, WatermarkCheckCommand.self, WatermarkDetectCommand.self,
            WatermarkFitCommand.self,
            WatermarkChooseCommand.self, WatermarkTraceCommand.self, WatermarkPayloadCommand.self,
        ])
}

/// The manifest of a mark, and its keys.
struct ManifestArguments: ParsableArguments {
    @Option(help: "The mark's manifest.")
    var manifest: String

    @Option(help: "The file with its keys; keys.json beside the manifest if not given.")
    var keys: String?

    /// Both, checked against each other.
    func read() throws -> (WatermarkManifest, WatermarkKeys) {
        let manifest = try WatermarkManifest(contentsOf: self.manifest)
        return (manifest, try WatermarkKeys(contentsOf: keysPath, for: manifest))
    }

    var keysPath: String {
        if let keys { return keys }
        guard let slash = manifest.lastIndex(of: "/") else { return "keys.json" }
        return manifest[...slash] + "keys.json"
    }
}
