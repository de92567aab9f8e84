import Foundation
import Testing

@testable import Store

@Suite struct StoreTests {
    @Test(
        .enabled(
            if: Backend.hasServer,
            "STILLWATCH_TEST_POSTGRES is not set: every PostgreSQL case is left out"))
    func postgresqlAnswers() throws {
        let place = try Place(.postgresql)
        defer { place.remove() }
        try place.store().ping()
    }

    @Test(arguments: Backend.all) func newStoreIsEmptyAndKeepsNothingOpenlyReadable(
        backend: Backend
    ) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        try store.ping()
        #expect(
            try store.revisions()
                == Dictionary(uniqueKeysWithValues: Topic.allCases.map { ($0, 0) }))
        #expect(try store.keys(changedAfter: 0).isEmpty)
        #expect(try store.campaigns().isEmpty)
        #expect(try store.verifyAudit() == nil)
        guard backend == .sqlite else { return }
        for suffix in ["", "-wal", "-shm"] {
            let mode = try FileManager.default.attributesOfItem(atPath: place.file + suffix)
            #expect(mode[.posixPermissions] as? Int == 0o600, "\(suffix)")
        }
    }

    @Test func fileThatOthersCanReadIsClosedToThem() throws {
        let place = try Place(.sqlite)
        defer { place.remove() }
        _ = try place.store()
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: place.file)
        _ = try place.store()
        let mode = try FileManager.default.attributesOfItem(atPath: place.file)
        #expect(mode[.posixPermissions] as? Int == 0o600)
    }

    /// FULL is 2: each commit is on the disk before it returns. GRDB's own setting is NORMAL.
    @Test func sqliteWaitsForTheDiskAndChecksReferences() throws {
        let place = try Place(.sqlite)
        defer { place.remove() }
        let store = try place.store()
        try store.database.transaction { session throws(StoreError) in
            var synchronous = try session.execute("PRAGMA synchronous")
            #expect(try synchronous[0].integer() == 2)
            var mode = try session.execute("PRAGMA journal_mode")
            #expect(try mode[0].text() == "wal")
            var references = try session.execute("PRAGMA foreign_keys")
            #expect(try references[0].integer() == 1)
        }
    }

    @Test(arguments: Backend.all) func rowsOutliveTheStore(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        try place.store().put(AccountRow(id: "a", plan: "free"), actor: "o", at: 1)
        #expect(try place.store().account(id: "a")?.plan == "free")
    }

    @Test(arguments: Backend.all) func throwingBodyLeavesNothing(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        struct Stop: Error {}
        #expect(throws: StoreError.exists(what: "test", id: "x")) {
            try store.change { change throws(StoreError) in
                try change.session.put(
                    AccountRow(id: "a", revision: try change.next(.accounts)))
                throw .exists(what: "test", id: "x")
            }
        }
        #expect(try store.account(id: "a") == nil)
        #expect(try store.revisions()[.accounts] == 0)
        try store.put(AccountRow(id: "a"), actor: "o", at: 1)
        #expect(try store.account(id: "a")?.revision == 1)
    }

    @Test(arguments: Backend.all) func refusedStatementIsAnErrorWithoutValues(
        backend: Backend
    ) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        try store.append(kind: "k", actor: "a", subject: "s", detail: "{}", at: 1)
        let error = #expect(throws: StoreError.self) {
            try store.tamper(
                """
                INSERT INTO audit (number, at, kind, actor, subject, detail, previous, digest)
                VALUES (1, 1, $1, 'a', 's', '{}', $2, $2)
                """, [.text("a secret word"), .bytes([1])])
        }
        guard case .failed(_, let code, let reason) = try #require(error) else {
            Issue.record("\(error!)")
            return
        }
        #expect(code == (backend == .sqlite ? "SQLite 1555" : "23505"))
        #expect(!reason.contains("secret"))
        // The connection works on.
        #expect(try store.audit(after: 0, limit: 10).count == 1)
    }
}
