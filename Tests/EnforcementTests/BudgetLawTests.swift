import Foundation
import Testing

@testable import Enforcement

/// The plainest form of the rules, in exact fractions: what was used is a list of charges, and a level is found by walking
/// through all of it each time.
private struct PlainCounter {
    struct Charge {
        var time: Int64
        var units: Int64
    }

    let limit: Limit
    var charges: [Charge] = []
    var held: Int64 = 0

    /// Units times window, so that nothing is rounded.
    func level(at now: Int64) -> Int128 {
        switch limit.window {
        case .second, .minute, .hour:
            var level: Int128 = 0
            var last: Int64 = .min
            for charge in charges {
                if last != .min {
                    level = max(0, level - Int128(charge.time - last) * Int128(limit.amount))
                }
                level = max(0, level + Int128(charge.units) * Int128(window))
                last = charge.time
            }
            return last == .min ? 0 : max(0, level - Int128(now - last) * Int128(limit.amount))
        case .day, .month:
            return Int128(
                charges.filter { Self.period($0.time, limit) == Self.period(now, limit) }.reduce(0)
                { $0 + $1.units })
                * Int128(window)
        case nil: return 0
        }
    }

    var window: Int64 {
        switch limit.window {
        case .second: 1_000_000
        case .minute: 60_000_000
        case .hour: 3_600_000_000
        default: 1
        }
    }

    static func period(_ time: Int64, _ limit: Limit) -> DateComponents {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(identifier: "UTC")!
        let date = Date(timeIntervalSince1970: Double(time / 1_000_000))
        return calendar.dateComponents(
            limit.window == .day ? [.year, .month, .day] : [.year, .month], from: date)
    }

    func takes(_ wanted: Int64, at now: Int64) -> Bool {
        wanted == 0
            || level(at: now) + Int128(held + wanted) * Int128(window) <= Int128(limit.amount)
                * Int128(window)
    }
}

