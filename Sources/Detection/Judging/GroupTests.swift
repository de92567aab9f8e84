#if canImport(Glibc)
    import Glibc
#endif
import Sketches

/// One test of a group: what was measured, against what, and how likely that is for an innocent group.
struct Measurement {
    let name: String
    let value: Double
    let threshold: Double
    let unit: String
    let p: Double
}

/// The tests that a pool is put to. Each has a stated null: how independent, innocent accounts would look. Constants
/// are the least different that innocent groups are taken to be; `Documentation/Design/detection.md` gives their source.
struct GroupTests {
    let population: Population

    /// The least that independent users differ.
    private var floors: InnocentFloors { population.floors }
    /// How much larger than in the whole log the odds of innocents of one kind may be to sign up, or become active, in some
    /// days: weekdays, holidays and seasons are not everybody's. Without it a group of thousands is never like the rest.
    static let cohortOdds = 2.0
    /// Least share of the other members that sent the same prompt, in a group that works through the same exercises.
    static let reuseShare = 0.1

    /// Volumes more equal than independent customers' are.
    func volumes(_ pool: Pool) -> Measurement {
        let (p, spread) = EqualVolumes.test(
            EqualVolumes.views(of: pool, population), against: floors.volumeSpread)
        return Measurement(
            name: "equal_volumes", value: spread, threshold: floors.volumeSpread,
            unit: "standard deviation of log volume",
            p: Statistics.clamp(p))
    }

    /// Content that does not depend on the account. One-way analysis of variance over content bins, weighted for rarity
    /// within the group so that what a template repeats counts for nothing; the intraclass correlation is tested
    /// against the least that independent users have.
    func contentExchangeable(_ pool: Pool) -> Measurement {
        let usable = pool.parts.map { part in
            part.samples.filter { $0.binCount > 0 }
        }.filter { $0.count >= 2 }
        let total = usable.reduce(0) { $0 + $1.count }
        let name = "content_exchangeable"
        let unit = "share of content variance explained by the account"
        guard usable.count >= 5, total >= 40 else {
            return Measurement(
                name: name, value: 1, threshold: floors.contentIntraclass, unit: unit, p: 1)
        }
        let n = Double(total)
        var pooled = [Double](repeating: 0, count: ContentBins.count)
        for samples in usable {
            for sample in samples {
                for index in 0..<Int(sample.binCount) { pooled[Int(sample.bins[index])] += 1 }
            }
        }
        let shares = pooled.map { min(1, $0 / n) }
        let weights = shares.map(ContentKernel.weight)
        // Per account: sum of squares of its mean about the pool's, and about its own exchanges.
        var between: [Double] = []
        var within = 0.0
        var squaredSizes = 0.0
        var counts = [Double](repeating: 0, count: ContentBins.count)
        var base = 0.0
        for bin in shares.indices { base += weights[bin] * shares[bin] * shares[bin] }
        for samples in usable {
            let size = Double(samples.count)
            squaredSizes += size * size
            var touched: [Int] = []
            var own = 0.0
            for sample in samples {
                for index in 0..<Int(sample.binCount) {
                    let bin = Int(sample.bins[index])
                    if counts[bin] == 0 { touched.append(bin) }
                    counts[bin] += 1
                    own += weights[bin]
                }
            }
            var meanSquare = 0.0
            var distance = base
            for bin in touched {
                let mean = counts[bin] / size
                meanSquare += weights[bin] * mean * mean
                distance += weights[bin] * (mean * mean - 2 * mean * shares[bin])
                counts[bin] = 0
            }
            between.append(size * max(0, distance))
            within += own - size * meanSquare
        }
        let a = Double(usable.count)
        let msb = between.reduce(0, +) / (a - 1)
        let msw = max(1e-9, within / max(1, n - a))
        let n0 = (n - squaredSizes / n) / (a - 1)
        let f = msb / msw
        let intraclass = (f - 1) / (f - 1 + n0)
        let spread =
            (between.reduce(0) { $0 + ($1 - msb) * ($1 - msb) } / (a - 1)).squareRoot()
            / max(1e-9, msb)
        let f0 = 1 + n0 * floors.contentIntraclass / (1 - floors.contentIntraclass)
        // The null's standard error from the accounts' own spread, hence Student's t, but not below that of sums of as
        // many squares as the exchanges' content has dimensions.
        let least = (2 / Self.dimensions(usable, weights: weights, shares: shares)).squareRoot()
        let error = f0 * max(least, spread) / a.squareRoot()
        return Measurement(
            name: name, value: intraclass, threshold: floors.contentIntraclass, unit: unit,
            p: Statistics.clamp(
                Statistics.studentCDF((f - f0) / error, degrees: usable.count - 1)))
    }

