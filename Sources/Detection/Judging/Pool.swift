import Sketches

/// A group's data up to a moment, pooled over its members: what every test reads.
struct Pool {
    /// One member's part.
    struct Part {
        /// Position in the population.
        let account: Int
        /// Exchanges before the cutoff.
        let exchanges: Int
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
    init(_ members: [Int], of population: Population, cutoff: Int64 = .max) {
        self.cutoff = cutoff
        parts = members.compactMap { account in
            let profile = population.profiles[account]
            guard profile.firstMicroseconds < cutoff else { return nil }
            if profile.lastMicroseconds < cutoff {
                return Part(
                    account: account, exchanges: Int(profile.exchanges),
                    first: profile.firstMicroseconds, last: profile.lastMicroseconds,
                    samples: population.samples[account])
            }
            var count = 0
            var last = profile.firstMicroseconds
            profile.hours.forEach { start, value in
                guard start * 1_000_000 < cutoff else { return }
                count += value
                last = max(last, (start + profile.hours.stepSeconds) * 1_000_000)
            }
            return Part(
                account: account, exchanges: max(1, count), first: profile.firstMicroseconds,
                last: min(last, cutoff),
                samples: Self.samples(
                    of: profile, sample: population.samples[account], before: cutoff))
        }
    }

    /// What is known of an account's exchanges before a moment: its first ones, until the uniform sample holds more.
    private static func samples(
        of profile: AccountProfile, sample: [SampledSignals], before cutoff: Int64
    ) -> [SampledSignals] {
        let uniform = sample.filter { $0.timeMicroseconds < cutoff }
        let first = profile.earliest.prefix { $0.timeMicroseconds < cutoff }
        return uniform.count >= first.count ? uniform : Array(first)
    }
}