@Suite struct BudgetLawTests {
    /// Random requests, settlements and cancellations are decided as by the plain rules.
    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func theBookAgreesWithThePlainRules(seed: UInt64) throws {
        var random = BudgetRandom(seed: seed)
        let limits = [
            try budgetLimit(.requests, .random(in: 1...20, using: &random), .second),
            try budgetLimit(.requests, .random(in: 1...300, using: &random), .minute),
            try budgetLimit(.tokens, .random(in: 2000...20_000, using: &random), .hour),
            try budgetLimit(.tokens, .random(in: 10_000...50_000, using: &random), .day),
            try budgetLimit(.microUSD, .random(in: 100_000...300_000, using: &random), .month),
            try budgetLimit(.streams, .random(in: 1...8, using: &random)),
        ]
        let book = try BudgetBook(limits: limits)
        let subject = book.subject(key: "k", account: "a", plan: "", now: budgetNoon)
        var plain = limits.map { PlainCounter(limit: $0) }
        var open: [Reservation] = []
        var now = budgetNoon
        var granted = 0
        var refused = 0
        for step in 0..<1500 {
            now +=
                Int64.random(in: 0...1, using: &random)
                * .random(in: 0...90_000_000, using: &random)
            if step % 300 == 299 { now += .random(in: 0...40, using: &random) * 86_400_000_000 }
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<6:
                let amounts = Amounts(
                    requests: .random(in: 0...3, using: &random),
                    tokens: .random(in: 0...900, using: &random),
                    microUSD: .random(in: 0...2000, using: &random), streams: 1)
                let wanted = limits.map { amounts.charge($0.resource) + amounts.hold($0.resource) }
                let expected = zip(plain, wanted).allSatisfy { $0.takes($1, at: now) }
                let decision = book.reserve(subject, amounts, now: now)
                #expect((decision.reservation != nil) == expected, "seed \(seed), step \(step)")
                if let refusal = decision.refusal {
                    refused += 1
                    let place = limits.firstIndex(of: refusal.limit)!
                    #expect(
                        !plain[place].takes(wanted[place], at: now), "seed \(seed), step \(step)")
                }
                guard let reservation = decision.reservation else { continue }
                granted += 1
                for place in plain.indices {
                    plain[place].held += amounts.hold(limits[place].resource)
                    let charge = amounts.charge(limits[place].resource)
                    if charge > 0 { plain[place].charges.append(.init(time: now, units: charge)) }
                }
                open.append(reservation)
            case 6..<9:
                guard !open.isEmpty else { continue }
                let reservation = open.remove(at: .random(in: 0..<open.count, using: &random))
                let used = Amounts(
                    requests: 0, tokens: .random(in: 0...1200, using: &random),
                    microUSD: .random(in: 0...2500, using: &random), streams: 0)
                book.settle(reservation, tokens: used.tokens, microUSD: used.microUSD, now: now)
                for place in plain.indices {
                    plain[place].held -= reservation.amounts.hold(limits[place].resource)
                    let late = used.late(limits[place].resource)
                    if late > 0 { plain[place].charges.append(.init(time: now, units: late)) }
                }
            default:
                guard !open.isEmpty else { continue }
                let reservation = open.remove(at: .random(in: 0..<open.count, using: &random))
                book.cancel(reservation, now: now)
                for place in plain.indices {
                    plain[place].held -= reservation.amounts.hold(limits[place].resource)
                    let charged = reservation.amounts.charge(limits[place].resource)
                    if charged == 0 { continue }
                    if limits[place].window == .second || limits[place].window == .minute {
                        let leaked = Int64(
                            Int128(now - reservation.at) * Int128(limits[place].amount)
                                / Int128(plain[place].window))
                        let back = max(0, charged - leaked)
                        if back > 0 { plain[place].charges.append(.init(time: now, units: -back)) }
                    }
                }
            }
        }
        // The sequences reach both answers, or they would prove nothing.
        #expect(
            granted > 50 && refused > 50, "seed \(seed): \(granted) granted, \(refused) refused")
        for reservation in open { book.settle(reservation, tokens: 0, microUSD: 0, now: now) }
        #expect(subject.counters.allSatisfy { $0.held == 0 })
    }

    /// Waiting as long as the refusal says is enough, and a second less is not (rates are exact to the microsecond).
    @Test(arguments: [11, 12, 13] as [UInt64])
    func retryAfterIsRight(seed: UInt64) throws {
        var random = BudgetRandom(seed: seed)
        for _ in 0..<300 {
            let window = [Limit.Window.second, .minute, .hour, .day, .month].randomElement(
                using: &random)!
            let amount = Int64.random(in: 1...100_000, using: &random)
            let book = try BudgetBook(limits: [budgetLimit(.requests, amount, window)])
            let subject = book.subject(key: "k", account: "a", plan: "", now: budgetNoon)
            var now = budgetNoon
            var refusal: BudgetRefusal?
            var wanted: Int64 = 0
            for _ in 0..<50 where refusal == nil {
                now += .random(in: 0...500_000, using: &random)
                wanted = .random(in: 1...max(1, amount / 2), using: &random)
                refusal =
                    book.reserve(subject, requests: wanted, tokens: 0, microUSD: 0, now: now)
                    .refusal
            }
            guard let refusal else { continue }
            let wait = refusal.retryAfterSeconds * budgetSecond
            #expect(
                wait == budgetSecond
                    || book.reserve(
                        subject, requests: wanted, tokens: 0, microUSD: 0,
                        now: now + wait - budgetSecond
                    )
                    .reservation == nil, "seed \(seed), \(window), \(amount)")
            #expect(
                book.reserve(subject, requests: wanted, tokens: 0, microUSD: 0, now: now + wait)
                    .reservation != nil,
                "seed \(seed), \(window), \(amount)")
        }
    }

    /// Two threads and more together get the amount and no unit more.
    @Test func manyThreadsShareOneAmount() async throws {
        let book = try BudgetBook(limits: [
            budgetLimit(.requests, 5000, .day), budgetLimit(.organization, .streams, 7),
            budgetLimit(.tokens, 1_000_000, .month),
        ])
        let granted = await withTaskGroup(of: (Int, Int).self) { group in
            for number in 0..<8 {
                group.addTask {
                    let subject = book.subject(
                        key: "k\(number)", account: "a", organization: "o", plan: "",
                        now: budgetNoon)
                    var (granted, streams) = (0, 0)
                    for _ in 0..<200_000 {
                        switch book.reserve(subject, tokens: 3, microUSD: 0, now: budgetNoon) {
                        case .granted(let reservation):
                            granted += 1
                            book.settle(reservation, tokens: 2, microUSD: 0, now: budgetNoon)
                        case .refused(let refusal):
                            if refusal.limit.resource == .streams {
                                streams += 1
                            } else {
                                return (granted, streams)
                            }
                        }
                    }
                    return (granted, streams)
                }
            }
            return await group.reduce(into: 0) { $0 += $1.0 }
        }
        #expect(granted == 5000)
        let subject = book.subject(
            key: "k", account: "a", organization: "o", plan: "", now: budgetNoon)
        #expect(
            subject.counters.map { book.standing(of: $0, now: budgetNoon).used } == [
                5000, 0, 10_000,
            ])
        #expect(subject.counters.allSatisfy { book.standing(of: $0, now: budgetNoon).held == 0 })
    }

    /// Every day of 800 years, against Foundation's calendar.
    @Test func monthsAreThoseOfTheCalendar() {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(identifier: "UTC")!
        var expectedStart: Int64 = 0
        for day in Int64(0)..<(800 * 366) {
            let number = UTCCalendar.dayOfMonth(day)
            if number == 0 {
                expectedStart = day
                let parts = calendar.dateComponents(
                    [.day, .hour], from: Date(timeIntervalSince1970: Double(day) * 86_400))
                #expect(parts.day == 1 && parts.hour == 0, "day \(day)")
            }
            let window = UTCCalendar.window(
                .month, containing: day * UTCCalendar.dayMicroseconds + 1)
            #expect(window.start == expectedStart * UTCCalendar.dayMicroseconds, "day \(day)")
            if UTCCalendar.dayOfMonth(day + 1) == 0 {
                #expect(window.end == (day + 1) * UTCCalendar.dayMicroseconds, "day \(day)")
            }
        }
    }

    /// Ends of months to the microsecond, leap years and turn of the year among them (times by `date -u`).
    @Test(
        arguments: [
            (1_709_251_199_999_999, 1_706_745_600, 1_709_251_200),  // 2024-02-29 23:59:59.999999
            (1_709_251_200_000_000, 1_709_251_200, 1_711_929_600),  // 2024-03-01
            (1_772_323_199_999_999, 1_769_904_000, 1_772_323_200),  // 2026-02-28 23:59:59.999999
            (1_798_761_599_000_000, 1_796_083_200, 1_798_761_600),  // 2026-12-31 23:59:59
            (1_798_761_600_000_000, 1_798_761_600, 1_801_440_000),  // 2027-01-01
            (4_107_542_400_000_000, 4_107_542_400, 4_110_220_800),  // 2100-03-01, no leap year
        ] as [(Int64, Int64, Int64)])
    func endsOfMonths(time: Int64, start: Int64, end: Int64) {
        let window = UTCCalendar.window(.month, containing: time)
        #expect(window.start == start * budgetSecond)
        #expect(window.end == end * budgetSecond)
    }

    /// Where 64 bits do not hold the product, the result is that of 128.
    @Test func largeAmountsLeakExactly() {
        let pace = Pace(.hour, amount: Limit.largestAmount)
        let leaked = pace.leaked(elapsed: 3_599_999_999, remainder: 12_345)
        let exact = Int128(3_599_999_999) * Int128(Limit.largestAmount) + 12_345
        #expect(Int128(leaked.units) == exact / 3_600_000_000)
        #expect(Int128(leaked.remainder) == exact % 3_600_000_000)
        #expect(pace.leaked(elapsed: .max).units == .max)
        #expect(pace.time(toLeak: Limit.largestAmount, remainder: 0) == 3_600_000_000)
    }
}
