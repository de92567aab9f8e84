/// What a rule asks of a request. All conditions must hold; of a condition's values, any one.
struct RuleConditions: Sendable {
    /// Bits of ``PolicyVerdict``; 0 asks nothing.
    var verdicts: UInt8 = 0
    /// The least score.
    var score: Double?
    /// Signal bits, of which one must be set; 0 asks nothing.
    var signals: UInt32 = 0
    /// Of the account, or of the client where that is known.
    var countries = CountrySet()
    var nationalities = CountrySet()
    var plans: Set<String>?
    var organizations: Set<String>?
    var accounts: Set<String>?
    var campaigns: Set<String>?
    var contracts: Set<String>?
    var indicators: Set<String>?
    var models: [GlobPattern] = []
    var endpoints: [GlobPattern] = []

    /// Whether a subject without a finding never matches, so that there is a time to count stages and expiry from.
    var needsFinding: Bool {
        verdicts != 0 || score != nil || campaigns != nil || indicators != nil
    }

    /// Cheap conditions come first; allocates nothing.
    func hold(for subject: borrowing PolicySubject) -> Bool {
        if needsFinding {
            guard let finding = subject.finding, holds(for: finding) else { return false }
        }
        if signals != 0, subject.signals & signals == 0 { return false }
        let account = subject.account
        if !countries.isEmpty, !countries.contains(account.country),
            !countries.contains(subject.clientCountry)
        {
            return false
        }
        if !nationalities.isEmpty, !nationalities.contains(account.nationality) { return false }
        if let accounts, !accounts.contains(account.id) { return false }
        guard Self.allow(plans, account.plan), Self.allow(organizations, account.organization),
            Self.allow(contracts, account.contract)
        else { return false }
        if !models.isEmpty, !models.contains(where: { $0.matches(subject.model) }) { return false }
        return endpoints.isEmpty || endpoints.contains { $0.matches(subject.endpoint) }
    }

    private func holds(for finding: AccountFinding) -> Bool {
        if verdicts != 0, verdicts & finding.verdict.bit == 0 { return false }
        // A score that is no number is not enough for any rule.
        if let score, !(finding.score >= score) { return false }
        guard Self.allow(campaigns, finding.campaign) else { return false }
        guard let indicators else { return true }
        return finding.indicators.contains { indicators.contains($0) }
    }

    private static func allow(_ names: Set<String>?, _ name: String?) -> Bool {
        guard let names else { return true }
        guard let name else { return false }
        return names.contains(name)
    }
}

/// What a rule does: at most one gate, and changes to answers.
struct RuleActions: Sendable {
    /// A block's reason is filled in with the rule's id when it is applied.
    var gate: Gate?
    var changes = AnswerChanges()
    /// How people call it.
    var names: [String] = []
}

/// One step of a rule.
struct RuleStage: Sendable {
    /// Microseconds after the finding was first made.
    var after: Int64
    var actions = RuleActions()
    /// What is only decided and logged.
    var shadowed = RuleActions()
    var needsApproval = false

    var actionText: String {
        (actions.names + shadowed.names.map { "shadow \($0)" }).joined(separator: ", ")
    }
}

/// When a rule ends.
enum RuleEnd: Sendable {
    case never
    /// Microseconds after the finding was first made.
    case afterFinding(Int64)
    /// Microseconds since 1970 UTC.
    case at(Int64)
}

/// One rule of a policy.
struct PolicyRule: Sendable {
    let id: String
    let conditions: RuleConditions
    /// By ascending `after`; never empty.
    let stages: [RuleStage]
    let end: RuleEnd

    func hasEnded(for subject: borrowing PolicySubject) -> Bool {
        switch end {
        case .never: false
        case .at(let time): subject.now >= time
        case .afterFinding(let span): elapsed(for: subject) >= span
        }
    }

    /// Microseconds since the finding was first made; 0 where there is none or clocks disagree.
    func elapsed(for subject: borrowing PolicySubject) -> Int64 {
        guard let finding = subject.finding else { return 0 }
        let (span, overflow) = subject.now.subtractingReportingOverflow(finding.since)
        return overflow ? 0 : max(0, span)
    }

    /// The stage in force, and the one after it that would be were it approved.
    ///
    /// A stage that lacks its approval also holds back those after it: stages are gone through in order.
    func stages(
        for subject: borrowing PolicySubject
    ) -> (current: RuleStage?, pending: PendingApproval?) {
        let elapsed = elapsed(for: subject)
        var current: RuleStage?
        for (index, stage) in stages.enumerated() where stage.after <= elapsed {
            if stage.needsApproval {
                let scope = subject.scope
                let approval = "\(id)/\(index)/\(scope.kind)/\(scope.id)"
                guard subject.orders.approved.contains(approval) else {
                    return (
                        current,
                        PendingApproval(
                            id: approval, rule: id, stage: index, scope: scope.kind,
                            subject: scope.id, action: stage.actionText)
                    )
                }
            }
            current = stage
        }
        return (current, nil)
    }
}

/// One region rule: where people are served.
struct RegionRule: Sendable {
    let id: String
    let countries: CountrySet
    let nationalities: CountrySet
    let gate: Gate

    func matches(_ subject: borrowing PolicySubject) -> Bool {
        subject.isIn(countries: countries, nationalities: nationalities)
    }
}

extension PolicySubject {
    /// Whether the account's country, the client's or the account's nationality is among those given.
    func isIn(countries: CountrySet, nationalities: CountrySet) -> Bool {
        countries.contains(account.country) || countries.contains(clientCountry)
            || nationalities.contains(account.nationality)
    }
}
