import Sketches

/// A group's data up to a moment, pooled over its members: what every test reads.
struct Pool {
    /// One member's part.
    struct Part: Sendable {
        /// Position in the population.
        let account: Int
        /// Exchanges before the cutoff.
        let exchanges: Int
        /// Those from when the account became active.
        let exchangesSinceOnset: Int
        /// When it became active, microseconds.
        let onset: Int64
        /// First exchange, microseconds.
        let first: Int64
        /// Last exchange before the cutoff, microseconds; an hour's end where only the hour is known.
        let last: Int64
        /// Sampled exchanges between onset and cutoff.
        let samples: [SampledSignals]
    }

    let parts: [Part]
    /// The moment up to which data count, microseconds; `.max` for all.
    let cutoff: Int64

    /// Positions of the members with data.
    var accounts: [Int] { parts.map(\.account) }

    /// Exchanges of all parts.
    var exchanges: Int { parts.reduce(0) { $0 + $1.exchanges } }

    /// The data of `members`.
    init(_ members: [Int], of population: Population) {
        self.init(members.map { population.parts[$0] }, cutoff: .max)
    }

    /// The data of `members` before `cutoff`, from their histories; members without any are left out.
    init(
        _ members: [Int], _ histories: [Population.History], of population: Population,
        cutoff: Int64
    ) {
        let found = concurrentMap(Array(members.indices), threads: population.threads) {
            index -> Part? in
            guard histories[index].firstMicroseconds < cutoff else { return nil }
            let account = members[index]
            return Part(
                account, histories[index], sample: population.samples[account], cutoff: cutoff)
        }
        self.init(found.compactMap { $0 }, cutoff: cutoff)
    }

    private init(_ found: [Part], cutoff: Int64) {
        self.cutoff = cutoff
        // Samples are in the order of random ranks, so a part from the beginning is one as well.
        let each = max(Self.leastSamples, Self.samples / max(1, found.count))
        parts = found.contains { $0.samples.count > each } ? found.map { $0.keeping(each) } : found
    }

    /// Sampled exchanges that are read of a pool, about; a group of thousands is known well enough from fewer an account.
    private static let samples = 20_000
    /// Sampled exchanges that are read of each account of the largest group.
    private static let leastSamples = 32

    private init(parts: [Part], cutoff: Int64) {
        self.parts = parts
        self.cutoff = cutoff
    }

    /// Members that tests of content read at most: what holds of so many of a group holds of the group.
    private static let readMembers = 2000

    /// A pool of no more members than tests of content read, spread evenly over this one.
    var thinned: Pool { drawn(Self.readMembers) }

    /// A pool of at most `count` of the members, spread evenly over this one.
    func drawn(_ count: Int) -> Pool {
        guard parts.count > count else { return self }
        return Pool(parts: (0..<count).map { parts[$0 * parts.count / count] }, cutoff: cutoff)
    }

    /// A pool of some members' first samples: enough to see what a group asks, of which nothing hangs on it.
    var skimmed: Pool {
        let step = max(1, parts.count / Self.skimmedMembers)
        let chosen = stride(from: 0, to: parts.count, by: step)
            .map { parts[$0].keeping(Self.skimmedSamples) }
        return Pool(parts: chosen, cutoff: cutoff)
    }

    private static let skimmedMembers = 64
    private static let skimmedSamples = 16

    /// The same parts with only these sampled exchanges, given by position; counts and times stay those of the whole.
    func reduced(to samples: [[SampledSignals]]) -> Pool {
        Pool(parts: zip(parts, samples).map { $0.with($1) }, cutoff: cutoff)
    }
}

extension Pool.Part {
    /// The same part with other samples.
    func with(_ samples: [SampledSignals]) -> Pool.Part {
        Pool.Part(
            account: account, exchanges: exchanges, exchangesSinceOnset: exchangesSinceOnset,
            onset: onset, first: first, last: last, samples: samples)
    }

    /// The same part with its first samples.
    func keeping(_ count: Int) -> Pool.Part {
        samples.count > count ? with(Array(samples.prefix(count))) : self
    }

    /// The part of one account before `cutoff`.
    ///
    /// Of an account that was taken up after a life of its own, only exchanges from then on are sampled: what it asked
    /// before was not the group's. Its volume is given from both beginnings, since a ramp can pass for an onset.
    init(_ account: Int, _ profile: Population.History, sample: [SampledSignals], cutoff: Int64) {
        let onset = ActivityShift.moment(of: profile, before: cutoff)
        var count = 0
        var active = 0
        var last = profile.firstMicroseconds
        profile.hours.forEach { start, value in
            guard start * 1_000_000 < cutoff else { return }
            let end = (start + profile.hours.stepSeconds) * 1_000_000
            count += value
            if end > onset { active += value }
            last = max(last, end)
        }
        let isWhole = profile.lastMicroseconds < cutoff
        self.init(
            account: account, exchanges: isWhole ? profile.exchanges : max(1, count),
            exchangesSinceOnset: max(1, active), onset: onset, first: profile.firstMicroseconds,
            last: isWhole ? profile.lastMicroseconds : min(last, cutoff),
            samples: Self.samples(of: profile, sample: sample, within: onset..<cutoff))
    }

    /// What is known of an account's exchanges in a time: its first ones, until the uniform sample holds more.
    private static func samples(
        of profile: Population.History, sample: [SampledSignals], within time: Range<Int64>
    ) -> [SampledSignals] {
        // The same array where nothing is left out, so that most accounts' samples are held once.
        if sample.allSatisfy({ time.contains($0.timeMicroseconds) }) { return sample }
        let uniform = sample.filter { time.contains($0.timeMicroseconds) }
        if time.upperBound == .max { return uniform }
        let first = profile.earliest.filter { time.contains($0.timeMicroseconds) }
        return uniform.count >= first.count ? uniform : first
    }
}
