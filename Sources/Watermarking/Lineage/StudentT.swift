import Foundation

/// Student's t distribution and the test of a mean.
enum StudentT {
    /// P(T >= t) with this many degrees of freedom, from 1; absolute error below 1e-12.
    static func upper(_ t: Double, freedom: Double) -> Double {
        guard t.isFinite else { return t > 0 ? 0 : 1 }
        let half = 0.5 * incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5)
        return t >= 0 ? half : 1 - half
    }

    /// The one-sided p-value of "the mean of what these are drawn from is at most 0".
    static func pValueOfPositiveMean(_ values: [Double]) -> Double {
        let n = Double(values.count)
        guard n >= 2 else { return 1 }
        let mean = values.reduce(0, +) / n
        let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let error = (square / (n - 1) / n).squareRoot()
        guard error > 0 else { return mean > 0 ? 0 : 1 }
        return upper(mean / error, freedom: n - 1)
    }

    /// I_x(a, b) by its continued fraction (Abramowitz and Stegun 26.5.8), with Lentz's method.
    private static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
        guard x > 0 else { return 0 }
        guard x < 1 else { return 1 }
        // The fraction converges fast below the mean; above it the other side is taken.
        if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(1 - x, b, a) }
        let front =
            exp(
                lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
        let tiny = 1e-300
        var c = 1.0
        var d = 1 - (a + b) * x / (a + 1)
        d = 1 / (abs(d) < tiny ? tiny : d)
        var value = d
        for step in 1...10_000 {
            let m = Double(step)
            for numerator in [
                m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
            ] {
                d = 1 + numerator * d
                c = 1 + numerator / c
                d = 1 / (abs(d) < tiny ? tiny : d)
                c = abs(c) < tiny ? tiny : c
                value *= c * d
            }
            if abs(c * d - 1) < 1e-15 { break }
        }
        return min(1, max(0, front * value))
    }
}
