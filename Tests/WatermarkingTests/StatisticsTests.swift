import Foundation
import Testing

@testable import Watermarking

/// Tails against sums that are worked out term by term.
struct StatisticsTests {
    /// The distribution of a sum of `count` scores by plain convolution.
    private static func convolved(_ probabilities: [Double], _ count: Int) -> [Double] {
        var sum = [1.0]
        for _ in 0..<count {
            var next = [Double](repeating: 0, count: sum.count + probabilities.count - 1)
            for (i, a) in sum.enumerated() {
                for (j, b) in probabilities.enumerated() { next[i + j] += a * b }
            }
            sum = next
        }
        return sum
    }

    private static let uneven = [0.05, 0.3, 0.1, 0.25, 0.2, 0.06, 0.04]

    @Test(arguments: [1, 2, 7, 40, 300])
    func latticeTailsAreExact(count: Int) {
        let sums = Self.convolved(Self.uneven, count)
        let null = NullDistribution.lattice(Self.uneven)
        for sum in stride(from: 0, to: sums.count, by: max(1, count / 5)) {
            let expected = log(sums[sum...].reduce(0, +))
            let found = null.logUpperTail(sum: Double(sum), count: count)
            // Far out the saddlepoint takes over.
            let tolerance = expected > -60 ? 1e-9 : 0.02
            #expect(abs(found - expected) <= tolerance * max(1, -expected), "\(count), \(sum)")
        }
        #expect(null.logUpperTail(sum: Double(sums.count), count: count) == -.infinity)
        #expect(null.logUpperTail(sum: -3, count: count) == 0)
    }

    @Test(arguments: [1100, 4000])
    func longSumsAreRightToOnePercent(count: Int) {
        // By repeated squaring, since a sum of this many has no table.
        var power = Self.uneven
        var sums = [1.0]
        var rest = count
        while rest > 0 {
            func product(_ a: [Double], _ b: [Double]) -> [Double] {
                var next = [Double](repeating: 0, count: a.count + b.count - 1)
                for (i, x) in a.enumerated() where x > 0 {
                    for (j, y) in b.enumerated() { next[i + j] += x * y }
                }
                return next
            }
            if rest % 2 == 1 { sums = product(sums, power) }
            rest /= 2
            if rest > 0 { power = product(power, power) }
        }
        let null = NullDistribution.lattice(Self.uneven)
        let deviation = (null.variance * Double(count)).squareRoot()
        for z in [-2.0, 0, 0.01, 1, 3, 5, 8] {
            let sum = Int(null.mean * Double(count) + z * deviation)
            let expected = log(sums[sum...].reduce(0, +))
            let found = null.logUpperTail(sum: Double(sum), count: count)
            #expect(abs(found - expected) < 0.01, "\(count), z \(z)")
        }
    }

    @Test(arguments: [1, 5, 100, 5000])
    func binomialTailsAreExact(trials: Int) {
        let p = 0.25
        let null = NullDistribution.bernoulli(p)
        let all: Double = lgamma(Double(trials) + 1)
        let logTerms = (0...trials).map { k -> Double in
            let ways: Double = all - lgamma(Double(k) + 1) - lgamma(Double(trials - k) + 1)
            return ways + Double(k) * log(p) + Double(trials - k) * log1p(-p)
        }
        for successes in stride(from: 0, through: trials, by: max(1, trials / 37)) {
            let peak = logTerms[successes...].max() ?? 0
            let expected = peak + log(logTerms[successes...].reduce(0) { $0 + exp($1 - peak) })
            let found = null.logUpperTail(sum: Double(successes), count: trials)
            #expect(abs(found - expected) < 1e-8 * max(1, -expected), "\(successes) of \(trials)")
        }
    }

