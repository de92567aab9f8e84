import Foundation
import Synchronization

/// Exact tails of sums of independent scores 0, 1, 2 ... by convolution, which adds positive numbers alone and so keeps its
/// relative precision in the tail. Made when first asked for, kept for all threads.
final class LatticeTails: Sendable {
    /// Most scores in a sum.
    static let longest = 1024

    private struct State {
        /// The distribution of the last sum.
        var probabilities: [Double] = [1]
        var low = 0
        /// P(sum >= low + i) of every sum so far.
        var tails: [(low: Int, tail: [Double])] = [(0, [1])]
    }

    private let probabilities: [Double]
    private let mean: Double
    private let variance: Double
    private let state = Mutex(State())

    init(_ probabilities: [Double]) {
        self.probabilities = probabilities
        mean = zip(probabilities.indices, probabilities).reduce(0) { $0 + Double($1.0) * $1.1 }
        let square = zip(probabilities.indices, probabilities).reduce(0) {
            $0 + Double($1.0 * $1.0) * $1.1
        }
        variance = square - mean * mean
    }

    /// log P(sum of `count` scores >= `sum`); `nil` where only an approximation is at hand.
    func logUpper(sum: Int, count: Int) -> Double? {
        guard count <= Self.longest else { return nil }
        let (low, tail) = state.withLock { state in
            while state.tails.count <= count { extend(&state) }
            return state.tails[count]
        }
        let deviation = (variance * Double(count)).squareRoot()
        if sum <= low { return 0 }
        guard sum - low < tail.count else {
            return sum > (probabilities.count - 1) * count ? -.infinity : nil
        }
        // Close to where the sums were cut off too much of the tail is missing.
        guard
            low == 0 && tail.count == (probabilities.count - 1) * count + 1
                || Double(sum) < mean * Double(count) + 12 * deviation
        else { return nil }
        return tail[sum - low] > 0 ? log(tail[sum - low]) : nil
    }

    private func extend(_ state: inout State) {
        let count = Double(state.tails.count)
        var next = [Double](
            repeating: 0, count: state.probabilities.count + probabilities.count - 1)
        for (i, a) in state.probabilities.enumerated() {
            for (j, b) in probabilities.enumerated() { next[i + j] += a * b }
        }
        // What lies far outside is dropped: 9 deviations below, 13.5 above.
        let deviation = (variance * count).squareRoot()
        let lowest = max(0, Int(mean * count - 9 * deviation) - state.low)
        let highest = min(next.count, max(1, Int(mean * count + 13.5 * deviation) + 2 - state.low))
        let kept = lowest < highest ? Array(next[lowest..<highest]) : next
        state.low += lowest < highest ? lowest : 0
        state.probabilities = kept
        var tail = kept
        for index in stride(from: tail.count - 2, through: 0, by: -1) {
            tail[index] += tail[index + 1]
        }
        for index in tail.indices { tail[index] = min(1, tail[index]) }
        state.tails.append((state.low, tail))
    }
}