    /// Effective dimensions of content: the squared mean of an exchange's own similarity over the mean squared similarity
    /// of two exchanges of different accounts, both about the pool's mean. With d equal variances it is d.
    private static func dimensions(
        _ accounts: [[SampledSignals]], weights: [Double], shares: [Double]
    ) -> Double {
        // Similarity about the mean: the sum over common bins, less each one's with the mean, and the mean's own.
        func toMean(_ sample: SampledSignals) -> Double {
            var sum = 0.0
            for slot in 0..<Int(sample.binCount) {
                let bin = Int(sample.bins[slot])
                sum += weights[bin] * shares[bin]
            }
            return sum
        }
        var base = 0.0
        for bin in shares.indices { base += weights[bin] * shares[bin] * shares[bin] }
        var own = 0.0
        var squares = 0.0
        var pairs = 0.0
        var present = [Bool](repeating: false, count: ContentBins.count)
        for turn in 0..<(pairRounds * accounts.count) {
            // Accounts in turn, each with another one and other exchanges every time, without a random number.
            let first = turn % accounts.count
            let round = turn / accounts.count
            let other = (first + 1 + round % (accounts.count - 1)) % accounts.count
            let a = accounts[first][round % accounts[first].count]
            let b = accounts[other][(round + first) % accounts[other].count]
            var size = 0.0
            for slot in 0..<Int(a.binCount) {
                present[Int(a.bins[slot])] = true
                size += weights[Int(a.bins[slot])]
            }
            var common = 0.0
            for slot in 0..<Int(b.binCount) where present[Int(b.bins[slot])] {
                common += weights[Int(b.bins[slot])]
            }
            for slot in 0..<Int(a.binCount) { present[Int(a.bins[slot])] = false }
            let mean = toMean(a)
            own += size - 2 * mean + base
            let centred = common - mean - toMean(b) + base
            squares += centred * centred
            pairs += 1
        }
        return max(1, own * own / max(1e-12, squares * pairs))
    }

    /// Pairs of exchanges an account that the dimensions are counted from: enough for some ten percent in small groups.
    private static let pairRounds = 24

