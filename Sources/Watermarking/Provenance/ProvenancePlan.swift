import Foundation

/// How far the mean score of a suspect lies above the null's, by how many positions were scored.
///
/// In standard deviations of one score; the mean over all positions so far, which falls as frequent windows are used up.
package struct ShiftCurve: Sendable {
    /// Scored tokens and log10 p for a student whose training data had 5 % marked answers (Sander et al., NeurIPS 2024).
    package static let published: [(count: Double, log10P: Double)] = [
        (1_000, -0.98), (10_000, -2.4), (50_000, -7.6), (100_000, -17.7), (248_000, -23.6),
    ]
    package static let publishedShare = 0.05

    private let points: [(logCount: Double, shift: Double)]

    /// The published curve for another marked share and strength.
    ///
    /// - Parameters:
    ///   - markedShare: of the student's training data, 0...1.
    ///   - exponent: the shift grows with the share to this power. 1 takes it to be proportional.
    ///   - strength: the teacher's own shift per token over that of the published teacher.
    package init(markedShare: Double, exponent: Double, strength: Double) {
        let factor = strength * pow(markedShare / Self.publishedShare, exponent)
        points = Self.published.map { point in
            let z = Self.normalQuantile(logP: point.log10P / log10(M_E))
            return (log(point.count), factor * z / point.count.squareRoot())
        }
    }

    /// The same shift at every size, as a pilot measured it.
    package init(constant shift: Double) { points = [(0, shift)] }

    /// The shift at a number of scored positions; beyond the ends that of the end.
    package func shift(_ count: Double) -> Double {
        let place = log(max(1, count))
        guard let first = points.first, let last = points.last else { return 0 }
        if place <= first.logCount { return first.shift }
        if place >= last.logCount { return last.shift }
        let above = points.firstIndex { $0.logCount > place } ?? points.count - 1
        let (a, b) = (points[above - 1], points[above])
        let share = (place - a.logCount) / (b.logCount - a.logCount)
        return a.shift + share * (b.shift - a.shift)
    }

    /// The z with log P(Z >= z) = `logP`.
    static func normalQuantile(logP: Double) -> Double {
        var (low, high) = (-40.0, 200.0)
        for _ in 0..<200 {
            let middle = (low + high) / 2
            if NormalTail.logUpper(middle) > logP { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}

/// How many scored tokens a test needs, worked out before it is run.
package struct ProvenancePlan: Sendable {
    /// More are not planned for.
    package static let most = 100_000_000

    /// Scored tokens for the fixed-size test; `nil` if `most` are too few.
    package let fixedCount: Int?
    /// Scored tokens by which the anytime-valid test has rejected with the wanted power, with a 99 % interval from the number of
    /// simulated runs; `nil` if `most` are too few.
    package let anytimeCount: Int?
    package let anytimeInterval: ClosedRange<Int>?
    /// Half of the runs have rejected by then.
    package let anytimeMedian: Int?
    /// Power by scored tokens, for a curve: of the fixed-size and of the anytime-valid test.
    package let curve: [(count: Int, fixed: Double, anytime: Double)]

    /// - Parameters:
    ///   - alpha: of the p-value.
    ///   - power: probability of a finding under the assumed shift.
    package init(
        null: NullDistribution, shifts: ShiftCurve, alpha: Double, power: Double,
        runs: Int = 1000, seed: UInt64 = 1
    ) {
        let fixed = FixedSizePower(null: null, shifts: shifts, logAlpha: log(alpha))
        fixedCount = fixed.count(power: power)
        let times = Self.simulate(null, shifts, logAlpha: log(alpha), runs: runs, seed: seed)
        func quantile(_ rank: Double) -> Int? {
            let index = min(times.count - 1, max(0, Int(rank.rounded(.up)) - 1))
            return times[index] <= Self.most ? times[index] : nil
        }
        let n = Double(times.count)
        anytimeCount = quantile(power * n)
        anytimeMedian = quantile(0.5 * n)
        let spread = 2.576 * (n * power * (1 - power)).squareRoot()
        if let low = quantile(power * n - spread), let high = quantile(power * n + spread + 1) {
            anytimeInterval = low...max(low, high)
        } else {
            anytimeInterval = nil
        }
        var curve: [(Int, Double, Double)] = []
        let last = max(fixedCount ?? Self.most, anytimeCount ?? Self.most)
        var count = 100.0
        while count < Double(last) * 1.6, count <= Double(Self.most) {
            let whole = Int(count)
            let rejected = times.count { $0 <= whole }
            curve.append((whole, fixed.power(whole), Double(rejected) / n))
            count *= 1.25
        }
        self.curve = curve
    }

    /// Sorted scored tokens at which simulated suspects are found, looked at every 3 %; `Int.max` for those that never are.
    ///
    /// Between looks sums are normal with the mean of the shift and the variance of the null tilted to it.
    private static func simulate(
        _ null: NullDistribution, _ shifts: ShiftCurve, logAlpha: Double, runs: Int, seed: UInt64
    ) -> [Int] {
        let martingale = MixtureMartingale(null: null)
        let deviation = null.variance.squareRoot()
        var looks: [(count: Int, mean: Double, spread: Double)] = []
        var count = 0
        var total = 0.0
        var next = 64.0
        while next <= Double(most) {
            let reached = Int(next)
            let shift = shifts.shift(next)
            let excess = shift * deviation * next
            let block = Double(reached - count)
            let variance = FixedSizePower.variance(null, shift: shift)
            looks.append(
                (
                    reached, block * null.mean + excess - total,
                    (block * variance).squareRoot()
                ))
            total = excess
            count = reached
            next = max(next + 1, next * 1.03).rounded()
        }
        var normal = NormalGenerator(seed: seed)
        return (0..<runs).map { _ in
            var totals = ScoreTotals()
            for look in looks {
                totals.count = look.count
                totals.sum += look.mean + look.spread * normal.next()
                if martingale.logValue(totals) >= -logAlpha { return look.count }
            }
            return .max
        }.sorted()
    }
}

/// The power of the test at a size that was fixed beforehand: the null's tail is the scheme's own, the alternative normal.
private struct FixedSizePower {
    let null: NullDistribution
    let shifts: ShiftCurve
    let logAlpha: Double

    /// Of one score when the null is tilted to this shift.
    static func variance(_ null: NullDistribution, shift: Double) -> Double {
        let deviation = null.variance.squareRoot()
        let tilt = null.tilt(mean: null.mean + shift * deviation)
        let step = 0.001 / deviation
        let values = [-1.0, 0, 1].map { null.logMoment(tilt + $0 * step) }
        let second = (values[0] - 2 * values[1] + values[2]) / (step * step)
        return second.isFinite && second > 0 ? second : null.variance
    }

    /// The least sum that rejects.
    private func threshold(_ count: Int) -> Double {
        let n = Double(count)
        let spread = (null.variance * n).squareRoot()
        var (low, high) = (-1.0, 100.0)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            let sum = null.mean * n + middle * spread
            if null.logUpperTail(sum: sum, count: count) > logAlpha {
                low = middle
            } else {
                high = middle
            }
        }
        return null.mean * n + high * spread
    }

    func power(_ count: Int) -> Double {
        let n = Double(count)
        let shift = shifts.shift(n)
        let mean = n * (null.mean + shift * null.variance.squareRoot())
        let spread = (n * Self.variance(null, shift: shift)).squareRoot()
        return exp(NormalTail.logUpper((threshold(count) - mean) / spread))
    }

    /// The least size from which on the power is reached, as powers grow with the size.
    func count(power wanted: Double) -> Int? {
        var (low, high) = (0, 64)
        while power(high) < wanted {
            low = high
            high *= 2
            if high > ProvenancePlan.most { return nil }
        }
        while high - low > max(1, high / 1000) {
            let middle = (low + high) / 2
            if power(middle) < wanted { low = middle } else { high = middle }
        }
        return high
    }
}

/// Normal variables by the polar method over SplitMix64.
struct NormalGenerator {
    private var state: UInt64
    private var spare: Double?

    init(seed: UInt64) { state = seed }

    private mutating func uniform() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return (Double((z ^ z >> 31) >> 11) + 0.5) * 0x1p-53
    }

    mutating func next() -> Double {
        if let value = spare {
            spare = nil
            return value
        }
        while true {
            let x = 2 * uniform() - 1
            let y = 2 * uniform() - 1
            let square = x * x + y * y
            guard square < 1, square > 0 else { continue }
            let factor = (-2 * log(square) / square).squareRoot()
            spare = y * factor
            return x * factor
        }
    }
}
