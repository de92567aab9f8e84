#if canImport(Glibc)
    import Glibc
#endif
import Sketches

/// Whether a body of exchanges is drawn from the mix that a past shows, by content alone.
///
/// A two-sample test of the shares of content bins: the squared distance to the past's mean in units of what as many draws from
/// the past would show, whitened by the past's covariance (H. Hotelling, Ann. Math. Stat. 2, 1931, with the covariance shrunk
/// towards a multiple of the identity as by O. Ledoit and M. Wolf, J. Multivariate Anal. 88, 2004) and as it is. The first sees what
/// the past never shows, the second what it shows in other shares; the smaller p-value counts, twice. The past
/// is cut in two: one half gives the covariance, the other the distance's moments, so that a fit to the first does not make
/// them small.
///
/// It asks of traffic that many people make, such as a reseller's or a platform's. One person's never is a mix of everybody's,
/// and a small p-value says nothing then.
public struct ContentShift: Sendable {
    /// One comparison.
    public struct Result: Sendable, Equatable {
        /// Exchanges with text that were compared.
        public let exchanges: Int
        /// Squared distance over that of as many draws from the past; one is no shift.
        public let distance: Double
        /// Probability of as large a distance among draws from the past.
        public let pValue: Double
    }

    /// Sampled exchanges that a past needs: some two of each bin.
    public static let leastSamples = 2000

    private let mean: [Double]
    /// Draws behind the mean.
    private let draws: Double
    private let metrics: [Metric]

    /// One way to measure a distance, and what it is among draws from the past.
    private struct Metric: Sendable {
        /// Lower triangle of the Cholesky factor that whitens, by rows; `nil` for the plain distance.
        let factor: [Double]?
        /// The null's mean, and its degrees of freedom as a scaled chi-squared (F. Satterthwaite, Biometrics Bulletin 2, 1946).
        let expected: Double
        let degrees: Double
        /// Squared coefficient of variation of one exchange's squared length.
        let lengthVariation: Double

        /// - Parameter rows: exchanges of the second half about its mean.
        /// - Parameter apart: difference of the halves' means, and the sum of one over each half's draws.
        init(factor: [Double]?, rows: [[Double]], apart: [Double], variance: Double) {
            self.factor = factor
            // Squared lengths, and squared products of pairs: traces of the covariance and of its square.
            let rows = factor.map { factor in rows.map { ContentShift.solve(factor, $0) } } ?? rows
            let lengths = rows.map { ContentShift.dot($0, $0) }
            let length = max(1e-12, lengths.reduce(0, +) / Double(rows.count))
            lengthVariation =
                lengths.reduce(0) { $0 + ($1 - length) * ($1 - length) } / Double(rows.count)
                / (length * length)
            // Accounts that differ make the past's own halves differ more than single draws would: that much is no shift.
            let difference = factor.map { ContentShift.solve($0, apart) } ?? apart
            let inflation = ContentShift.dot(difference, difference) / variance / length
            expected = length * max(1, inflation)
            var squares = 0.0
            var pairs = 0.0
            for gap in 1...ContentShift.pairGaps {
                for index in 0..<(rows.count - gap) {
                    let product = ContentShift.dot(rows[index], rows[index + gap])
                    squares += product * product
                    pairs += 1
                }
            }
            degrees = min(
                Double(ContentBins.count), length * length / max(1e-12, squares / pairs))
        }

        /// The squared distance over its mean, and the probability of as large a one.
        func compare(_ difference: [Double], n: Double, draws: Double) -> (Double, p: Double) {
            let measured = factor.map { ContentShift.solve($0, difference) } ?? difference
            let distance =
                ContentShift.dot(measured, measured) / (1 / n + 1 / draws) / expected
            // Few exchanges have lengths of their own beside what they have in common.
            let own = draws / (n + draws)
            let degrees = 2 / (2 / degrees + lengthVariation / n * own * own)
            // E. Wilson and M. Hilferty, PNAS 17, 1931: the cube root of a chi-squared is nearly normal.
            let z = (cbrt(distance) - (1 - 2 / (9 * degrees))) / (2 / (9 * degrees)).squareRoot()
            return (distance, Statistics.normalCDF(-z))
        }
    }

