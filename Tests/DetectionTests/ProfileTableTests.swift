import Dispatch
import Exchanges
import Synchronization
import Testing

@testable import Detection

/// A table notes an account's first exchanges and makes a profile of it later; what comes out must be what
/// `AccountProfile.add` gives of the exchanges themselves.
@Suite struct ProfileTableTests {
    private typealias Item = (exchange: RawExchange, signals: ExchangeSignals)

    /// Two of the names are no UTF-8 and are repaired to the same text, so they are one account; two are the same text to
    /// Swift and different bytes.
    private static let accounts: [[UInt8]] = [
        [0x61], [0x61, 0], [0xff], [0xfe], Array("caf\u{e9}".utf8), Array("cafe\u{301}".utf8),
        [UInt8](repeating: 0x6e, count: 70_000),
    ]

    private static func items(_ count: Int, _ random: inout SplitMix) throws -> [Item] {
        let extractor = try SignalExtractor.make()
        var exchanges: [RawExchange] = []
        for account in accounts {
            var own = (0..<count).map { _ in RawExchange.any(of: account, &random) }
            // Some come twice: ties in every order.
            own.replaceSubrange(0..<(count / 8), with: own.suffix(count / 8))
            exchanges += own
        }
        return exchanges.map { exchange in
            (exchange, exchange.withExchange { extractor.signals(of: $0) })
        }
    }

    /// Profiles made one exchange after the other.
    private static func direct(_ items: [Item], keepText: Bool) -> ProfileSet {
        var profiles: [[UInt8]: AccountProfile] = [:]
        for item in items {
            let name = String(decoding: item.exchange.account, as: UTF8.self)
            item.exchange.withExchange {
                profiles[Array(name.utf8), default: AccountProfile(account: name)].add(
                    $0, item.signals, keepText: keepText)
            }
        }
        return ProfileSet(profiles.values)
    }

    private static func table(_ items: [Item], keepText: Bool, threads: Int) -> ProfileSet {
        let table = ProfileTable()
        DispatchQueue.concurrentPerform(iterations: threads) { thread in
            for index in stride(from: thread, to: items.count, by: threads) {
                items[index].exchange.withExchange {
                    table.add($0, items[index].signals, keepText: keepText)
                }
            }
        }
        return table.take(threads: threads)
    }

    @Test(arguments: [1, 2, 31, 32, 33, 200], UInt64(1)...3)
    func `gives the bytes of profiles made directly, in any order and by any threads`(
        count: Int, seed: UInt64
    ) throws {
        var random = SplitMix(seed: seed &* 1000 &+ UInt64(count))
        let items = try Self.items(count, &random)
        let keepText = seed % 2 == 0
        let expected = Self.direct(items, keepText: keepText)
        #expect(expected.count == Self.accounts.count - 1)
        for threads in [1, 4] {
            let shuffled = items.shuffled(using: &random)
            let found = Self.table(shuffled, keepText: keepText, threads: threads)
            #expect(found.count == expected.count, "seed \(seed), \(count), \(threads) threads")
            for (own, direct) in zip(found, expected) {
                #expect(
                    own.serialized == direct.serialized,
                    "seed \(seed), \(count) exchanges, \(threads) threads, \(own.account.prefix(9))"
                )
            }
        }
    }

    /// A note takes at most a thousand signatures of a kind.
    @Test(arguments: [1000, 1001]) func `exchanges of very many signatures are added as others are`(
        count: Int
    ) throws {
        var random = SplitMix(seed: 9)
        var items = try Self.items(2, &random)
        let extractor = try SignalExtractor.make()
        var large = RawExchange.any(of: Self.accounts[0], &random)
        large.issued = (0..<count).map { Array("issued \($0)".utf8) }
        items.insert((large, large.withExchange { extractor.signals(of: $0) }), at: 1)
        let found = Self.table(items, keepText: false, threads: 1)
        #expect(found == Self.direct(items, keepText: false), "seed 9")
    }

    @Test func `a table is empty once it was taken`() throws {
        var random = SplitMix(seed: 8)
        let items = try Self.items(2, &random)
        let table = ProfileTable()
        for round in 0..<2 {
            for item in items {
                item.exchange.withExchange { table.add($0, item.signals, keepText: false) }
            }
            #expect(
                table.take(threads: 1) == Self.direct(items, keepText: false),
                "seed 8, round \(round)")
        }
        #expect(table.take(threads: 1).isEmpty)
    }

    /// More accounts than a shard's index holds at first, and notes of more than a chunk of memory.
    @Test func `thousands of accounts are told apart`() throws {
        let extractor = try SignalExtractor.make()
        var random = SplitMix(seed: 7)
        let items: [Item] = (0..<30_000).map { index in
            var exchange = RawExchange(account: Array("account \(index % 20_000)".utf8))
            exchange.id = Array("r\(index)".utf8)
            exchange.text = Array("question \(random.next() % 9)".utf8)
            return (exchange, exchange.withExchange { extractor.signals(of: $0) })
        }
        let found = Self.table(items, keepText: false, threads: 4)
        #expect(found.count == 20_000)
        #expect(found.count { $0.exchanges == 2 } == 10_000)
        #expect(found.count { $0.exchanges == 1 } == 10_000)
    }
}
