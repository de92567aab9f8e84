import ArgumentParser
import Watermarking

struct ProvenanceFilterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "filter",
        abstract: "Notes the windows of your marked answers, for 'provenance test --filter'.",
        discussion: """
            Files hold an answer on each line: {"tokens": [...]} or {"answer": ...}. The filter holds hashes of windows of tokens, \
            eight bytes each, and no text. With it a test scores only what a student could have learned from these answers, which \
            needs fewer tokens. Exit status: 0 written; 2 not.
            """)

    @OptionGroup var mark: ManifestArguments

    @Option(help: "The filter's file; a former one is replaced.")
    var out: String

    @Option(help: "The model's tokenizer.json, for answers that are text.")
    var tokenizer: String?

    @Argument(help: "Files of marked answers, JSON Lines.")
    var paths: [String]

    func run() throws {
        do {
            let (manifest, keys) = try mark.read()
            let scheme = try WatermarkScheme(manifest: manifest, keys: keys)
            let encoder = try ProvenanceCommand.encoder(tokenizer, manifest)?.encoder
            var filter = WindowFilter(for: scheme)
            for path in paths {
                try SuspectFile.forEachAnswer(path, encoder: encoder) {
                    (tokens) throws(WatermarkError) in
                    try filter.add(tokens, scheme)
                }
            }
            try filter.write(to: out)
            Terminal.message("\(out): \(Terminal.grouped(filter.count)) windows")
        } catch { throw ProvenanceCommand.fail(error) }
    }
}
