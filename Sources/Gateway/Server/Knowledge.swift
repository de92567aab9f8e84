import Enforcement
import Exchanges
import NIOCore
import Store

/// What a worker knows beside keys and accounts.
struct Knowledge {
    /// What is done with whose requests; `nil` before it was read.
    var policy: Policy?
    /// What people have decided.
    private(set) var orders = PolicyOrders.none
    private var switches: [String: RegionSwitch] = [:]
    private var approved: Set<String> = []

    /// Takes what people have decided since.
    mutating func take(_ switchRows: [SwitchRow], _ approvals: [ApprovalRow]) {
        guard !switchRows.isEmpty || !approvals.isEmpty else { return }
        for row in switchRows {
            switches[row.id] = RegionSwitch(
                id: row.id, countries: CountrySet(row.countries.compactMap { CountryCode($0) }),
                nationalities: CountrySet(row.nationalities.compactMap { CountryCode($0) }),
                on: row.on)
        }
        for row in approvals {
            if row.decision == ApprovalDecision.approved.rawValue {
                approved.insert(row.id)
            } else {
                approved.remove(row.id)
            }
        }
        orders = PolicyOrders(
            approved: approved, switches: switches.values.sorted { $0.id < $1.id })
    }
}

/// Where a request came from.
struct ClientOrigin {
    var address: String
    /// From a proxy that is trusted; `nil` where it is not known.
    var country: CountryCode?
}

extension Worker {
    /// Takes what has changed.
    func apply(_ change: KnowledgeChange) {
        if !change.accounts.isEmpty {
            for row in change.accounts {
                account(row.id).update(row)
                forgetBudgets(of: row.id)
            }
        }
        if !change.keys.isEmpty { keys = keys.updating(change.keys) }
        for row in change.verdicts {
            let state = account(row.account)
            state.update(row)
        }
        for row in change.blocked {
            let state = account(row.account)
            if row.active {
                state.block = row
            } else if state.block?.campaign == row.campaign {
                state.block = nil
            }
        }
        knowledge.take(change.switches, change.approvals)
        if let policy = change.policy { knowledge.policy = policy }
        if change.isFirst, !isDraining { unreadyReason = nil }
        if change.mayBlock { cutBlocked() }
    }

    /// What is to be done with a request; `nil` before there is a policy, when requests are not served.
    func decide(_ turn: Turn) -> Decision? {
        let state = turn.account
        let now = turn.request.arrived.microseconds
        var decision = knowledge.policy?.decision(
            for: PolicySubject(
                account: state.facts, finding: state.finding, orders: knowledge.orders,
                model: turn.facts.model, endpoint: turn.endpointText,
                signals: turn.facts.categories, clientCountry: turn.clientCountry, now: now))
        // Whoever was in the campaign when it was blocked stays blocked, whatever later judgements call it.
        if let block = state.block, block.expires.map({ now < $0 }) ?? true {
            if case .block = decision?.gate {
            } else {
                decision?.measures.gate = .block(.campaign(block.campaign))
                decision?.measures.rules.append("campaign:\(block.campaign)")
            }
        }
        return decision
    }

    /// Carries out what keeps a request from the model server; `nil` lets it go on.
    func gate(_ turn: Turn) -> APIError? {
        guard let decision = turn.decision else {
            return APIError(
                .unavailable, "The gateway is starting; nothing is known yet.",
                retryAfterSeconds: 1)
        }
        guard
            !decision.matched.isEmpty || !decision.pendingApprovals.isEmpty
                || !decision.shadowed.rules.isEmpty
        else { return nil }
        note(decision)
        journal.note(turn.account.id, decision)
        return refusal(for: decision.gate, turn)
    }

    private func refusal(for gate: Gate, _ turn: Turn) -> APIError? {
        switch gate {
        case .allow, .log, .throttle: return nil
        case .challenge:
            return APIError(
                .verificationRequired,
                "This account must be verified before it can go on." + appeal(turn))
        case .block(.region):
            return APIError(
                .regionBlocked, "This service is not available in your region." + appeal(turn))
        case .block(.rule), .block(.campaign):
            return APIError(
                .blocked,
                "Access is suspended: the use of this account is consistent with collecting answers to train a model."
                    + appeal(turn))
        }
    }

    private func appeal(_ turn: Turn) -> String {
        let note = turn.decision?.appeal ?? ""
        return note.isEmpty ? "" : " " + note.replacing("{request_id}", with: turn.id)
    }

    private func note(_ decision: Decision) {
        let gate: ActionLabel =
            switch decision.gate {
            case .allow: .allow
            case .log: .log
            case .throttle: .throttle
            case .challenge: .challenge
            case .block: .block
            }
        metrics.actions[gate].add()
        let kinds = decision.changes.kinds
        if !kinds.isEmpty {
            for (kind, label) in Self.changeLabels where kinds.contains(kind) {
                metrics.actions[label].add()
            }
        }
        if !decision.shadowed.rules.isEmpty { metrics.actions[.shadow].add() }
    }

    private static let changeLabels: [(AnswerChanges.Kinds, ActionLabel)] = [
        (.stripReasoning, .stripReasoning), (.summariseReasoning, .summariseReasoning),
        (.dropLogprobs, .dropLogprobs), (.capReasoning, .capReasoning), (.canary, .canary),
        (.watermark, .watermark), (.reduce, .reduce),
    ]

    /// Why an open request must end now, if it must.
    func blockingRefusal(_ turn: Turn) -> APIError? {
        guard let fresh = decide(turn), case .block = fresh.gate else { return nil }
        if case .block = turn.decision?.gate { return nil }
        turn.decision = fresh
        return refusal(for: fresh.gate, turn)
    }
}

/// Rows that changed, for all workers.
struct KnowledgeChange: Sendable {
    var isFirst = false
    var keys: [KeyRing.Entry] = []
    var accounts: [AccountRow] = []
    var verdicts: [VerdictRow] = []
    var blocked: [BlockedAccount] = []
    var switches: [SwitchRow] = []
    var approvals: [ApprovalRow] = []
    var policy: Policy?

    /// Whether requests that are going on may have to end.
    var mayBlock: Bool {
        !verdicts.isEmpty || !blocked.isEmpty || !switches.isEmpty || policy != nil
            || !accounts.isEmpty || !approvals.isEmpty
    }

    var isEmpty: Bool {
        keys.isEmpty && accounts.isEmpty && verdicts.isEmpty && blocked.isEmpty
            && switches.isEmpty && approvals.isEmpty && policy == nil && !isFirst
    }
}
