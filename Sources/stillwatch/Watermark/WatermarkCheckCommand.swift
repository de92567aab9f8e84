import ArgumentParser
import Scanning
import Watermarking

struct WatermarkCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Says whether a manifest, its keys, a tokenizer and another manifest agree.",
        discussion: """
            A mismatch names the field. Also says what weakens the mark. Exit status: 0 they agree; 2 they do not.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json }

    @OptionGroup var mark: ManifestArguments

    @Option(help: "A tokenizer's file, held against the digest in the manifest.")
    var tokenizer: String?

    @Option(help: "Another manifest, such as the one that a model server runs with.")
    var against: String?

    @Option(help: "table or json.")
    var format = Format.table

    func run() throws {
        do {
            try check()
        } catch {
            Terminal.message("stillwatch: \(Terminal.safe("\(error)"))")
            throw ExitCode(2)
        }
    }

    private func check() throws {
        let manifest = try WatermarkManifest(contentsOf: mark.manifest)
        if let against,
            let error = manifest.firstDifference(
                from: try WatermarkManifest(contentsOf: against))
        {
            throw error
        }
        let keys = try WatermarkKeys(contentsOf: mark.keysPath, for: manifest)
        if let tokenizer { try manifest.requireTokenizer(digest: TokenizerFile.digest(tokenizer)) }
        var weaknesses: [String] = []
        if manifest.scheme == .candidates {
            _ = try CandidateChoice(manifest: manifest, keys: keys)
        } else {
            weaknesses = try WatermarkScheme(manifest: manifest, keys: keys).weaknesses
        }
        switch format {
        case .table:
            Terminal.output(
                Terminal.table(
                    [
                        ["scheme", manifest.scheme.rawValue],
                        ["keys", manifest.keyIDs.joined(separator: ", ")],
                        ["in force", manifest.validFrom + " - " + (manifest.validUntil ?? "")],
                        ["fingerprint", manifest.fingerprint],
                        ["key commitment", manifest.keyCommitment],
                    ].map { $0.map(Terminal.safe) }, rightAligned: []))
            for weakness in weaknesses { Terminal.output("note: \(weakness)") }
        case .json:
            var text = JSONText()
            text.object { line in
                line.key("scheme")
                line.string(manifest.scheme.rawValue)
                line.key("fingerprint")
                line.string(manifest.fingerprint)
                line.key("key_commitment")
                line.string(manifest.keyCommitment)
                line.key("weaknesses")
                line.array(weaknesses) { $0.string($1) }
            }
            Terminal.output(String(decoding: text.bytes, as: UTF8.self))
        }
    }
}
