import Foundation
import Synchronization
import Testing

@testable import Enforcement

/// Two gateways on one Redis. A test that is skipped says so: there is no redis-server.
///
/// Budgets of a day are used up within seconds; that midnight passes meanwhile would fail a run once in some thousand, so
/// months are used where nothing speaks for days.
@Suite(.serialized, .enabled(if: BudgetRedis.isInstalled, "no redis-server on the PATH"))
struct BudgetSharedTests {
    @Test(.timeLimit(.minutes(2)))
    func twoGatewaysTogetherKeepALimit() async throws {
        let redis = try BudgetRedis()
        let limits = [
            try budgetLimit(.requests, 1000, .month),
            try budgetLimit(.organization, .tokens, 1700, .day),
            try budgetLimit(.key, .microUSD, 5000, .month),
        ]
        let gateways = [
            try await SharedBudget.gateway(limits, redis, gateways: 2),
            try await SharedBudget.gateway(limits, redis, gateways: 2),
        ]
        defer { for gateway in gateways { gateway.close() } }
        async let first = gateways[0].drain(gateways[0].subject(), most: 4000)
        async let second = gateways[1].drain(gateways[1].subject(), most: 4000)
        let granted = await (first.count, second.count)
        #expect(granted.0 + granted.1 == 1000)
        // Both got some, or it was no concurrency.
        #expect(granted.0 > 0 && granted.1 > 0)
        let refusal = try #require(await gateways[0].reserve(gateways[0].subject()).refusal)
        #expect(refusal.limit == limits[0])
        #expect(refusal.isHard)
        #expect(refusal.remaining == 0)
        #expect(refusal.retryAfterSeconds <= 31 * 86_400)
        #expect(gateways.allSatisfy { $0.status.failures.isEmpty && $0.status.decidedLocally == 0 })
    }

