import Foundation
import Testing

@testable import Watermarking

/// Manifests and keys: what is refused, and that a mismatch names its field.
struct ManifestTests {
    private static let keys = (try? WatermarkKeys.make(id: "k", values: ["7"])) ?? ([], "")

    private static func manifest(_ change: (inout [String: Any]) -> Void = { _ in }) throws
        -> WatermarkManifest
    {
        var fields: [String: Any] = [
            "format": "stillwatch-watermark-manifest", "version": 1, "scheme": "gumbel",
            "key_ids": ["k"], "valid_from": "2026-01-01T00:00:00Z",
            "key_commitment": keys.1, "context_width": 4, "vocabulary_size": 1000,
            "context_history": 8192,
        ]
        change(&fields)
        let json = try JSONSerialization.data(withJSONObject: fields)
        return try WatermarkManifest(json: Array(json), path: "m.json")
    }

    /// A field and JSON for its value; none leaves it out.
    private static let refused: [(field: String, json: String?)] = [
        ("format", "\"other\""), ("version", "2"), ("scheme", "\"unheard_of\""), ("scheme", nil),
        ("key_ids", "[]"), ("key_ids", "[\"k\",\"k\"]"), ("key_ids", "\"k\""),
        ("context_width", "0"), ("context_width", "65"), ("context_width", "1.5"),
        ("context_width", "\"4\""), ("context_width", "true"), ("vocabulary_size", "1"),
        ("vocabulary_size", "1e18"), ("vocabulary_size", "99999999999999999999999"),
        ("context_history", "-1"), ("valid_from", "\"yesterday\""),
        ("valid_until", "\"2025-01-01T00:00:00Z\""), ("key_commitment", "\"00\""),
        ("tokenizer_sha256", "\"xyz\""), ("eos_token_id", "-1"), ("gamma", "0.25"),
        ("colour", "\"red\""), ("context_width", nil), ("context_width", "[[1]]"),
    ]

    @Test(arguments: refused.indices)
    func errorsNameTheField(index: Int) throws {
        let (field, json) = Self.refused[index]
        let value = try json.map {
            try JSONSerialization.jsonObject(with: Data($0.utf8), options: .fragmentsAllowed)
        }
        do {
            _ = try Self.manifest { $0[field] = value }
            Issue.record("\(field) = \(json ?? "nothing") was taken")
        } catch WatermarkError.manifest(_, let named, _) {
            #expect(named == field)
        }
    }

