import Foundation

/// The number of successes in independent trials.
package enum BinomialDistribution {
    /// The natural logarithm of P(at least `successes` of `trials`): I_p(k, n - k + 1), by summing its terms.
    ///
    /// - Parameter probability: of one success, above 0 and below 1.
    package static func logUpper(successes: Int, trials: Int, probability: Double) -> Double {
        guard successes > 0 else { return 0 }
        guard successes <= trials else { return -.infinity }
        let odds = probability / (1 - probability)
        if Double(successes) > Double(trials) * probability {
            var ratio = 1.0
            var total = 1.0
            for k in successes..<trials {
                ratio *= Double(trials - k) / Double(k + 1) * odds
                total += ratio
                if ratio < total * 1e-18 { break }
            }
            return min(0, logTerm(successes, trials, probability) + log(total))
        }
        // Below the mean the other side is the smaller one.
        var ratio = 1.0
        var total = 1.0
        for k in stride(from: successes - 1, to: 0, by: -1) {
            ratio *= Double(k) / Double(trials - k + 1) / odds
            total += ratio
            if ratio < total * 1e-18 { break }
        }
        let below = logTerm(successes - 1, trials, probability) + log(total)
        return GammaDistribution.log1mexp(min(0, below))
    }

    /// The logarithm of P(exactly `k`).
    private static func logTerm(_ k: Int, _ n: Int, _ p: Double) -> Double {
        lgamma(Double(n) + 1) - lgamma(Double(k) + 1) - lgamma(Double(n - k) + 1)
            + Double(k) * log(p) + Double(n - k) * log1p(-p)
    }
}
