#if canImport(Glibc)
    import Glibc
#endif
import Sketches

/// Settings of a judgement.
public struct JudgeSettings: Sendable {
    /// False-discovery bound over campaigns, 0...1.
    public var fdr: Double
    /// Exchanges below which an account that belongs to no campaign is inconclusive.
    public var minimumExchanges: Int

    /// Threads to judge with; the judgement does not depend on them.
    public var threads: Int

    /// List prices, for the cost of what a campaign took.
    public var prices: TokenPrices

    /// Whether the profiles' previews hold text rather than its masked shape.
    public var previewsAreText: Bool

    /// How different independent accounts are taken to be at least: the shipped values, or those of one's own past.
    public var floors: InnocentFloors

    /// The default bound is 0.01.
    public init(
        fdr: Double = 0.01, minimumExchanges: Int = 10, threads: Int = 1,
        prices: TokenPrices = TokenPrices(),
        previewsAreText: Bool = false, floors: InnocentFloors = .shipped
    ) {
        self.floors = floors
        self.previewsAreText = previewsAreText
        self.fdr = fdr
        self.threads = threads
        self.minimumExchanges = minimumExchanges
        self.prices = prices
    }
}

/// List prices in US dollars for a million tokens.
public struct TokenPrices: Sendable, Equatable {
    /// For tokens sent.
    public var input: Double
    /// For tokens answered.
    public var output: Double

    /// The defaults, 3 and 15, are an assumption in the middle of 2026's range for large models; give your own.
    public init(input: Double = 3, output: Double = 15) {
        self.input = input
        self.output = output
    }

    /// The cost of tokens.
    func cost(input inputTokens: Int64, output outputTokens: Int64) -> Double {
        (Double(inputTokens) * input + Double(outputTokens) * output) / 1_000_000
    }
}

/// Profiles to verdicts. Pure: the same profiles in the same order always give the same judgement.
public struct Judge: Sendable {
    let settings: JudgeSettings

    /// A judge with these settings.
    public init(settings: JudgeSettings) {
        self.settings = settings
    }

    struct Candidate {
        var members: [Int]
        var assessment: GroupAssessment
        var q = 1.0
    }

    /// Judges profiles in any order, of different accounts.
    public func judge(_ profiles: [AccountProfile]) -> Judgement { judge(ProfileSet(profiles)) }

    /// Judges `profiles`.
    public func judge(_ profiles: ProfileSet) -> Judgement {
        let population = Population(profiles, floors: settings.floors, threads: settings.threads)
        var proposer = Proposals(population: population)
        var owner = [Bool](repeating: false, count: profiles.count)
        var tested = Set<[Int]>()
        var candidates: [Candidate] = []
        var decisions: [Decision] = []
        var largest = 0.0
        var dropped = 0
        // Two campaigns with one source of prompts look like one group that is none. Once the clearer one is found and
        // taken out, the other shows; so groups are proposed anew from what is left, and so is what is left of each group.
        for _ in 0..<Self.rounds {
            let remainders = NearlyEqual.once(
                candidates.filter { $0.members.contains { owner[$0] } }
                    .map { $0.members.filter { !owner[$0] } }
                    .filter { $0.count >= Proposals.minimumMembers })
            let proposals = proposer.next(without: owner)
            // What a clear campaign holds need not be tested as well, so the parts come last.
            var clear = ClearGroups(accounts: population.count)
            for (groups, isNarrow) in [
                (proposals.broad, false), (proposals.narrow + remainders, true),
            ] {
                var fresh = groups.filter { !clear.hold($0) && tested.insert($0).inserted }
                if isNarrow {
                    let all = fresh.count
                    fresh = screened(fresh, population)
                    dropped += all - fresh.count
                }
                let found = assess(fresh, population)
                clear.add(found.filter { Self.isClear($0, fdr: settings.fdr) }.map(\.members))
                let left = fresh.filter { !clear.hold($0) }
                let bursts = inBursts(left, population, clear, &tested)
                candidates += found + bursts
                candidates += refined(
                    (found + bursts).filter { !clear.hold($0.members) }, population,
                    proposer.neighbours, owner, &tested)
            }
            candidates += assess(unions(candidates, population, owner, &tested), population)
            // Groups that were looked at and dropped count as tests that found nothing.
            let q = Statistics.qValues(candidates.map(\.assessment.p), others: dropped)
            for index in candidates.indices { candidates[index].q = q[index] }
            candidates = Self.ordered(candidates, fdr: settings.fdr)
            largest = candidates.lazy.filter { $0.q <= settings.fdr }.map(\.assessment.p).max() ?? 0
            let before = decisions.count
            take(.distillation, candidates, population, proposer.neighbours, &owner, &decisions) {
                $0.p <= largest && !$0.isOneCustomer
            }
            if decisions.count == before { break }
        }
        // The tests of all rounds count for the bound, also for what an earlier round accused.
        for decision in decisions where decision.candidate.assessment.p > largest {
            for member in decision.candidate.members { owner[member] = false }
        }
        decisions.removeAll { $0.candidate.assessment.p > largest }
        let level = Self.suspicionRisk / Double(3 * max(1, candidates.count + dropped))
        take(.suspicious, candidates, population, proposer.neighbours, &owner, &decisions) {
            $0.isSuspicious(level: level)
        }
        take(.noFinding, candidates, population, proposer.neighbours, &owner, &decisions) {
            $0.isLookAlike
        }
        let qOf = Self.q(among: candidates)
        for index in decisions.indices {
            decisions[index].candidate.q = qOf(decisions[index].candidate.assessment.p)
        }
        return Describer(population: population, settings: settings).judgement(
            decisions, candidates: candidates, tested: candidates.count + dropped)
    }