    /// Prompts that do not recur from account to account, as in a data set split without replacement.
    ///
    /// For each prompt in a member's coordinated sample: the share of the other members that sent it too, among those
    /// whose sample would show it. Members who work through the same exercises share a large part; members who draw
    /// from one large collection share little, even when the collection is gone through more than once.
    ///
    /// - Parameter isCommon: whether only the prompts of the pool's sampled exchanges count, as in a pool reduced to what
    ///   its members have in common.
    func partition(_ pool: Pool, isCommon: Bool = false) -> Measurement {
        let reach = pool.parts.map { population.promptReach[$0.account] }.sorted()
        var holders: [UInt64: Int] = [:]
        for part in pool.parts {
            for key in population.prompts[part.account] { holders[key, default: 0] += 1 }
        }
        var overlaps: [Double] = []
        for part in pool.parts {
            // Ascending, as a sketch keeps them.
            let own = population.prompts[part.account]
            let ownReach = population.promptReach[part.account]
            let keys =
                isCommon
                ? Set(part.samples.filter { $0.prompt != 0 }.map { Hash64.mix($0.prompt) }).sorted()
                : Array(own)
            if keys.isEmpty { continue }
            var sum = 0.0
            for key in keys {
                // Members whose sample reaches up to this key, but for the one that sent it.
                let reaching = reach.count - Statistics.lowerBound(reach, key)
                let others = reaching - (ownReach >= key ? 1 : 0)
                let sharing = (holders[key] ?? 0) - (!isCommon || own.contains(key) ? 1 : 0)
                if others > 0 { sum += Double(sharing) / Double(others) }
            }
            overlaps.append(sum / Double(keys.count))
        }
        let name = "partition_without_replacement"
        let unit = "share of other members that sent the same prompt"
        guard overlaps.count >= 5 else {
            return Measurement(name: name, value: 1, threshold: Self.reuseShare, unit: unit, p: 1)
        }
        let n = Double(overlaps.count)
        let mean = overlaps.reduce(0, +) / n
        let variance = overlaps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1)
        // Not below half the bound: members of a group that shares nothing all measure exactly zero.
        let error = max(Self.reuseShare / 2, variance.squareRoot()) / n.squareRoot()
        return Measurement(
            name: name, value: mean, threshold: Self.reuseShare, unit: unit,
            p: Statistics.clamp(Statistics.normalCDF((mean - Self.reuseShare) / error)))
    }

    /// Sign-ups in a burst.
    func signupBurst(_ pool: Pool) -> Measurement {
        let times = pool.parts.map { population.facts[$0.account].created }.filter { !$0.isNaN }
        return burst(
            times, reference: population.created, members: pool.parts.count, name: "signup_burst",
            unit: "share of accounts made within the densest days")
    }

    /// Accounts that became active, or much more active, in one burst that is not the beginning of the log.
    func onsetBurst(_ pool: Pool) -> Measurement {
        burst(
            pool.parts.map { Double($0.onset) / Population.day }, reference: population.onsets,
            members: pool.parts.count, name: "activity_burst",
            unit: "share of accounts that became active within the densest days")
    }

    /// The densest bursts of sign-ups and of onsets in a group, however few of its members they hold, each with its p-value
    /// corrected for the widths and the two kinds tried.
    func bursts(_ group: [Int]) -> [(members: [Int], p: Double)] {
        let created = group.map { (account: $0, day: population.facts[$0].created) }
            .filter { !$0.day.isNaN }
        let onsets = group.map {
            (account: $0, day: Double(population.parts[$0].onset) / Population.day)
        }
        return [(created, population.created), (onsets, population.onsets)].compactMap {
            times, reference in
            guard times.count >= Proposals.minimumMembers else { return nil }
            let days = times.map(\.day).sorted()
            var best: (members: [Int], p: Double)?
            for width in Self.burstDays {
                let found = Statistics.scan(
                    days, width: width, reference: reference, odds: Self.cohortOdds)
                let p = Statistics.clamp(found.p * Double(2 * Self.burstDays.count))
                if p < best?.p ?? 1 {
                    best = (
                        times.filter { (found.start...found.start + width).contains($0.day) }
                            .map(\.account), p
                    )
                }
            }
            return best
        }
    }

    private static let burstDays = [1.0, 3.0, 7.0, 14.0]

    private func burst(
        _ times: [Double], reference: [Double], members: Int, name: String, unit: String
    ) -> Measurement {
        // A burst of a few members inside a group says little about the group: at least half must be in it.
        var best = Measurement(name: name, value: 0, threshold: 0.5, unit: unit, p: 1)
        guard times.count >= 5 else { return best }
        let sorted = times.sorted()
        for width in Self.burstDays {
            let found = Statistics.scan(
                sorted, width: width, reference: reference, odds: Self.cohortOdds)
            let share = Double(found.count) / Double(members)
            guard share >= 0.5 else { continue }
            let p = Statistics.clamp(found.p * Double(Self.burstDays.count))
            if p < best.p || best.value == 0 {
                best = Measurement(name: name, value: share, threshold: 0.5, unit: unit, p: p)
            }
        }
        return best
    }

    /// Accounts of different customers behind one payment instrument, phone, address or network.
    func sharedIdentity(_ pool: Pool) -> [Measurement] {
        [
            shared(
                [.payment, .phone], name: "shared_payment",
                unit: "share of accounts that pay or verify with another member's instrument", pool),
            shared(
                [.address, .network], name: "shared_network",
                unit: "share of accounts on another member's address or network", pool),
        ]
    }

    private func shared(
        _ kinds: [ArtefactKind], name: String, unit: String, _ pool: Pool
    ) -> Measurement {
        var linked = Set<Int>()
        for kind in kinds {
            let inside = population.holders(of: kind, among: pool.accounts)
            for (key, accounts) in inside where accounts.count >= 2 {
                // An address that strangers share as well (a carrier's or VPN's exit) says nothing of the members.
                let everywhere = population.artefacts.accounts(kind, key).count
                if accounts.count * 2 >= everywhere { linked.formUnion(accounts) }
            }
        }
        let share = Double(linked.count) / Double(max(1, pool.parts.count))
        // One account in ten of an innocent group may share with another by accident, family or habit.
        let base = 0.1
        let p = Statistics.binomialUpperTail(linked.count, of: pool.parts.count, p: base)
        return Measurement(
            name: name, value: share, threshold: base, unit: unit, p: Statistics.clamp(p))
    }

    /// How openly the members stand together: the share that both pays with the commonest instrument and signs up with
    /// the commonest mail domain. Zero where either is unknown, or where most accounts of that domain pay otherwise, as
    /// those of a free mail provider do.
    ///
    /// Not a test: a fact about what the provider was told. Someone who runs many accounts under one name and card is
    /// one customer and can be asked; harvesting hides that the accounts are one's own.
    func openIdentity(_ pool: Pool) -> Double {
        func commonest(_ kind: ArtefactKind) -> Dictionary<UInt64, [Int]>.Element? {
            population.holders(of: kind, among: pool.accounts)
                .max { ($0.value.count, $1.key) < ($1.value.count, $0.key) }
        }
        guard let card = commonest(.payment), let domain = commonest(.emailDomain) else { return 0 }
        // From the payers' side: a free provider's domain has more users than any card.
        let payers = population.artefacts.accounts(.payment, card.key)
        let users = population.artefacts.accounts(.emailDomain, domain.key).count
        let payingUsers = payers.filter {
            population.keys(.emailDomain, of: Int($0)).contains(domain.key)
        }
        guard payingUsers.count * 2 > users else { return 0 }
        let members = Set(domain.value)
        return Double(payingUsers.count { members.contains(Int($0)) }) / Double(pool.parts.count)
    }

    /// Reasoning signatures that one account received and another presents, or that several present. A client that
    /// keeps its conversations to itself never does this; one such account in fifty is allowed for.
    func signatureReplay(_ pool: Pool) -> Measurement {
        let members = Set(pool.parts.map(\.account))
        var replaying = Set<Int>()
        for (key, accounts) in population.holders(of: .signature, among: pool.accounts)
        where population.artefacts.accounts(.signature, key).count >= 2 {
            replaying.formUnion(accounts)
        }
        let share = Double(replaying.count) / Double(max(1, members.count))
        return Measurement(
            name: "signature_replay", value: share, threshold: 0.02,
            unit: "share of accounts that present or lend another account's reasoning signature",
            p: Statistics.clamp(
                Statistics.binomialUpperTail(replaying.count, of: members.count, p: 0.02)))
    }

    /// Exchanges of one category of what harvesting is for.
    func purpose(_ category: Category, _ pool: Pool) -> Measurement {
        var matching = 0
        var total = 0
        for part in pool.parts {
            for sample in part.samples {
                total += 1
                if sample.categories & category.bit != 0 { matching += 1 }
            }
        }
        let share = total > 0 ? Double(matching) / Double(total) : 0
        // Exchanges of one account are alike; an account counts for at most two.
        let effective = min(total, pool.parts.count * 2)
        let p = Statistics.binomialUpperTail(
            Int(share * Double(effective)), of: effective, p: 0.2)
        return Measurement(
            name: category.name, value: share, threshold: 0.2, unit: "share of exchanges",
            p: Statistics.clamp(p))
    }

    /// Each account's interests broader than a person's: the rank of the members' self-similarity among all accounts'.
    func breadth(_ pool: Pool) -> Measurement {
        let own = pool.parts.compactMap { part in
            pool.cutoff == .max
                ? known(population.selfSimilarity[part.account])
                : ContentKernel.selfSimilarity(part.samples, shares: population.binShares)
        }
        let unit = "similarity of two prompts of one account, median over accounts"
        let reference = population.selfSimilarities
        let threshold = reference.isEmpty ? 0 : Statistics.quantile(reference, 0.05)
        guard own.count >= 5, reference.count >= 20 else {
            return Measurement(
                name: "coverage_breadth", value: 1, threshold: threshold, unit: unit, p: 1)
        }
        let median = Statistics.median(own)
        let below = Statistics.upperBound(reference, median)
        return Measurement(
            name: "coverage_breadth", value: median, threshold: threshold, unit: unit,
            p: Statistics.clamp(Double(below + 1) / Double(reference.count + 1)))
    }

    private func known(_ value: Double) -> Double? { value.isNaN ? nil : value }
}
