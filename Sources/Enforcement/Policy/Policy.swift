/// What is done about which requests, as written in `policy.yaml` and checked.
///
/// A value is immutable and may be shared between threads. Only ``parse(yaml:path:signals:readFile:)`` makes one.
package struct Policy: Sendable {
    /// Whether rules only say what they would do.
    package let isDryRun: Bool
    /// Whether region rules and switches only say what they would do. `dry_run` does not reach them.
    package let isRegionsDryRun: Bool
    /// What a refused client is told about appeals.
    package let appeal: String
    /// The texts of `canary`.
    package let canaries: [String]
    let rules: [PolicyRule]
    let regions: [RegionRule]

    init(
        isDryRun: Bool, isRegionsDryRun: Bool, appeal: String, canaries: [String],
        rules: [PolicyRule], regions: [RegionRule]
    ) {
        self.isDryRun = isDryRun
        self.isRegionsDryRun = isRegionsDryRun
        self.appeal = appeal
        self.canaries = canaries
        self.rules = rules
        self.regions = regions
    }

    /// The ids of the rules, in their order.
    package var ruleIDs: [String] { rules.map(\.id) }

    /// What is to be done about a request.
    ///
    /// Every rule that matches counts: the most severe gate wins and the changes to answers add up. Where people
    /// closed a region or blocked a campaign, that is the reason a client is given. Pure; takes time in proportion to the
    /// number of rules and allocates nothing when none matches.
    package func decision(for subject: borrowing PolicySubject) -> Decision {
        var decision = Decision(appeal: appeal)
        if isRegionsDryRun {
            decideRegions(for: subject, into: &decision.shadowed)
        } else {
            decideRegions(for: subject, into: &decision.measures)
        }
        // A person's order about one campaign is not part of a rehearsal of rules.
        if let campaign = subject.finding?.campaign,
            subject.orders.blockedCampaigns.contains(campaign)
        {
            decision.measures.gate.tighten(to: .block(.campaign(campaign)))
            decision.measures.rules.append("campaign:\(campaign)")
        }
        for rule in rules where rule.matches(subject) {
            apply(rule, to: subject, into: &decision)
        }
        fillInCanary(of: &decision.measures, for: subject)
        fillInCanary(of: &decision.shadowed, for: subject)
        return decision
    }

    private func decideRegions(
        for subject: borrowing PolicySubject, into measures: inout Decision.Measures
    ) {
        for region in subject.orders.switches
        where subject.isIn(countries: region.countries, nationalities: region.nationalities) {
            measures.gate.tighten(to: .block(.region(region.id)))
            measures.rules.append("switch:\(region.id)")
        }
        for region in regions where region.matches(subject) {
            measures.gate.tighten(to: region.gate)
            measures.rules.append("region:\(region.id)")
        }
    }

    private func apply(
        _ rule: PolicyRule, to subject: borrowing PolicySubject, into decision: inout Decision
    ) {
        let (current, pending) = rule.stages(for: subject)
        // Nobody is asked to approve what a dry run would not do.
        if let pending, !isDryRun { decision.pendingApprovals.append(pending) }
        guard let current else { return }
        if isDryRun {
            decision.shadowed.add(current.actions, rule: rule.id)
        } else if !current.actions.names.isEmpty {
            decision.measures.add(current.actions, rule: rule.id)
        }
        if !current.shadowed.names.isEmpty {
            decision.shadowed.add(current.shadowed, rule: rule.id)
        }
    }

    private func fillInCanary(
        of measures: inout Decision.Measures, for subject: borrowing PolicySubject
    ) {
        guard measures.changes.kinds.contains(.canary) else { return }
        measures.changes.canary = canary(for: subject.scope.id)
    }

    /// The canary of a campaign or account: always the same one, so that a text found in a student's output says where
    /// it came from. With fewer texts than subjects several subjects share one.
    package func canary(for id: String) -> String? {
        guard !canaries.isEmpty else { return nil }
        // FNV-1a, 64 bits: any fixed hash will do, as the texts are no secret from those who choose them.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in id.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return canaries[Int(hash % UInt64(canaries.count))]
    }
}
