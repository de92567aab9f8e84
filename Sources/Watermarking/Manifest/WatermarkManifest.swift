import Foundation

/// What a generator and a detector must agree on, without any secret.
///
/// A JSON object; `Documentation/Watermarks.md` lists its fields. Unknown, missing and foreign fields are errors that name
/// the field, since a detector that reads another width or vocabulary sees no mark and says nothing of it.
package struct WatermarkManifest: Hashable, Sendable {
    /// Largest manifest that is read, bytes.
    static let largest = 1 << 20

    /// Where it was read from, for messages.
    package let path: String
    package let scheme: SchemeName
    /// Names of the keys in the keys file, in the order in which the commitment covers them.
    package let keyIDs: [String]
    /// Tokens before the marked one (SynthID's ngram_len - 1); for `candidates`, words.
    package let contextWidth: Int
    /// Token ids are below this.
    package let vocabularySize: Int
    /// Contexts that a generator remembers.
    package let contextHistory: Int
    /// SynthID: layers.
    package let depth: Int
    /// SynthID: entries and seed of the sampling table.
    package let tableSize: Int
    package let tableSeed: Int
    /// KGW: share of the vocabulary that is green, and what is added to a green token's score.
    package let gamma: Double
    package let bias: Double
    /// Two keys: vLLM's probability of the second, SGLang's of the first.
    package let alpha: Double
    /// Payload: symbols, and values a symbol may have.
    package let payloadSymbols: Int
    package let payloadRadix: Int
    /// SHA-256 of the tokenizer's file, in lower-case hexadecimal.
    package let tokenizerDigest: String?
    /// The token that ends an answer; what follows is not scored.
    package let endToken: UInt32?
    /// Dates in force, RFC 3339.
    package let validFrom: String
    package let validUntil: String?
    /// SHA-256 over the salted keys, in lower-case hexadecimal.
    package let keyCommitment: String
    /// SHA-256 of the manifest's canonical JSON, in lower-case hexadecimal: names it in reports and logs.
    package let fingerprint: String

    /// Reads a manifest.
    package init(contentsOf path: String) throws(WatermarkError) {
        try self.init(json: try ProtectedFile.read(path, largest: Self.largest), path: path)
    }

    /// Reads a manifest's bytes; `path` is for messages.
    package init(json: [UInt8], path: String) throws(WatermarkError) {
        let fields = try ManifestFields(json: json, path: path)
        let format = try fields.text("format")
        guard format == "stillwatch-watermark-manifest" else {
            throw fields.error("format", "expected 'stillwatch-watermark-manifest'")
        }
        guard try fields.integer("version", 0...Int.max) == 1 else {
            throw fields.error("version", "this program reads version 1")
        }
        let name = try fields.text("scheme")
        guard let scheme = SchemeName(rawValue: name) else {
            let known = SchemeName.allCases.map(\.rawValue).joined(separator: ", ")
            throw fields.error("scheme", "'\(name.prefix(60))' is unknown; known are \(known)")
        }
        try fields.check(scheme)
        self.path = path
        self.scheme = scheme
        keyIDs = try fields.texts("key_ids")
        guard Set(keyIDs).count == keyIDs.count, keyIDs.allSatisfy({ !$0.isEmpty }) else {
            throw fields.error("key_ids", "expected different names, none of them empty")
        }
        let own = scheme.fields
        func number(_ name: String, _ range: ClosedRange<Int>) throws(WatermarkError) -> Int {
            own.contains(name) ? try fields.integer(name, range) : 0
        }
        func share(_ name: String, _ range: ClosedRange<Double>) throws(WatermarkError) -> Double {
            own.contains(name) && (fields.has(name) || !scheme.optionalFields.contains(name))
                ? try fields.number(name, range) : 0.5
        }
        contextWidth = try number("context_width", 1...64)
        vocabularySize = try number("vocabulary_size", 2...Int(Int32.max))
        contextHistory = try number("context_history", 0...(1 << 20))
        depth = try number("depth", 1...64)
        tableSize = try number("table_size", 2...(1 << 24))
        tableSeed = try number("table_seed", 0...Int(UInt32.max))
        gamma = try share("gamma", 0.000_001...0.999_999)
        bias = try share("bias", -100...100)
        alpha = try share("alpha", 0...1)
        payloadSymbols = try number("payload_symbols", 1...256)
        payloadRadix = try number("payload_radix", 2...256)
        tokenizerDigest = try fields.optionalText("tokenizer_sha256")
        if let tokenizerDigest, Digest.bytes(hexadecimal: tokenizerDigest)?.count != 32 {
            throw fields.error("tokenizer_sha256", "expected 64 hexadecimal digits, or null")
        }
        endToken = try fields.optionalInteger("eos_token_id", 0...Int(Int32.max)).map(
            UInt32.init(_:))
        validFrom = try fields.text("valid_from")
        validUntil = try fields.optionalText("valid_until")
        let from = try fields.time("valid_from", validFrom)
        if let validUntil, try fields.time("valid_until", validUntil) <= from {
            throw fields.error("valid_until", "must be after valid_from")
        }
        keyCommitment = try fields.text("key_commitment")
        guard Digest.bytes(hexadecimal: keyCommitment)?.count == 32 else {
            throw fields.error("key_commitment", "expected 64 hexadecimal digits")
        }
        fingerprint = Digest.hexadecimal(Digest.sha256(Array(fields.canonical.utf8)))
    }

    /// Fails unless the digest of a tokenizer's file is the one the manifest names, if it names one.
    package func requireTokenizer(digest: String) throws(WatermarkError) {
        guard let tokenizerDigest, tokenizerDigest.lowercased() != digest.lowercased() else {
            return
        }
        throw .mismatch(field: "tokenizer_sha256", expected: tokenizerDigest, found: digest)
    }
}
