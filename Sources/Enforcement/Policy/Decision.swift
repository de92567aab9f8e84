/// How many requests a throttled subject may make.
package struct ThrottleRate: Hashable, Sendable {
    package var requests: Int
    /// The window, in microseconds.
    package var per: Int64
    /// Whether clients are told not to try again.
    package var hard: Bool

    package init(requests: Int, per: Int64, hard: Bool) {
        self.requests = requests
        self.per = per
        self.hard = hard
    }

    /// Whether this one lets fewer requests through in the long run, or as few but is hard.
    func isStricter(than other: ThrottleRate) -> Bool {
        let mine = Double(requests) / Double(per)
        let others = Double(other.requests) / Double(other.per)
        return mine != others ? mine < others : hard && !other.hard
    }
}

/// Why a request is refused.
package enum BlockReason: Hashable, Sendable {
    /// The rule with that id.
    case rule(String)
    /// A person blocked the campaign with that id.
    case campaign(String)
    /// The region rule or switch with that id; the client sees `region_blocked`.
    case region(String)
}

/// What happens to a request before it reaches the model, from mild to severe.
package enum Gate: Hashable, Sendable {
    case allow
    case log
    case throttle(ThrottleRate)
    case challenge
    case block(BlockReason)

    /// 0 for `allow` to 4 for `block`.
    package var severity: Int {
        switch self {
        case .allow: 0
        case .log: 1
        case .throttle: 2
        case .challenge: 3
        case .block: 4
        }
    }

    /// Takes over `other` where that is more severe. Between blocks the first stays.
    mutating func tighten(to other: Gate) {
        if case .throttle(let mine) = self, case .throttle(let others) = other {
            if others.isStricter(than: mine) { self = other }
        } else if other.severity > severity {
            self = other
        }
    }
}

/// A measure that waits for a person's yes.
package struct PendingApproval: Hashable, Sendable {
    /// The same for the same measure on the same subject: `rule/stage/scope/subject`.
    package let id: String
    package let rule: String
    /// The stage's place in its rule, from 0.
    package let stage: Int
    /// `campaign` or `account`.
    package let scope: String
    /// The campaign's or account's id.
    package let subject: String
    /// What would be done, as in the policy: `block`, or several joined by `, `.
    package let action: String
}

/// What a policy says about one request.
package struct Decision: Sendable {
    /// Measures, and the rules they come from.
    package struct Measures: Hashable, Sendable {
        package var gate = Gate.allow
        package var changes = AnswerChanges()
        /// Ids of rules and switches that matched, in the policy's order.
        package var rules: [String] = []

        package init() {}

        mutating func add(_ actions: RuleActions, rule: String) {
            if let gate = actions.gate {
                if case .block = gate {
                    self.gate.tighten(to: .block(.rule(rule)))
                } else {
                    self.gate.tighten(to: gate)
                }
            }
            changes.add(actions.changes)
            if rules.last != rule { rules.append(rule) }
        }
    }

    /// What is to be done.
    package var measures = Measures()
    /// What would have been done, were it not for a dry run or `shadow`.
    package var shadowed = Measures()
    package var pendingApprovals: [PendingApproval] = []
    /// What a refused client is told about appeals.
    package var appeal: String

    package var gate: Gate { measures.gate }
    package var changes: AnswerChanges { measures.changes }
    package var matched: [String] { measures.rules }

    init(appeal: String) { self.appeal = appeal }
}
