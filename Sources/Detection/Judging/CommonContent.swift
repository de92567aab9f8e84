#if canImport(Glibc)
    import Glibc
#endif
import Sketches

/// What the members of a group ask in common, told apart from what each asks on its own.
///
/// An account that hides its harvest under somebody's everyday traffic is two sources in one. Each sampled exchange is
/// taken to come from a distribution of words that all members share, or from the population's: a mixture of two
/// multinomials, fitted by expectation maximisation (A. Dempster, N. Laird and D. Rubin, J. R. Stat. Soc. B 39, 1977).
/// Which of the two an exchange belongs to is decided with the words of the *other* members only, so that choosing
/// exchanges does not choose those that are like their own account; whether the chosen ones depend on the account can
/// then still be tested.
struct CommonContent {
    /// Share of the members' exchanges that is common, each member counting once, 0...1.
    let share: Double
    /// For each content bin, the logarithm of its share in common exchanges over its share in the population's.
    private let logRatios: [Double]
    /// Logarithm of `share` over the rest.
    private let logOdds: Double

    /// Passes over the data; changes are in the third decimal of the share by then.
    private static let iterations = 15
    /// How much of the population's distribution is mixed into the common one, so that no word is impossible.
    private static let smoothing = 0.1
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
        var total = [Double](repeating: 0, count: ContentBins.count)
        for _ in 0..<iterations {
            total = weights(members, memberships)
            let sum = total.reduce(0, +)
            let logOdds = log(share / (1 - share))
            var mass = 0.0
            for (index, samples) in members.enumerated() where !samples.isEmpty {
                let own = weights([samples], [memberships[index]])
                let rest = max(1e-9, sum - own.reduce(0, +))
                // The same few hundred bins recur in an account's exchanges: each logarithm is taken once.
                var ratios = [Double](repeating: .nan, count: ContentBins.count)
                for (position, sample) in samples.enumerated() {
                    var odds = logOdds
                    for slot in 0..<Int(sample.binCount) {
                        let bin = Int(sample.bins[slot])
                        if ratios[bin].isNaN {
                            ratios[bin] = ratio(
                                max(0, total[bin] - own[bin]) / rest, frequencies[bin])
                        }
                        odds += ratios[bin]
                    }
                    memberships[index][position] = 1 / (1 + exp(-min(30, max(-30, odds))))
                }
                mass += memberships[index].reduce(0, +) / Double(samples.count)
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
        let sum = max(1e-9, total.reduce(0, +))
        let common = CommonContent(
            share: share, logRatios: total.indices.map { ratio(total[$0] / sum, frequencies[$0]) },
            logOdds: log(share / (1 - share)))
        return (common, pool.reduced(to: chosen))
    }

    /// Words by bin, each account counting once and each exchange by its membership.
    private static func weights(
        _ members: [[SampledSignals]], _ memberships: [[Double]]
    ) -> [Double] {
        var result = [Double](repeating: 0, count: ContentBins.count)
        for (samples, memberships) in zip(members, memberships) where !samples.isEmpty {
            let each = 1 / Double(samples.count)
            for (sample, membership) in zip(samples, memberships) {
                for slot in 0..<Int(sample.binCount) {
                    result[Int(sample.bins[slot])] += membership * each
                }
            }
        }
        return result
    }

    private static func ratio(_ common: Double, _ frequency: Double) -> Double {
        log((common / frequency + smoothing) / (1 + smoothing))
    }

    /// Whether an exchange is more likely common than not.
    func holds(_ sample: SampledSignals) -> Bool {
        guard sample.binCount > 0 else { return false }
        var odds = logOdds
        for slot in 0..<Int(sample.binCount) { odds += logRatios[Int(sample.bins[slot])] }
        return odds > 0
    }

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
