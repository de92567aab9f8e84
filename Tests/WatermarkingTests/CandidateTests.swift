import Foundation
import Testing

@testable import Watermarking

/// The mark that is chosen among several answers.
struct CandidateTests {
    private static func choice(_ key: UInt64) -> CandidateChoice {
        CandidateChoice(secret: withUnsafeBytes(of: key) { Array($0) })
    }

    /// A text of words drawn from a vocabulary of that many.
    private static func text(_ words: Int, of vocabulary: UInt64, _ random: inout SeededRandom)
        -> [UInt8]
    {
        Array((0..<words).map { _ in "w\(random.next() % vocabulary)" }.joined(separator: " ").utf8)
    }

    @Test func `SipHash gives its authors' vectors`() {
        let halves: (UInt64, UInt64) = (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)
        let hash = SipHash(key: halves)
        let vectors: [(count: UInt8, hash: UInt64)] = [
            (0, 0x726f_db47_dd0e_0e31), (8, 0x93f5_f579_9a93_2462), (15, 0xa129_ca61_49be_45e5),
        ]
        for vector in vectors {
            let bytes = Array(0..<vector.count)
            #expect(bytes.withUnsafeBytes { hash.hash($0) } == vector.hash, "\(vector.count) bytes")
        }
    }

    /// Q(k, x) of whole k is the probability of fewer than k events of a Poisson process with mean x.
    private static func poisson(_ shape: Int, _ x: Double) -> Double {
        var term = exp(-x)
        var total = term
        for event in 1..<max(shape, 1) where shape > 1 {
            term *= x / Double(event)
            total += term
        }
        return total
    }

    @Test(arguments: [1, 2, 3, 10, 57, 300])
    func `the tail of a sum of exponentials is exact`(shape: Int) {
        for factor in [0.01, 0.3, 0.9, 1, 1.1, 1.7, 2.3] {
            let x = factor * Double(shape)
            let expected = Self.poisson(shape, x)
            let upper = exp(GammaDistribution.logUpper(shape: Double(shape), x))
            #expect(abs(upper - expected) <= 1e-10 * max(expected, 1e-3), "Q(\(shape), \(x))")
            let lower = exp(GammaDistribution.logLower(shape: Double(shape), x))
            #expect(abs(lower + upper - 1) < 1e-10)
        }
        #expect(GammaDistribution.logUpper(shape: Double(shape), 0) == 0)
        #expect(GammaDistribution.logLower(shape: Double(shape), -1) == -.infinity)
    }

    @Test func `far tails do not round to nothing`() {
        let expected = Self.poisson(10, 200)
        #expect(abs(exp(GammaDistribution.logUpper(shape: 10, 200)) / expected - 1) < 1e-9)
    }

    @Test func `over keys each candidate is chosen as often as by lot`() {
        var random = SeededRandom(seed: 7)
        var candidates = [20, 40, 80].map { Self.text($0, of: 1_000, &random) }
        // Shares most of its n-grams with the third.
        candidates.append(candidates[2] + Array(" and one more word".utf8))
        candidates.append(Array("short".utf8))
        let draws = 4_000
        var chosen = [Int](repeating: 0, count: candidates.count)
        for key in 0..<UInt64(draws) { chosen[Self.choice(key).choose(among: candidates)!] += 1 }
        let expected = Double(draws) / Double(candidates.count)
        // Four standard deviations of a binomial count; five counts, so a false alarm has probability 3e-4.
        let allowed = 4 * (expected * (1 - 1 / Double(candidates.count))).squareRoot()
        for count in chosen { #expect(abs(Double(count) - expected) < allowed, "\(chosen)") }
    }

    @Test func `copies win as often as they were drawn`() {
        var random = SeededRandom(seed: 8)
        let (a, b) = (Self.text(40, of: 1_000, &random), Self.text(40, of: 1_000, &random))
        let draws = 4_000
        var copies = 0
        for key in 0..<UInt64(draws) {
            let index = Self.choice(key).choose(among: [a, b, a, a])!
            #expect(index == 0 || index == 1)
            if index == 0 { copies += 1 }
        }
        let allowed = 4 * (Double(draws) * 0.75 * 0.25).squareRoot()
        #expect(abs(Double(copies) - 0.75 * Double(draws)) < allowed, "\(copies) of \(draws)")
    }

    @Test func `p-values of text without the mark are uniform`() {
        var random = SeededRandom(seed: 9)
        let text = Self.text(60, of: 1_000, &random)
        let values = (0..<2_000).map { Self.choice(UInt64($0)).score(text).pValue }.sorted()
        let distance = values.enumerated().map { index, value in
            abs(value - (Double(index) + 0.5) / Double(values.count))
        }.max()!
        // Kolmogorov's bound at a probability of 1e-4.
        #expect(distance < 2.23 / Double(values.count).squareRoot(), "distance \(distance)")
    }

    @Test func `many marked answers prove the key and no other`() {
        let key = Self.choice(41)
        var marked: [[UInt8]] = []
        var plain: [[UInt8]] = []
        for seed in 0..<UInt64(60) {
            var random = SeededRandom(seed: 1_000 + seed)
            let candidates = (0..<4).map { _ in Self.text(50, of: 1_000, &random) }
            marked.append(candidates[key.choose(among: candidates)!])
            plain.append(candidates[0])
        }
        #expect(key.score(marked).pValue < 1e-8, "\(key.score(marked))")
        #expect(key.score(plain).pValue > 1e-4, "\(key.score(plain))")
        #expect(Self.choice(42).score(marked).pValue > 1e-4)
        // A text repeated is no new evidence.
        #expect(key.score(marked + marked) == key.score(marked))
    }

    @Test func `case, spaces and punctuation do not count`() {
        let key = Self.choice(1)
        let a = key.score(Array("The quick, brown fox -- jumps over it.".utf8))
        let b = key.score(Array("the QUICK\n\nbrown fox jumps over it".utf8))
        #expect(a == b && a.nGrams == 4)
        #expect(key.score(Array("我们都喜欢".utf8)).nGrams == 2)
        #expect(key.score(Array("too few words".utf8)).pValue == 1)
        #expect(key.score([]).nGrams == 0)
    }

    @Test func `few candidates are no choice`() {
        #expect(Self.choice(1).choose(among: []) == nil)
        #expect(Self.choice(1).choose(among: [[1]]) == 0)
        #expect(Self.choice(1).choose(among: [[], [], []]) == 0)
        for bytes in [[UInt8](0xE0...0xFF), Array(0x80...0xFF), [0xF0], [0x41, 0xE2]] {
            #expect(Self.choice(1).score(bytes).pValue <= 1)
        }
    }
}
