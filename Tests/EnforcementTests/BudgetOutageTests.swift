import Foundation
import Testing

@testable import Enforcement

/// Redis goes away, stalls, and comes back.
@Suite(.serialized, .enabled(if: BudgetRedis.isInstalled, "no redis-server on the PATH"))
struct BudgetOutageTests {
    let limits: [Limit]

    init() throws { limits = [try budgetLimit(.requests, 1000, .month)] }

    func pair(_ redis: BudgetRedis, _ limits: [Limit]) async throws -> [SharedBudget] {
        [
            try await SharedBudget.gateway(limits, redis, gateways: 2),
            try await SharedBudget.gateway(limits, redis, gateways: 2),
        ]
    }

    func drainBoth(_ gateways: [SharedBudget], most: Int) async -> Int {
        await withTaskGroup(of: Int.self) { group in
            for gateway in gateways {
                group.addTask { await gateway.drain(gateway.subject(), most: most).count }
            }
            return await group.reduce(0, +)
        }
    }

    /// Killed while both ask as fast as they can: they go on, and together stay within twice the amount; back with its
    /// data, Redis knows of all that was granted, and grants no more.
    @Test(.timeLimit(.minutes(3)))
    func killedUnderLoadTheBoundHolds() async throws {
        let redis = try BudgetRedis(isDurable: true)
        let gateways = try await pair(redis, limits)
        defer { for gateway in gateways { gateway.close() } }
        async let load = drainBoth(gateways, most: 8000)
        try await gateways[0].until { $0.decidedShared > 100 }
        try redis.kill()
        let granted = await load
        for gateway in gateways { try await gateway.until { !$0.isConnected } }
        let rest = await drainBoth(gateways, most: 8000)
        // By Redis at most 1000; by each gateway, which was told of two, exactly its 500.
        #expect(granted + rest <= 2000)
        #expect(granted + rest >= 1000 + 100)
        #expect(
            gateways.allSatisfy {
                $0.status.failures.values.reduce(0, +) > 0 && $0.status.decidedLocally > 0
            })
        let refusal = try #require(await gateways[0].reserve(gateways[0].subject()).refusal)
        #expect(!refusal.isHard, "a share that is used up is no reason to send a client away")
        #expect(refusal.retryAfterSeconds <= 30)

