import Foundation

/// The sum that a code picks from a table, one value of each row, when the code was drawn at random: a sum of independent
/// uniform choices, whose distribution is worked out whole.
///
/// The table is first rounded to whole steps, and then both sums and their distribution are of the rounded table: p-values
/// are exact for it, and rounding costs power alone, never validity. Steps are 2^-15 of the range of sums or finer.
struct CodeSumDistribution: Sendable {
    private static let points = 1 << 15
    /// Least p-value: what is lost to underflow is far below it.
    static let leastPValue = 1e-300

    private let radix: Int
    /// Rows in steps above each row's least value.
    private let steps: [Int32]
    /// P(sum >= i steps), `leastPValue` at least.
    private let tail: [Double]
    let mean: Double
    let deviation: Double
    /// Size of a step and the sum of all rows' least values, in scores.
    private let step: Double
    private let origin: Double

    /// - Parameter sums: `radix` finite numbers for each row.
    init(sums: [Double], radix: Int) {
        let rows = sums.count / radix
        self.radix = radix
        var least: [Double] = []
        var range = 0.0
        for row in 0..<rows {
            let values = sums[row * radix..<(row + 1) * radix]
            let low = values.min() ?? 0
            least.append(low)
            range += (values.max() ?? 0) - low
        }
        let step = range > 0 ? range / Double(Self.points) : 1
        self.step = step
        origin = least.reduce(0, +)
        steps = sums.indices.map { index in
            Int32(((sums[index] - least[index / radix]) / step).rounded())
        }
        var current = [1.0]
        var mean = 0.0
        var variance = 0.0
        for row in 0..<rows {
            let values = steps[row * radix..<(row + 1) * radix].map(Int.init)
            current = Self.added(current, values)
            let middle = Double(values.reduce(0, +)) / Double(radix)
            mean += middle
            variance +=
                values.reduce(0) { $0 + (Double($1) - middle) * (Double($1) - middle) }
                / Double(radix)
        }
        self.mean = mean
        deviation = variance.squareRoot()
        var total = 0.0
        for index in stride(from: current.count - 1, through: 0, by: -1) {
            total += current[index]
            // Up by more than the rounding of a few hundred additions can have taken.
            current[index] = min(1, total * (1 + 1e-11) + Self.leastPValue)
        }
        tail = current
    }

    /// The distribution after one more row.
    private static func added(_ former: [Double], _ values: [Int]) -> [Double] {
        let largest = values.max() ?? 0
        var next = [Double](repeating: 0, count: former.count + largest)
        let share = 1 / Double(values.count)
        let scaled = former.map { $0 * share }
        scaled.withUnsafeBufferPointer { scaled in
            next.withUnsafeMutableBufferPointer { next in
                for value in values {
                    for index in 0..<scaled.count { next[value + index] += scaled[index] }
                }
            }
        }
        return next
    }

    /// The sum of a code in steps. Values at or above the radix are the caller's mistake and give the row's first value.
    func sum(_ code: [UInt8]) -> Int {
        steps.withUnsafeBufferPointer { steps in
            var total = 0
            for (row, value) in code.enumerated() where (row + 1) * radix <= steps.count {
                total += Int(steps[row * radix + min(Int(value), radix - 1)])
            }
            return total
        }
    }

    /// P(a random code's sum is at least this).
    func pValue(_ sum: Int) -> Double {
        sum < tail.count ? tail[max(0, sum)] : Self.leastPValue
    }

    /// The least p-value of any code.
    var leastPossible: Double { tail.last ?? 1 }

    /// A sum in scores.
    func score(_ sum: Int) -> Double { origin + Double(sum) * step }

    /// Deviations above the mean of random codes.
    func zScore(_ sum: Int) -> Double {
        deviation > 0 ? (Double(sum) - mean) / deviation : 0
    }
}
