import Foundation

/// K(theta) = log E exp(theta X) of one score, with its first two derivatives.
struct CumulantFunction: Sendable {
    struct Value {
        var value: Double
        var first: Double
        var second: Double
    }

    private enum Kind {
        /// A sum of independent exponential variables with these means.
        case exponentials([Double])
        /// `offset + step * i` with probability `probabilities[i]`.
        case lattice(offset: Double, step: Double, probabilities: [Double], grid: Grid)
    }

    /// K at evenly spaced theta.
    private struct Grid {
        var spacing: Double
        /// Index of theta = 0.
        var origin: Int
        var values: [Value]
    }

    private let kind: Kind
    /// theta is below this.
    let supremum: Double
    /// Distance of neighbouring scores; 0 where they are dense.
    let step: Double
    /// The largest score; infinite for exponentials.
    let largest: Double

    /// - Parameter means: of the exponential variables, each above 0.
    init(exponentials means: [Double]) {
        kind = .exponentials(means)
        supremum = 1 / (means.max() ?? 1)
        step = 0
        largest = .infinity
    }

    /// - Parameters:
    ///   - probabilities: of the scores offset, offset + step and so on; their sum is 1.
    ///   - isDense: whether the steps only stand for a distribution without any.
    init(offset: Double, step: Double, probabilities: [Double], isDense: Bool) {
        supremum = .infinity
        self.step = isDense ? 0 : step
        let last = probabilities.lastIndex { $0 > 0 } ?? 0
        largest = offset + step * Double(last)
        // Spaced by the deviation: with six matched derivatives the error between points is below 1e-9.
        let deviation = Self.exact(0, offset, step, probabilities).second.squareRoot()
        let spacing = deviation > 0 ? 0.05 / deviation : 1
        let points = 80
        let values = (-points...points).map {
            Self.exact(Double($0) * spacing, offset, step, probabilities)
        }
        kind = .lattice(
            offset: offset, step: step, probabilities: probabilities,
            grid: Grid(spacing: spacing, origin: points, values: values))
    }

    func callAsFunction(_ theta: Double) -> Value {
        switch kind {
        case .exponentials(let means):
            guard theta < supremum else {
                return Value(value: .infinity, first: .infinity, second: .infinity)
            }
            var result = Value(value: 0, first: 0, second: 0)
            for mean in means {
                let ratio = mean / (1 - theta * mean)
                result.value -= log1p(-theta * mean)
                result.first += ratio
                result.second += ratio * ratio
            }
            return result
        case .lattice(let offset, let step, let probabilities, let grid):
            let place = theta / grid.spacing
            if probabilities.count > 65, abs(place) < Double(grid.origin) {
                return Self.interpolated(grid, place)
            }
            return Self.exact(theta, offset, step, probabilities)
        }
    }

    private static func exact(
        _ theta: Double, _ offset: Double, _ step: Double, _ probabilities: [Double]
    ) -> Value {
        // From the end that weighs most, so that nothing overflows.
        let reference = theta > 0 ? probabilities.count - 1 : 0
        let ratio = exp(theta * step * (theta > 0 ? -1 : 1))
        var weight = 1.0
        var total = 0.0
        var first = 0.0
        var second = 0.0
        for distance in probabilities.indices {
            let index = theta > 0 ? reference - distance : distance
            let mass = probabilities[index] * weight
            let score = Double(index - reference) * step
            total += mass
            first += mass * score
            second += mass * score * score
            weight *= ratio
        }
        let mean = first / total
        let origin = offset + step * Double(reference)
        return Value(
            value: log(total) + theta * origin, first: origin + mean,
            second: max(0, second / total - mean * mean))
    }

    /// The polynomial of degree five that agrees with K, K' and K'' at both ends.
    private static func interpolated(_ grid: Grid, _ place: Double) -> Value {
        let index = min(Int((place + Double(grid.origin)).rounded(.down)), grid.values.count - 2)
        let t = place + Double(grid.origin) - Double(index)
        let h = grid.spacing
        let a = grid.values[index]
        let b = grid.values[index + 1]
        let c0 = a.value
        let c1 = a.first * h
        let c2 = a.second * h * h / 2
        let difference = b.value - c0 - c1 - c2
        let slope = b.first * h - c1 - 2 * c2
        let bend = b.second * h * h - 2 * c2
        let c3 = 10 * difference - 4 * slope + bend / 2
        let c4 = -15 * difference + 7 * slope - bend
        let c5 = 6 * difference - 3 * slope + bend / 2
        let value = c0 + t * (c1 + t * (c2 + t * (c3 + t * (c4 + t * c5))))
        let first = c1 + t * (2 * c2 + t * (3 * c3 + t * (4 * c4 + t * 5 * c5)))
        let second = 2 * c2 + t * (6 * c3 + t * (12 * c4 + t * 20 * c5))
        return Value(value: value, first: first / h, second: second / (h * h))
    }

    /// The theta with K'(theta) = `mean`, for a mean inside the range of scores.
    func solve(mean: Double) -> Double {
        let origin = self(0)
        guard origin.second > 0 else { return 0 }
        var low = -Double.infinity
        var high = supremum
        var theta = 0.0
        var at = origin
        for _ in 0..<200 {
            let miss = mean - at.first
            if abs(miss) <= 1e-13 * (abs(mean) + origin.second.squareRoot()) { break }
            if miss > 0 { low = theta } else { high = theta }
            var next = theta + miss / max(at.second, 1e-300)
            if !(next > low && next < high) {
                if low == -.infinity {
                    next = theta - max(1, abs(theta))
                } else if high == .infinity {
                    next = theta + max(1, abs(theta))
                } else {
                    next = (low + high) / 2
                }
            }
            if next == theta { break }
            theta = next
            at = self(theta)
        }
        return theta
    }
}
