import Foundation

/// Whether a text bears a payload at all, whatever it says.
///
/// For each symbol the best of its values is taken: of R sums of n exponential variables each, P(largest >= s) =
/// 1 - (1 - Q(n, s))^R exactly. The symbols' p-values are put together by Fisher's method (1925), whose sum of -log p is
/// a gamma variable.
enum PayloadPresence {
    static func evidence(sums: [Double], counts: [Int], radix: Int) -> MarkEvidence {
        var total = 0.0
        var symbols = 0
        for (symbol, count) in counts.enumerated() where count > 0 {
            let best = sums[symbol * radix..<(symbol + 1) * radix].max() ?? 0
            let one = GammaDistribution.logUpper(shape: Double(count), best)
            // 1 - (1 - q)^R: R q where q is tiny.
            let all =
                one < -30
                ? one + log(Double(radix))
                : GammaDistribution.log1mexp(Double(radix) * log1p(-exp(one)))
            total -= min(0, all)
            symbols += 1
        }
        let n = Double(symbols)
        return MarkEvidence(
            scored: counts.reduce(0, +), sum: total,
            zScore: symbols > 0 ? (total - n) / n.squareRoot() : 0,
            logPValue: GammaDistribution.logUpper(shape: n, total))
    }
}
