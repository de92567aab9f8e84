import Sketches

/// A group's data up to a moment, pooled over its members: what every test reads.
struct Pool {
    /// One member's part.
    struct Part {
        /// Position in the population.
        let account: Int
        /// Exchanges that count.
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

    /// The data of `members` before `cutoff`, from when each became active; members without any are left out.
    ///
    /// An account that was taken up after a life of its own counts from then on: what it did before was not the group's.
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
            if profile.lastMicroseconds < cutoff, begins == profile.firstMicroseconds {
                return Part(
                    account: account, exchanges: Int(profile.exchanges), first: begins,
                    last: profile.lastMicroseconds, samples: samples)
            }
            var count = 0
            var last = begins
            profile.hours.forEach { start, value in
                let end = (start + profile.hours.stepSeconds) * 1_000_000
                guard start * 1_000_000 < cutoff, end > begins else { return }
                count += value
                last = max(last, end)
            }
            return Part(
                account: account, exchanges: max(1, count), first: begins,
                last: min(last, cutoff, max(begins, profile.lastMicroseconds)), samples: samples)
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
