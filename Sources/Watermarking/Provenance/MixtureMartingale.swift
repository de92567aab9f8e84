import Foundation

/// What a test knows of the scores so far: enough for every p- and e-value.
package struct ScoreTotals: Codable, Hashable, Sendable {
    /// Scored positions.
    package var count = 0
    /// Sum of their scores, and of the scores' squares.
    package var sum = 0.0
    package var squares = 0.0
    /// Sum of (mean given the past - the null's mean), where tokens of a window are drawn without being put back: KGW's
    /// `lefthash` lists hold a fixed number of green tokens, so that each red one makes the next more likely green.
    package var drift = 0.0

    package init() {}
}

/// An e-process against the null: a mixture of exponential martingales over tilts above 0.
///
/// With X_1, X_2, ... the scores in order of arrival, M(theta) = exp(theta S_n - n log E exp(theta X)) has mean 1 at every n
/// under the null, whenever one stops (Ville 1939). So has a mixture over theta with fixed weights (Robbins 1970; Ramdas,
/// Gruenwald, Vovk and Shafer 2023). The probability that it ever reaches 1 / alpha is at most alpha. `drift` is bounded by
/// log(1 + u) <= u, which keeps a supermartingale.
package struct MixtureMartingale: Sendable {
    /// Mean shifts that the tilts are best against, in standard deviations of one score: from what a student of few marked
    /// answers shows (0.02) to what the teacher itself does (1). A shift between two of them loses 4 % of the evidence at most.
    static let shifts: [Double] = (0..<20).map { 0.002 * pow(2, Double($0) / 2) }

    private let tilts: [Double]
    private let logMoments: [Double]
    /// What one unit of drift takes off: (exp(theta) - 1) / E exp(theta X).
    private let slopes: [Double]
    private let logWeight: Double

    /// - Parameter shifts: in standard deviations, each above 0; all have the same weight.
    package init(null: NullDistribution, shifts: [Double]) {
        let deviation = null.variance.squareRoot()
        var tilts: [Double] = []
        for shift in shifts where deviation > 0 {
            let tilt = null.tilt(mean: null.mean + shift * deviation)
            guard tilt > 0, tilt < null.largestTilt, null.logMoment(tilt).isFinite,
                null.tilt(mean: null.mean + 2 * shift * deviation).isFinite
            else { continue }
            tilts.append(tilt)
        }
        self.tilts = tilts
        logMoments = tilts.map { null.logMoment($0) }
        slopes = zip(tilts, logMoments).map { (exp($0) - 1) / exp($1) }
        logWeight = tilts.isEmpty ? 0 : -log(Double(tilts.count))
    }

    package init(null: NullDistribution) {
        self.init(null: null, shifts: Self.shifts)
    }

    /// The natural logarithm of the e-process at these totals.
    package func logValue(_ totals: ScoreTotals) -> Double {
        guard !tilts.isEmpty, totals.count > 0 else { return 0 }
        let n = Double(totals.count)
        var largest = -Double.infinity
        for index in tilts.indices { largest = max(largest, exponent(index, n, totals)) }
        var total = 0.0
        for index in tilts.indices { total += exp(exponent(index, n, totals) - largest) }
        return largest + log(total) + logWeight
    }

    private func exponent(_ index: Int, _ n: Double, _ totals: ScoreTotals) -> Double {
        tilts[index] * totals.sum - n * logMoments[index] - slopes[index] * totals.drift
    }
}

/// A confidence sequence for the mean of scores above the null's: holds at all sample sizes at once, in the limit.
///
/// Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences"
/// (Annals of Statistics 52, 2024). It describes the size of an effect and decides nothing.
package enum MeanSequence {
    /// Bounds of the mean excess.
    ///
    /// - Parameter tightestAt: the sample size at which the sequence is narrowest.
    package static func bounds(
        _ totals: ScoreTotals, null: NullDistribution, alpha: Double, tightestAt: Int
    ) -> ClosedRange<Double>? {
        guard totals.count >= 2 else { return nil }
        let n = Double(totals.count)
        let mean = totals.sum / n
        let variance = max(0, totals.squares / n - mean * mean)
        let level = -2 * log(alpha)
        let rho = (level + log(level + 1)) / Double(max(2, tightestAt))
        let spread = n * rho + 1
        let width =
            variance.squareRoot()
            * (2 * spread / (n * n * rho) * log(spread.squareRoot() / alpha)).squareRoot()
        let excess = mean - null.mean - totals.drift / n
        return excess - width...excess + width
    }
}
