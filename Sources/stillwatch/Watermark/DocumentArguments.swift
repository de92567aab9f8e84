import ArgumentParser
import Documents
import Scanning
import Watermarking

/// Which documents are read, and how.
struct DocumentArguments: ParsableArguments {
    @Argument(help: "Files, folders, patterns, or - for standard input; plain, .gz or .zst.")
    var paths: [String]

    @Option(help: "The model's tokenizer.json, for documents that are text.")
    var tokenizer: String?

    @Option(
        name: .customLong("max-line"),
        help: "Longest line, MiB, up to 256; one of 64 takes some 2 GB of memory.")
    var longestLine = 64

    @Option(name: .customLong("max-bad"), help: "Largest share of lines that may be unreadable.")
    var maxBad = 0.01

    func validate() throws {
        guard (0...1).contains(maxBad) else {
            throw ValidationError("--max-bad must be between 0 and 1, not \(maxBad)")
        }
        guard (1...256).contains(longestLine) else {
            throw ValidationError("--max-line must be between 1 and 256, not \(longestLine)")
        }
    }

    var longestLineBytes: Int { longestLine << 20 }

    func files() throws -> [InputFile] { try InputSet(paths).files }

    func encoder(_ manifest: WatermarkManifest) throws -> MarkReader.Encoder? {
        try tokenizer.map { try TokenizerFile.encoder($0, manifest) }
    }

    /// Hands on every document's token ids, tells of those that could not be read, and fails if they are too many.
    func forEach(
        _ encoder: MarkReader.Encoder?, _ body: ([UInt32], [UInt32]) throws -> Void
    ) throws {
        var documents = TokenDocuments()
        try documents.forEach(files(), longestLine: longestLineBytes, encoder, body)
        if let summary = try documents.summary(maxBad: maxBad) {
            Terminal.message("stillwatch: \(Terminal.safe(summary))")
        }
    }
}
