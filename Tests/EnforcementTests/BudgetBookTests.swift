import Testing

@testable import Enforcement

/// 2026-03-10 12:00:00 UTC.
let budgetNoon: Int64 = 1_773_144_000_000_000
let budgetSecond: Int64 = 1_000_000

extension BudgetDecision {
    var reservation: Reservation? {
        if case .granted(let reservation) = self { reservation } else { nil }
    }
    var refusal: BudgetRefusal? {
        if case .refused(let refusal) = self { refusal } else { nil }
    }
}

/// A limit of accounts.
func budgetLimit(
    _ resource: Limit.Resource, _ amount: Int64, _ window: Limit.Window? = nil,
    plans: Set<String> = [],
    name: String = "", isHard: Bool? = nil
) throws(BudgetError) -> Limit {
    try Limit(
        scope: .account, resource: resource, amount: amount, window: window, plans: plans,
        name: name, isHard: isHard)
}

/// A limit of another scope.
func budgetLimit(
    _ scope: Limit.Scope, _ resource: Limit.Resource, _ amount: Int64, _ window: Limit.Window? = nil
) throws(BudgetError) -> Limit {
    try Limit(scope: scope, resource: resource, amount: amount, window: window)
}

@Suite struct BudgetBookTests {
    func subject(_ book: BudgetBook, account: String = "a", plan: String = "free") -> BudgetSubject
    {
        book.subject(
            key: "k-\(account)", account: account, organization: "o", campaign: "C-1", plan: plan,
            now: budgetNoon)
    }

    func reserve(
        _ book: BudgetBook, _ subject: BudgetSubject, requests: Int64 = 1, tokens: Int64 = 1,
        usd: Int64 = 1,
        at now: Int64 = budgetNoon
    ) -> BudgetDecision {
        book.reserve(subject, requests: requests, tokens: tokens, microUSD: usd, now: now)
    }

    /// A bucket of 3 a minute: three at once, then one in each 20 seconds, to the microsecond.
    @Test func aRateLetsTheAmountBeginAndThenLeaks() throws {
        let book = try BudgetBook(limits: [budgetLimit(.requests, 3, .minute)])
        let subject = subject(book)
        for _ in 0..<3 { #expect(reserve(book, subject).reservation != nil) }
        let refusal = try #require(reserve(book, subject).refusal)
        #expect(refusal.retryAfterSeconds == 20)
        #expect(!refusal.isHard)
        #expect(refusal.remaining == 0)
        #expect(
            reserve(book, subject, at: budgetNoon + 20 * budgetSecond - 1).refusal?
                .retryAfterSeconds == 1)
        #expect(reserve(book, subject, at: budgetNoon + 20 * budgetSecond).reservation != nil)
        #expect(reserve(book, subject, at: budgetNoon + 40 * budgetSecond - 1).refusal != nil)
        #expect(reserve(book, subject, at: budgetNoon + 40 * budgetSecond).reservation != nil)
    }

    /// A part of a unit that has leaked is not lost, however often one asks.
    @Test func askingOftenDoesNotStopTheLeak() throws {
        let book = try BudgetBook(limits: [budgetLimit(.requests, 7, .hour)])
        let subject = subject(book)
        for _ in 0..<7 { #expect(reserve(book, subject).reservation != nil) }
        let next = (3_600_000_000 + 6) / 7
        for step in 0..<1000 {
            #expect(
                reserve(book, subject, at: budgetNoon + Int64(step * next / 1000)).refusal != nil)
        }
        #expect(reserve(book, subject, at: budgetNoon + Int64(next)).reservation != nil)
    }