    @Test func whatIsNoObjectIsRefused() {
        for text in ["", "[]", "nul", "{", "{\"a\":}", "\u{FEFF}"] {
            #expect(throws: WatermarkError.self) {
                try WatermarkManifest(json: Array(text.utf8), path: "m.json")
            }
        }
    }

    @Test func fingerprintIsOfSortedJSON() throws {
        // python3 -c 'import hashlib,json; print(hashlib.sha256(json.dumps(m, sort_keys=True, separators=(",", ":"),
        // ensure_ascii=False).encode()).hexdigest())' of the manifest below, with 2 for 2.0.
        let json = """
            {"version":1, "scheme":"kgw_lefthash","format":"stillwatch-watermark-manifest",
             "key_ids":["é\\n\\"k\\u0001"],"context_width":1,"vocabulary_size":1000,"gamma":0.25,"bias":2.0,
             "valid_from":"2026-01-01T00:00:00Z","valid_until":null,
             "key_commitment":"0000000000000000000000000000000000000000000000000000000000000000"}
            """
        let manifest = try WatermarkManifest(json: Array(json.utf8), path: "m.json")
        #expect(manifest.fingerprint == Self.expectedFingerprint)
    }

    static let expectedFingerprint =
        "866e1b672dfb78ea46bca537fe5ec7b17f51819e15c1497db097df76daad8f2e"

    @Test func keysOfAnotherManifestAreAMismatch() throws {
        let other = try WatermarkKeys.make(id: "k", values: ["7"])
        do {
            _ = try WatermarkKeys(json: other.file, path: "keys.json", for: Self.manifest())
            Issue.record("other keys were taken")
        } catch WatermarkError.mismatch(let field, _, _) {
            #expect(field == "key_commitment")
        }
        #expect(throws: WatermarkError.self) {
            try WatermarkKeys(json: [0x7B], path: "keys.json", for: Self.manifest())
        }
        let named = try Self.manifest { $0["key_ids"] = ["other"] }
        #expect(throws: WatermarkError.self) {
            try WatermarkKeys(json: Self.keys.0, path: "keys.json", for: named)
        }
        let right = try WatermarkKeys(json: Self.keys.0, path: "keys.json", for: Self.manifest())
        #expect(right.values == [7])
    }

    @Test func numbersOfKeysMustFitTheScheme() throws {
        let file = try WatermarkKeys.make(id: "k", values: ["1", "2", "3"])
        let manifest = try Self.manifest { $0["key_commitment"] = file.commitment }
        let keys = try WatermarkKeys(json: file.file, path: "keys.json", for: manifest)
        #expect(throws: WatermarkError.self) { try WatermarkScheme(manifest: manifest, keys: keys) }
    }

    @Test func secretFilesThatOthersReadAreRefused() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            UUID().uuidString
        ).path
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/keys.json"
        try ProtectedFile.create(path, Self.keys.0)
        _ = try WatermarkKeys(contentsOf: path, for: Self.manifest())
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
        #expect(throws: WatermarkError.self) {
            try WatermarkKeys(contentsOf: path, for: Self.manifest())
        }
        #expect(throws: WatermarkError.self) { try ProtectedFile.create(path, [1]) }
        #expect(throws: WatermarkError.self) { try ProtectedFile.read(folder, largest: 10) }
        #expect(throws: WatermarkError.self) { try ProtectedFile.read(path, largest: 10) }
    }

    @Test func differencesBetweenManifestsAreNamed() throws {
        let one = try Self.manifest()
        #expect(try one.firstDifference(from: Self.manifest()) == nil)
        let other = try Self.manifest { $0["context_width"] = 5 }
        guard case .mismatch("context_width", "4", "5")? = one.firstDifference(from: other) else {
            Issue.record("\(String(describing: one.firstDifference(from: other)))")
            return
        }
        let tokenizer = try Self.manifest {
            $0["tokenizer_sha256"] = String(repeating: "ab", count: 32)
        }
        #expect(throws: WatermarkError.self) { try tokenizer.requireTokenizer(digest: "cd") }
        try tokenizer.requireTokenizer(digest: String(repeating: "AB", count: 32))
    }

    @Test(arguments: SchemeName.allCases)
    func draftsCanBeReadAgain(scheme: SchemeName) throws {
        var draft = ManifestDraft(scheme, keyID: "k", validFrom: "2026-01-01T00:00:00Z")
        if scheme != .candidates { draft.set("vocabulary_size", 1000) }
        let made = try WatermarkKeys.make(id: "k", count: draft.keyCount)
        draft.set("key_commitment", made.commitment)
        let manifest = try WatermarkManifest(json: draft.json(path: "m.json"), path: "m.json")
        let keys = try WatermarkKeys(json: made.file, path: "keys.json", for: manifest)
        if scheme == .candidates {
            _ = try CandidateChoice(manifest: manifest, keys: keys)
            #expect(throws: WatermarkError.self) {
                try WatermarkScheme(manifest: manifest, keys: keys)
            }
        } else {
            let made = try WatermarkScheme(manifest: manifest, keys: keys)
            #expect(made.null.variance > 0)
        }
    }

    @Test func tokensOutsideTheVocabularyAreRefused() throws {
        let keys = try WatermarkKeys(json: Self.keys.0, path: "keys.json", for: Self.manifest())
        let scheme = try WatermarkScheme(manifest: Self.manifest(), keys: keys)
        var scratch = WatermarkDetector.Scratch()
        let detector = try WatermarkDetector(scheme)
        #expect(throws: WatermarkError.self) {
            try detector.detect(answer: [1, 2, 1000], &scratch)
        }
        #expect(throws: WatermarkError.self) {
            try detector.detect(answer: [1], prompt: [.max], &scratch)
        }
        #expect(try detector.detect(answer: [], &scratch).evidence.scored == 0)
        #expect(try detector.detect(answer: [], &scratch).evidence.pValue == 1)
    }

    @Test func startValuesFollowFromTheKeys() {
        #expect(SchemeKeys.derived(42, domain: "key_a") == 37_150_756_557_148_556)
    }
}
