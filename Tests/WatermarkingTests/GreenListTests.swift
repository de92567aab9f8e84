import CWatermark
import Foundation
import Testing

@testable import Watermarking

/// Green lists as transformers draws them.
struct GreenListTests {
    private struct File: Decodable {
        let mt19937Seed15485863First8: [UInt32]?
        let cases: [Case]
    }

    private struct Counts: Decodable {
        let numScored: Int
        let numGreen: Int
        let pValue: Double
    }

    private struct Case: Decodable {
        let name: String
        let vocabSize: Int
        let greenlistRatio: Double
        let hashingKey: Whole
        let seedingScheme: String
        let contextWidth: Int
        let tokenIds: [UInt32]
        let greenlistPrefix: [UInt32]
        let greenlistSha256LeU32: String
        let greenFlags: [UInt8]
        let numScored: Int
        let numGreen: Int
        let pValue: Double
        let dedup: Counts
    }

    private func scheme(_ vector: Case, cacheBytes: Int = 1 << 26) throws -> WatermarkScheme {
        try Vectors.scheme(
            "kgw_\(vector.seedingScheme)", keys: [vector.hashingKey.text],
            [
                "context_width": vector.contextWidth, "vocabulary_size": vector.vocabSize,
                "gamma": vector.greenlistRatio, "bias": 2.0,
            ])
    }

    @Test func generatorIsMersenneTwister() throws {
        for path in Vectors.files("kgw_transformers") {
            guard
                let expected = try Vectors.read(File.self, path).mt19937Seed15485863First8
            else { continue }
            var words = [UInt32](repeating: 0, count: expected.count)
            swm_test_mt19937(15_485_863, &words, words.count)
            #expect(words == expected)
        }
    }