    /// Streams of both count together, and come back when they end, are cancelled, or their gateway is killed.
    @Test(.timeLimit(.minutes(2)))
    func streamsAreCountedTogetherAndComeBack() async throws {
        let redis = try BudgetRedis()
        let limits = [try budgetLimit(.streams, 5)]
        let first = try await SharedBudget.gateway(limits, redis, gateways: 2)
        let second = try await SharedBudget.gateway(limits, redis, gateways: 2) {
            $0.leaseMilliseconds = 300
        }
        defer { first.close() }
        var open: [Reservation] = []
        for _ in 0..<3 {
            open.append(try #require(await first.reserve(first.subject()).reservation))
        }
        for _ in 0..<2 { #expect(await second.reserve(second.subject()).reservation != nil) }
        #expect(await first.reserve(first.subject()).refusal?.retryAfterSeconds == 1)
        await first.settle(open[0])
        await first.cancel(open[1])
        for _ in 0..<2 { #expect(await first.reserve(first.subject()).reservation != nil) }
        #expect(await first.reserve(first.subject()).refusal != nil)
        // It ends with two streams open, which is as good as killed: they are never given back.
        second.close()
        for _ in 0..<2 { #expect(await first.reserve(first.subject()).reservation != nil) }
        #expect(await first.reserve(first.subject()).refusal != nil)
    }

    /// A gateway that is gone without a word: its lease runs out, its streams come back, and its tokens count as used.
    @Test(.timeLimit(.minutes(2)))
    func whatAKilledGatewayHeldComesBack() async throws {
        let redis = try BudgetRedis()
        let limits = [try budgetLimit(.streams, 2), try budgetLimit(.tokens, 100, .month)]
        let gateway = try await SharedBudget.gateway(limits, redis, gateways: 2)
        defer { gateway.close() }
        let subject = gateway.subject()
        // What a gateway leaves that reserved and was killed: a lease that ends, and its holds.
        try redis.command("SET", "{stillwatch}:gateway:dead", "1", "PX", "200")
        let names = subject.shared.map { counter in
            String(decoding: counter.name, as: UTF8.self).split(separator: "\r\n").last.map(
                String.init)!
        }
        try redis.command("HSET", names[0], "hdead", "2")
        try redis.command("HSET", names[1], "hdead", "60")
        #expect(await gateway.reserve(subject).refusal?.limit == limits[0])
        var reservation: Reservation?
        let deadline = ContinuousClock.now + .seconds(30)
        while reservation == nil, ContinuousClock.now < deadline {
            reservation = await gateway.reserve(subject).reservation
        }
        await gateway.settle(try #require(reservation))
        let refusal = try #require(await gateway.reserve(subject, tokens: 40).refusal)
        #expect(refusal.limit == limits[1])
        #expect(refusal.remaining == 39)
        #expect(refusal.isHard)
        #expect(await gateway.reserve(subject, tokens: 39).reservation != nil)
    }

    /// The lease is renewed: holds of a gateway that lives outlast it.
    @Test(.timeLimit(.minutes(2)))
    func aLivingGatewayKeepsItsStreams() async throws {
        let redis = try BudgetRedis()
        let limits = [try budgetLimit(.streams, 1)]
        let first = try await SharedBudget.gateway(limits, redis, gateways: 2) {
            $0.leaseMilliseconds = 500
        }
        let second = try await SharedBudget.gateway(limits, redis, gateways: 2)
        defer {
            first.close()
            second.close()
        }
        #expect(await first.reserve(first.subject()).reservation != nil)
        try await Task.sleep(for: .milliseconds(1500))
        #expect(await second.reserve(second.subject()).refusal != nil)
        #expect(first.status.failures.isEmpty)
    }

    /// Rates, refusals and waiting times are those of the embedded book.
    @Test(.timeLimit(.minutes(2)))
    func ratesLeakByRedisClock() async throws {
        let redis = try BudgetRedis()
        let gateway = try await SharedBudget.gateway(
            [try budgetLimit(.requests, 20, .second), try budgetLimit(.tokens, 1_000_000, .hour)],
            redis, gateways: 1)
        defer { gateway.close() }
        let subject = gateway.subject()
        let begun = ContinuousClock.now
        var granted = 0
        while granted < 60 { granted += await gateway.reserve(subject).reservation != nil ? 1 : 0 }
        // 20 at once and 40 at 20 a second, less the microsecond of rounding.
        let elapsed = begun.duration(to: .now)
        #expect(elapsed >= .milliseconds(1999))
        let refusal = try #require(await gateway.reserve(subject, requests: 20).refusal)
        #expect(refusal.retryAfterSeconds == 1)
        #expect(!refusal.isHard)
        #expect(await gateway.reserve(subject, requests: 21).refusal?.isHard == true)
        #expect(
            await gateway.reserve(subject, requests: 0, tokens: 1_000_001).refusal?
                .retryAfterSeconds == 3600)
    }

    /// The scripts' calendar is the book's.
    @Test(.timeLimit(.minutes(2)))
    func daysAndMonthsEndInRedisAsHere() async throws {
        let redis = try BudgetRedis()
        for window in [Limit.Window.day, .month] {
            let gateway = try await SharedBudget.gateway(
                [try budgetLimit(.requests, 1, window)], redis, gateways: 1)
            defer { gateway.close() }
            let subject = gateway.subject()
            #expect(await gateway.reserve(subject).reservation != nil)
            let refusal = try #require(await gateway.reserve(subject).refusal)
            let now = budgetNow()
            let end = UTCCalendar.window(window == .day ? .day : .month, containing: now).end
            #expect(abs(refusal.retryAfterSeconds - (end - now) / 1_000_000) <= 5)
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func settlingAndCancellingAreDoneInRedis() async throws {
        let redis = try BudgetRedis()
        let limits = [try budgetLimit(.tokens, 1000, .day), try budgetLimit(.requests, 3, .month)]
        let gateway = try await SharedBudget.gateway(limits, redis, gateways: 1)
        defer { gateway.close() }
        let subject = gateway.subject()
        let first = try #require(await gateway.reserve(subject, tokens: 900).reservation)
        let held = try #require(await gateway.reserve(subject, tokens: 200).refusal)
        #expect(!held.isHard && held.remaining == 100)
        await gateway.settle(first, tokens: 100)
        let second = try #require(await gateway.reserve(subject, tokens: 900).reservation)
        await gateway.cancel(second)
        let third = try #require(await gateway.reserve(subject, tokens: 900).reservation)
        await gateway.settle(third, tokens: 5000)
        #expect(await gateway.reserve(subject, requests: 0, tokens: 1).refusal?.isHard == true)
        // The cancelled request came back, so of three two are used.
        let left = try #require(await gateway.reserve(subject, requests: 2, tokens: 0).refusal)
        #expect(left.limit == limits[1] && left.remaining == 1)
    }

    /// All of a subject's counters or none, in Redis too.
    @Test(.timeLimit(.minutes(2)))
    func aRefusalTakesNothing() async throws {
        let redis = try BudgetRedis()
        let limits = [
            try budgetLimit(.requests, 10, .month),
            try budgetLimit(.organization, .tokens, 5, .month),
        ]
        let gateway = try await SharedBudget.gateway(limits, redis, gateways: 1)
        defer { gateway.close() }
        for _ in 0..<20 {
            #expect(await gateway.reserve(gateway.subject(), tokens: 6).refusal != nil)
        }
        #expect(try redis.command("KEYS", "{stillwatch}:c:*") == .list([]))
        #expect(
            await gateway.reserve(gateway.subject(), requests: 10, tokens: 5).reservation != nil)
    }

    /// Redis forgets scripts: each command is sent once more with its text.
    @Test(.timeLimit(.minutes(2)))
    func scriptsThatWereForgottenAreSentAgain() async throws {
        let redis = try BudgetRedis()
        let gateway = try await SharedBudget.gateway(
            [try budgetLimit(.requests, 300, .month)], redis, gateways: 1)
        defer { gateway.close() }
        let subject = gateway.subject()
        for _ in 0..<5 {
            try redis.command("SCRIPT", "FLUSH")
            #expect(await gateway.drain(subject, most: 48).count == 48)
        }
        #expect(gateway.status.failures.isEmpty)
        #expect(await gateway.drain(subject, most: 1000).count == 60)
    }

    /// Names are not legible in Redis and cannot be commands; every counter has a lifetime.
    @Test(.timeLimit(.minutes(2)))
    func keysInRedisAreDigestsThatExpire() async throws {
        let redis = try BudgetRedis()
        let limits = [
            try budgetLimit(.requests, 10, .minute), try budgetLimit(.tokens, 10, .month),
            try budgetLimit(.streams, 3),
        ]
        let gateway = try await SharedBudget.gateway(limits, redis, gateways: 1)
        defer { gateway.close() }
        for account in ["alice\r\nFLUSHALL\r\n", "alice", "alice/month", "{alice}", "alice\0"] {
            #expect(
                await gateway.reserve(gateway.subject(account: account), tokens: 10).reservation
                    != nil)
        }
        guard case .list(let keys) = try redis.command("KEYS", "*") else {
            Issue.record("no list of keys")
            return
        }
        #expect(keys.count == 5 * 3 + 1)
        for case .text(let key) in keys {
            #expect(
                key.wholeMatch(of: /\{stillwatch\}:(c:[0-9a-f]{40}|gateway:[0-9a-f]{32})/) != nil)
            guard case .integer(let left) = try redis.command("PTTL", key) else { continue }
            #expect(left > 0 && left < 40 * 86_400_000, "\(key)")
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func passwordsAndDatabasesAndSockets() async throws {
        let redis = try BudgetRedis()
        try redis.command("ACL", "SETUSER", "gate", "on", ">p@ss:w/rd", "~*", "+@all")
        let base = redis.url.dropFirst("redis://".count).dropLast(2)
        let limits = [try budgetLimit(.requests, 3, .month)]
        for url in [
            "redis://gate:p%40ss%3Aw%2Frd@\(base)/3",
            "unix://gate:p%40ss%3aw%2frd@\(redis.folder)/socket?db=3",
        ] {
            let gateway = try await SharedBudget.gateway(limits, redis, gateways: 1) {
                $0.address = try! RedisAddress(url: url)
            }
            #expect(await gateway.reserve(gateway.subject()).reservation != nil)
            #expect(gateway.status.decidedShared == 1)
            gateway.close()
        }
        let wrong = try await SharedBudget.gateway(limits, redis, gateways: 1, isConnected: false) {
            $0.address = try! RedisAddress(url: "redis://gate:wrong@\(base)/3")
        }
        try await wrong.until { ($0.failures[.credentials] ?? 0) > 0 }
        #expect(await wrong.reserve(wrong.subject()).reservation != nil)
        #expect(wrong.status.decidedLocally == 1)
        wrong.close()
    }

    /// Whole batches are under way at once, from many threads, and each answer reaches its question.
    @Test(.timeLimit(.minutes(2)))
    func answersReachTheirQuestions() async throws {
        let redis = try BudgetRedis()
        let gateway = try await SharedBudget.gateway(
            [try budgetLimit(.tokens, 1000, .month)], redis, gateways: 1)
        defer { gateway.close() }
        let right = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<400 {
                group.addTask {
                    // Each account asks for another share, so that the rest tells whose answer it is.
                    let subject = gateway.subject(account: "\(number)")
                    guard
                        let first = await gateway.reserve(subject, tokens: Int64(number + 1))
                            .reservation
                    else {
                        return false
                    }
                    let refusal = await gateway.reserve(subject, tokens: 1000).refusal
                    await gateway.settle(first, tokens: Int64(number))
                    let after = await gateway.reserve(subject, tokens: 1001).refusal
                    return refusal?.remaining == Int64(999 - number)
                        && after?.remaining == Int64(1000 - number)
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(right == 400)
    }
}

@Suite struct BudgetAddressTests {
    @Test func addressesAreRead() throws {
        let plain = try RedisAddress(url: "redis://localhost")
        #expect(plain.endpoint == .host("localhost", port: 6379))
        #expect(plain.user == nil && plain.password == nil && plain.database == 0)
        let full = try RedisAddress(url: "redis://me:se%63ret%2F@[::1]:7000/12")
        #expect(full.endpoint == .host("::1", port: 7000))
        #expect(full.user == "me" && full.password == "secret/" && full.database == 12)
        let old = try RedisAddress(url: "redis://:p@a@10.0.0.1:1/")
        #expect(old.user == nil && old.password == "p@a")
        let socket = try RedisAddress(url: "unix:///run/redis/redis.sock?db=2")
        #expect(socket.endpoint == .socket(path: "/run/redis/redis.sock") && socket.database == 2)
    }

    @Test(arguments: [
        "", "localhost:6379", "http://secret@h", "rediss://u:secret@h", "redis://",
        "redis://secret@h", "redis://u:secret@",
        "redis://u:secret@h:0", "redis://u:secret@h:65536", "redis://u:secret@h:x",
        "redis://u:secret@h/x",
        "redis://u:secret@h/-1", "redis://u:sec%zzret@h", "redis://u:secret@[::1",
        "redis://u:secret@[::1]x",
        "unix://relative", "unix:///x?secret=1",
    ])
    func badAddressesAreRefusedWithoutRepeatingThem(url: String) {
        do {
            _ = try RedisAddress(url: url)
            Issue.record("accepted")
        } catch {
            #expect(!"\(error)".contains("secret"))
            #expect(error.label == "bad_address")
        }
    }

    @Test func nothingSecretIsPrinted() throws {
        let address = try RedisAddress(url: "redis://me:hidden@h:1/0")
        var dumped = ""
        dump(SharedBudget.Configuration(address: address, gateways: 1), to: &dumped)
        #expect(
            !dumped.contains("hidden") && !"\(address)".contains("hidden")
                && !dumped.contains("\"me\""))
    }

    @Test func settingsOutOfRangeAreRefused() throws {
        let address = try RedisAddress(url: "redis://127.0.0.1:1/0")
        #expect(throws: BudgetError.self) {
            try SharedBudget(limits: [], configuration: .init(address: address, gateways: 0))
        }
    }
}
