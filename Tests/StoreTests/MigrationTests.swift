import Synchronization
import Testing

@testable import Store

@Suite struct MigrationTests {
    private func database(_ place: Place) throws -> any SQLDatabase { try place.store().database }

    @Test(arguments: Backend.all) func newerDatabaseIsRefused(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        let known = Int64(Migration.all.count)
        try store.tamper("INSERT INTO stillwatch_migrations (number) VALUES (\(known + 1))")
        #expect(
            throws: StoreError.newer(database: store.name, version: known + 1, known: known)
        ) { try place.store() }
    }

    @Test(arguments: Backend.all) func stepIsTakenOnceAndKeepsRows(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        try store.put(AccountRow(id: "a"), actor: "o", at: 1)
        let next = Migration(
            number: Int64(Migration.all.count + 1),
            statements: [
                "ALTER TABLE accounts ADD COLUMN colour TEXT",
                "UPDATE accounts SET colour = 'red'",
            ])
        for _ in 0..<2 { try Migration.bring(store.database, through: Migration.all + [next]) }
        #expect(
            try store.integer("SELECT count(*) FROM accounts WHERE colour = 'red'") == 1)
        #expect(try store.integer("SELECT max(number) FROM stillwatch_migrations") == next.number)
    }

    @Test(arguments: Backend.all) func failedStepLeavesNothing(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        let number = Int64(Migration.all.count + 1)
        let bad = Migration(
            number: number,
            statements: ["CREATE TABLE half (id TEXT) STRICT", "CREATE NONSENSE"])
        #expect(throws: StoreError.self) {
            try Migration.bring(store.database, through: Migration.all + [bad])
        }
        let good = Migration(
            number: number, statements: ["CREATE TABLE half (id TEXT) STRICT"])
        try Migration.bring(store.database, through: Migration.all + [good])
        #expect(try store.integer("SELECT count(*) FROM half") == 0)
    }

    @Test(arguments: Backend.all) func manyOpenANewDatabaseAtOnce(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        try together(6) { [url = place.url] number in
            let store = try Store(url: url)
            try store.put(AccountRow(id: "\(number)"), actor: "o", at: 1)
        }
        #expect(try place.store().accounts(changedAfter: 0, limit: 99).count == 6)
    }

    @Test func numbersCountFromOne() {
        #expect(Migration.all.map(\.number) == (1...Int64(Migration.all.count)).map(\.self))
    }
}
