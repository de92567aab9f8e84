import CWatermark
import Foundation
import Testing

@testable import Watermarking

/// SynthID-Text as transformers and DeepMind compute it.
struct SynthIDTests {
    private struct File: Decodable {
        let samplingTableSeed0Size65536Sha256: String?
        let cases: [Case]
    }

    private struct Case: Decodable {
        let name: String
        let tokenIds: [UInt32]
        let keys: [Whole]
        let ngramLen: Int
        let samplingTableSize: Int?
        let samplingTableSeed: Int?
        let contextHistorySize: Int
        let eosTokenId: UInt32?
        let hashIv: String?
        let gValues: [[Int]]?
        let gValuesSha256: String?
        let contextRepetitionMask: [Int]
        let combinedMask: [Int]?
        let ones: Int
        let numScored: Int
        let meanScore: Double?
        let weightedMeanScore: Double?
    }

    private func scheme(_ vector: Case, _ name: String) throws -> WatermarkScheme {
        var fields: [String: Any] = [
            "context_width": vector.ngramLen - 1, "vocabulary_size": 1 << 20,
            "context_history": vector.contextHistorySize, "depth": vector.keys.count,
        ]
        if name == "synthid" {
            fields["table_size"] = vector.samplingTableSize
            fields["table_seed"] = vector.samplingTableSeed
        }
        if let end = vector.eosTokenId { fields["eos_token_id"] = Int(end) }
        return try Vectors.scheme(name, keys: vector.keys.map(\.text), fields)
    }

