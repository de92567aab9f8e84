#if canImport(Glibc)
    import Glibc
#endif
import Sketches

/// What the members of a group ask in common, told apart from what each asks on its own.
///
/// An account that hides its harvest under somebody's everyday traffic is two sources in one. Each sampled exchange is
/// taken to come from a distribution of words that all members share, or from the population's: a mixture of two
/// multinomials, fitted by expectation maximisation (A. Dempster, N. Laird and D. Rubin, J. R. Stat. Soc. B 39, 1977).
///
/// Two things keep it from finding what only some of the members share, and from choosing exchanges that are like their
/// own account. The members are dealt into parts, and a word counts by its geometric mean over the parts, so that one
/// that few parts use does not. And an exchange is judged by the parts that its account is not in, so that whether the
/// chosen ones depend on the account can still be tested.
struct CommonContent {
    /// Share of the members' exchanges that is common, each member counting once, 0...1.
    let share: Double
    /// For each content bin, the logarithm of its share in common exchanges over its share in the population's.
    private let logRatios: [Double]
    /// Logarithm of `share` over the rest.
    private let logOdds: Double

    /// Parts that the members are dealt into.
    private static let parts = 5
    /// Passes over the data; changes are in the third decimal of the share by then.
    private static let iterations = 15
    /// Least ratio of a word's shares, so that no word is impossible.
    private static let smoothing = 0.1
    /// Words of the population that are mixed into each part, for those that a small part misses by chance.
    private static let priorWords = 50.0
    /// Outside these shares there is nothing to tell apart, or too little to test.
    private static let shares = 0.03...0.97
    /// Share of the members that must show two common exchanges or more: what few of them have is not the group's.
    private static let leastHolders = 2.0 / 3

    /// The common part of a pool and the pool reduced to it; `nil` when there is none, or nothing else.
    ///
    /// - Parameter frequencies: share of each content bin in the words of an average account; sums to one.
    static func find(in pool: Pool, frequencies: [Double]) -> (common: CommonContent, pool: Pool)? {
        let members = pool.parts.map { part in part.samples.filter { $0.binCount > 0 } }
        let asking = members.count { !$0.isEmpty }
        guard asking >= Proposals.minimumMembers else { return nil }
        var memberships = members.map { [Double](repeating: 0.5, count: $0.count) }
        var share = 0.5
        var ratios: [[Double]] = []
        var all = [Double](repeating: 0, count: ContentBins.count)
        for _ in 0..<iterations {
            ratios = partRatios(members, memberships, frequencies)
            all = all.indices.map { bin in ratios.reduce(0) { $0 + $1[bin] } }
            let logOdds = log(share / (1 - share))
            var mass = 0.0
            for part in 0..<parts {
                let others = all.indices.map { (all[$0] - ratios[part][$0]) / Double(parts - 1) }
                for index in stride(from: part, to: members.count, by: parts)
                where !members[index].isEmpty {
                    for (position, sample) in members[index].enumerated() {
                        let odds = logOdds + sum(others, over: sample)
                        memberships[index][position] = 1 / (1 + exp(-min(30, max(-30, odds))))
                    }
                    mass += memberships[index].reduce(0, +) / Double(members[index].count)
                }
            }
            share = min(0.99, max(0.01, mass / Double(asking)))
        }
        guard shares.contains(share) else { return nil }
        let chosen = zip(members, memberships).map { samples, memberships in
            zip(samples, memberships).filter { $0.1 > 0.5 }.map(\.0)
        }
        guard Double(chosen.count { $0.count >= 2 }) >= leastHolders * Double(asking) else {
            return nil
        }
        let common = CommonContent(
            share: share, logRatios: all.map { $0 / Double(parts) },
            logOdds: log(share / (1 - share)))
        return (common, pool.reduced(to: chosen))
    }

    /// For each part and bin: the logarithm of the bin's share in the part's common exchanges over the population's. Each
    /// account counts once, each exchange by its membership.
    private static func partRatios(
        _ members: [[SampledSignals]], _ memberships: [[Double]], _ frequencies: [Double]
    ) -> [[Double]] {
        (0..<parts).map { part in
            var weights = [Double](repeating: 0, count: ContentBins.count)
            var total = 0.0
            var words = 0.0
            for index in stride(from: part, to: members.count, by: parts) {
                let each = 1 / Double(max(1, members[index].count))
                for (sample, membership) in zip(members[index], memberships[index]) {
                    for slot in 0..<Int(sample.binCount) {
                        weights[Int(sample.bins[slot])] += membership * each
                    }
                    words += membership * Double(sample.binCount)
                    total += membership * each * Double(sample.binCount)
                }
            }
            let prior = priorWords / (words + priorWords)
            return weights.indices.map { bin in
                let ratio = (1 - prior) * weights[bin] / max(1e-9, total) / frequencies[bin] + prior
                return log((ratio + smoothing) / (1 + smoothing))
            }
        }
    }

    @inline(__always)
    private static func sum(_ ratios: [Double], over sample: SampledSignals) -> Double {
        var sum = 0.0
        for slot in 0..<Int(sample.binCount) { sum += ratios[Int(sample.bins[slot])] }
        return sum
    }

    /// Whether an exchange is more likely common than not.
    func holds(_ sample: SampledSignals) -> Bool {
        guard sample.binCount > 0 else { return false }
        return logOdds + Self.sum(logRatios, over: sample) > 0
    }

    /// Whether an exchange that can be quoted is more likely common than not.
    func holds(_ sample: borrowing SampledExchange) -> Bool { holds(SampledSignals(sample)) }

    /// The share of an account's sampled exchanges with text that are common; zero without any.
    func share(of samples: [SampledSignals]) -> Double {
        var common = 0
        var total = 0
        for sample in samples where sample.binCount > 0 {
            total += 1
            if holds(sample) { common += 1 }
        }
        return total > 0 ? Double(common) / Double(total) : 0
    }
}
