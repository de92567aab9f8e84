/// Whether two manifests describe one mark, and what weakens it.
extension WatermarkManifest {
    /// The first field in which a generator with one manifest and a detector with the other would not agree; `nil` when
    /// they would. Dates, the end token and names of keys do not count.
    package func firstDifference(from other: WatermarkManifest) -> WatermarkError? {
        let fields: [(String, String, String)] = [
            ("scheme", scheme.rawValue, other.scheme.rawValue),
            ("context_width", "\(contextWidth)", "\(other.contextWidth)"),
            ("vocabulary_size", "\(vocabularySize)", "\(other.vocabularySize)"),
            ("depth", "\(depth)", "\(other.depth)"),
            ("table_size", "\(tableSize)", "\(other.tableSize)"),
            ("table_seed", "\(tableSeed)", "\(other.tableSeed)"),
            ("gamma", "\(gamma)", "\(other.gamma)"), ("alpha", "\(alpha)", "\(other.alpha)"),
            ("payload_symbols", "\(payloadSymbols)", "\(other.payloadSymbols)"),
            ("payload_radix", "\(payloadRadix)", "\(other.payloadRadix)"),
            ("context_history", "\(contextHistory)", "\(other.contextHistory)"),
            (
                "tokenizer_sha256", tokenizerDigest?.lowercased() ?? "null",
                other.tokenizerDigest?.lowercased() ?? "null"
            ),
            ("key_commitment", keyCommitment.lowercased(), other.keyCommitment.lowercased()),
        ]
        for (field, own, others) in fields where own != others {
            return .mismatch(field: field, expected: own, found: others)
        }
        return nil
    }
}

extension WatermarkScheme {
    /// What weakens this mark, for the person who runs it.
    package var weaknesses: [String] {
        var found: [String] = []
        if manifest.scheme == .synthid, (1 << 16) % manifest.tableSize == 0 {
            let size = manifest.tableSize
            if kernel.distinctKeys(modulo: size) < manifest.depth {
                found.append(
                    "two of the keys are equal modulo \(size), so that their layers are one: draw "
                        + "new keys")
            }
            if manifest.vocabularySize > size {
                found.append(
                    "tokens \(size) apart get the same numbers; the vocabulary has "
                        + "\(manifest.vocabularySize) tokens")
            }
            found.append(
                "the hash has 16 bits that count, and no cryptographic strength: who sees many "
                    + "marked answers can learn to forge or remove the mark")
        }
        if manifest.scheme == .kgwLeftHash, manifest.contextWidth == 1 {
            found.append(
                "one green list for each previous token: counting words in marked answers "
                    + "reveals the lists, and text that resembles them looks marked")
        }
        if manifest.scheme.hasGreenLists {
            found.append(
                "frequent word pairs are green or not under this key for good, so that texts of "
                    + "one kind are not independent evidence")
        }
        if manifest.scheme == .sglangGumbel {
            found.append("a 32-bit hash: fit for detection, no cryptographic function")
        }
        if manifest.contextWidth > 8 {
            found.append(
                "each edited token spoils \(manifest.contextWidth) windows after it; 4 is usual")
        }
        return found
    }
}