    @Test func sumsOfExponentialsByTheSaddlepoint() {
        // Equal means have the gamma distribution, which is known.
        let null = NullDistribution.exponentials(means: [0.5])
        for count in [5, 50, 2000] {
            for factor in [0.7, 0.95, 1, 1.01, 1.2, 2, 4] {
                let sum = factor * 0.5 * Double(count)
                let expected = GammaDistribution.logUpper(shape: Double(count), sum / 0.5)
                let found = null.logUpperTail(sum: sum, count: count)
                let tolerance = expected > -1e-4 ? 1e-4 : 0.02
                #expect(abs(found - expected) < tolerance, "\(count), \(factor)")
            }
        }
    }

    @Test func theLargestOfSeveralExponentials() {
        // E exp(theta max) against the integral of the density by Simpson's rule.
        let count = 16
        let null = NullDistribution.largestExponential(of: count)
        let harmonic = (1...count).reduce(0) { $0 + 1 / Double($1) }
        #expect(abs(null.mean - harmonic) < 1e-12)
        let theta = 0.4
        let steps = 200_000
        let width = 80.0 / Double(steps)
        var integral = 0.0
        for step in 0...steps {
            let x = Double(step) * width
            let density = Double(count) * exp(-x) * pow(1 - exp(-x), Double(count - 1))
            let weight: Double = step == 0 || step == steps ? 1 : step % 2 == 1 ? 4 : 2
            integral += weight * exp(theta * x) * density
        }
        #expect(abs(null.logMoment(theta) - log(integral * width / 3)) < 1e-6)
    }

    @Test func denseValuesAgainstSimulation() {
        var random = SeededRandom(seed: 11)
        let values = (0..<1000).map { _ in pow(random.uniform(), 3) }
        let null = NullDistribution.values(values)
        #expect(abs(null.mean - values.reduce(0, +) / 1000) < 1e-9)
        let count = 30
        let trials = 200_000
        var sums = [Double]()
        for _ in 0..<trials {
            var sum = 0.0
            for _ in 0..<count { sum += values[Int(random.next() % 1000)] }
            sums.append(sum)
        }
        sums.sort()
        for share in [0.5, 0.1, 0.01, 0.001] {
            let sum = sums[Int(Double(trials) * (1 - share))]
            let found = exp(null.logUpperTail(sum: sum, count: count))
            let tolerance = 4 * (share / Double(trials)).squareRoot() + 0.01 * share
            #expect(abs(found - share) < tolerance, "\(share)")
        }
    }

    @Test func momentsAreThoseOfTheDistribution() {
        for theta in [-3.0, -0.2, 0, 0.01, 0.7, 4] {
            let expected = log(
                zip(Self.uneven.indices, Self.uneven).reduce(0) {
                    $0 + $1.1 * exp(theta * Double($1.0))
                })
            let null = NullDistribution.lattice(Self.uneven)
            #expect(abs(null.logMoment(theta) - expected) < 1e-12 * max(1, abs(expected)))
        }
        let tilt = NullDistribution.exponential.tilt(mean: 1.25)
        #expect(abs(tilt - 0.2) < 1e-9)
    }

    @Test func interpolatedMomentsAreThoseOfTheValues() {
        var random = SeededRandom(seed: 12)
        let values = (0..<5000).map { _ in random.uniform() + random.uniform() }
        let null = NullDistribution.values(values)
        for theta in [-3.1, -0.33, 0.017, 0.5, 2.77, 9] {
            let expected = log(values.reduce(0) { $0 + exp(theta * $1) } / 5000)
            // What dealing values to steps adds to the variance.
            let step = 2.0 / 2047
            #expect(abs(null.logMoment(theta) - expected) < theta * theta * step * step / 8 + 1e-8)
        }
    }

    @Test func normalTailsGoOnWhereNumbersEnd() {
        #expect(abs(NormalTail.logUpper(0) - log(0.5)) < 1e-12)
        #expect(abs(NormalTail.logUpper(5.99) - NormalTail.logUpper(6.01) - 0.1228) < 0.001)
        // log of Mills' ratio at 100: -log 100 - 1e-4.
        #expect(
            abs(NormalTail.logUpper(100) - (NormalTail.logDensity(100) - log(100) - 1e-4)) < 1e-6)
    }
}