    @Test func listsFlagsAndCountsAreUpstreams() throws {
        let paths = Vectors.files("kgw_transformers")
        #expect(!paths.isEmpty)
        for path in paths {
            for vector in try Vectors.read(File.self, path).cases {
                let scheme = try scheme(vector)
                let pointer = scheme.kernel.pointer
                let count = Int(swm_green_tokens(pointer, nil, 0, nil, nil))
                var list = [UInt32](repeating: 0, count: count)
                var scratch = [UInt32](repeating: 0, count: vector.vocabSize)
                let window = vector.greenlistPrefix.suffix(vector.contextWidth)
                _ = swm_green_tokens(
                    pointer, Array(window), UInt32(window.count), &scratch, &list)
                let bytes = list.flatMap { token in
                    (0..<4).map { UInt8(truncatingIfNeeded: token >> (8 * $0)) }
                }
                #expect(
                    Vectors.sha256(bytes) == vector.greenlistSha256LeU32, "\(path): \(vector.name)")

                let first = vector.tokenIds.count - vector.greenFlags.count
                let positions = (UInt32(first)..<UInt32(vector.tokenIds.count)).map { $0 }
                var flags = [UInt8](repeating: 2, count: positions.count)
                swm_green_flags(
                    scheme.kernel.greenCache, vector.tokenIds, positions, positions.count, &flags)
                #expect(flags == vector.greenFlags, "\(path): \(vector.name)")
                // Again with the answers known, and once without room for lists.
                swm_green_flags(
                    scheme.kernel.greenCache, vector.tokenIds, positions, positions.count, &flags)
                #expect(flags == vector.greenFlags, "\(path): \(vector.name)")
                let small = swm_green_cache_create(pointer, 0)
                defer { swm_green_cache_destroy(small) }
                swm_green_flags(small, vector.tokenIds, positions, positions.count, &flags)
                #expect(flags == vector.greenFlags, "\(path): \(vector.name)")

                var memory = WatermarkDetector.Scratch()
                let all = try WatermarkDetector(scheme, repeats: .counted).detect(
                    answer: vector.tokenIds, &memory)
                #expect(all.evidence.scored == vector.numScored, "\(path): \(vector.name)")
                #expect(all.evidence.sum == Double(vector.numGreen), "\(path): \(vector.name)")
                #expect(Vectors.agree(all.upstreamPValue ?? -1, vector.pValue, 1e-9))
                let once = try WatermarkDetector(scheme, repeats: .windows).detect(
                    answer: vector.tokenIds, &memory)
                #expect(once.evidence.scored == vector.dedup.numScored, "\(vector.name)")
                #expect(once.evidence.sum == Double(vector.dedup.numGreen), "\(vector.name)")
                #expect(Vectors.agree(once.upstreamPValue ?? -1, vector.dedup.pValue, 1e-9))
            }
        }
    }

    @Test(arguments: [(50, 0.5), (1000, 0.25), (4001, 0.9), (2, 0.5)])
    func askingForOneTokenIsMakingTheList(size: Int, gamma: Double) throws {
        for key in [1, 15_485_863, -77] {
            let scheme = try Vectors.scheme(
                "kgw_lefthash", keys: [String(key)],
                ["context_width": 1, "vocabulary_size": size, "gamma": gamma, "bias": 1])
            let pointer = scheme.kernel.pointer
            var scratch = [UInt32](repeating: 0, count: size)
            var list = [UInt32](
                repeating: 0, count: Int(swm_green_tokens(pointer, nil, 0, nil, nil)))
            let cache = swm_green_cache_create(pointer, 0)
            defer { swm_green_cache_destroy(cache) }
            for last in UInt32(0)..<UInt32(min(size, 5)) {
                _ = swm_green_tokens(pointer, [last], 1, &scratch, &list)
                let green = Set(list)
                for token in UInt32(0)..<UInt32(size) {
                    var flag: UInt8 = 2
                    swm_green_flags(cache, [last, token], [1], 1, &flag)
                    #expect(
                        (flag == 1) == green.contains(token),
                        "key \(key), last \(last), token \(token)")
                }
            }
        }
    }

    @Test func windowsThatAreOneDrawCountOnce() throws {
        // `selfhash`: of a window only the token with the least hash and the last one count.
        let scheme = try Vectors.scheme(
            "kgw_selfhash", keys: ["15485863"],
            ["context_width": 4, "vocabulary_size": 1000, "gamma": 0.25, "bias": 2])
        var random = SeededRandom(seed: 21)
        let tokens = (0..<4000).map { _ in UInt32(random.next() % 12) }
        let positions = (UInt32(3)..<4000).map { $0 }
        var draws = [UInt64](repeating: 0, count: positions.count)
        var flags = [UInt8](repeating: 0, count: positions.count)
        swm_green_draws(scheme.kernel.pointer, tokens, positions, positions.count, &draws)
        swm_green_flags(
            scheme.kernel.greenCache, tokens, positions, positions.count, &flags)
        var known: [UInt64: UInt8] = [:]
        for (draw, flag) in zip(draws, flags) {
            #expect(known.updateValue(flag, forKey: draw) ?? flag == flag)
        }
        // 12 x 12 pairs are all there can be.
        #expect(known.count <= 144)
        var scratch = WatermarkDetector.Scratch()
        let found = try WatermarkDetector(scheme).detect(answer: tokens, &scratch)
        #expect(found.evidence.scored == known.count)
        #expect(found.evidence.sum == Double(known.values.reduce(0) { $0 + Int($1) }))
        let scored = try scheme.score(answer: tokens, prompt: [])
        #expect(Set(scored.map(\.pair)).count == known.count)
    }

    @Test func lefthashDrawsByTheLastTokenHoweverWideItsWindow() throws {
        let scheme = try Vectors.scheme(
            "kgw_lefthash", keys: ["7"],
            ["context_width": 3, "vocabulary_size": 100, "gamma": 0.25, "bias": 2])
        var random = SeededRandom(seed: 22)
        let tokens = (0..<2000).map { _ in UInt32(random.next() % 5) }
        var scratch = WatermarkDetector.Scratch()
        let found = try WatermarkDetector(scheme).detect(answer: tokens, &scratch)
        #expect(found.evidence.scored == 25)
    }
}
