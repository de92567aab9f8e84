import Sketches

/// What a group's prompts say: the tests that read sampled exchanges.
struct PromptTests {
    let content: Measurement
    let partition: Measurement
    let purposes: [Measurement]

    init(_ pool: Pool, _ tests: GroupTests, isCommon: Bool) {
        content = tests.contentExchangeable(pool)
        partition = tests.partition(pool, isCommon: isCommon)
        purposes = Category.allCases.filter(\.isHarvestSign).map { tests.purpose($0, pool) }
    }
}

/// All measurements of a pool and what follows from them for each innocent explanation.
struct GroupAssessment {
    let volumes: Measurement
    let signup: Measurement
    let onset: Measurement
    let payment: Measurement
    let network: Measurement
    let replay: Measurement
    let breadth: Measurement
    /// Of all sampled exchanges.
    let whole: PromptTests
    /// What the members ask in common, if it was looked for and found, and the tests of that part.
    private(set) var common: (content: CommonContent, prompts: PromptTests)?
    /// The organisation that most members declare, and their share; empty when none is shared.
    let organization: (name: String, share: Double)
    /// Share of members under one card and one mail domain; see `GroupTests.openIdentity`.
    let openIdentity: Double
    let members: Int
    let exchanges: Int

    /// - Parameter hopeless: p-value of coordination from which prompts are read in part only: a test of fewer is as valid,
    ///   and what it finds cannot change that the group is not accused.
    init(_ pool: Pool, population: Population, hopeless: Double = 1) {
        let tests = GroupTests(population: population)
        members = pool.parts.count
        exchanges = pool.exchanges
        volumes = tests.volumes(pool)
        signup = tests.signupBurst(pool)
        onset = tests.onsetBurst(pool)
        let identity = tests.sharedIdentity(pool)
        payment = identity[0]
        network = identity[1]
        replay = tests.signatureReplay(pool)
        let coordination = Self.coordination(
            volumes: volumes.p, signup: signup.p, onset: onset.p, payment: payment.p,
            network: network.p, replay: replay.p)
        let read = coordination > hopeless ? pool.skimmed : pool.thinned
        breadth = tests.breadth(read)
        whole = PromptTests(read, tests, isCommon: false)
        openIdentity = tests.openIdentity(pool)
        organization = Self.sharedOrganization(pool, population)
        // The common part can only help where the rest of the case is made without prompts.
        if coordination < Self.commonLevel, p(whole) > coordination,
            let found = CommonContent.find(in: read, frequencies: population.wordFrequencies)
        {
            common = (found.common, PromptTests(found.pool, tests, isCommon: true))
        }
    }

    /// From this p-value of the facets without prompts on, the common part is looked for.
    private static let commonLevel = 0.001

    private static func sharedOrganization(
        _ pool: Pool, _ population: Population
    ) -> (name: String, share: Double) {
        var counts: [String: Int] = [:]
        for part in pool.parts {
            let number = Int(population.facts[part.account].organization)
            if number > 0 { counts[population.organizations[number - 1], default: 0] += 1 }
        }
        guard
            let best = counts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) })
        else { return ("", 0) }
        return (best.key, Double(best.value) / Double(max(1, pool.parts.count)))
    }

    /// Sign-up and onset are two views of one event, such as a launch or a course's first day: one facet.
    var cohort: Double { Statistics.clamp(2 * min(signup.p, onset.p)) }

    /// At least two facets that prompts have no part in are not those of independent customers.
    var coordination: Double {
        Self.coordination(
            volumes: volumes.p, signup: signup.p, onset: onset.p, payment: payment.p,
            network: network.p, replay: replay.p)
    }

    private static func coordination(
        volumes: Double, signup: Double, onset: Double, payment: Double, network: Double,
        replay: Double
    ) -> Double {
        Statistics.partialConjunction(
            [
                volumes, Statistics.clamp(2 * min(signup, onset)),
                Statistics.clamp(2 * min(payment, network)), replay,
            ], count: 2)
    }

    /// One operator: content does not depend on the account, and coordination.
    var oneOperator: Double { max(content.p, coordination) }

    /// Harvest: of a kind that is made to train on; or broader than any person, or dealt out in equal shares, by somebody
    /// who hides that the accounts are one. A fleet of devices or a call centre does both as well, in the open.
    var harvest: Double { harvest(prompts) }

    private func harvest(_ prompts: PromptTests) -> Double {
        let hidden = isOpen ? [] : [breadth.p, volumes.p]
        let kinds = hidden + [replay.p] + prompts.purposes.map(\.p)
        return Statistics.clamp(Double(kinds.count) * (kinds.min() ?? 1))
    }

    /// Whether most members are under one card and one mail domain that are theirs alone.
    var isOpen: Bool { openIdentity >= Self.openShare }

    /// From this share on a group is open. Four fifths leave room for bystanders that were proposed with it; an operator
    /// who uses several cards or domains in turn stays below.
    static let openShare = 0.8

    /// Members who declare one organisation are that organisation until shown otherwise.
    var isOneCustomer: Bool { organization.share >= 0.5 }

    /// The p-value of the group: of all its exchanges, or of those that the members have in common where that is
    /// smaller, each at its share of the level (a weighted Bonferroni bound).
    var p: Double {
        max(
            floor,
            Statistics.clamp(
                min(p(whole) / (1 - Self.commonWeight), commonP / Self.commonWeight)))
    }

    /// Least p-value, where the members were chosen by facets that are tested: that of the group before.
    var floor = 0.0

    private var commonP: Double { common.map { p($0.prompts) } ?? 1 }

    /// Share of the level that goes to the common part. Most campaigns do not dilute.
    private static let commonWeight = 0.2

    /// Largest p-value over the explanations that are tested: every one of them must be rejected to accuse
    /// (an intersection-union test; R. Berger, Technometrics 24, 1982, doi:10.2307/1267823).
    private func p(_ prompts: PromptTests) -> Double {
        max(prompts.content.p, coordination, prompts.partition.p, harvest(prompts))
    }

    /// What the members ask in common, if the case rests on that part of their exchanges alone.
    var component: CommonContent? {
        guard let common, commonP / Self.commonWeight < p(whole) / (1 - Self.commonWeight) else {
            return nil
        }
        return common.content
    }

    /// The tests of the exchanges that the case rests on.
    private var prompts: PromptTests {
        component == nil ? whole : common?.prompts ?? whole
    }

    var content: Measurement { prompts.content }
    var partition: Measurement { prompts.partition }
    var purposes: [Measurement] { prompts.purposes }

    /// Enough to judge at all.
    var isJudgeable: Bool { Self.isJudgeable(members: members, exchanges: exchanges) }

    /// Whether a pool is enough to judge at all.
    static func isJudgeable(_ pool: Pool) -> Bool {
        isJudgeable(members: pool.parts.count, exchanges: pool.exchanges)
    }

    private static func isJudgeable(members: Int, exchanges: Int) -> Bool {
        members >= 5 && exchanges >= 100
    }

    var indicators: [Measurement] {
        let parted = component.map { part in
            [
                Measurement(
                    name: "harvest_component", value: part.share, threshold: 1,
                    unit: "share of exchanges that the members have in common", p: content.p)
            ]
        }
        return [volumes, content, partition, signup, onset, payment, network, replay, breadth]
            + purposes + (parted ?? [])
    }
}
