import Foundation

/// How the score of one position is distributed in text that the key had no part in.
///
/// Everything that turns scores into p-values or e-values goes through this: exact tails where there are any, saddlepoint
/// approximations (relative error below 1 %) elsewhere.
package struct NullDistribution: Sendable {
    private enum Kind {
        case exponential
        case bernoulli(Double)
        case lattice(LatticeTails)
        case other
    }

    private let kind: Kind
    private let cumulants: CumulantFunction
    /// Of one score.
    package let mean: Double
    package let variance: Double

    private init(_ kind: Kind, _ cumulants: CumulantFunction) {
        self.kind = kind
        self.cumulants = cumulants
        let origin = cumulants(0)
        mean = origin.first
        variance = origin.second
    }

    /// Mean 1: -log of a uniform number. Sums have the gamma distribution.
    package static let exponential = NullDistribution(
        .exponential, CumulantFunction(exponentials: [1]))

    /// Sums of independent exponential variables with these means, each above 0.
    package static func exponentials(means: [Double]) -> NullDistribution {
        NullDistribution(.other, CumulantFunction(exponentials: means))
    }

    /// The largest of `count` exponential variables of mean 1, which is a sum of ones with means 1, 1/2, ... 1/count
    /// (Renyi 1953).
    package static func largestExponential(of count: Int) -> NullDistribution {
        exponentials(means: (1...max(1, count)).map { 1 / Double($0) })
    }

    /// 1 with this probability, else 0. Sums are binomial.
    package static func bernoulli(_ probability: Double) -> NullDistribution {
        NullDistribution(
            .bernoulli(probability),
            CumulantFunction(
                offset: 0, step: 1, probabilities: [1 - probability, probability], isDense: false))
    }

    /// The value i with probability `probabilities[i]`; their sum is 1.
    package static func lattice(_ probabilities: [Double]) -> NullDistribution {
        NullDistribution(
            .lattice(LatticeTails(probabilities)),
            CumulantFunction(offset: 0, step: 1, probabilities: probabilities, isDense: false))
    }

    /// Each of these values equally likely.
    package static func values(_ values: [Double]) -> NullDistribution {
        let low = values.min() ?? 0
        return .values(in: low...max(low, values.max() ?? 0)) { add in values.forEach(add) }
    }

    /// Each of the values that `generate` gives, in a range that holds them all, equally likely. Values are dealt to 2,048
    /// even steps, which keeps the mean.
    static func values(
        in range: ClosedRange<Double>, _ generate: ((Double) -> Void) -> Void
    ) -> NullDistribution {
        let steps = 2047
        let width = range.upperBound - range.lowerBound
        let step = width > 0 ? width / Double(steps) : 1
        var weights = [Double](repeating: 0, count: steps + 1)
        var count = 0
        generate { value in
            let place = min(Double(steps), max(0, (value - range.lowerBound) / step))
            let index = min(steps - 1, Int(place))
            weights[index] += Double(index + 1) - place
            weights[index + 1] += place - Double(index)
            count += 1
        }
        let probabilities = weights.map { $0 / Double(max(1, count)) }
        return NullDistribution(
            .other,
            CumulantFunction(
                offset: range.lowerBound, step: step, probabilities: probabilities, isDense: true))
    }

    /// log E exp(theta X); infinite where it does not exist.
    package func logMoment(_ theta: Double) -> Double { cumulants(theta).value }

    /// The theta under which a score has this mean: the tilt of the alternative with that mean.
    package func tilt(mean: Double) -> Double { cumulants.solve(mean: mean) }

    /// Where `logMoment` stops being finite.
    package var largestTilt: Double { cumulants.supremum }

    /// Natural logarithm of P(sum of `count` independent scores >= `sum`).
    package func logUpperTail(sum: Double, count: Int) -> Double {
        guard count > 0 else { return sum <= 0 ? 0 : -.infinity }
        switch kind {
        case .exponential: return GammaDistribution.logUpper(shape: Double(count), sum)
        case .bernoulli(let probability):
            let successes = Int(min(Double(count) + 1, max(0, (sum - 1e-9).rounded(.up))))
            return BinomialDistribution.logUpper(
                successes: successes, trials: count, probability: probability)
        case .lattice(let tails):
            let whole = (sum - 1e-9).rounded(.up)
            guard whole > 0 else { return 0 }
            if whole < 1e9, let exact = tails.logUpper(sum: Int(whole), count: count) {
                return exact
            }
            return Saddlepoint.logUpper(cumulants, sum: whole, count: count)
        case .other: return Saddlepoint.logUpper(cumulants, sum: sum, count: count)
        }
    }
}