        try redis.startAgain()
        for gateway in gateways { try await gateway.until { $0.isConnected } }
        #expect(await drainBoth(gateways, most: 200) == 0)
        #expect(await gateways[1].reserve(gateways[1].subject()).refusal?.isHard == true)
        let used = try #require(try await used(redis, gateways[0]))
        #expect(used >= 1000)
    }

    /// Comes back empty: what the gateways granted meanwhile is told, so that only the rest of the amount is granted.
    @Test(.timeLimit(.minutes(3)))
    func backWithNothingItLearnsWhatWasGrantedMeanwhile() async throws {
        let redis = try BudgetRedis()
        let gateways = try await pair(redis, limits)
        defer { for gateway in gateways { gateway.close() } }
        #expect(await drainBoth(gateways, most: 96) == 192)
        try redis.kill()
        for gateway in gateways { try await gateway.until { !$0.isConnected } }
        #expect(await gateways[0].drain(gateways[0].subject(), most: 304).count == 304)
        #expect(await gateways[1].drain(gateways[1].subject(), most: 4800).count == 500)
        try redis.startAgain()
        for gateway in gateways { try await gateway.until { $0.isConnected } }
        // Asked by either, behind what each has to tell.
        for gateway in gateways {
            #expect(await gateway.reserve(gateway.subject(account: "other")).reservation != nil)
        }
        #expect(await drainBoth(gateways, most: 4000) == 1000 - 304 - 500)
    }

    /// However often Redis goes away in a month, a gateway grants its share by itself once.
    @Test(.timeLimit(.minutes(3)))
    func manyOutagesDoNotAddUp() async throws {
        let redis = try BudgetRedis(isDurable: true)
        let gateways = try await pair(redis, [try budgetLimit(.requests, 100, .month)])
        defer { for gateway in gateways { gateway.close() } }
        var granted = await drainBoth(gateways, most: 800)
        #expect(granted == 100)
        for _ in 0..<3 {
            try redis.kill()
            for gateway in gateways { try await gateway.until { !$0.isConnected } }
            granted += await drainBoth(gateways, most: 800)
            try redis.startAgain()
            for gateway in gateways { try await gateway.until { $0.isConnected } }
            granted += await drainBoth(gateways, most: 800)
        }
        #expect(granted == 200)
        #expect(try await used(redis, gateways[0]) == 200)
    }

    /// Requests that were open when Redis went away: their streams are known there again, and what they used.
    @Test(.timeLimit(.minutes(3)), arguments: [true, false])
    func openRequestsAreKnownAgain(isDurable: Bool) async throws {
        let redis = try BudgetRedis(isDurable: isDurable)
        let limits = [try budgetLimit(.streams, 4), try budgetLimit(.tokens, 1000, .month)]
        let gateways = try await pair(redis, limits)
        defer { for gateway in gateways { gateway.close() } }
        let (first, subject) = (gateways[0], gateways[0].subject())
        let before = try #require(await first.reserve(subject, tokens: 100).reservation)
        let endsMeanwhile = try #require(await first.reserve(subject, tokens: 100).reservation)
        try redis.kill()
        for gateway in gateways { try await gateway.until { !$0.isConnected } }
        await first.settle(endsMeanwhile, tokens: 70)
        let meanwhile = try #require(await first.reserve(subject, tokens: 100).reservation)
        let cancelled = try #require(await first.reserve(subject, tokens: 100).reservation)
        await first.cancel(cancelled)
        try redis.startAgain()
        for gateway in gateways { try await gateway.until { $0.isConnected } }
        // Behind the first question of a connection, Redis knows what its gateway told.
        #expect(await first.reserve(first.subject(account: "other")).reservation != nil)
        let second = (gateways[1], gateways[1].subject())
        var open: [Reservation] = []
        while let one = await second.0.reserve(second.1).reservation { open.append(one) }
        #expect(open.count == 2)
        await first.settle(before, tokens: 30)
        await first.settle(meanwhile, tokens: 20)
        for one in open { await second.0.settle(one, tokens: 10) }
        let refusal = try #require(await second.0.reserve(second.1, tokens: 1000).refusal)
        #expect(refusal.remaining == 1000 - 70 - 30 - 20 - 20)
        var all = 0
        while await second.0.reserve(second.1).reservation != nil { all += 1 }
        #expect(all == 4)
    }

    /// A Redis that does not answer is waited for no longer than the timeout, and found again.
    @Test(.timeLimit(.minutes(3)))
    func aStalledRedisIsNotWaitedFor() async throws {
        let redis = try BudgetRedis()
        let gateway = try await SharedBudget.gateway(limits, redis, gateways: 4) {
            $0.commandMilliseconds = 50
            $0.connectMilliseconds = 100
        }
        defer { gateway.close() }
        #expect(await gateway.reserve(gateway.subject()).reservation != nil)
        try redis.pause(true)
        let begun = ContinuousClock.now
        let stalled = await gateway.reserve(gateway.subject())
        let waited = begun.duration(to: .now)
        #expect(stalled.reservation != nil)
        #expect(gateway.status.decidedLocally == 1 || gateway.status.failures[.timeout] == 1)
        // 50 ms, and as much again as a loaded machine may add many times over.
        #expect(waited < .seconds(10))
        let share = await gateway.drain(gateway.subject(), most: 1600)
        #expect(share.count == 249)
        try redis.pause(false)
        try await gateway.until { $0.isConnected }
        #expect((gateway.status.failures[.timeout] ?? 0) >= 1)
        let rest = await gateway.drain(gateway.subject(), most: 1600).count
        // What was asked of the stalled Redis counts twice when it was carried out after all.
        #expect(rest >= 1000 - 251 - 1 && rest <= 1000 - 251)
    }

    /// Data that is gone under a living connection is noticed by the lease, and told anew.
    @Test(.timeLimit(.minutes(3)))
    func emptiedUnderAConnectionItIsToldAnew() async throws {
        let redis = try BudgetRedis()
        let gateway = try await SharedBudget.gateway(
            [try budgetLimit(.streams, 3)], redis, gateways: 1)
        defer { gateway.close() }
        for _ in 0..<2 { #expect(await gateway.reserve(gateway.subject()).reservation != nil) }
        try redis.command("FLUSHALL")
        // This one is decided by the gateway, whose own share has room.
        #expect(await gateway.reserve(gateway.subject()).reservation != nil)
        try await gateway.until { $0.isConnected }
        #expect(gateway.status.failures == [.lease: 1])
        #expect(await gateway.reserve(gateway.subject()).refusal != nil)
    }

    /// There is no Redis at all: requests are decided at once, on the caller's thread.
    @Test(.timeLimit(.minutes(3)))
    func withoutRedisFromTheStart() async throws {
        let redis = try BudgetRedis()
        try redis.kill()
        let gateway = try await SharedBudget.gateway(limits, redis, gateways: 3, isConnected: false)
        try await gateway.until { ($0.failures[.connecting] ?? 0) >= 2 }
        #expect(await gateway.drain(gateway.subject(), most: 1600).count == 333)
        try redis.startAgain()
        try await gateway.until { $0.isConnected }
        #expect(await gateway.drain(gateway.subject(), most: 1600).count == 667)
        gateway.close()
        // Closed, it still decides, as without Redis.
        #expect(await gateway.reserve(gateway.subject()).refusal != nil)
    }

    /// Many counters at once are told while the gateway still decides by itself.
    @Test(.timeLimit(.minutes(3)))
    func manyCountersAreTold() async throws {
        let redis = try BudgetRedis()
        let gateway = try await SharedBudget.gateway(
            [try budgetLimit(.requests, 10, .month)], redis, gateways: 1)
        defer { gateway.close() }
        try redis.kill()
        try await gateway.until { !$0.isConnected }
        for number in 0..<3000 {
            #expect(
                await gateway.reserve(gateway.subject(account: "\(number)"), requests: 7)
                    .reservation != nil)
        }
        try redis.startAgain()
        try await gateway.until { $0.isConnected }
        for number in 0..<3000 {
            #expect(
                await gateway.reserve(gateway.subject(account: "\(number)"), requests: 10).refusal?
                    .remaining == 3)
        }
        #expect(gateway.status.decidedLocally == 3000)
    }

    private func used(_ redis: BudgetRedis, _ gateway: SharedBudget) async throws -> Int? {
        let name = String(decoding: gateway.subject().shared[0].name, as: UTF8.self)
        let key = try #require(name.split(separator: "\r\n").last.map(String.init))
        guard case .text(let text) = try redis.command("HGET", key, "u") else { return nil }
        return Int(text)
    }
}
