import CWatermark
import Foundation
import Testing

@testable import Watermarking

/// Gumbel-max as vLLM and SGLang compute it.
struct GumbelTests {
    // MARK: vLLM

    private struct Philox: Decodable {
        struct Known: Decodable {
            let counter: [String]
            let key: [String]
            let out: [String]
        }
        struct Uniforms: Decodable {
            let key: Whole
            let context: [Int64]
            let tokens: [UInt32]
            let uniformsF32: [Double]
        }
        struct Score: Decodable {
            let score: Double
            let pValue: Double
            let n: Int
            let alpha: Double?
            let keyA: Whole?
        }
        struct Detection: Decodable {
            let name: String
            let key: Whole
            let contextWidth: Int
            let dedup: Bool
            let tokenIds: [UInt32]
            let score: Double
            let pValue: Double
            let n: Int
            let dual: Score?
            let wrongKey43: Score?
        }
        let philox4x3210Kat: [Known]?
        let uniforms: [Uniforms]
        let detections: [Detection]
    }

    private func vLLM(
        _ name: String = "gumbel", key: String, width: Int, alpha: Double? = nil
    ) throws -> WatermarkScheme {
        var fields: [String: Any] = [
            "context_width": width, "vocabulary_size": Int(Int32.max), "context_history": 8192,
        ]
        fields["alpha"] = alpha
        return try Vectors.scheme(name, keys: [key], fields)
    }

    @Test func philoxIsTheAuthors() throws {
        for path in Vectors.files("vllm_gumbel_philox") {
            for known in try Vectors.read(Philox.self, path).philox4x3210Kat ?? [] {
                func words(_ texts: [String]) -> [UInt32] {
                    texts.compactMap { UInt32($0, radix: 16) }
                }
                var out = [UInt32](repeating: 0, count: 4)
                swm_test_philox(words(known.counter), words(known.key), &out)
                #expect(out == words(known.out))
            }
        }
    }

    @Test func uniformNumbersAreVLLMs() throws {
        for path in Vectors.files("vllm_gumbel_philox") {
            for vector in try Vectors.read(Philox.self, path).uniforms {
                let scheme = try vLLM(key: vector.key.text, width: vector.context.count)
                let context = vector.context.map { UInt32(truncatingIfNeeded: $0) }
                for (token, expected) in zip(vector.tokens, vector.uniformsF32) {
                    var complement = 0.0
                    swm_philox_complements(
                        scheme.kernel.pointer, 0, context + [token], [UInt32(context.count)], 1,
                        &complement)
                    #expect(1 - complement == Double(Float(expected)), "\(path), token \(token)")
                }
            }
        }
    }