    @Test(arguments: ["synthid_transformers", "synthid_deepmind_main"])
    func layersAndScoresAreUpstreams(file: String) throws {
        let paths = Vectors.files(file)
        #expect(!paths.isEmpty)
        for path in paths {
            for vector in try Vectors.read(File.self, path).cases {
                let scheme = try scheme(
                    vector, file == "synthid_transformers" ? "synthid" : "synthid_deepmind")
                let width = vector.ngramLen - 1
                var layers = [UInt64](repeating: 0, count: vector.tokenIds.count - width)
                swm_synthid_layers(
                    scheme.kernel.pointer, vector.tokenIds, vector.tokenIds.count, &layers)
                let values = layers.map { mask in
                    vector.keys.indices.map { Int(mask >> UInt64($0) & 1) }
                }
                if let expected = vector.gValues {
                    #expect(values == expected, "\(path): \(vector.name)")
                } else {
                    let bytes = values.flatMap { $0.map(UInt8.init(_:)) }
                    #expect(Vectors.sha256(bytes) == vector.gValuesSha256, "\(vector.name)")
                }
                var scratch = WatermarkDetector.Scratch()
                let found = try WatermarkDetector(scheme, statistic: .mean).detect(
                    answer: vector.tokenIds, &scratch)
                #expect(found.evidence.scored == vector.numScored, "\(path): \(vector.name)")
                #expect(found.evidence.sum == Double(vector.ones), "\(path): \(vector.name)")
                if let mean = vector.meanScore, let weighted = vector.weightedMeanScore {
                    #expect(Vectors.agree(found.mean ?? -1, mean), "\(path): \(vector.name)")
                    #expect(
                        Vectors.agree(found.weightedMean ?? -1, weighted),
                        "\(path): \(vector.name)")
                }
            }
        }
    }

    @Test func startValueIsDeepMinds() throws {
        for path in Vectors.files("synthid_deepmind_main") {
            for vector in try Vectors.read(File.self, path).cases {
                let start = SchemeKeys.hashStart(vector.keys.map(\.int64))
                #expect(String(start) == vector.hashIv, "\(path): \(vector.name)")
            }
        }
    }

    @Test func layersOfATokenDoNotDependOnTheTableFolding() throws {
        // A table whose size does not divide 65536 takes the path that reads the whole hash.
        var generator = SystemRandomNumberGenerator()
        let keys = (0..<12).map { _ in String(Int64.random(in: .min ... .max, using: &generator)) }
        let tokens = (0..<400).map { _ in UInt32.random(in: 0..<50_000, using: &generator) }
        let fields: [String: Any] = [
            "context_width": 4, "vocabulary_size": 50_000, "context_history": 1024, "depth": 12,
            "table_seed": 0,
        ]
        let folded = try Vectors.scheme(
            "synthid", keys: keys, fields.merging(["table_size": 65_536]) { $1 })
        var layers = [UInt64](repeating: 0, count: 396)
        swm_synthid_layers(folded.kernel.pointer, tokens, tokens.count, &layers)
        var hashes = layers
        let whole = tokens.withUnsafeBufferPointer { buffer in
            (0..<396).map { start in
                (start...start + 4).reduce(UInt64(1)) {
                    ($0 &+ UInt64(buffer[$1])) &* 6_364_136_223_846_793_005 &+ 1
                }
            }
        }
        hashes = whole
        swm_synthid_layers_of_hashes(folded.kernel.pointer, &hashes, hashes.count)
        #expect(hashes == layers, "keys \(keys)")
    }

    private struct Bayesian: Decodable {
        struct Case: Decodable {
            let tokenIds: [UInt32]
            let keys: [Whole]
            let beta: [Double]
            let delta: [[Double]]
            let baseRate: Double
            let posterior: Double
        }
        let cases: [Case]
    }

    private static func standard(_ keys: [String]) throws -> WatermarkScheme {
        try Vectors.scheme(
            "synthid", keys: keys,
            [
                "context_width": 4, "vocabulary_size": 50_000, "context_history": 1024,
                "depth": keys.count, "table_size": 65_536, "table_seed": 0,
            ])
    }

    @Test func posteriorIsTransformers() throws {
        let path = try #require(Vectors.files("synthid_bayesian").first)
        for vector in try Vectors.read(Bayesian.self, path).cases {
            let likelihood = try BayesianLikelihood(
                beta: vector.beta, delta: vector.delta, baseRate: vector.baseRate)
            let detector = try WatermarkDetector(
                Self.standard(vector.keys.map(\.text)), statistic: .bayesian(likelihood))
            var scratch = WatermarkDetector.Scratch()
            let found = try detector.detect(answer: vector.tokenIds, &scratch)
            #expect(
                Vectors.agree(found.posterior ?? -1, vector.posterior, 1e-6),
                "depth \(vector.beta.count)")
        }
    }

    @Test func fitFindsTheLikelihoodThatLayersWereDrawnFrom() throws {
        let depth = 6
        let beta = [1.0, -1, 0, -2, 0.5, -1]
        var delta = [[Double]](repeating: [Double](repeating: 0, count: depth), count: depth)
        delta[2][0] = 1.5
        delta[5][4] = -1.5
        var random = SeededRandom(seed: 31)
        var fit = LikelihoodFit(depth: depth)
        fit.add(
            (0..<60_000).map { _ in
                var mask: UInt64 = 0
                for layer in 0..<depth {
                    var logit = beta[layer]
                    for j in 0..<layer where mask >> UInt64(j) & 1 == 1 { logit += delta[layer][j] }
                    let half = 0.5 / (1 + exp(-logit))
                    if random.uniform() < 0.5 * (1 + half) { mask |= 1 << UInt64(layer) }
                }
                return mask
            })
        let found = try fit.fitted(baseRate: 0.5)
        // Probabilities, since coefficients of rare matches are not well determined.
        for layer in 0..<depth {
            let two = 1 / (1 + exp(-found.beta[layer]))
            #expect(abs(two - 1 / (1 + exp(-beta[layer]))) < 0.12, "layer \(layer)")
        }
        #expect(found.delta[2][0] > 0.8 && found.delta[5][4] < -0.5)
        #expect(throws: WatermarkError.self) { try LikelihoodFit(depth: 3).fitted(baseRate: 0.5) }
    }
}
