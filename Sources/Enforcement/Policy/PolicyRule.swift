/// One thing a rule asks of a request; of several values, any one will do.
enum RuleCondition: Sendable {
    /// Bits of ``PolicyVerdict``.
    case verdict(UInt8)
    /// At least this.
    case score(Double)
    /// Signal bits.
    case signal(UInt32)
    /// The account's country, or the client's where that is known.
    case country(CountrySet)
    case nationality(CountrySet)
    case account(Set<String>)
    case organization(Set<String>)
    case plan(Set<String>)
    case contract(Set<String>)
    case campaign(Set<String>)
    case indicator(Set<String>)
    case model([GlobPattern])
    case endpoint([GlobPattern])

    /// Whether a subject without a finding never fulfils it.
    var needsFinding: Bool {
        switch self {
        case .verdict, .score, .campaign, .indicator: true
        default: false
        }
    }

    /// Allocates nothing.
    func holds(for subject: borrowing PolicySubject) -> Bool {
        switch self {
        case .verdict(let bits):
            guard let finding = subject.finding else { return false }
            return bits & finding.verdict.bit != 0
        case .score(let least):
            // A score that is no number is not enough for any rule.
            guard let finding = subject.finding else { return false }
            return finding.score >= least
        case .signal(let bits): return subject.signals & bits != 0
        case .country(let set):
            return set.contains(subject.account.country) || set.contains(subject.clientCountry)
        case .nationality(let set): return set.contains(subject.account.nationality)
        case .account(let names): return names.contains(subject.account.id)
        case .organization(let names): return Self.holds(names, subject.account.organization)
        case .plan(let names): return Self.holds(names, subject.account.plan)
        case .contract(let names): return Self.holds(names, subject.account.contract)
        case .campaign(let names): return Self.holds(names, subject.finding?.campaign)
        case .indicator(let names):
            guard let finding = subject.finding else { return false }
            return finding.indicators.contains { names.contains($0) }
        case .model(let patterns):
            for pattern in patterns where pattern.matches(subject.model) { return true }
            return false
        case .endpoint(let patterns):
            for pattern in patterns where pattern.matches(subject.endpoint) { return true }
            return false
        }
    }

    private static func holds(_ names: Set<String>, _ name: String?) -> Bool {
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

/// One rule of a policy. A class, so that going through rules copies none of their sets.
final class PolicyRule: Sendable {
    let id: String
    /// All must hold; the cheap ones come first.
    let conditions: [RuleCondition]
    /// By ascending `after`; never empty.
    let stages: [RuleStage]
    let end: RuleEnd

    init(id: String, conditions: [RuleCondition], stages: [RuleStage], end: RuleEnd) {
        self.id = id
        self.conditions = conditions
        self.stages = stages
        self.end = end
    }

    func matches(_ subject: borrowing PolicySubject) -> Bool {
        for condition in conditions where !condition.holds(for: subject) { return false }
        return !hasEnded(for: subject)
    }

    private func hasEnded(for subject: borrowing PolicySubject) -> Bool {
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
