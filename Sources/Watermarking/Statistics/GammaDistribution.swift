import Foundation

/// The distribution of a sum of `shape` independent exponential variables of mean 1; shapes need not be whole.
package enum GammaDistribution {
    /// The natural logarithm of P(sum <= `sum`), the regularised incomplete gamma function P.
    package static func logLower(shape: Double, _ sum: Double) -> Double {
        guard sum > 0 else { return -.infinity }
        return sum < shape + 1 ? logSeries(shape, sum) : log1mexp(logFraction(shape, sum))
    }

    /// The natural logarithm of P(sum > `sum`), Q: right far into the tail, where Q itself is no number any more.
    ///
    /// Relative error of Q below 1e-9 for shapes up to a million.
    package static func logUpper(shape: Double, _ sum: Double) -> Double {
        guard sum > 0 else { return 0 }
        guard sum < .infinity else { return -.infinity }
        return sum < shape + 1 ? log1mexp(logSeries(shape, sum)) : logFraction(shape, sum)
    }

    /// log(1 - exp(x)) for x <= 0.
    static func log1mexp(_ x: Double) -> Double {
        x > -0.693 ? log(-expm1(min(x, 0))) : log1p(-exp(x))
    }

    /// The logarithm of x^a e^-x / Gamma(a).
    private static func logWeight(_ a: Double, _ x: Double) -> Double {
        a * log(x) - x - lgamma(a)
    }

    /// The power series of P (Abramowitz and Stegun 6.5.29), which converges fast below the mean.
    private static func logSeries(_ a: Double, _ x: Double) -> Double {
        var term = 1 / a
        var total = term
        var divisor = a
        while term > total * 1e-17 {
            divisor += 1
            term *= x / divisor
            total += term
        }
        return min(0, log(total) + logWeight(a, x))
    }

    /// The continued fraction of Q (Abramowitz and Stegun 6.5.31) by Lentz's method, above the mean.
    private static func logFraction(_ a: Double, _ x: Double) -> Double {
        let tiny = 1e-300
        var b = x + 1 - a
        var c = 1 / tiny
        var d = 1 / (abs(b) < tiny ? tiny : b)
        var value = d
        var index = 1.0
        while index < 10_000_000 {
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
        return min(0, log(value) + logWeight(a, x))
    }
}