    /// The q-value of a group that was changed after its test: that of the next larger p-value tested.
    private static func q(among candidates: [Candidate]) -> (Double) -> Double {
        let ordered = candidates.map { (p: $0.assessment.p, q: $0.q) }.sorted { $0.p < $1.p }
        let p = ordered.map(\.p)
        // Smallest q-value from each place on.
        var least = ordered.map(\.q)
        for index in least.indices.reversed().dropFirst() {
            least[index] = min(least[index], least[index + 1])
        }
        return { value in
            let place = Statistics.lowerBound(p, value)
            return place < least.count ? least[place] : 1
        }
    }

    /// How often a scan may call some innocent group suspicious: Bonferroni's bound over groups and the three signs that
    /// make one so.
    private static let suspicionRisk = 0.05

    /// Times that groups are proposed at most; in each but the last a campaign must have been found.
    private static let rounds = 4

    /// Groups of which some facet beside the volumes may not be that of independent customers: without one, no two are, and
    /// the group cannot be accused whatever it asks. Looked at on some of its members at a lenient level.
    private func screened(_ groups: [[Int]], _ population: Population) -> [[Int]] {
        let isLeft = concurrentMap(groups, threads: settings.threads) { group -> Bool in
            let pool = Pool(group, of: population)
            guard GroupAssessment.isJudgeable(pool) else { return false }
            let drawn = pool.drawn(Self.screenedMembers)
            // What is too little in all of a group, it cannot be accused with; what is in a part, it still can.
            let level = pool.parts.count > Self.screenedMembers ? Self.lenient : settings.fdr
            let tests = GroupTests(population: population)
            return tests.sharedIdentity(drawn).contains { $0.p < level }
                || tests.signatureReplay(drawn).p < level
                || tests.bursts(drawn.accounts).contains { $0.p < level }
        }
        return zip(groups, isLeft).filter(\.1).map(\.0)
    }

    private static let screenedMembers = 256
    private static let lenient = 0.05

    /// Groups made of clear ones that ask the same: a campaign that makes up much of a log's links is cut up by what few of
    /// its accounts share, and is one campaign all the same. Whether it is one pool is for the tests to say.
    private func unions(
        _ candidates: [Candidate], _ population: Population, _ owner: [Bool],
        _ tested: inout Set<[Int]>
    ) -> [[Int]] {
        let clear = candidates.filter {
            Self.isClear($0, fdr: settings.fdr) && !$0.members.contains { owner[$0] }
        }
        .sorted {
            $0.members.count != $1.members.count
                ? $0.members.count > $1.members.count
                : $0.members.lexicographicallyPrecedes($1.members)
        }
        .prefix(Self.mostJoined).map(\.members)
        let centroids = concurrentMap(Array(clear), threads: settings.threads) {
            population.content.centroid(of: $0)
        }
        var unions: [[Int]] = []
        for likeness in Self.sameContent {
            // Each joins the first larger one that asks the same.
            var first = Array(clear.indices)
            for index in clear.indices {
                first[index] =
                    (0..<index).first {
                        first[$0] == $0
                            && ContentSpace.dot(centroids[$0], centroids[index]) > likeness
                    } ?? index
            }
            for (leader, parts) in Dictionary(grouping: clear.indices, by: { first[$0] })
            where parts.count > 1 {
                let union = Set(parts.flatMap { clear[$0] }).sorted()
                if union.count > clear[leader].count { unions.append(union) }
            }
        }
        return unions.sorted { $0.lexicographicallyPrecedes($1) }
            .filter { tested.insert($0).inserted }
    }

