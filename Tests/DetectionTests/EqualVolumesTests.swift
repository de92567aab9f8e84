import Foundation
import Testing

@testable import Detection

@Suite struct EqualVolumesTests {
    /// A standard normal value (G. Box and M. Muller, 1958).
    private static func normal(_ random: inout SplitMix) -> Double {
        let radius = (-2 * log(Double.random(in: 1e-12..<1, using: &random))).squareRoot()
        return radius * cos(2 * .pi * Double.random(in: 0..<1, using: &random))
    }

    private static func p(_ counts: [Int]) -> Double {
        EqualVolumes.test([counts.map { EqualVolumes.Volume($0) }], against: 0.45).p
    }

    /// Strangers of just the least spread: no more small p-values than their level, at any size of the group and of the
    /// volumes.
    @Test(arguments: [5, 8, 15, 30, 60], [4.0, 60])
    func `p-values of strangers are not too small`(members: Int, volume: Double) {
        var random = SplitMix(seed: 31)
        let rounds = 4000
        var below = [0.05: 0, 0.005: 0]
        for _ in 0..<rounds {
            let counts = (0..<members).map { _ in
                Int((volume * exp(0.45 * Self.normal(&random))).rounded())
            }
            let p = Self.p(counts)
            for level in below.keys where p <= level { below[level, default: 0] += 1 }
        }
        for (level, count) in below {
            // Three standard errors of a binomial count.
            let most =
                level * Double(rounds) + 3 * (level * (1 - level) * Double(rounds)).squareRoot()
            #expect(Double(count) <= most, "\(members) members, level \(level), seed 31")
        }
    }

    @Test func `equal volumes are seen, also beside a quarter of outliers`() {
        #expect(Self.p([Int](repeating: 100, count: 12)) < 1e-9)
        let withOutliers = [Int](repeating: 100, count: 30) + [3, 7, 900, 2000, 12, 500, 5000, 1]
        #expect(Self.p(withOutliers) < 1e-9)
    }

    @Test func `equal counts of one or none say nothing`() {
        #expect(Self.p([Int](repeating: 1, count: 12)) == 1)
        #expect(Self.p([Int](repeating: 0, count: 12)) == 1)
        #expect(Self.p([100, 100, 100, 100]) == 1)
    }

    @Test func `the spread is a standard deviation for normal logarithms`() {
        var random = SplitMix(seed: 32)
        let volumes = (0..<4000).map { _ in
            EqualVolumes.Volume(Int(1e6 * exp(0.8 * Self.normal(&random))))
        }
        let spread = EqualVolumes.test([volumes], against: 0.45).spread
        // Of 4,000 values the narrowest three quarters are a few percent narrower than the middle ones.
        #expect(spread > 0.74 && spread < 0.82, "seed 32")
    }
}
