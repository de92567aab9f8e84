import Enforcement
import Exchanges
import NIOCore
import Store

/// The budgets of a gateway: its own, or shared with others.
enum Budgets: Sendable {
    case own(BudgetBook)
    case shared(SharedBudget)
}

/// Leave that a turn was given.
struct WorkerReservation {
    let reservation: Reservation
}

extension Worker {
    /// Asks for leave to pass a request on. `then` gets `nil` when it is given; on this loop, perhaps at once.
    func reserve(_ turn: Turn, then: @escaping (APIError?) -> Void) {
        let estimate = estimate(of: turn)
        let subject = subject(of: turn)
        // A list of models costs nobody anything.
        if subject.isUnlimited || turn.endpoint == .models { return then(nil) }
        let streams: Int64 = turn.endpoint.generates ? 1 : 0
        let now = Moment.nowMicroseconds()
        switch budgets {
        case .own(let book):
            let decision = book.reserve(
                subject, requests: 1, tokens: estimate.tokens, microUSD: estimate.microUSD,
                streams: streams, now: now)
            then(take(decision, for: turn))
        case .shared(let shared):
            let answer = Answer(turn: turn, then: then)
            shared.reserve(
                subject, requests: 1, tokens: estimate.tokens, microUSD: estimate.microUSD,
                streams: streams, now: now
            ) { decision in
                self.loop.execute {
                    guard case .reserving = answer.turn.phase else {
                        // The client left meanwhile.
                        if case .granted(let reservation) = decision {
                            shared.cancel(reservation, now: Moment.nowMicroseconds())
                        }
                        return
                    }
                    answer.then(self.take(decision, for: answer.turn))
                }
            }
        }
    }

    /// A turn that waits for leave, on its way to another thread and back.
    private final class Answer: @unchecked Sendable {
        let turn: Turn
        let then: (APIError?) -> Void
        init(turn: Turn, then: @escaping (APIError?) -> Void) {
            self.turn = turn
            self.then = then
        }
    }

    private func take(_ decision: BudgetDecision, for turn: Turn) -> APIError? {
        switch decision {
        case .granted(let reservation):
            turn.reservation = WorkerReservation(reservation: reservation)
            return nil
        case .refused(let refusal):
            let limit = refusal.limit
            let span = limit.window.map { " per \($0.rawValue)" } ?? " at the same time"
            let amount =
                limit.resource == .microUSD
                ? "\(Double(limit.amount) / 1_000_000) USD"
                : "\(limit.amount) \(limit.resource.rawValue)"
            let message =
                "The limit of \(amount)\(span) for this \(limit.scope.rawValue) is reached."
            let isThrottle = !limit.name.isEmpty
            let kind: Refusal =
                refusal.isHard ? (isThrottle ? .throttledHard : .budgetExhausted) : .throttled
            return APIError(
                kind, message, retryAfterSeconds: Int(clamping: refusal.retryAfterSeconds))
        }
    }

    private func subject(of turn: Turn) -> BudgetSubject {
        let key = turn.request.key
        let campaign = turn.account.verdict?.campaign ?? ""
        let throttle = throttle(of: turn)
        if throttle == nil, let known = key.budget, key.budgetCampaign == campaign {
            return known
        }
        let row = turn.account.row
        let extra = throttle.map { [$0] } ?? []
        let now = Moment.nowMicroseconds()
        let made: BudgetSubject =
            switch budgets {
            case .own(let book):
                book.subject(
                    key: key.id, account: turn.account.id, organization: row?.organization ?? "",
                    campaign: campaign, plan: row?.plan ?? "", extra: extra, now: now)
            case .shared(let shared):
                shared.subject(
                    key: key.id, account: turn.account.id, organization: row?.organization ?? "",
                    campaign: campaign, plan: row?.plan ?? "", extra: extra, now: now)
            }
        if throttle == nil {
            key.budget = made
            key.budgetCampaign = campaign
        }
        return made
    }

    /// The rate that the policy sets for the account, as a limit of its own.
    private func throttle(of turn: Turn) -> Limit? {
        guard case .throttle(let rate) = turn.decision?.gate else { return nil }
        let window: Limit.Window =
            switch rate.per {
            case ...1_000_000: .second
            case ...60_000_000: .minute
            case ...3_600_000_000: .hour
            default: .day
            }
        return try? Limit(
            scope: .account, resource: .requests, amount: Int64(rate.requests), window: window,
            name: "throttle", isHard: rate.hard)
    }

    /// Makes budgets anew at the next request, since what they depend on has changed.
    func forgetBudgets(of account: String) {
        for state in statesOfKeys where state.account == account { state.budget = nil }
    }

    /// Gives leave back that was not used.
    func cancel(_ reservation: WorkerReservation?) {
        guard let reservation else { return }
        let now = Moment.nowMicroseconds()
        switch budgets {
        case .own(let book): book.cancel(reservation.reservation, now: now)
        case .shared(let shared): shared.cancel(reservation.reservation, now: now)
        }
    }

    /// Pays for what was used; of an answer that broke off, what had come of it.
    func settle(_ turn: Turn) {
        if !turn.isEventStream { turn.readWholeAnswer() }
        let used = used(by: turn)
        metrics.inputTokens.add(Int(clamping: used.input))
        metrics.outputTokens.add(Int(clamping: used.output))
        metrics.count(turn.endpoint, status: turn.interruption == nil ? turn.status : 499)
        guard let reservation = turn.reservation else { return }
        turn.reservation = nil
        let cost = price(of: turn.facts.model, input: used.input, output: used.output)
        let now = Moment.nowMicroseconds()
        let tokens = used.input + used.output
        switch budgets {
        case .own(let book):
            book.settle(
                reservation.reservation, tokens: tokens, microUSD: cost, now: now)
        case .shared(let shared):
            shared.settle(reservation.reservation, tokens: tokens, microUSD: cost, now: now)
        }
    }

    /// Tokens that an exchange used: as told, or estimated from its bytes at four a token.
    func used(by turn: Turn) -> (input: Int64, output: Int64) {
        guard turn.status < 400 || turn.interruption != nil else { return (0, 0) }
        let usage = turn.answer.usage
        let output =
            usage.outputTokens.flatMap { turn.interruption == nil ? $0 : nil }
            ?? Int64((turn.answer.text.count + turn.answer.reasoning.count + 3) / 4)
        return (usage.inputTokens ?? turn.facts.inputTokens, output)
    }

    /// Tokens assumed of an answer whose length the request does not bound.
    private static let assumedAnswer: Int64 = 1024

    private func estimate(of turn: Turn) -> (tokens: Int64, microUSD: Int64) {
        guard turn.endpoint.generates || turn.endpoint == .embeddings else { return (0, 0) }
        let output =
            turn.endpoint.generates
            ? min(turn.facts.maxTokens ?? Self.assumedAnswer, 1 << 20) : 0
        let input = turn.facts.inputTokens
        return (
            max(1, input + max(0, output)),
            max(1, price(of: turn.facts.model, input: input, output: max(0, output)))
        )
    }

    /// Micro-US-dollars; nothing for a model without a price.
    private func price(of model: String, input: Int64, output: Int64) -> Int64 {
        guard let price = settings.prices.first(where: { $0.pattern.matches(model) })
        else { return 0 }
        // Dollars a million tokens are micro-dollars a token.
        return Int64((Double(input) * price.input + Double(output) * price.output).rounded(.up))
    }
}
