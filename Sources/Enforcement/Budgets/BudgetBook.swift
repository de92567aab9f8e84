import Synchronization

/// The budgets of one gateway, in memory.
///
/// Every call takes one lock for about a tenth of a microsecond; none allocates except `subject`.
///
/// Requests are counted when they begin; tokens and money are held at their estimates, and counted at what they were when
/// they are settled. In any time `T`, a rate lets at most `amount * (1 + T / window)` be counted, and a day or month its
/// amount, plus what requests used beyond their estimates, which is charged and refused to later ones.
public final class BudgetBook: Sendable {
    /// One counter as it is saved.
    public typealias Saved = (key: String, level: Int64, updated: Int64)

    fileprivate struct Contents {
        var counters: [String: Counter] = [:]
        /// Saved counters that nobody has asked for since the start.
        var restored: [String: (level: Int64, updated: Int64)] = [:]
        /// With so many counters, the idle ones are looked for.
        var sweepAt = 1024
    }

    /// The limits that are kept.
    public let limits: [Limit]
    /// The share of each amount that is this book's: 1 / divisor, at least 1 unit.
    private let divisor: Int64
    private let contents = Mutex(Contents())

    /// A book for these limits. Throws where two count the same.
    public convenience init(limits: [Limit]) throws(BudgetError) {
        try self.init(limits: limits, divisor: 1)
    }

    init(limits: [Limit], divisor: Int64) throws(BudgetError) {
        var seen: Set<String> = []
        for limit in limits where !seen.insert(limit.identity).inserted {
            throw .duplicateLimit(limit: limit.label)
        }
        self.limits = limits
        self.divisor = divisor
    }

    /// The counters that this principal's requests are measured against.
    ///
    /// - Parameters:
    ///   - extra: further limits, such as the throttle of a rule, each with a name of its own.
    ///   - now: microseconds since 1970 UTC.
    /// An empty organization or campaign is none.
    public func subject(
        key: String, account: String, organization: String? = nil, campaign: String? = nil,
        plan: String,
        extra: [Limit] = [], now: Int64
    ) -> BudgetSubject {
        let wanted = applicable(
            extra, key: key, account: account, organization: organization, campaign: campaign,
            plan: plan)
        return contents.withLock { contents in
            let counters = wanted.map {
                contents.counter(key: $0.key, limit: $0.limit, divisor: divisor)
            }
            if contents.counters.count >= contents.sweepAt {
                contents.dropIdle(now)
                contents.sweepAt = max(1024, 2 * contents.counters.count)
            }
            return BudgetSubject(counters: counters)
        }
    }

    /// Each limit that applies, with the key of its counter. Further limits are counted by themselves, and anew when
    /// their amount changes; of those that count the same, the smallest applies.
    func applicable(
        _ extra: [Limit], key: String, account: String, organization: String?, campaign: String?,
        plan: String
    ) -> [(key: String, limit: Limit)] {
        let smallestFirst = extra.sorted { $0.amount < $1.amount }.map {
            (identity: "\($0.identity)/\($0.amount)/\($0.isHard)", limit: $0)
        }
        var seen: Set<String> = []
        let further = smallestFirst.filter { seen.insert($0.limit.identity).inserted }
        return (limits.map { (identity: $0.identity, limit: $0) } + further).compactMap {
            identity, limit in
            guard limit.plans.isEmpty || limit.plans.contains(plan) else { return nil }
            let name: String? =
                switch limit.scope {
                case .key: key
                case .account: account
                case .organization: organization
                case .campaign: campaign
                }
            guard let name, !name.isEmpty else { return nil }
            return ("\(identity)/\(Limit.escaped(name))", limit)
        }
    }

    /// Asks leave for a request: of all its counters, or of none.
    ///
    /// A resource of which nothing is asked is not looked at, so an estimate should be at least 1.
    /// - Parameters:
    ///   - tokens: the most that the request is thought to use, of question and answer together.
    ///   - microUSD: what that costs.
    ///   - streams: 0 for what does not count as being answered.
    ///   - now: microseconds since 1970 UTC.
    public func reserve(
        _ subject: BudgetSubject, requests: Int64 = 1, tokens: Int64, microUSD: Int64,
        streams: Int64 = 1, now: Int64
    ) -> BudgetDecision {
        reserve(
            subject,
            Amounts(requests: requests, tokens: tokens, microUSD: microUSD, streams: streams),
            now: now)
    }

    func reserve(_ subject: BudgetSubject, _ amounts: Amounts, now: Int64) -> BudgetDecision {
        contents.withLock { _ in
            for counter in subject.counters {
                counter.spending.advance(to: now, counter.pace)
                let wanted = amounts.charge(counter.resource) + amounts.hold(counter.resource)
                if wanted > 0, counter.spending.level + counter.held + wanted > counter.pace.amount
                {
                    return .refused(Self.refusal(subject, amounts, now: now, isShare: divisor > 1))
                }
            }
            for counter in subject.counters {
                counter.spending.charge(amounts.charge(counter.resource))
                counter.held += amounts.hold(counter.resource)
            }
            return .granted(Reservation(subject: subject, amounts: amounts, at: now))
        }
    }

    /// Ends a request that reached the model: what it used is charged, more than was thought too, and its stream closed.
    public func settle(_ reservation: Reservation, tokens: Int64, microUSD: Int64, now: Int64) {
        let used = Amounts(requests: 0, tokens: tokens, microUSD: microUSD, streams: 0)
        contents.withLock { _ in
            for counter in reservation.subject.counters {
                counter.spending.advance(to: now, counter.pace)
                counter.held -= reservation.amounts.hold(counter.resource)
                counter.spending.charge(used.late(counter.resource))
            }
        }
    }

