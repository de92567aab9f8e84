import Foundation

/// The number of successes in independent trials, each with a probability of its own.
enum PoissonBinomial {
    /// The natural logarithm of P(at least `successes`), exact far into the tail: sums of positive numbers alone, as
    /// logarithms. Time grows with the square of the trials.
    static func logUpper(successes: Int, probabilities: [Double]) -> Double {
        guard successes > 0 else { return 0 }
        let trials = probabilities.filter { $0 > 0 }
        guard successes <= trials.count else { return -.infinity }
        // logs[k] = log P(exactly k successes so far).
        var logs = [0.0]
        for probability in trials {
            let yes = log(min(1, probability))
            let no = log1p(-min(1, probability))
            var next = [Double](repeating: -.infinity, count: logs.count + 1)
            for (k, value) in logs.enumerated() {
                next[k] = sum(next[k], value + no)
                next[k + 1] = sum(next[k + 1], value + yes)
            }
            logs = next
        }
        return min(0, logs[successes...].reduce(-.infinity, sum))
    }

    /// log(e^a + e^b).
    private static func sum(_ a: Double, _ b: Double) -> Double {
        let high = max(a, b)
        return high == -.infinity ? high : high + log1p(exp(min(a, b) - high))
    }
}
