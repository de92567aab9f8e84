/// How different independent accounts are taken to be at least: the nulls that a group has to fall short of.
public struct InnocentFloors: Sendable, Equatable {
    /// Least standard deviation of log volumes; a smaller one counts as load balancing.
    public let volumeSpread: Double
    /// Least share of variance in content that the account explains, 0...1.
    public let contentIntraclass: Double

    /// Floors of one's own.
    public init(volumeSpread: Double, contentIntraclass: Double) {
        self.volumeSpread = volumeSpread
        self.contentIntraclass = contentIntraclass
    }

    /// What is assumed without a reference. People's volumes spread by 1 or more; even a vendor's customers and the members
    /// of one course differ by about half.
    public static let shipped = InnocentFloors(volumeSpread: 0.45, contentIntraclass: 0.015)
}

/// What groups of past traffic say about how different innocent accounts are at least.
///
/// Split conformal prediction, one-sided (V. Vovk, A. Gammerman and G. Shafer, *Algorithmic Learning in a Random World*,
/// 2005): of n groups that were measured and one more, exchangeable with them, the new one measures less than the k-th
/// smallest with probability at most k / (n + 1). Groups count, not accounts.
public struct InnocentReference: Sendable, Equatable {
    /// One measurement's bound.
    public struct Bound: Sendable, Equatable {
        /// What the groups measure, from the smallest on.
        public let measured: [Double]
        /// Which of them gives the bound, from one on; zero when there are too few groups for one.
        public let rank: Int

        /// The bound is the k-th smallest for the largest k that `miss` allows.
        public init(_ values: [Double], miss: Double) {
            measured = values.sorted()
            rank = Int(miss * Double(values.count + 1))
        }

        /// The bound; `nil` when there are too few groups.
        public var value: Double? { rank > 0 ? measured[rank - 1] : nil }
    }

    /// Probability, at most, that an innocent group measures less than a bound; 0...1.
    public let miss: Double
    /// Spread of log volumes.
    public let volumeSpread: Bound
    /// Share of variance in content that the account explains.
    public let contentIntraclass: Bound
    /// Groups left out because most of their members would be accused with the shipped floors.
    public let groupsLeftOut: Int
    /// Accounts that would be accused with the shipped floors.
    public let accountsLeftOut: Int
    /// Accounts of the traffic.
    public let accounts: Int

    /// A reference as it was written down.
    public init(
        miss: Double, volumeSpread: Bound, contentIntraclass: Bound, groupsLeftOut: Int,
        accountsLeftOut: Int, accounts: Int
    ) {
        self.miss = miss
        self.volumeSpread = volumeSpread
        self.contentIntraclass = contentIntraclass
        self.groupsLeftOut = groupsLeftOut
        self.accountsLeftOut = accountsLeftOut
        self.accounts = accounts
    }

    /// The floors to judge with. Shipped values stand in where there were too few groups. A bound near zero is kept as it
    /// is: then nothing can be shown to be below it and nobody is accused by that test, which is what was promised.
    public var floors: InnocentFloors {
        let shipped = InnocentFloors.shipped
        return InnocentFloors(
            volumeSpread: volumeSpread.value ?? shipped.volumeSpread,
            contentIntraclass: contentIntraclass.value ?? shipped.contentIntraclass)
    }

    /// Groups of fewer members measure mostly noise.
    static let leastMembers = 8
    /// Sampled exchanges below which content measures mostly noise.
    static let leastSamples = 200
    /// Groups in a half of which more accounts are accused say nothing of the innocent.
    static let accusedShare = 0.5
}

extension Judge {
    /// Measures how different the groups of past traffic are that could be proposed as campaigns.
    ///
    /// Groups are proposed as for a judgement; the smallest first, each if fewer than half of its members are in one
    /// before it, so that none is counted many times over. Left out are those that the shipped
    /// floors accuse: a past may hold campaigns that nobody knows of, and what is missed of them can only lower the
    /// bounds, which costs power and accuses nobody. So are one customer's own accounts and groups that work
    /// through one exercise, for which the floors are not asked.
    ///
    /// - Parameter miss: probability, at most, that a new innocent group measures less than a bound, 0..<1.
    /// - Parameter profiles: with their account facts.
    public func reference(_ profiles: ProfileSet, miss: Double) -> InnocentReference {
        let population = Population(profiles, floors: settings.floors, threads: settings.threads)
        let judgement = judge(profiles)
        let accused = judgement.accounts.map { $0.verdict == .distillation }
        var proposer = Proposals(population: population)
        let proposed = proposer.next(without: [Bool](repeating: false, count: population.count))
        let proposals = (proposed.broad + proposed.narrow)
            .filter { $0.count >= InnocentReference.leastMembers }
            .sorted {
                $0.count != $1.count ? $0.count < $1.count : $0.lexicographicallyPrecedes($1)
            }
        var taken = [Bool](repeating: false, count: profiles.count)
        var groups: [[Int]] = []
        var leftOut = 0
        for group in proposals where group.count(where: { taken[$0] }) * 2 < group.count {
            for member in group { taken[member] = true }
            let guilty = group.count { accused[$0] }
            if Double(guilty) > InnocentReference.accusedShare * Double(group.count) {
                leftOut += 1
            } else {
                groups.append(group)
            }
        }
        let measured = concurrentMap(groups, threads: settings.threads) {
            members -> (volume: Double, content: Double?)? in
            let pool = Pool(members, of: population)
            let assessment = GroupAssessment(pool, population: population)
            guard assessment.isJudgeable, !assessment.isOneCustomer, !assessment.isOpen,
                assessment.whole.partition.p < 0.01
            else { return nil }
            let samples = pool.parts.reduce(0) { $0 + $1.samples.count { $0.binCount > 0 } }
            return (
                assessment.volumes.value,
                samples >= InnocentReference.leastSamples ? assessment.whole.content.value : nil
            )
        }.compactMap { $0 }
        return InnocentReference(
            miss: miss,
            volumeSpread: .init(measured.map(\.volume), miss: miss),
            contentIntraclass: .init(measured.compactMap(\.content), miss: miss),
            groupsLeftOut: leftOut, accountsLeftOut: accused.count { $0 },
            accounts: profiles.count)
    }
}