    /// Gives back all of a request that did not reach the model. Of a rate's requests, only what has not leaked since.
    public func cancel(_ reservation: Reservation, now: Int64) {
        contents.withLock { _ in
            for counter in reservation.subject.counters {
                counter.spending.advance(to: now, counter.pace)
                counter.held -= reservation.amounts.hold(counter.resource)
                let charged = reservation.amounts.charge(counter.resource)
                if charged > 0 {
                    counter.spending.refund(
                        charged, chargedAt: reservation.at, now: now, counter.pace)
                }
            }
        }
    }

    /// The refusal of a request that does not fit. Out of the way of those that do.
    @inline(never)
    private static func refusal(
        _ subject: BudgetSubject, _ amounts: Amounts, now: Int64, isShare: Bool
    ) -> BudgetRefusal {
        var worst: BudgetRefusal?
        for counter in subject.counters {
            counter.spending.advance(to: now, counter.pace)
            let wanted = amounts.charge(counter.resource) + amounts.hold(counter.resource)
            let (level, amount) = (counter.spending.level, counter.pace.amount)
            let excess = level + counter.held + wanted - amount
            if wanted == 0 || excess <= 0 { continue }
            let microseconds: Int64 =
                switch counter.pace.kind {
                case .rate where wanted > amount: counter.pace.windowMicroseconds
                case .rate:
                    counter.pace.time(
                        toLeak: min(excess, level), remainder: counter.spending.remainder)
                case .day, .month: level + wanted > amount ? counter.spending.end - now : 0
                case .open: 0
                }
            let refusal = BudgetRefusal(
                counter.limit, microseconds: microseconds, wanted: wanted, used: level,
                held: counter.held,
                amount: amount, isShare: isShare)
            if worst.map({ refusal.outweighs($0) }) ?? true { worst = refusal }
        }
        // It is asked only after a counter refused, under the same lock and at the same time.
        return worst!
    }
}

// Saving, and what is saved.
extension BudgetBook {
    /// All that has been used and still counts, to be restored after a restart.
    ///
    /// Of tokens and money, what is held by requests on their way is taken as used. Streams are not among it: a restart
    /// ends them.
    public func counters(now: Int64) -> [Saved] {
        contents.withLock { contents in
            var saved: [Saved] = contents.restored.map {
                ($0.key, $0.value.level, $0.value.updated)
            }
            for (key, counter) in contents.counters where counter.pace.kind != .open {
                counter.spending.advance(to: now, counter.pace)
                let level = counter.spending.level + counter.held
                if level > 0 { saved.append((key, level, counter.spending.updated)) }
            }
            return saved
        }
    }

    /// Takes in what `counters` gave, before the first request. What belongs to limits that are gone is dropped when it
    /// is a month old.
    public func restore(_ saved: some Sequence<Saved>) {
        contents.withLock { contents in
            for (key, level, updated) in saved {
                if let counter = contents.counters[key] {
                    counter.spending = Spending(level: level, updated: updated, pace: counter.pace)
                } else {
                    contents.restored[key] = (level, updated)
                }
            }
        }
    }

    /// Drops counters that are as new ones and that no subject refers to; `subject` does it as counters come to be many.
    ///
    /// - Returns: how many counters there are still.
    @discardableResult
    public func dropIdle(now: Int64) -> Int {
        contents.withLock { contents in
            contents.dropIdle(now)
            return contents.counters.count
        }
    }

    /// What a counter stands at, for tests: used, and held.
    func standing(of counter: Counter, now: Int64) -> (used: Int64, held: Int64) {
        contents.withLock { _ in
            counter.spending.advance(to: now, counter.pace)
            return (counter.spending.level, counter.held)
        }
    }
}

extension BudgetBook.Contents {
    fileprivate mutating func counter(key: String, limit: Limit, divisor: Int64) -> Counter {
        if let known = counters[key] { return known }
        let made = Counter(key: key, limit: limit, amount: max(1, limit.amount / divisor))
        if let saved = restored.removeValue(forKey: key) {
            made.spending = Spending(level: saved.level, updated: saved.updated, pace: made.pace)
        }
        counters[key] = made
        return made
    }

    fileprivate mutating func dropIdle(_ now: Int64) {
        for key in Array(counters.keys) {
            // Counters may only be dropped while nobody could still count on them: a second one with the same key would
            // grant the amount twice.
            if isKnownUniquelyReferenced(&counters[key]!), counters[key]!.isIdle(now) {
                counters[key] = nil
            }
        }
        let old = now - 32 * UTCCalendar.dayMicroseconds
        restored = restored.filter { $0.value.updated > old }
    }
}

extension BudgetRefusal {
    /// - Parameters:
    ///   - microseconds: until what is used lets it in; 0 when that is not what forbids it.
    ///   - isShare: whether `amount` is a share of the limit only, which is no reason to send a client away for good.
    init(
        _ limit: Limit, microseconds: Int64, wanted: Int64, used: Int64, held: Int64, amount: Int64,
        isShare: Bool
    ) {
        self.limit = limit
        let seconds = max(1, microseconds / 1_000_000 + (microseconds % 1_000_000 > 0 ? 1 : 0))
        retryAfterSeconds = isShare ? min(seconds, Self.longestShareWaitSeconds) : seconds
        // What is only held may be given back any moment.
        isHard = wanted > limit.amount || (limit.isHard && used + wanted > amount && !isShare)
        remaining = max(0, amount - used - held)
    }

    /// A gateway without Redis may find it again soon.
    private static let longestShareWaitSeconds: Int64 = 30

    func outweighs(_ other: BudgetRefusal) -> Bool {
        isHard != other.isHard ? isHard : retryAfterSeconds > other.retryAfterSeconds
    }
}
