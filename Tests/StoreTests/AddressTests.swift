import Testing

@testable import Store

@Suite struct AddressTests {
    @Test(arguments: [
        "", "store.db", "mysql://host/database", "sqlite:", "sqlite::memory:", "sqlite://host/file",
        "postgresql://host:notaport:5/database?x", "postgresql://user:pa@ss@host/database",
        "postgresql://user:pa/ss@host/database", "postgresql://user:pa?ss@host/database",
        "postgresql://user:pa#ss@host/database",
        "postgresql://user:pass@host/database?nonsense=pass",
    ])
    func unusableIsRefusedWithoutItsPassword(url: String) throws {
        let error = #expect(throws: StoreError.self) { try Store(url: url) }
        guard case .address = try #require(error) else {
            Issue.record("\(error!)")
            return
        }
        for part in ["pa@ss", "ss@host", "pass@", "=pass", "pa/ss", "pa?ss", "pa#ss"] {
            #expect(!error!.description.contains(part))
        }
    }

    @Test(arguments: [
        ("postgresql://me:secret@host:5433/d", "postgresql://me@host:5433/d"),
        ("postgres://me:p%40%2F%3F%23s@host/d", "postgresql://me@host/d"),
        ("postgresql://host/d?user=me&password=secret", "postgresql://me@host/d"),
        ("postgresql://me:secret@one:1,two:2/d?sslmode=require", "postgresql://me@one,two:1,2/d"),
        ("postgresql:///d?host=/run/postgresql", "postgresql:///run/postgresql/d"),
    ])
    func nameHasNoPassword(url: String, name: String) throws {
        #expect(try PostgreSQLAddress(url: url).name == name)
    }

    /// Port 1 of the loopback is nobody's.
    @Test func absentServerIsAnErrorWithoutThePassword() throws {
        let error = #expect(throws: StoreError.self) {
            try Store(url: "postgresql://me:secretword@127.0.0.1:1/d")
        }
        guard case .unreachable(let database, _) = try #require(error) else {
            Issue.record("\(error!)")
            return
        }
        #expect(database == "postgresql://me@127.0.0.1:1/d")
        #expect(!error!.description.contains("secretword"))
    }

    @Test func folderThatCannotBeMadeIsAnError() throws {
        let error = #expect(throws: StoreError.self) {
            try Store(url: "sqlite:/proc/nowhere/store.db")
        }
        guard case .cannotOpen = try #require(error) else {
            Issue.record("\(error!)")
            return
        }
    }

    @Test func fileThatIsNoDatabaseIsAnError() throws {
        let error = #expect(throws: StoreError.self) { try Store(url: "sqlite:\(#filePath)") }
        guard case .cannotOpen = try #require(error) else {
            Issue.record("\(error!)")
            return
        }
    }
}
