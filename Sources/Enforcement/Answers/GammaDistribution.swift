import Foundation

/// The distribution of a sum of independent exponential variables of mean 1.
enum GammaDistribution {
    /// The probability that a sum of `shape` variables is at most `sum`: P(shape, sum). Relative error below 1e-10.
    static func lower(shape: Int, _ sum: Double) -> Double {
        let a = Double(shape)
        guard sum > 0 else { return 0 }
        return sum < a + 1 ? series(a, sum) : 1 - fraction(a, sum)
    }

    /// The probability that it is more: Q(shape, sum), exact far into the tail.
    static func upper(shape: Int, _ sum: Double) -> Double {
        let a = Double(shape)
        guard sum > 0 else { return 1 }
        return sum < a + 1 ? 1 - series(a, sum) : fraction(a, sum)
    }

    /// x^a e^-x / Gamma(a).
    private static func weight(_ a: Double, _ x: Double) -> Double {
        exp(a * log(x) - x - lgamma(a))
    }

    /// The power series of P (Abramowitz and Stegun 6.5.29), which converges fast below the mean.
    private static func series(_ a: Double, _ x: Double) -> Double {
        var term = 1 / a
        var total = term
        var divisor = a
        while term > total * 1e-16 {
            divisor += 1
            term *= x / divisor
            total += term
        }
        return min(1, total * weight(a, x))
    }

    /// The continued fraction of Q (Abramowitz and Stegun 6.5.31) by Lentz's method, above the mean.
    private static func fraction(_ a: Double, _ x: Double) -> Double {
        let tiny = 1e-300
        var b = x + 1 - a
        var c = 1 / tiny
        var d = 1 / (abs(b) < tiny ? tiny : b)
        var value = d
        var index = 1.0
        while index < 1_000_000 {
            let numerator = -index * (index - a)
            b += 2
            d = numerator * d + b
            if abs(d) < tiny { d = tiny }
            c = b + numerator / c
            if abs(c) < tiny { c = tiny }
            d = 1 / d
            let step = d * c
            value *= step
            if abs(step - 1) < 1e-15 { break }
            index += 1
        }
        return min(1, max(0, value * weight(a, x)))
    }
}

extension Double {
    /// The natural logarithm.
    var logarithm: Double { log(self) }
}
