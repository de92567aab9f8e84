#if canImport(Glibc)
    import Glibc
#endif
import Sketches

/// Settles who belongs to an accused group, after the group as a whole was found: accounts are compared with the
/// group's core and with the population, and only those that fit the core better stay.
///
/// Sums logarithms of likelihood ratios over volume, content, sign-up and onset, each capped so that no single one
/// decides. Applied after the test, so it cannot make a group pass.
struct Membership {
    let population: Population
    /// Nearest accounts in content, by position.
    let neighbours: [[ContentSpace.Neighbour]]
    /// What the members ask in common, where a group was found by that part of their exchanges.
    let component: CommonContent?
    /// Sorted shares of such exchanges over all accounts.
    private let shares: [Double]

    init(
        population: Population, neighbours: [[ContentSpace.Neighbour]],
        component: CommonContent? = nil
    ) {
        self.population = population
        self.neighbours = neighbours
        self.component = component
        shares =
            component.map { part in
                population.representatives.map { part.share(of: population.samples[$0]) }.sorted()
            } ?? []
    }

    private static let cap = 3.0
    /// Logarithm of the odds from which a member stays. Most members of a group that passed belong to it, so the odds start
    /// even; four to one leaves out those of whom nothing says that they do.
    private static let stayOdds = log(4.0)

    private struct Core {
        let centroid: [Float]
        let likeness: (middle: Double, spread: Double)
        let volume: (middle: Double, spread: Double)
        let created: (middle: Double, spread: Double)?
        let onset: (middle: Double, spread: Double)
        let parameters: UInt64
        let parameterShare: Double
    }

    /// The members that fit the core, and accounts nearby that fit it as well as they do.
    ///
    /// - Returns: the members that stay and the accounts that would join, each in order of position.
    func settle(_ members: [Int], taken: [Bool]) -> (kept: [Int], joined: [Int]) {
        var current = members
        for _ in 0..<3 {
            let core = core(of: current)
            let kept = current.filter { likelihood($0, core) > Self.stayOdds }
            if kept.count < max(Proposals.minimumMembers, members.count / 3) {
                return (current, [])
            }
            if kept == current { break }
            current = kept
        }
        let core = core(of: current)
        let inside = Set(current)
        @Sendable func isNear(_ account: Int) -> Bool {
            guard !taken[account], !inside.contains(account),
                let own = likeness(account, core.centroid)
            else { return false }
            return own > core.likeness.middle - 2 * core.likeness.spread
                && (component == nil || own > 0)
        }
        // In a large population those who could join are looked for among the members' neighbours, and how many are near
        // in all is estimated.
        let drawn = population.representatives
        let isWhole = drawn.underestimatedCount == population.count
        let near = (isWhole ? Array(drawn) : nearest(current)).filter(isNear)
        let share = Double(drawn.count(where: isNear)) / Double(max(1, drawn.underestimatedCount))
        let nearInAll =
            isWhole ? near.count : max(near.count, Int(share * Double(population.count)))
        // Content has been used to find those nearby; what else is known must tell each from as many as there are.
        let bar = Self.stayOdds + log(Double(max(1, nearInAll)))
        let joined = near.filter { likelihood($0, core, withContent: false) > bar }
        return (current, joined)
    }

    /// The neighbours of some accounts, ascending.
    private func nearest(_ accounts: [Int]) -> [Int] {
        Set(accounts.flatMap { neighbours[$0].map { Int($0.other) } }).sorted()
    }

    /// How much an account asks what the group asks: its content's cosine to the group's, or the share of its exchanges
    /// that the group has in common. `nil` where too little is known.
    private func likeness(_ account: Int, _ centroid: [Float]) -> Double? {
        if let component { return component.share(of: population.samples[account]) }
        return population.content.has(account)
            ? Double(population.content.cosine(account, to: centroid)) : nil
    }

    private func volume(_ account: Int) -> Double {
        population.facts[account].volume
    }

    private func onset(_ account: Int) -> Double {
        Double(population.parts[account].onset) / Population.day
    }

    private func core(of members: [Int]) -> Core {
        let centroid = population.content.centroid(of: members)
        func robust(_ values: [Double], least: Double) -> (middle: Double, spread: Double) {
            (Statistics.median(values), max(least, Statistics.robustScale(values)))
        }
        let created = members.map { population.facts[$0].created }.filter { !$0.isNaN }
        var parameters: [UInt64: Int] = [:]
        for member in members {
            let key = population.facts[member].parameters
            if key != 0 { parameters[key, default: 0] += 1 }
        }
        let main = parameters.max { ($0.value, $1.key) < ($1.value, $0.key) }
        return Core(
            centroid: centroid,
            likeness: robust(members.map { likeness($0, centroid) ?? 0 }, least: 0.05),
            // No core is taken to be tighter than this: cover traffic moves a volume by a fifth or so, and an onset by half
            // a day.
            volume: robust(members.map(volume), least: 0.2),
            created: created.count >= 5 ? robust(created, least: 1) : nil,
            onset: robust(members.map(onset), least: 0.5),
            parameters: main?.key ?? 0,
            parameterShare: Double(main?.value ?? 0) / Double(max(1, members.count)))
    }

    /// Log of how much better the core explains the account than the population does.
    private func likelihood(_ account: Int, _ core: Core, withContent: Bool = true) -> Double {
        let facts = population.facts[account]
        // The core against the population as it is, not as if spread evenly: most accounts of a log are active from its
        // beginning, so an onset there says nothing. A tenth of the core's mass is the population's, for robustness.
        func ratio(
            _ value: Double, _ part: (middle: Double, spread: Double), among reference: [Double]
        ) -> Double {
            let near =
                Statistics.upperBound(reference, value + part.spread)
                - Statistics.upperBound(reference, value - part.spread)
            let density =
                Double(near + 1) / (Double(reference.count + 2) * 2 * part.spread)
            return ratio(value, part, density: density)
        }
        func ratio(_ value: Double, _ part: (middle: Double, spread: Double), density: Double)
            -> Double
        {
            let z = (value - part.middle) / part.spread
            let inside = 0.9 * exp(-0.5 * z * z) / (part.spread * 2.5066)
            return min(Self.cap, max(-Self.cap, log(inside / density + 0.1)))
        }
        var sum = ratio(volume(account), core.volume, among: population.volumes)
        if withContent, let own = likeness(account, core.centroid) {
            sum +=
                component == nil
                ? ratio(own, core.likeness, density: 1)
                : ratio(own, core.likeness, among: shares)
        }
        if let created = core.created, !facts.created.isNaN {
            sum += ratio(facts.created, created, among: population.created)
        }
        sum += ratio(onset(account), core.onset, among: population.onsets)
        if core.parameterShare > 0.5 {
            sum += facts.parameters == core.parameters ? 1 : -1
        }
        return sum
    }
}