    /// A past from profiles' sampled exchanges; `nil` if there are too few with text.
    public init?(past profiles: ProfileSet) {
        var halves: [[SampledSignals]] = [[], []]
        for profile in profiles {
            let half = Int(Hash64.string(profile.account) & 1)
            for index in profile.samples.indices {
                halves[half].append(SampledSignals(profile.samples[index]))
            }
            halves[half] += profile.furtherSamples.map(\.signals)
        }
        halves = halves.map { $0.filter { $0.binCount > 0 } }
        guard halves.allSatisfy({ $0.count >= Self.leastSamples / 2 }) else { return nil }
        let first = Self.mean(halves[0])
        guard let factor = Self.factor(of: halves[0], mean: first) else { return nil }
        mean = Self.mean(halves[0] + halves[1])
        draws = Double(halves[0].count + halves[1].count)
        let other = Self.mean(halves[1])
        let step = max(1, halves[1].count / Self.whitened)
        let rows = stride(from: 0, to: halves[1].count, by: step).map { index in
            var row = other.map { -$0 }
            let sample = halves[1][index]
            for slot in 0..<Int(sample.binCount) { row[Int(sample.bins[slot])] += 1 }
            return row
        }
        let apart = zip(first, other).map { $0 - $1 }
        let variance = 1 / Double(halves[0].count) + 1 / Double(halves[1].count)
        metrics = [factor, nil].map {
            Metric(factor: $0, rows: rows, apart: apart, variance: variance)
        }
    }

    /// Exchanges that the null's moments are taken from, and pairs for each: a few percent of error.
    private static let whitened = 1500
    private static let pairGaps = 4

    /// Compares all exchanges of a profile; `nil` without any text.
    public func compare(_ profile: AccountProfile) -> Result? {
        let n = Double(profile.withText)
        guard n > 0 else { return nil }
        var difference = mean.map { -$0 }
        for (bin, count) in profile.content.enumerated() { difference[bin] += Double(count) / n }
        let found = metrics.map { $0.compare(difference, n: n, draws: draws) }
        let least = found.min { $0.p < $1.p } ?? (1, 1)
        return Result(
            exchanges: Int(profile.withText), distance: least.0,
            pValue: Statistics.clamp(Double(found.count) * least.p))
    }

    private static func mean(_ samples: [SampledSignals]) -> [Double] {
        var sums = [Double](repeating: 0, count: ContentBins.count)
        for sample in samples {
            for slot in 0..<Int(sample.binCount) { sums[Int(sample.bins[slot])] += 1 }
        }
        return sums.map { $0 / Double(samples.count) }
    }

    /// The Cholesky factor of the samples' covariance plus its mean variance on the diagonal.
    private static func factor(of samples: [SampledSignals], mean: [Double]) -> [Double]? {
        let d = ContentBins.count
        var matrix = [Double](repeating: 0, count: d * d)
        let share = 1 / Double(samples.count)
        for sample in samples {
            for a in 0..<Int(sample.binCount) {
                let row = Int(sample.bins[a]) * d
                for b in 0..<Int(sample.binCount) { matrix[row + Int(sample.bins[b])] += share }
            }
        }
        var trace = 0.0
        for row in 0..<d {
            for column in 0..<d { matrix[row * d + column] -= mean[row] * mean[column] }
            trace += matrix[row * d + row]
        }
        for row in 0..<d { matrix[row * d + row] += max(1e-9, trace / Double(d)) }
        let isPositive = matrix.withUnsafeMutableBufferPointer { m in
            for row in 0..<d {
                for column in 0...row {
                    var sum = m[row * d + column]
                    for k in 0..<column { sum -= m[row * d + k] * m[column * d + k] }
                    if row == column {
                        guard sum > 0 else { return false }
                        m[row * d + row] = sum.squareRoot()
                    } else {
                        m[row * d + column] = sum / m[column * d + column]
                    }
                }
            }
            return true
        }
        return isPositive ? matrix : nil
    }

    /// Forward substitution.
    private static func solve(_ factor: [Double], _ right: [Double]) -> [Double] {
        let d = right.count
        var result = right
        factor.withUnsafeBufferPointer { m in
            result.withUnsafeMutableBufferPointer { x in
                for row in 0..<d {
                    var sum = x[row]
                    for k in 0..<row { sum -= m[row * d + k] * x[k] }
                    x[row] = sum / m[row * d + row]
                }
            }
        }
        return result
    }

    private static func dot(_ a: [Double], _ b: [Double]) -> Double {
        var sum = 0.0
        for index in a.indices { sum += a[index] * b[index] }
        return sum
    }
}
