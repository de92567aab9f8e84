#if canImport(Glibc)
    import Glibc
#endif
import Sketches

/// Volumes more equal than independent customers' are.
///
/// A scan statistic: the narrowest interval of log volume that holds half, three quarters or nine tenths of the members,
/// against the densest that the least spread allows. Whatever the distribution of independent volumes, as long as no
/// interval of any width holds more of it than the middle of a normal one of that spread, the p-value is valid at every
/// group size. A quarter of outliers, or half, does not move it.
enum EqualVolumes {
    /// Shares of the members that an interval is asked to hold.
    private static let shares = [0.5, 0.75, 0.9]
    /// Width, in standard deviations, of the middle three quarters of a normal distribution.
    private static let middleWidth = 2.3007

    /// One member's volume as an interval of its logarithm. A count of n stands for n - 1/2 to n + 1/2, so that small
    /// counts, of which many are equal by necessity, say as little as they do, and that of none says nothing.
    struct Volume {
        let low: Double
        let high: Double

        /// - Parameter days: time that the count took, for a rate.
        init(_ count: Int, days: Double = 1) {
            low = count == 0 ? -.infinity : log((Double(count) - 0.5) / days)
            high = log((Double(count) + 0.5) / days)
        }
    }

    /// The smallest p-value over several ways to measure volume, corrected for their number, and the spread that the
    /// narrowest three quarters show as a standard deviation.
    ///
    /// - Parameter spread: least standard deviation of log volumes among independent customers.
    static func test(_ views: [[Volume]], against spread: Double) -> (p: Double, spread: Double) {
        var p = 1.0
        var found = Double.infinity
        for volumes in views where volumes.count >= Proposals.minimumMembers {
            for share in shares {
                let count = Int((share * Double(volumes.count)).rounded(.up))
                let width = narrowest(volumes, holding: count)
                if share == 0.75 { found = min(found, width / middleWidth) }
                // Each member begins an interval; the others fall into it with at most the middle's probability.
                let inside = 2 * Statistics.normalCDF(width / 2 / spread) - 1
                p = min(
                    p,
                    Double(volumes.count)
                        * Statistics.binomialUpperTail(count - 1, of: volumes.count - 1, p: inside))
            }
        }
        return (min(1, p * Double(views.count * shares.count)), found.isFinite ? found : 1)
    }

    /// Width of the narrowest interval that holds `count` volumes whole.
    private static func narrowest(_ volumes: [Volume], holding count: Int) -> Double {
        // Intervals of equal counts are equal, and a larger count has both ends higher, but for rates: ends are sorted apart,
        // which can only widen what is found.
        let low = volumes.map(\.low).sorted()
        let high = volumes.map(\.high).sorted()
        return (0...(volumes.count - count)).map { high[$0 + count - 1] - low[$0] }.min()
            ?? .infinity
    }

    /// Ways to measure a pool's volumes: in all, a day, since the onset, and in the time when most members were active.
    static func views(of pool: Pool, _ population: Population) -> [[Volume]] {
        let parts = pool.parts
        let begin = Statistics.quantile(parts.map { Double($0.onset) }.sorted(), 0.75)
        let end = Statistics.quantile(parts.map { Double($0.last) }.sorted(), 0.25)
        return [
            parts.map { Volume($0.exchanges) },
            parts.map {
                Volume(
                    $0.exchanges, days: max(1, Double($0.last - $0.first) / Population.day))
            },
            parts.map { Volume($0.exchangesSinceOnset) },
            parts.map { Volume(count(population.hours[$0.account], from: begin, to: end)) },
        ]
    }

    /// Exchanges of whole buckets between two times in microseconds.
    private static func count(_ hours: TimeHistogram, from begin: Double, to end: Double) -> Int {
        var sum = 0
        hours.forEach { start, count in
            if Double(start) * 1e6 >= begin, Double(start + hours.stepSeconds) * 1e6 <= end {
                sum += count
            }
        }
        return sum
    }
}