    @Test func aDayEndsAtMidnight() throws {
        let book = try BudgetBook(limits: [budgetLimit(.requests, 2, .day)])
        let subject = subject(book)
        for _ in 0..<2 { #expect(reserve(book, subject).reservation != nil) }
        let refusal = try #require(reserve(book, subject).refusal)
        #expect(refusal.isHard)
        #expect(refusal.retryAfterSeconds == 12 * 3600)
        let midnight = budgetNoon + 12 * 3600 * budgetSecond
        #expect(reserve(book, subject, at: midnight - 1).refusal?.retryAfterSeconds == 1)
        #expect(reserve(book, subject, at: midnight).reservation != nil)
    }

    /// A request that is over by its estimate takes nothing from any counter.
    @Test func allCountersOrNone() throws {
        let book = try BudgetBook(limits: [
            budgetLimit(.requests, 10, .minute), budgetLimit(.tokens, 100, .day),
            budgetLimit(.organization, .streams, 1),
        ])
        let subject = subject(book)
        #expect(reserve(book, subject, tokens: 101).refusal?.limit.resource == .tokens)
        for counter in subject.counters {
            #expect(book.standing(of: counter, now: budgetNoon) == (0, 0), "\(counter.key)")
        }
    }

    @Test func settlingChargesWhatWasUsed() throws {
        let book = try BudgetBook(limits: [
            budgetLimit(.tokens, 1000, .day), budgetLimit(.microUSD, 500, .month),
            budgetLimit(.streams, 1),
        ])
        let subject = subject(book)
        let first = try #require(reserve(book, subject, tokens: 900, usd: 400).reservation)
        #expect(reserve(book, subject, tokens: 50).refusal?.limit.resource == .streams)
        book.settle(first, tokens: 100, microUSD: 30, now: budgetNoon)
        #expect(book.standing(of: subject.counters[0], now: budgetNoon) == (100, 0))
        #expect(book.standing(of: subject.counters[1], now: budgetNoon) == (30, 0))
        let second = try #require(reserve(book, subject, tokens: 900, usd: 470).reservation)
        book.settle(second, tokens: 5000, microUSD: 470, now: budgetNoon)
        #expect(book.standing(of: subject.counters[0], now: budgetNoon) == (5100, 0))
        #expect(reserve(book, subject).refusal?.isHard == true)
    }

    /// What others only hold may come back: that is no reason to send a client away until midnight.
    @Test func whatIsHeldIsNoHardRefusal() throws {
        let book = try BudgetBook(limits: [budgetLimit(.tokens, 1000, .day)])
        let subject = subject(book)
        let first = try #require(reserve(book, subject, tokens: 900).reservation)
        let refusal = try #require(reserve(book, subject, tokens: 200).refusal)
        #expect(!refusal.isHard)
        #expect(refusal.retryAfterSeconds == 1)
        #expect(refusal.remaining == 100)
        book.settle(first, tokens: 900, microUSD: 0, now: budgetNoon)
        #expect(reserve(book, subject, tokens: 200).refusal?.isHard == true)
    }

    @Test func aRequestLargerThanTheLimitIsHard() throws {
        let book = try BudgetBook(limits: [budgetLimit(.tokens, 1000, .minute)])
        let refusal = try #require(reserve(book, subject(book), tokens: 1001).refusal)
        #expect(refusal.isHard)
        #expect(refusal.retryAfterSeconds == 60)
        #expect(reserve(book, subject(book), tokens: 1000).reservation != nil)
    }

    @Test func cancellingGivesAllBack() throws {
        let book = try BudgetBook(limits: [
            budgetLimit(.requests, 1, .minute), budgetLimit(.key, .requests, 1, .day),
            budgetLimit(.tokens, 10, .day), budgetLimit(.streams, 1),
        ])
        let subject = subject(book)
        for _ in 0..<5 {
            let reservation = try #require(reserve(book, subject, tokens: 10).reservation)
            book.cancel(reservation, now: budgetNoon)
        }
        for counter in subject.counters {
            #expect(book.standing(of: counter, now: budgetNoon) == (0, 0))
        }
    }

    /// Cancelling late cannot make room twice: what leaked was had by others.
    @Test func cancellingGivesBackOnlyWhatHasNotLeaked() throws {
        let book = try BudgetBook(limits: [budgetLimit(.requests, 60, .minute)])
        let subject = subject(book)
        let early = try #require(reserve(book, subject, requests: 60).reservation)
        let later = budgetNoon + 30 * budgetSecond
        #expect(reserve(book, subject, requests: 30, at: later).reservation != nil)
        book.cancel(early, now: later)
        #expect(book.standing(of: subject.counters[0], now: later).used == 30)
    }

    @Test func aCancelAfterMidnightTakesNothingFromTheNewDay() throws {
        let book = try BudgetBook(limits: [budgetLimit(.requests, 2, .day)])
        let subject = subject(book)
        let old = try #require(reserve(book, subject).reservation)
        let tomorrow = budgetNoon + 13 * 3600 * budgetSecond
        #expect(reserve(book, subject, at: tomorrow).reservation != nil)
        book.cancel(old, now: tomorrow)
        #expect(book.standing(of: subject.counters[0], now: tomorrow).used == 1)
    }

    /// Of several limits in the way the client hears of the hard one, then of the longest.
    @Test func theGravestLimitIsNamed() throws {
        let book = try BudgetBook(limits: [
            budgetLimit(.requests, 1, .second), budgetLimit(.requests, 1, .minute),
            budgetLimit(.key, .requests, 1, .day),
            budgetLimit(.requests, 1, .hour),
        ])
        let subject = subject(book)
        #expect(reserve(book, subject).reservation != nil)
        #expect(reserve(book, subject).refusal?.limit.window == .day)
        let soft = try BudgetBook(limits: [
            budgetLimit(.requests, 1, .second), budgetLimit(.requests, 1, .minute),
        ])
        let other = self.subject(soft)
        #expect(reserve(soft, other).reservation != nil)
        #expect(reserve(soft, other).refusal?.limit.window == .minute)
    }

    @Test func scopesAddUpWhatBelongsTogether() throws {
        let book = try BudgetBook(limits: [
            budgetLimit(.key, .requests, 1, .day), budgetLimit(.organization, .requests, 2, .day),
            budgetLimit(.campaign, .requests, 3, .day),
        ])
        let (a, b, c) = (
            subject(book, account: "a"), subject(book, account: "b"), subject(book, account: "c")
        )
        #expect(reserve(book, a).reservation != nil)
        #expect(reserve(book, a).refusal?.limit.scope == .key)
        #expect(reserve(book, b).reservation != nil)
        #expect(reserve(book, c).refusal?.limit.scope == .organization)
        let alone = book.subject(
            key: "d", account: "d", organization: "", campaign: nil, plan: "", now: budgetNoon)
        #expect(alone.counters.map(\.limit.scope) == [.key])
    }

    @Test func plansHaveTheirOwnLimits() throws {
        let book = try BudgetBook(limits: [
            budgetLimit(.requests, 1, .day, plans: ["free"]),
            budgetLimit(.requests, 2, .day, plans: ["pro", "team"]),
        ])
        #expect(subject(book, plan: "free").counters.map(\.pace.amount) == [1])
        #expect(subject(book, plan: "team").counters.map(\.pace.amount) == [2])
        #expect(subject(book, plan: "other").isUnlimited)
    }

    /// The throttle of a rule is counted apart from the limits, and the smaller of two that count the same applies.
    @Test func furtherLimitsAreCountedByThemselves() throws {
        let book = try BudgetBook(limits: [budgetLimit(.requests, 5, .minute)])
        let throttles = [
            try budgetLimit(.requests, 3, .minute, name: "rule", isHard: true),
            try budgetLimit(.requests, 1, .minute, name: "rule", isHard: true),
        ]
        let throttled = book.subject(
            key: "k", account: "a", plan: "", extra: throttles, now: budgetNoon)
        #expect(throttled.counters.map(\.pace.amount) == [5, 1])
        #expect(reserve(book, throttled).reservation != nil)
        #expect(reserve(book, throttled).refusal?.isHard == true)
        let free = book.subject(key: "k", account: "a", plan: "", now: budgetNoon)
        #expect(free.counters.count == 1)
        #expect(free.counters[0] === throttled.counters[0])
    }

    /// Names cannot be made to look like another counter's.
    @Test func namesDoNotCollide() throws {
        let book = try BudgetBook(limits: [budgetLimit(.requests, 5, .minute)])
        let names = ["a", "a/b", "a%2Fb", "a%2fb", "a,b", "a\0b", "a\nb", "A", "ä", "a ", "../a"]
        let keys = names.map { subject(book, account: $0).counters[0].key }
        #expect(Set(keys).count == names.count)
        #expect(
            keys.allSatisfy {
                $0.split(separator: "/", omittingEmptySubsequences: false).count == 6
            })
    }

