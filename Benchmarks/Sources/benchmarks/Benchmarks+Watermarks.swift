import Watermarking

/// Reading marks: documents of 500 tokens drawn with a Zipf-like law, so that windows and pairs come again.
extension Benchmarks {
    static let markNames = ["synthid", "gumbel", "kgw"]

    private static let vocabulary: UInt32 = 50_000

    private static func documents() -> [[UInt32]] {
        var state: UInt64 = 1
        return (0..<200).map { _ in
            (0..<500).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                // A uniform number cubed: few tokens are frequent, many are rare.
                let uniform = Double(state >> 40) / Double(1 << 24)
                return UInt32(uniform * uniform * uniform * Double(vocabulary))
            }
        }
    }

    private static func detector(_ name: String) throws -> WatermarkDetector {
        let scheme: SchemeName =
            name == "synthid" ? .synthid : name == "gumbel" ? .gumbel : .kgwLeftHash
        var draft = ManifestDraft(scheme, keyID: "k", validFrom: "2026-01-01T00:00:00Z")
        draft.set("vocabulary_size", Int(vocabulary))
        let numbers = (1...draft.keyCount).map { String($0 * 7_919) }
        let made = try WatermarkKeys.make(id: "k", values: numbers)
        draft.set("key_commitment", made.commitment)
        let manifest = try WatermarkManifest(json: draft.json(path: "manifest"), path: "manifest")
        let keys = try WatermarkKeys(json: made.file, path: "keys", for: manifest)
        return try WatermarkDetector(WatermarkScheme(manifest: manifest, keys: keys))
    }

    static func mark(_ name: String) throws -> Benchmark {
        let documents = documents()
        let detector = try detector(name)
        var scratch = WatermarkDetector.Scratch()
        let tokens = documents.reduce(0) { $0 + $1.count }
        return Benchmark(
            name: name, about: "WatermarkDetector on documents of 500 tokens", unit: "token",
            count: tokens, bytes: 4 * tokens
        ) {
            var sum: UInt64 = 0
            for document in documents {
                let evidence = try detector.detect(answer: document, &scratch).evidence
                sum = sum &* 31 &+ UInt64(evidence.scored) &+ evidence.sum.bitPattern
            }
            return sum
        }
    }
}
