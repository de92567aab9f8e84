import Sketches

/// A group's data up to a moment, pooled over its members: what every test reads.
struct Pool {
    /// One member's part.
    struct Part {
        /// Position in the population.
        let account: Int
        /// Exchanges that count.
        let exchanges: Int
        /// Those from when the account became active.
        let exchangesSinceOnset: Int
        /// First exchange, microseconds.
        let first: Int64
        /// Last exchange before the cutoff, microseconds; an hour's end where only the hour is known.
        let last: Int64
        /// Sampled exchanges before the cutoff.
        let samples: [SampledSignals]
    }

    let parts: [Part]
    /// The moment up to which data count, microseconds; `.max` for all.
    let cutoff: Int64

    /// Exchanges of all parts.
    var exchanges: Int { parts.reduce(0) { $0 + $1.exchanges } }

    /// The data of `members` before `cutoff`; members without any are left out.
    ///
    /// Of an account that was taken up after a life of its own, only exchanges from then on are looked at: what it asked
    /// before was not the group's. Its volume is given from both beginnings, since a ramp can pass for an onset.
    init(_ members: [Int], of population: Population, cutoff: Int64 = .max) {
        self.cutoff = cutoff
        parts = members.compactMap { account in
            let profile = population.profiles[account]
            guard profile.firstMicroseconds < cutoff else { return nil }
            let onset =
                cutoff == .max
                ? population.onset[account] : ActivityShift.day(of: profile, before: cutoff)
            // Onsets are starts of buckets; half a second is room for rounding.
            let begin = Int64((onset ?? 0) * Population.day) - 500_000
            let begins = max(profile.firstMicroseconds, begin)
            let samples = Self.samples(
                of: profile, sample: population.samples[account], within: begins..<cutoff)
            var count = 0
            var active = 0
            var last = profile.firstMicroseconds
            profile.hours.forEach { start, value in
                guard start * 1_000_000 < cutoff else { return }
                let end = (start + profile.hours.stepSeconds) * 1_000_000
                count += value
                if end > begins { active += value }
                last = max(last, end)
            }
            let isWhole = profile.lastMicroseconds < cutoff
            return Part(
                account: account, exchanges: isWhole ? Int(profile.exchanges) : max(1, count),
                exchangesSinceOnset: max(1, active), first: profile.firstMicroseconds,
                last: isWhole ? profile.lastMicroseconds : min(last, cutoff), samples: samples)
        }
    }

    /// What is known of an account's exchanges in a time: its first ones, until the uniform sample holds more.
    private static func samples(
        of profile: AccountProfile, sample: [SampledSignals], within time: Range<Int64>
    ) -> [SampledSignals] {
        let uniform = sample.filter { time.contains($0.timeMicroseconds) }
        if time.upperBound == .max { return uniform }
        let first = profile.earliest.filter { time.contains($0.timeMicroseconds) }
        return uniform.count >= first.count ? uniform : first
    }
}