    /// Estimates and uses that make no sense neither trap nor make room.
    @Test func absurdAmountsAreBounded() throws {
        let book = try BudgetBook(limits: [budgetLimit(.tokens, 1000, .day)])
        let subject = subject(book)
        #expect(reserve(book, subject, tokens: .max).refusal?.isHard == true)
        let negative = try #require(reserve(book, subject, tokens: .min).reservation)
        book.settle(negative, tokens: -5000, microUSD: -1, now: budgetNoon)
        #expect(book.standing(of: subject.counters[0], now: budgetNoon) == (0, 0))
        let last = try #require(reserve(book, subject, tokens: 1).reservation)
        for _ in 0..<10_000 { book.settle(last, tokens: .max, microUSD: .max, now: budgetNoon) }
        #expect(reserve(book, subject, tokens: 1).refusal?.remaining == 0)
    }

    /// A clock that was set back by an hour neither stops the leak for an hour nor leaks twice.
    @Test func aClockSetBackDoesNotLock() throws {
        let book = try BudgetBook(limits: [budgetLimit(.requests, 1, .minute)])
        let subject = subject(book)
        #expect(reserve(book, subject).reservation != nil)
        let back = budgetNoon - 3600 * budgetSecond
        #expect(reserve(book, subject, at: back).refusal?.retryAfterSeconds == 60)
        #expect(reserve(book, subject, at: back + 60 * budgetSecond).reservation != nil)
    }