    /// Cosines of two groups' content from which they are tried as one.
    private static let sameContent: [Float] = [0.95, 0.9, 0.8]
    /// Clear groups that are tried together at most, the largest.
    private static let mostJoined = 500

    /// Whether a group comes before every part of it: as strong as can be, one pool, and nobody's in the open.
    private static func isClear(_ candidate: Candidate, fdr: Double) -> Bool {
        candidate.assessment.p < fdr && !candidate.assessment.isOneCustomer
            && strengthStep(candidate) == strongest && mixtureSteps(candidate.assessment) == 0
    }

    /// Accusable candidates first; of those the stronger ones, since bystanders weaken a group; then the ones that are one pool,
    /// then the larger ones: a group made of two campaigns shows as content that depends on the account or unequal
    /// volumes, and a part of a campaign as a smaller group.
    private static func ordered(_ candidates: [Candidate], fdr: Double) -> [Candidate] {
        // What decides is worked out once for each, not in every comparison.
        struct Key {
            let index: Int
            let isAccusable: Bool
            let p: Double
            let strength: Int
            let mixture: Int
        }
        let keys = candidates.enumerated().map { index, candidate in
            Key(
                index: index, isAccusable: candidate.q <= fdr, p: candidate.assessment.p,
                strength: strengthStep(candidate), mixture: mixtureSteps(candidate.assessment))
        }
        return keys.sorted { a, b in
            if a.isAccusable != b.isAccusable { return a.isAccusable }
            if a.isAccusable {
                if a.strength != b.strength { return a.strength > b.strength }
                if a.mixture != b.mixture { return a.mixture < b.mixture }
            } else if a.p != b.p {
                return a.p < b.p
            }
            let (x, y) = (candidates[a.index].members, candidates[b.index].members)
            if x.count != y.count { return x.count > y.count }
            return x.lexicographicallyPrecedes(y)
        }.map { candidates[$0.index] }
    }

    /// The p-value in steps of three decades, up to the ninth: beyond, all cases are as strong as can be.
    private static func strengthStep(_ candidate: Candidate) -> Int {
        min(strongest, Int(-log10(candidate.assessment.p) / 3))
    }

    private static let strongest = 3

    /// How far a group is from one pool, in steps that a whole campaign of thirty accounts seldom makes by chance: 0.004 of
    /// intraclass correlation, 0.15 of spread of log volume.
    private static func mixtureSteps(_ assessment: GroupAssessment) -> Int {
        [max(0, assessment.content.value) / 0.004, assessment.volumes.value / 0.15]
            .reduce(0) { $0 + Int($1.rounded(.down)) }
    }

    /// Groups whose members clearly belong together, of which the common part alone says too little: some members are
    /// missing, or bystanders are among them. The members are settled as those of an accused group are and tested again.
    private func refined(
        _ candidates: [Candidate], _ population: Population,
        _ neighbours: [[ContentSpace.Neighbour]], _ owner: [Bool],
        _ tested: inout Set<[Int]>
    ) -> [Candidate] {
        let promising = candidates.filter {
            $0.assessment.coordination < Self.refinedLevel && $0.assessment.p > Self.refinedLevel
        }
        let settled = concurrentMap(promising, threads: settings.threads) {
            candidate -> (members: [Int], floor: Double)? in
            guard let common = candidate.assessment.common, common.prompts.content.p < 0.5 else {
                return nil
            }
            let result = Membership(
                population: population, neighbours: neighbours, component: common.content
            ).settle(candidate.members, taken: owner)
            return (
                (result.kept + result.joined).sorted(),
                max(candidate.assessment.floor, candidate.assessment.coordination)
            )
        }
        var floors: [[Int]: Double] = [:]
        for case let group? in settled {
            floors[group.members] = max(floors[group.members] ?? 0, group.floor)
        }
        return assess(floors, population, &tested)
    }

