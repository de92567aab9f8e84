import Testing

@testable import Detection

@Suite struct StatisticsTests {
    /// Binomial tails by adding up products of small integers.
    private static func exactUpperTail(_ k: Int, of n: Int, p: Double) -> Double {
        var sum = 0.0
        for i in max(0, k)...max(n, k) where i <= n {
            var term = 1.0
            for j in 0..<i { term *= Double(n - j) / Double(j + 1) * p }
            for _ in 0..<(n - i) { term *= 1 - p }
            sum += term
        }
        return sum
    }

    @Test(arguments: [(0, 5), (1, 5), (3, 5), (5, 5), (2, 12), (9, 12), (12, 12), (7, 30)])
    func `binomial upper tails equal the sum of their terms`(k: Int, n: Int) {
        for p in [0.01, 0.2, 0.5, 0.93] {
            let exact = Self.exactUpperTail(k, of: n, p: p)
            let value = Statistics.binomialUpperTail(k, of: n, p: p)
            #expect(abs(value - exact) <= 1e-9 * max(exact, 1e-30), "p \(p)")
        }
    }

    @Test func `binomial upper tails equal their enumeration for every small n`() {
        for n in 1...16 {
            for p in [1e-6, 0.03, 0.5, 0.8, 0.999] {
                for k in 0...n {
                    // Every outcome of n trials, with its probability.
                    var exact = 0.0
                    for outcome in 0..<(1 << n) where outcome.nonzeroBitCount >= k {
                        let ones = outcome.nonzeroBitCount
                        exact += power(p, ones) * power(1 - p, n - ones)
                    }
                    let value = Statistics.binomialUpperTail(k, of: n, p: p)
                    #expect(abs(value - exact) <= 1e-9 * exact, "\(k) of \(n), p \(p)")
                }
            }
        }
    }

    private func power(_ base: Double, _ exponent: Int) -> Double {
        (0..<exponent).reduce(1) { product, _ in product * base }
    }

    /// Half a million terms each time would take minutes.
    @Test(.timeLimit(.minutes(1))) func `large tails take as many terms as matter`() {
        let n = 500_000
        var sums = (low: 0.0, high: 0.0)
        for round in 0..<20_000 {
            sums.low += Statistics.binomialUpperTail(1000 + round, of: n, p: 0.4)
            sums.high += Statistics.binomialUpperTail(400_000 + round, of: n, p: 0.4)
        }
        #expect(sums.low == 20_000)
        #expect(sums.high == 0)
        // Four standard deviations above the mean, by a normal with the correction for continuity and for skewness
        // (Cornish and Fisher's first term), whose error is of the order of 1 / n.
        let mean = 200_000.0
        let deviation = (mean * 0.6).squareRoot()
        let k = Int(mean + 4 * deviation)
        let z = (Double(k) - 0.5 - mean) / deviation
        let skewness = (1 - 2 * 0.4) / deviation
        let expected = 1 - Statistics.normalCDF(z - skewness * (z * z - 1) / 6)
        let value = Statistics.binomialUpperTail(k, of: n, p: 0.4)
        #expect(abs(value / expected - 1) < 1e-3, "\(value), \(expected)")
    }

    @Test(arguments: [(0, 5), (2, 5), (4, 9), (9, 9)])
    func `a lower tail and the upper tail above it make one`(k: Int, n: Int) {
        let sum =
            Statistics.binomialLowerTail(k, of: n, p: 0.3)
            + Statistics.binomialUpperTail(k + 1, of: n, p: 0.3)
        #expect(abs(sum - 1) < 1e-9)
    }

    @Test func `binomial tails at the edges`() {
        #expect(Statistics.binomialUpperTail(0, of: 9, p: 0) == 1)
        #expect(Statistics.binomialUpperTail(1, of: 9, p: 0) == 0)
        #expect(Statistics.binomialUpperTail(9, of: 9, p: 1) == 1)
        #expect(Statistics.binomialUpperTail(10, of: 9, p: 0.5) == 0)
    }