    @Test func clocksOfTwoLoopsDoNotLeakTwice() throws {
        let book = try BudgetBook(limits: [budgetLimit(.requests, 60, .minute)])
        let subject = subject(book)
        #expect(reserve(book, subject, requests: 60).reservation != nil)
        for _ in 0..<1000 {  // half a second behind each other, again and again
            #expect(reserve(book, subject, at: budgetNoon).refusal != nil)
            #expect(reserve(book, subject, at: budgetNoon + budgetSecond / 2).refusal != nil)
        }
    }

    @Test func idleCountersAreDropped() throws {
        let book = try BudgetBook(limits: [budgetLimit(.requests, 10, .minute)])
        for number in 0..<20_000 { _ = subject(book, account: "\(number)") }
        #expect(book.dropIdle(now: budgetNoon) == 0)
        do {
            let busy = subject(book, account: "busy")
            #expect(reserve(book, busy).reservation != nil)
        }
        #expect(book.dropIdle(now: budgetNoon) == 1)
        let kept = subject(book, account: "kept")
        #expect(book.dropIdle(now: budgetNoon + 6 * budgetSecond) == 1)
        #expect(kept.counters.count == 1)
    }

    /// The sweep runs by itself: many accounts that come once do not stay.
    @Test func memoryIsBoundedByActiveCounters() throws {
        let book = try BudgetBook(limits: [budgetLimit(.requests, 10, .second)])
        for number in 0..<50_000 {
            let now = budgetNoon + Int64(number) * 1000
            #expect(
                book.reserve(
                    book.subject(key: "k", account: "\(number)", plan: "", now: now), tokens: 1,
                    microUSD: 1, now: now
                ).reservation != nil)
        }
        #expect(book.counters(now: budgetNoon).count < 2100)
    }

    @Test func savingAndRestoringKeepsWhatCounts() throws {
        let limits = [
            try budgetLimit(.requests, 60, .minute), try budgetLimit(.tokens, 1000, .day),
            try budgetLimit(.microUSD, 1000, .month),
            try budgetLimit(.streams, 5),
        ]
        let book = try BudgetBook(limits: limits)
        let subject = subject(book)
        let done = try #require(
            reserve(book, subject, requests: 30, tokens: 500, usd: 300).reservation)
        book.settle(done, tokens: 400, microUSD: 200, now: budgetNoon)
        #expect(reserve(book, subject, requests: 1, tokens: 100, usd: 50).reservation != nil)
        let saved = book.counters(now: budgetNoon)

        let later = budgetNoon + 10 * budgetSecond
        let again = try BudgetBook(limits: limits)
        again.restore(saved)
        // What nobody has asked for yet is not lost by saving again.
        #expect(again.counters(now: later).count == 3)
        let restored = self.subject(again)
        let levels = restored.counters.map { again.standing(of: $0, now: later).used }
        #expect(levels == [21, 500, 250, 0])
        let tomorrow = budgetNoon + 86_400 * budgetSecond
        #expect(
            restored.counters.map { again.standing(of: $0, now: tomorrow).used } == [0, 0, 250, 0])
    }

    /// A damaged row neither traps nor makes room.
    @Test(
        arguments: [(.max, .max), (.min, .min), (.max, .min), (.max, budgetNoon)]
            as [(Int64, Int64)])
    func damagedRowsAreBounded(level: Int64, updated: Int64) throws {
        let book = try BudgetBook(limits: [
            budgetLimit(.requests, 5, .minute), budgetLimit(.tokens, 5, .day),
        ])
        let wanted = book.applicable(
            [], key: "k-a", account: "a", organization: nil, campaign: nil, plan: "free")
        book.restore(wanted.map { ($0.key, level, updated) })
        let subject = subject(book)
        #expect(subject.counters.allSatisfy { book.standing(of: $0, now: budgetNoon).used >= 0 })
        #expect((reserve(book, subject).refusal != nil) == (level == .max))
    }

    @Test func limitsThatCannotBeKeptAreRefused() throws {
        #expect(throws: BudgetError.self) { try budgetLimit(.requests, 0, .day) }
        #expect(throws: BudgetError.self) {
            try budgetLimit(.requests, Limit.largestAmount + 1, .day)
        }
        #expect(throws: BudgetError.self) { try budgetLimit(.requests, 1) }
        #expect(throws: BudgetError.self) { try budgetLimit(.streams, 1, .day) }
        #expect(throws: BudgetError.duplicateLimit(limit: "account_requests_day")) {
            try BudgetBook(limits: [
                budgetLimit(.requests, 1, .day), budgetLimit(.requests, 2, .day),
            ])
        }
    }
}