    @Test func detectionsAreVLLMs() throws {
        let paths = Vectors.files("vllm_gumbel_philox")
        #expect(!paths.isEmpty)
        for path in paths {
            for vector in try Vectors.read(Philox.self, path).detections {
                var scratch = WatermarkDetector.Scratch()
                func found(_ scheme: WatermarkScheme) throws -> WatermarkDetection {
                    try WatermarkDetector(scheme, repeats: vector.dedup ? .windows : .counted)
                        .detect(
                            answer: vector.tokenIds, &scratch)
                }
                let one = try found(vLLM(key: vector.key.text, width: vector.contextWidth))
                #expect(one.evidence.scored == vector.n, "\(path): \(vector.name)")
                #expect(Vectors.agree(one.evidence.sum, vector.score, 1e-12), "\(vector.name)")
                #expect(Vectors.agree(one.evidence.pValue, vector.pValue, 1e-8), "\(vector.name)")
                if let dual = vector.dual {
                    let two = try found(
                        vLLM(
                            "dual_key_gumbel", key: vector.key.text, width: vector.contextWidth,
                            alpha: dual.alpha ?? 0.1))
                    #expect(two.evidence.scored == dual.n, "\(path): \(vector.name)")
                    #expect(Vectors.agree(two.evidence.sum, dual.score, 1e-12), "\(vector.name)")
                    #expect(
                        Vectors.agree(two.upstreamPValue ?? -1, dual.pValue, 1e-8),
                        "\(vector.name)")
                    #expect(
                        dual.keyA?.int64 == SchemeKeys.derived(vector.key.int64, domain: "key_a"))
                }
                if let wrong = vector.wrongKey43 {
                    let other = try found(vLLM(key: "43", width: vector.contextWidth))
                    #expect(Vectors.agree(other.evidence.sum, wrong.score, 1e-12))
                    #expect(Vectors.agree(other.evidence.pValue, wrong.pValue, 1e-8))
                }
            }
        }
    }

    // MARK: SGLang

    private struct Murmur: Decodable {
        struct Words: Decodable {
            let words: [UInt32]
            let hash: UInt32
        }
        struct Hash: Decodable {
            let key: String
            let context: [UInt32]
            let token: UInt32
            let tokenHash: UInt32
        }
        struct Tail: Decodable {
            let score: Double
            let n: Int
            let logSf: Double
        }
        struct Statistics: Decodable {
            let n: Int
            let score: Double
            let z: Double
            let logP: Double
        }
        struct Detection: Decodable {
            let name: String
            let key: String
            let keyB: String?
            let tokenIds: [UInt32]
            let promptTokenIds: [UInt32]
            let combined: Statistics
            let a: Statistics?
            let b: Statistics?
            let repeated: Int
            let skipped: Int
        }
        let murmur3Words: [Words]?
        let hashes: [Hash]
        let logSurvival: [Tail]?
        let detections: [Detection]
    }

    private func decimal(_ hexadecimal: String) -> String {
        String(UInt64(hexadecimal, radix: 16) ?? 0)
    }

    @Test func hashesAreSGLangs() throws {
        for path in Vectors.files("sglang_gumbel_murmur3") {
            let file = try Vectors.read(Murmur.self, path)
            for vector in file.murmur3Words ?? [] {
                #expect(swm_test_murmur(vector.words, vector.words.count) == vector.hash)
            }
            for vector in file.hashes {
                let scheme = try Vectors.scheme(
                    "sglang_gumbel", keys: [decimal(vector.key)],
                    [
                        "context_width": vector.context.count, "vocabulary_size": 1 << 30,
                        "context_history": 4096,
                    ])
                var complement = 0.0
                swm_murmur_complements(
                    scheme.kernel.pointer, 2, vector.context + [vector.token],
                    [UInt32(vector.context.count)], 1, &complement, nil)
                #expect(complement == 1 - (Double(vector.tokenHash) + 0.5) / 4_294_967_296)
            }
            for tail in file.logSurvival ?? [] {
                let found = GammaDistribution.logUpper(shape: Double(tail.n), tail.score)
                #expect(Vectors.agree(found, tail.logSf, 1e-10), "\(tail.score), \(tail.n)")
            }
        }
    }

    @Test func detectionsAreSGLangs() throws {
        let paths = Vectors.files("sglang_gumbel_murmur3")
        #expect(!paths.isEmpty)
        for path in paths {
            for vector in try Vectors.read(Murmur.self, path).detections {
                var fields: [String: Any] = [
                    "context_width": 4, "vocabulary_size": 1 << 30, "context_history": 4096,
                ]
                if vector.keyB != nil { fields["alpha"] = 0.5 }
                let scheme = try Vectors.scheme(
                    "sglang_gumbel",
                    keys: [vector.key, vector.keyB].compactMap(\.self).map(decimal),
                    fields)
                var scratch = WatermarkDetector.Scratch()
                let found = try WatermarkDetector(scheme).detect(
                    answer: vector.tokenIds, prompt: vector.promptTokenIds, &scratch)
                func check(_ ours: MarkEvidence, _ theirs: Murmur.Statistics) {
                    #expect(ours.scored == theirs.n, "\(path): \(vector.name)")
                    #expect(Vectors.agree(ours.sum, theirs.score, 1e-12), "\(vector.name)")
                    #expect(Vectors.agree(ours.zScore, theirs.z, 1e-9), "\(vector.name)")
                    #expect(Vectors.agree(ours.logPValue, theirs.logP, 1e-9), "\(vector.name)")
                }
                check(found.evidence, vector.combined)
                #expect(found.repeated == vector.repeated, "\(path): \(vector.name)")
                #expect(found.skipped == vector.skipped, "\(path): \(vector.name)")
                if let a = vector.a, let b = vector.b {
                    check(found.keys[0], a)
                    check(found.keys[1], b)
                }
            }
        }
    }
}
