import ArgumentParser
import Foundation
import Watermarking

struct WatermarkNewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Draws new keys and writes a manifest with a commitment to them.",
        discussion: """
            Writes manifest.json and keys.json, which only the owner may read, into a folder. What is not given has the value \
            that the scheme's own software has. Give the manifest to whoever runs the model and whoever reads the mark, the keys \
            to nobody else. Exit status: 0 written; 2 not.
            """)

    @Option(
        help:
            "Scheme: \(SchemeName.allCases.map(\.rawValue).joined(separator: ", ")).")
    var scheme: String

    @Option(help: "Folder for both files; made if it is not there.")
    var out: String

    @Option(name: .customLong("key-id"), help: "Name of the key.")
    var keyID = "key-1"

    @Option(
        help: "A number of an existing key in decimal digits, once for each; drawn if not given.")
    var key: [String] = []

    @Option(name: .customLong("vocabulary-size"), help: "Token ids are below this.")
    var vocabularySize: Int?

    @Option(help: "Tokenizer file of the model: its digest goes into the manifest.")
    var tokenizer: String?

    @Option(name: .customLong("context-width"), help: "Tokens before the marked one.")
    var contextWidth: Int?

    @Option(name: .customLong("context-history"), help: "Contexts that a generator remembers.")
    var contextHistory: Int?

    @Option(help: "SynthID: layers.")
    var depth: Int?

    @Option(help: "KGW: share of green tokens.")
    var gamma: Double?

    @Option(help: "KGW: what is added to a green token's score.")
    var bias: Double?

    @Option(help: "Two keys: vLLM's probability of the second, SGLang's of the first.")
    var alpha: Double?

    @Option(name: .customLong("payload-symbols"), help: "Payload: symbols.")
    var payloadSymbols: Int?

    @Option(name: .customLong("payload-radix"), help: "Payload: values a symbol may have.")
    var payloadRadix: Int?

    @Option(name: .customLong("eos-token-id"), help: "The token that ends an answer.")
    var endToken: Int?

    @Option(name: .customLong("valid-from"), help: "In force from this time (RFC 3339).")
    var validFrom: String?

    @Option(name: .customLong("valid-until"), help: "In force before this time (RFC 3339).")
    var validUntil: String?

    func validate() throws {
        guard SchemeName(rawValue: scheme) != nil else {
            throw ValidationError(
                "--scheme '\(scheme)' is unknown; known are "
                    + SchemeName.allCases.map(\.rawValue).joined(separator: ", "))
        }
        if scheme != SchemeName.candidates.rawValue, vocabularySize == nil {
            throw ValidationError("--vocabulary-size is needed, such as 50257")
        }
    }

    func run() throws {
        do {
            try write()
        } catch {
            Terminal.message("stillwatch: \(Terminal.safe("\(error)"))")
            throw ExitCode(2)
        }
    }

    private func write() throws {
        guard let name = SchemeName(rawValue: scheme) else { return }
        let now = Date.now.formatted(Date.ISO8601FormatStyle())
        var draft = ManifestDraft(name, keyID: keyID, validFrom: validFrom ?? now)
        let numbers = [
            "vocabulary_size": vocabularySize, "context_width": contextWidth,
            "context_history": contextHistory, "depth": depth, "payload_symbols": payloadSymbols,
            "payload_radix": payloadRadix, "eos_token_id": endToken,
        ]
        for (field, value) in numbers { if let value { draft.set(field, value) } }
        for (field, value) in ["gamma": gamma, "bias": bias, "alpha": alpha] {
            if let value { draft.set(field, value) }
        }
        if let validUntil { draft.set("valid_until", validUntil) }
        if let tokenizer { draft.set("tokenizer_sha256", try TokenizerFile.digest(tokenizer)) }
        let made =
            key.isEmpty
            ? try WatermarkKeys.make(id: keyID, count: draft.keyCount)
            : try WatermarkKeys.make(id: keyID, values: key)
        draft.set("key_commitment", made.commitment)
        let path = "\(out)/manifest.json"
        let json = try draft.json(path: path)
        // Before anything is written: do the keys fit the scheme?
        let manifest = try WatermarkManifest(json: json, path: path)
        let keys = try WatermarkKeys(json: made.file, path: "\(out)/keys.json", for: manifest)
        if name == .candidates {
            _ = try CandidateChoice(manifest: manifest, keys: keys)
        } else {
            _ = try WatermarkScheme(manifest: manifest, keys: keys)
        }
        try FileManager.default.createDirectory(
            atPath: out, withIntermediateDirectories: true)
        try ManifestFiles.create(
            manifest: json, at: path, keys: made.file, at: "\(out)/keys.json")
        Terminal.message(
            "\(path): scheme \(name.rawValue), fingerprint \(manifest.fingerprint)\n"
                + "\(out)/keys.json: keep it secret; key commitment \(made.commitment)")
    }
}
