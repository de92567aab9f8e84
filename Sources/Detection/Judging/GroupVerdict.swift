import Sketches

/// All measurements of a pool and what follows from them for each innocent explanation.
struct GroupAssessment {
    let volumes: Measurement
    let content: Measurement
    let partition: Measurement
    let signup: Measurement
    let onset: Measurement
    let payment: Measurement
    let network: Measurement
    let replay: Measurement
    let breadth: Measurement
    let purposes: [Measurement]
    /// The organisation that most members declare, and their share; empty when none is shared.
    let organization: (name: String, share: Double)
    /// Share of members under one card and one mail domain; see `GroupTests.openIdentity`.
    let openIdentity: Double
    let members: Int
    let exchanges: Int

    init(_ pool: Pool, population: Population) {
        let tests = GroupTests(population: population)
        members = pool.parts.count
        exchanges = pool.exchanges
        volumes = tests.volumes(pool)
        content = tests.contentExchangeable(pool)
        partition = tests.partition(pool)
        signup = tests.signupBurst(pool)
        onset = tests.onsetBurst(pool)
        let identity = tests.sharedIdentity(pool)
        payment = identity[0]
        network = identity[1]
        replay = tests.signatureReplay(pool)
        breadth = tests.breadth(pool)
        purposes = Category.allCases.filter(\.isHarvestSign).map { tests.purpose($0, pool) }
        openIdentity = tests.openIdentity(pool)
        organization = Self.sharedOrganization(pool, population)
    }

    private static func sharedOrganization(
        _ pool: Pool, _ population: Population
    ) -> (name: String, share: Double) {
        var counts: [String: Int] = [:]
        for part in pool.parts {
            let facts = population.profiles[part.account].facts
            let name =
                facts.trusted ? "trusted customers" : facts.organization
            if !name.isEmpty { counts[name, default: 0] += 1 }
        }
        guard
            let best = counts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) })
        else { return ("", 0) }
        return (best.key, Double(best.value) / Double(max(1, pool.parts.count)))
    }

    /// Sign-up and onset are two views of one event, such as a launch or a course's first day: one facet.
    var cohort: Double { Statistics.clamp(2 * min(signup.p, onset.p)) }

    /// One operator: content does not depend on the account, and at least two facets that content has no part in are
    /// not those of independent customers.
    var oneOperator: Double {
        max(
            content.p,
            Statistics.partialConjunction(
                [volumes.p, cohort, Statistics.clamp(2 * min(payment.p, network.p)), replay.p],
                count: 2))
    }

    /// Harvest: of a kind that is made to train on; or broader than any person, or dealt out in equal shares, by somebody
    /// who hides that the accounts are one. A fleet of devices or a call centre does both as well, in the open.
    var harvest: Double {
        let hidden = isOpen ? [] : [breadth.p, volumes.p]
        let kinds = hidden + [replay.p] + purposes.map(\.p)
        return Statistics.clamp(Double(kinds.count) * (kinds.min() ?? 1))
    }

    /// Whether most members are under one card and one mail domain that are theirs alone.
    var isOpen: Bool { openIdentity >= Self.openShare }

    /// From this share on a group is open. Four fifths leave room for bystanders that were proposed with it; an operator
    /// who uses several cards or domains in turn stays below.
    static let openShare = 0.8

    /// Members who declare one organisation are that organisation until shown otherwise.
    var isOneCustomer: Bool { organization.share >= 0.5 }

    /// Largest p-value over the explanations that are tested: every one of them must be rejected to accuse
    /// (an intersection-union test; R. Berger, Technometrics 24, 1982, doi:10.2307/1267823).
    var p: Double { max(oneOperator, partition.p, harvest) }

    /// Enough to judge at all.
    var isJudgeable: Bool { members >= 5 && exchanges >= 100 }

    var indicators: [Measurement] {
        [volumes, content, partition, signup, onset, payment, network, replay, breadth] + purposes
    }
}