    /// The members of each group that signed up, or became active, in one burst, without the bystanders proposed with them.
    ///
    /// Times chose them, so the group's p-value is never below that of the burst in the group before.
    private func inBursts(
        _ groups: [[Int]], _ population: Population, _ clear: ClearGroups,
        _ tested: inout Set<[Int]>
    ) -> [Candidate] {
        let tests = GroupTests(population: population)
        let bursts = concurrentMap(groups, threads: settings.threads) { group in
            tests.bursts(group).filter {
                $0.p < Self.refinedLevel && $0.members.count >= Proposals.minimumMembers
                    && $0.members.count < group.count && !clear.hold($0.members)
            }
        }
        var floors: [[Int]: Double] = [:]
        for burst in bursts.joined() {
            floors[burst.members] = max(floors[burst.members] ?? 0, burst.p)
        }
        return assess(floors, population, &tested)
    }

    /// The level of coordination from which a group's members are settled before the verdict, and of the p-value down to
    /// which there is a need to.
    private static let refinedLevel = 1e-6

    /// Groups whose members were chosen by facets that are tested, each with the least p-value that it can have: that of what
    /// chose them.
    private func assess(
        _ floors: [[Int]: Double], _ population: Population, _ tested: inout Set<[Int]>
    ) -> [Candidate] {
        let proposals = floors.keys.sorted { $0.lexicographicallyPrecedes($1) }
            .filter { tested.insert($0).inserted }
        return assess(proposals, population).map { candidate in
            var candidate = candidate
            candidate.assessment.floor = floors[candidate.members] ?? 1
            return candidate
        }
    }

    private func assess(_ proposals: [[Int]], _ population: Population) -> [Candidate] {
        concurrentMap(proposals, threads: settings.threads) { members -> Candidate? in
            let pool = Pool(members, of: population)
            guard GroupAssessment.isJudgeable(pool) else { return nil }
            let assessment = GroupAssessment(
                pool, population: population, hopeless: settings.fdr)
            return assessment.isJudgeable
                ? Candidate(members: members, assessment: assessment) : nil
        }.compactMap { $0 }
    }

    /// Cleared groups that are told of at most.
    private static let mostCleared = 250

    /// Disjoint groups, strongest first: accused, suspicious, cleared.
    struct Decision {
        var verdict: Verdict
        var candidate: Candidate
    }

    /// Decides on the candidates that `accept` accepts, as far as their members are free.
    private func take(
        _ verdict: Verdict, _ candidates: [Candidate], _ population: Population,
        _ neighbours: [[ContentSpace.Neighbour]],
        _ owner: inout [Bool], _ decisions: inout [Decision],
        where accept: (GroupAssessment) -> Bool
    ) {
        /// The group of these members, if it is accepted as it stands.
        func accepted(_ members: [Int]) -> Candidate? {
            let assessment = GroupAssessment(
                Pool(members, of: population), population: population)
            return assessment.isJudgeable && accept(assessment)
                ? Candidate(members: members, assessment: assessment) : nil
        }
        var cleared = 0
        for candidate in candidates where accept(candidate.assessment) {
            // Cleared groups are told of for the reader's sake, who reads no more than this.
            if verdict == .noFinding, cleared == Self.mostCleared { break }
            let free = candidate.members.filter { !owner[$0] }
            // What a stronger group has taken is gone; a remainder stands only if it passes by itself.
            guard free.count >= Proposals.minimumMembers, free.count * 2 >= candidate.members.count
            else { continue }
            guard var kept = free.count == candidate.members.count ? candidate : accepted(free)
            else { continue }
            if verdict != .noFinding {
                // What is left without bystanders must pass too: it may be another group than was tested, or one customer
                // in the open. Accounts that would join must not keep it from passing.
                let settled = Membership(
                    population: population, neighbours: neighbours,
                    component: kept.assessment.component
                ).settle(free, taken: owner)
                guard
                    let passing = accepted((settled.kept + settled.joined).sorted())
                        ?? accepted(settled.kept)
                else { continue }
                kept = passing
            }
            for member in kept.members { owner[member] = true }
            decisions.append(Decision(verdict: verdict, candidate: kept))
            cleared += 1
        }
    }
}

extension GroupAssessment {
    /// Coordination or harvesting beyond doubt in some facet, but not every innocent explanation rejected.
    func isSuspicious(level: Double) -> Bool {
        guard !isOneCustomer, partition.p < 0.01 else { return false }
        return min(oneOperator, replay.p, max(payment.p, content.p)) < level
    }

    /// Similar enough to a campaign to be worth telling the reader that it was cleared.
    var isLookAlike: Bool {
        members >= 8 && (content.p < 0.05 || cohort < 1e-4 || network.p < 1e-6 || payment.p < 1e-6)
    }
}
