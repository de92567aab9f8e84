#if canImport(Glibc)
    import Glibc
#else
    import Foundation
#endif

/// Distribution functions and robust summaries that the tests are built from.
enum Statistics {
    /// No p-value is reported below this: models are not believed further into their tails.
    static let smallestP = 1e-12

    static func clamp(_ p: Double) -> Double { p.isNaN ? 1 : min(1, max(smallestP, p)) }

    /// P(Z <= z) for a standard normal Z.
    static func normalCDF(_ z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }

    /// P(T <= t) for Student's t with `degrees` of freedom: the finite sums of M. Abramowitz and I. Stegun, *Handbook of
    /// Mathematical Functions*, 26.7.3 and 26.7.4; a normal from a thousand degrees on. Absolute error below 1e-14.
    static func studentCDF(_ t: Double, degrees: Int) -> Double {
        if degrees > 1000 { return normalCDF(t) }
        guard degrees > 0, !t.isNaN else { return .nan }
        let angle = atan(abs(t) / Double(degrees).squareRoot())
        let square = cos(angle) * cos(angle)
        let isOdd = degrees % 2 == 1
        var term = isOdd ? cos(angle) : 1.0
        var sum = degrees == 1 ? 0 : term
        var index = isOdd ? 2 : 1
        while index <= degrees - 3 {
            term *= square * Double(index) / Double(index + 1)
            sum += term
            index += 2
        }
        let inside = isOdd ? 2 / Double.pi * (angle + sin(angle) * sum) : sin(angle) * sum
        return t < 0 ? max(0, 1 - inside) / 2 : 1 - max(0, 1 - inside) / 2
    }

    private static func logGamma(_ x: Double) -> Double {
        var sign: Int32 = 0
        return lgamma_r(x, &sign)
    }

    /// P(X >= k) for X binomial with `n` trials and probability `p`; exact but for terms below 1e-12 of the sum.
    ///
    /// Terms are summed from the largest on, each from the one before it; O(standard deviations).
    static func binomialUpperTail(_ k: Int, of n: Int, p: Double) -> Double {
        if k <= 0 { return 1 }
        if k > n { return 0 }
        if p <= 0 { return 0 }
        if p >= 1 { return 1 }
        let start = min(n, max(k, Int(p * Double(n + 1))))
        let first = exp(
            logGamma(Double(n) + 1) - logGamma(Double(start) + 1) - logGamma(Double(n - start) + 1)
                + Double(start) * log(p) + Double(n - start) * log1p(-p))
        let odds = p / (1 - p)
        var sum = first
        var term = first
        var i = start
        while i < n {
            term *= Double(n - i) / Double(i + 1) * odds
            sum += term
            i += 1
            if term <= sum * 1e-12 { break }
        }
        term = first
        i = start
        while i > k {
            term *= Double(i) / Double(n - i + 1) / odds
            sum += term
            i -= 1
            if term <= sum * 1e-12 { break }
        }
        return min(1, sum)
    }

    /// P(X <= k) for X binomial.
    static func binomialLowerTail(_ k: Int, of n: Int, p: Double) -> Double {
        binomialUpperTail(n - k, of: n, p: 1 - p)
    }

    /// The value below which a share `q` of `sorted` lies, interpolated (Hyndman and Fan 1996, type 7).
    static func quantile(_ sorted: [Double], _ q: Double) -> Double {
        guard let last = sorted.last else { return .nan }
        let position = q * Double(sorted.count - 1)
        let index = Int(position)
        if index + 1 >= sorted.count { return last }
        return sorted[index] + (position - Double(index)) * (sorted[index + 1] - sorted[index])
    }

    /// The interquartile range divided by 1.349: the standard deviation of a normal sample, unmoved by a quarter of outliers.
    static func robustScale(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 1.349
    }

    static func median(_ values: [Double]) -> Double { quantile(values.sorted(), 0.5) }

    /// P-value of the hypothesis that at least `count` of several null hypotheses are false: Bonferroni on the
    /// `count`-th smallest (Y. Benjamini and R. Heller, "Screening for partial conjunction hypotheses", Biometrics
    /// 64, 2008, doi:10.1111/j.1541-0420.2007.00984.x). Valid under any dependence.
    static func partialConjunction(_ pValues: [Double], count: Int) -> Double {
        guard pValues.count >= count, count > 0 else { return 1 }
        return clamp(Double(pValues.count - count + 1) * pValues.sorted()[count - 1])
    }

    /// Benjamini-Hochberg q-values, in the order of `pValues` (J. R. Stat. Soc. B 57, 1995).
    ///
    /// - Parameter others: further tests, of which only is known that they found nothing.
    static func qValues(_ pValues: [Double], others: Int = 0) -> [Double] {
        let tests = Double(pValues.count + others)
        let order = pValues.indices.sorted {
            pValues[$0] != pValues[$1] ? pValues[$0] < pValues[$1] : $0 < $1
        }
        var result = [Double](repeating: 1, count: pValues.count)
        var smallest = 1.0
        for (rank, index) in order.enumerated().reversed() {
            smallest = min(smallest, pValues[index] * tests / Double(rank + 1))
            result[index] = smallest
        }
        return result
    }

    /// P-value of the densest window of length `width`: how likely `values.count` independent draws from `reference`
    /// would put as many into some window of that length. Union bound over the windows that begin at a draw.
    ///
    /// - Parameters:
    ///   - sorted: the group's draws, ascending.
    ///   - reference: sorted draws of the population, the group's own among them; they do not count.
    ///   - odds: how much larger than the population's the odds of a draw in some window may be without a reason.
    /// - Returns: the p-value and the densest window's start and count.
    static func scan(
        _ sorted: [Double], width: Double, reference: [Double], odds: Double = 1
    ) -> (p: Double, start: Double, count: Int) {
        let others = reference.count - sorted.count
        guard sorted.count >= 3, others >= 20 else { return (1, sorted.first ?? 0, 0) }
        var best = (p: 1.0, start: sorted[0], count: 0)
        var end = 0
        for begin in sorted.indices {
            while end < sorted.count, sorted[end] <= sorted[begin] + width { end += 1 }
            let count = end - begin
            if count <= best.count { continue }
            let inside =
                upperBound(reference, sorted[begin] + width) - lowerBound(reference, sorted[begin])
            let outside = Double(max(0, inside - count) + 1) / Double(others + 1)
            let share = odds * outside / (1 - outside + odds * outside)
            // The window's first member is given; the others fall into it with the population's share.
            let p =
                Double(sorted.count)
                * binomialUpperTail(count - 1, of: sorted.count - 1, p: share)
            if p < best.p || best.count == 0 { best = (min(1, p), sorted[begin], count) }
        }
        return best
    }

    /// How many of `sorted` are below `value`.
    static func lowerBound<Value: Comparable>(_ sorted: [Value], _ value: Value) -> Int {
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }

    static func upperBound(_ sorted: [Double], _ value: Double) -> Int {
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] <= value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
