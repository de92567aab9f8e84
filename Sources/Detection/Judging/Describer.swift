#if canImport(Glibc)
    import Glibc
#endif
import Sketches

/// Turns decisions into findings: verdict lines, campaigns, cleared groups.
struct Describer {
    let population: Population
    let settings: JudgeSettings

    func judgement(
        _ decisions: [Judge.Decision], candidates: [Judge.Candidate], tested: Int
    ) -> Judgement {
        var campaigns: [JudgedGroup] = []
        var cleared: [JudgedGroup] = []
        var campaignOf: [Int: Int] = [:]
        // Earlier data are judged as if the group were the only one to be accused among all that were tested: the
        // strictest level that the bound on false discoveries comes down to.
        let level = settings.fdr / Double(max(1, tested))
        let order = decisions.sorted { a, b in
            let rank: (Verdict) -> Int = { $0 == .distillation ? 0 : $0 == .suspicious ? 1 : 2 }
            if rank(a.verdict) != rank(b.verdict) { return rank(a.verdict) < rank(b.verdict) }
            if a.candidate.assessment.exchanges != b.candidate.assessment.exchanges {
                return a.candidate.assessment.exchanges > b.candidate.assessment.exchanges
            }
            return a.candidate.members.lexicographicallyPrecedes(b.candidate.members)
        }
        let described = concurrentMap(order, threads: settings.threads) { decision in
            var group = GroupDescriber(
                population: population, candidate: decision.candidate, settings: settings
            ).describe(verdict: decision.verdict)
            flag(&group, decision.candidate, level: level)
            return group
        }
        for (decision, var group) in zip(order, described) {
            let accused = decision.verdict != .noFinding
            let list = accused ? campaigns.count : cleared.count
            group.id = Self.identifier(accused ? "C" : "G", list + 1)
            if accused {
                for member in decision.candidate.members { campaignOf[member] = campaigns.count }
                campaigns.append(group)
            } else {
                cleared.append(group)
            }
        }
        let relations = Relations(population: population)
        relations.connect(&campaigns, decisions: order.filter { $0.verdict != .noFinding })
        let accounts = verdicts(
            campaigns, decisions: order, campaignOf: campaignOf, candidates: candidates)
        return Judgement(
            accounts: accounts, campaigns: campaigns, cleared: cleared, unavailable: unavailable(),
            fdr: settings.fdr, groupsTested: tested)
    }

