import Synchronization
import Testing

@testable import Store

@Suite struct RevisionTests {
    /// Fails when a revision becomes visible after a higher one.
    @Test(arguments: Backend.all) func pollingReaderMissesNothing(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        _ = try place.store()
        let (writers, each) = (4, 40)
        let writing = Atomic(writers)
        let seen = Mutex<[KeyRow]>([])
        try together(writers + 1) { [url = place.url] number in
            let store = try Store(url: url)
            if number < writers {
                defer { writing.subtract(1, ordering: .sequentiallyConsistent) }
                for index in 0..<each {
                    let id = number * each + index
                    try store.insert(
                        KeyRow(
                            id: "\(id)", digest: digest(id), account: "a", created: Int64(id)),
                        actor: "\(number)")
                    // Other topics move the same counter.
                    if index % 3 == 0 {
                        try store.put(AccountRow(id: "\(number)"), actor: "o", at: 1)
                    }
                }
                return
            }
            var last: Int64 = 0
            while true {
                let isLastLook = writing.load(ordering: .sequentiallyConsistent) == 0
                let topic = try store.revisions()[.keys]!
                let rows = try store.keys(changedAfter: last)
                // What the cheap poll announces is there.
                #expect(max(rows.last?.revision ?? 0, last) >= topic)
                last = rows.last?.revision ?? last
                seen.withLock { $0 += rows }
                if isLastLook { return }
            }
        }
        let rows = seen.withLock(\.self)
        #expect(rows.count == writers * each)
        #expect(Set(rows.map(\.id)).count == writers * each)
        #expect(zip(rows, rows.dropFirst()).allSatisfy { $0.revision < $1.revision })
        #expect(try place.store().verifyAudit() == nil)
    }

    @Test(arguments: Backend.all) func pagesHaveEachRowOnce(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        // More than one statement's rows, all in one transaction.
        let batch = (0..<600).map {
            (day: $0 % 3, account: "account \($0 / 3)", bytes: counting(Int64($0)))
        }
        try store.addProfiles(
            batch, gateway: "g", position: LogPosition(segment: "s", offset: 1), counters: [],
            merge: adding)
        var pages: [ProfileRow] = []
        while true {
            let page = try store.profiles(changedAfter: pages.last?.revision ?? 0, limit: 7)
            if page.isEmpty { break }
            #expect(page.count <= 7)
            pages += page
        }
        #expect(pages.count == 600)
        #expect(Set(pages.map { "\($0.day) \($0.account)" }).count == 600)
        #expect(try store.revisions()[.profiles] == pages.last?.revision)
        #expect(try store.profiles(changedAfter: 0, limit: 0).isEmpty)
    }

    @Test(arguments: Backend.all) func changeMovesItsTopicAlone(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        try store.put(AccountRow(id: "a"), actor: "o", at: 1)
        let before = try store.revisions()
        try store.insert(KeyRow(id: "k", digest: digest(1), account: "a", created: 1), actor: "o")
        let after = try store.revisions()
        #expect(after[.keys]! > before[.accounts]!)
        #expect(after.filter { $0.key != .keys } == before.filter { $0.key != .keys })
    }
}