    @Test func `the normal distribution has its tabulated values`() {
        #expect(abs(Statistics.normalCDF(0) - 0.5) < 1e-12)
        #expect(abs(Statistics.normalCDF(1.959964) - 0.975) < 1e-6)
        #expect(abs(Statistics.normalCDF(-3) - 0.001349898) < 1e-8)
    }

    /// Reference values from SciPy 1.17's `stats.t.cdf`.
    @Test(arguments: [
        (1, -1, 0.25), (2, -3, 0.04773298313335456), (4, -2.5, 0.03338327240599407),
        (7, -12, 3.179155189092549e-06), (29, -4.2, 0.00011592341819507421),
        (30, -8, 3.1329112378503795e-09), (200, 2, 0.9765734069064645),
    ]) func `student's distribution has its tabulated values`(
        degrees: Int, t: Double, expected: Double
    ) {
        #expect(abs(Statistics.studentCDF(t, degrees: degrees) - expected) < 1e-13)
    }

    @Test func `student's distribution is normal with many degrees`() {
        let last = Statistics.studentCDF(-3, degrees: 1000)
        #expect(abs(last - Statistics.studentCDF(-3, degrees: 1001)) < 1e-4)
        #expect(Statistics.studentCDF(-3, degrees: 0).isNaN)
    }

    /// By hand: 0.01 * 4 / 1, 0.02 * 4 / 2, 0.04 * 4 / 3 and 0.5 * 4 / 4, smallest from the right.
    @Test func `q-values equal an example by hand, in the order given`() {
        let q = Statistics.qValues([0.5, 0.01, 0.04, 0.02])
        let expected = [0.5, 0.04, 0.16 / 3, 0.04]
        for (a, b) in zip(q, expected) { #expect(abs(a - b) < 1e-12) }
    }

    @Test func `no p-values give no q-values`() { #expect(Statistics.qValues([]).isEmpty) }

    @Test func `the partial conjunction is Bonferroni on the second smallest`() {
        #expect(
            abs(Statistics.partialConjunction([0.5, 0.01, 1e-9, 0.9], count: 2) - 0.03) < 1e-12)
        #expect(Statistics.partialConjunction([0.01], count: 2) == 1)
    }

    @Test func `quantiles are interpolated`() {
        #expect(Statistics.quantile([1, 2, 3, 4], 0.5) == 2.5)
        #expect(Statistics.quantile([1, 2, 3, 4, 5], 0.25) == 2)
        #expect(Statistics.quantile([7], 0.9) == 7)
    }

    @Test func `the robust scale of a normal sample ignores outliers`() {
        let values = (-50...50).map(Double.init)
        let scale = Statistics.robustScale(values)
        #expect(abs(scale - 50 / 1.349) < 1e-9)
        #expect(Statistics.robustScale(values + [1e9]) < 1.1 * scale)
    }

    /// Under the null, at most one in twenty p-values may be 0.05 or less. With 1,000 draws the share's standard
    /// error is 0.007; three of them are allowed.
    @Test(arguments: [(6, 200), (15, 400), (40, 400)])
    func `scan p-values are valid for a group drawn from the population`(
        members: Int, population: Int
    ) {
        let runs = 1000
        var random = SplitMix(seed: 5)
        var small = 0
        for _ in 0..<runs {
            let reference = (0..<population).map { _ in Double.random(in: 0..<90, using: &random) }
            let values = (0..<members).map { _ in Double.random(in: 0..<90, using: &random) }
            let found = Statistics.scan(
                values.sorted(), width: 7, reference: (reference + values).sorted())
            if found.p <= 0.05 { small += 1 }
        }
        #expect(Double(small) / Double(runs) <= 0.05 + 3 * 0.007, "seed 5")
    }

    @Test func `a group within a day of a year's sign-ups is a burst`() {
        let values = (0..<10).map { 100 + Double($0) / 20 }
        let found = Statistics.scan(
            values, width: 1, reference: ((0..<365).map(Double.init) + values).sorted())
        #expect(found.p < 1e-12)
        #expect(found.count == 10)
        #expect(found.start == 100)
    }

    @Test func `a scan of two accounts says nothing`() {
        #expect(Statistics.scan([1, 1], width: 1, reference: (0..<99).map(Double.init)).p == 1)
    }
}