    private static func identifier(_ letter: String, _ number: Int) -> String {
        let digits = String(number)
        return letter + "-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// Finds when the group, judged on what had been seen until then, already fails every innocent explanation: the
    /// first midnight (UTC) at which it does, then the first full hour of the day before it.
    private func flag(_ group: inout JudgedGroup, _ candidate: Judge.Candidate, level: Double) {
        guard group.verdict == .distillation else { return }
        // Of a group of thousands as many as show it: the moment comes no earlier for being sought among fewer.
        let step = max(1, candidate.members.count / Self.flaggedMembers)
        let members = stride(from: 0, to: candidate.members.count, by: step)
            .map { candidate.members[$0] }
        let histories = population.histories(of: members)
        /// Whether what the members did before `moment` suffices.
        func isFound(at moment: Int64) -> Bool {
            let pool = Pool(members, histories, of: population, cutoff: moment)
            let assessment = GroupAssessment(pool, population: population)
            return assessment.isJudgeable && assessment.p <= level
        }
        /// The group's exchanges before `moment`.
        func exchanges(before moment: Int64) -> Int {
            concurrentRanges(candidate.members.count, threads: population.threads) { range in
                range.reduce(0) {
                    $0 + population.exchanges(of: candidate.members[$1], before: moment)
                }
            }.reduce(0, +)
        }
        let day = Int64(Population.day)
        var midnight = (group.firstMicroseconds / day + 1) * day
        while midnight <= group.lastMicroseconds, !isFound(at: midnight) { midnight += day }
        for hour in 1...24 {
            let moment = midnight - day + Int64(hour) * (day / 24)
            guard moment > group.firstMicroseconds else { continue }
            if isFound(at: moment) {
                group.firstFlaggedMicroseconds = moment
                group.exchangesBeforeFlag = exchanges(before: moment)
                return
            }
        }
        group.firstFlaggedMicroseconds = midnight
        group.exchangesBeforeFlag = group.exchanges
    }

    /// Members that the moment is sought among, about.
    private static let flaggedMembers = 2000

    private func verdicts(
        _ campaigns: [JudgedGroup], decisions: [Judge.Decision], campaignOf: [Int: Int],
        candidates: [Judge.Candidate]
    ) -> [AccountVerdict] {
        var best = [Double](repeating: 1, count: population.count)
        var bestQ = [Double](repeating: 1, count: population.count)
        for candidate in candidates {
            for member in candidate.members {
                best[member] = min(best[member], candidate.assessment.p)
                bestQ[member] = min(bestQ[member], candidate.q)
            }
        }
        let components = decisions.filter { $0.verdict != .noFinding }
            .map(\.candidate.assessment.component)
        let (p, q) = (best, bestQ)
        return concurrentRanges(population.count, threads: population.threads) { range in
            range.map { verdict($0, campaigns, components, campaignOf[$0], p[$0], q[$0]) }
        }.flatMap { $0 }
    }

    private func verdict(
        _ index: Int, _ campaigns: [JudgedGroup], _ components: [CommonContent?], _ position: Int?,
        _ p: Double, _ q: Double
    ) -> AccountVerdict {
        guard let position else {
            let head = population.profiles.head(at: index)
            let few = head.exchanges < UInt64(settings.minimumExchanges)
            return AccountVerdict(
                account: String(decoding: head.account, as: UTF8.self),
                verdict: few ? .inconclusive : .noFinding,
                score: 0.25 * Self.strength(p), pValue: p,
                qValue: q, campaign: nil, exchanges: Int(head.exchanges),
                firstFlaggedMicroseconds: nil, exchangesBeforeFlag: nil, indicators: [])
        }
        let profile = population.profiles[index]
        let group = campaigns[position]
        let strength = Self.strength(group.pValue)
        let before = group.firstFlaggedMicroseconds.map { flagged in
            population.exchanges(of: index, before: flagged)
        }
        return AccountVerdict(
            account: profile.account, verdict: group.verdict,
            score: group.verdict == .distillation
                ? 0.5 + 0.5 * strength : 0.25 + 0.25 * strength,
            pValue: group.pValue, qValue: group.qValue, campaign: group.id,
            exchanges: Int(profile.exchanges),
            firstFlaggedMicroseconds: group.firstFlaggedMicroseconds,
            exchangesBeforeFlag: before,
            indicators: indicators(of: profile, in: group, components[position]))
    }

    /// A p-value on 0...1: twelve decades are 1.
    private static func strength(_ p: Double) -> Double { min(1, max(0, -log10(p) / 12)) }

    /// The group's signs with this account's own exchanges behind them: those that members have in common, where the case
    /// rests on them.
    private func indicators(
        of profile: AccountProfile, in group: JudgedGroup, _ component: CommonContent?
    ) -> [Indicator] {
        group.indicators.filter { ($0.pValue ?? 1) < 0.01 }.map { sign in
            let category = Category(name: sign.name)
            let ids = profile.samples.filter { sample in
                !sample.id.isEmpty && category.map { sample.categories & $0.bit != 0 } ?? true
                    && component?.holds(sample) ?? true
            }.sorted { $0.timeMicroseconds < $1.timeMicroseconds }.prefix(3).map(\.id)
            return Indicator(
                name: sign.name, value: sign.value, threshold: sign.threshold, unit: sign.unit,
                pValue: sign.pValue, exchangeIDs: Array(ids))
        }
    }

    private func unavailable() -> [String] {
        /// What some profile has.
        struct Present {
            var text = false
            var addresses = false
            var created = false
            var payment = false
            var mail = false
            var organization = false
            var usage = false
            var isAll: Bool {
                text && addresses && created && payment && mail && organization && usage
            }
        }
        if population.count == 0 { return [] }
        var has = Present()
        // Mostly the first few show all that there is.
        for profile in population.profiles {
            has.text = has.text || profile.withText > 0
            has.addresses = has.addresses || !profile.addresses.entries.isEmpty
            has.created = has.created || profile.facts.createdMicroseconds != nil
            has.payment = has.payment || !profile.facts.payment.isEmpty
            has.mail = has.mail || !profile.facts.emailDomain.isEmpty
            has.organization = has.organization || !profile.facts.organization.isEmpty
            has.usage = has.usage || profile.withUsage > 0
            if has.isAll { break }
        }
        return [
            (has.text, "no prompt text: content, templates and rules could not be examined"),
            (has.addresses, "no client addresses: shared networks could not be examined"),
            (has.created, "no account creation times: sign-up bursts could not be examined"),
            (has.payment, "no payment fingerprints: shared payment could not be examined"),
            (
                has.mail,
                "no mail domains: one customer who runs many accounts in the open cannot be told from a hidden operator"
            ),
            (
                has.organization,
                "no organisations: accounts of one customer cannot be told from strangers by what they declare"
            ),
            (has.usage, "no token counts: tokens taken and their cost are unknown"),
        ].filter { !$0.0 }.map(\.1)
    }
}
