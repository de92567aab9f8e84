import Synchronization
import Testing

@testable import Store

@Suite struct ProfileTests {
    private func add(
        _ store: Store, _ batch: [(day: Int, account: String, bytes: [UInt8])],
        gateway: String = "g", offset: Int64 = 1, counters: [CounterRow] = []
    ) throws {
        try store.addProfiles(
            batch, gateway: gateway, position: LogPosition(segment: "s", offset: offset),
            counters: counters, merge: adding)
    }

    private func counts(_ store: Store) throws -> [String: Int64] {
        Dictionary(
            uniqueKeysWithValues: try store.profiles(changedAfter: 0, limit: .max).map {
                ("\($0.day) \(Array($0.account.utf8))", count($0.bytes))
            })
    }

    @Test(arguments: Backend.all) func areMergedByDayAndAccount(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        #expect(try store.position(gateway: "g") == nil)
        try add(store, [(1, "a", counting(1)), (2, "a", counting(2)), (1, "a", counting(4))])
        try add(store, [(1, "a", counting(8)), (1, "b", counting(16))], offset: 2)
        let rows = try store.profiles(changedAfter: 0, limit: 9)
        #expect(
            rows.map { "\($0.day) \($0.account) \(count($0.bytes))" } == [
                "2 a 2", "1 a 13", "1 b 16",
            ])
        #expect(
            try store.position(gateway: "g") == LogPosition(segment: "s", offset: 2))
        #expect(try store.position(gateway: "h") == nil)
        try store.deleteProfiles(before: 2)
        #expect(try store.profiles(changedAfter: 0, limit: 9) == [rows[0]])
    }

    /// `String` takes the two forms of é for equal; a database does not, and neither may a batch.
    @Test(arguments: Backend.all) func accountsAreToldApartByTheirBytes(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        let names = [
            "caf\u{E9}", "cafe\u{301}", "CAF\u{C9}", "", " ", "\u{FB01}", "fi", "\u{1F600}",
            "\u{FFFD}",
        ]
        for _ in 0..<2 { try add(store, names.map { (1, $0, counting(1)) }) }
        #expect(try counts(store).values.allSatisfy { $0 == 2 })
        #expect(try counts(store).count == names.count)
    }

    @Test(arguments: Backend.all) func mergeOrderIsThatOfTheBatch(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        for part in ["ab", "cd"] {
            try store.addProfiles(
                part.map { (1, "a", Array("\($0)".utf8)) }, gateway: "g",
                position: LogPosition(segment: "s", offset: 0), counters: [],
                merge: { $0 + $1 })
        }
        #expect(try store.profiles(changedAfter: 0, limit: 1)[0].bytes == Array("abcd".utf8))
    }

    @Test(arguments: Backend.all) func failedMergeChangesNothing(backend: Backend) throws {
        struct Damaged: Error {}
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        try add(store, (0..<300).map { (1, "a\($0)", counting(1)) }, counters: [])
        let before = try store.profiles(changedAfter: 0, limit: .max)
        var calls = 0
        let error = #expect(throws: StoreError.self) {
            try store.addProfiles(
                (0..<300).map { (1, "a\($0)", counting(1)) } + [(1, "new", counting(1))],
                gateway: "g", position: LogPosition(segment: "s", offset: 2),
                counters: [CounterRow(key: "c", level: 1, updated: 1)]
            ) { stored, new in
                // In the second statement's rows.
                calls += 1
                if calls == 290 { throw Damaged() }
                return adding(stored, new)
            }
        }
        #expect(error == .merge(day: 1, reason: "Damaged()"))
        #expect(try store.profiles(changedAfter: 0, limit: .max) == before)
        #expect(try store.position(gateway: "g")?.offset == 1)
        #expect(try store.counters(gateway: "g").isEmpty)
    }

    /// What a batch costs does not grow with the table.
    @Test func sqliteLooksProfilesUp() throws {
        let place = try Place(.sqlite)
        defer { place.remove() }
        let values = (0..<rowsPerStatement).flatMap { [SQLValue.integer(Int64($0)), .text("a")] }
        let plan = try place.store().database.read { session throws(StoreError) in
            var steps: [String] = []
            for var row in try session.execute(
                "EXPLAIN QUERY PLAN SELECT bytes FROM profiles "
                    + Store.selection(of: rowsPerStatement), values)
            {
                for _ in 0..<3 { _ = try row.integer() }
                steps.append(try row.text())
            }
            return steps
        }
        #expect(plan.contains { $0.hasPrefix("SEARCH profiles") }, "\(plan)")
        #expect(!plan.contains { $0.hasPrefix("SCAN profiles") }, "\(plan)")
    }

    @Test(arguments: Backend.all) func countersAreReplaced(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        let first = (0..<600).map { CounterRow(key: "\(1000 + $0)", level: Int64($0), updated: 1) }
        try add(store, [], counters: first)
        try add(store, [], gateway: "h", counters: [first[5]])
        #expect(try store.counters(gateway: "g") == first)
        var second = Array(first[300...])
        second[7].level = -1
        second.append(CounterRow(key: "9999", level: .max, updated: .min))
        try add(store, [], offset: 2, counters: second)
        #expect(try store.counters(gateway: "g") == second)
        #expect(try store.counters(gateway: "h") == [first[5]])
        try add(store, [], offset: 3)
        #expect(try store.counters(gateway: "g").isEmpty)
    }

    /// Gateways that add to the same new and old accounts at once lose and double nothing, and end.
    @Test(arguments: Backend.all, [7, 8] as [UInt64]) func concurrentGatewaysAddUp(
        backend: Backend, seed: UInt64
    ) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let shared = try place.store()
        let total = Mutex<[String: Int64]>([:])
        let (gateways, rounds) = (4, 12)
        try together(gateways) { [url = place.url] number in
            // Two of them share a store, as threads of one program do.
            let store = number < 2 ? shared : try Store(url: url)
            var random = SplitMix(seed &* 1000 &+ UInt64(number))
            for round in 1...rounds {
                // Nearly all accounts, in any order, some twice, over more than one statement.
                let batch = (0..<400).map { _ in
                    (
                        day: Int.random(in: 0..<2, using: &random),
                        account: "account \(Int.random(in: 0..<(round * 40), using: &random))",
                        bytes: counting(Int64.random(in: 1...9, using: &random))
                    )
                }
                try store.addProfiles(
                    batch, gateway: "\(number)",
                    position: LogPosition(segment: "s", offset: Int64(round)), counters: [],
                    merge: adding)
                total.withLock { total in
                    for element in batch {
                        total["\(element.day) \(Array(element.account.utf8))", default: 0] += count(
                            element.bytes)
                    }
                }
                // A change of another topic goes between.
                if number == 3 { try store.deleteProfiles(before: -round) }
            }
        }
        #expect(try counts(shared) == total.withLock(\.self), "seed \(seed)")
        for number in 0..<gateways {
            #expect(try shared.position(gateway: "\(number)")?.offset == Int64(rounds))
        }
        let revisions = try shared.profiles(changedAfter: 0, limit: .max).map(\.revision)
        #expect(Set(revisions).count == revisions.count)
        #expect(!revisions.contains(0))
    }
}
