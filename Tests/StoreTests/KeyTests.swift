import Testing

@testable import Store

@Suite struct KeyTests {
    private func key(_ number: Int, account: String = "a") -> KeyRow {
        KeyRow(
            id: "key \(number)", digest: digest(number), account: account, name: "laptop",
            created: Int64(number), expires: 100)
    }

    @Test(arguments: Backend.all) func comesBackAsItWas(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        var full = KeyRow(
            id: "k", digest: Array(0..<32), account: "a", name: "n", created: .min,
            expires: .max, revoked: -1, replacedBy: "l")
        try store.insert(full, actor: "o")
        full.revision = 1
        #expect(try store.key(id: "k") == full)
        #expect(try store.key(id: "l") == nil)
        let empty = KeyRow(id: "", digest: digest(2), account: "", created: 0)
        try store.insert(empty, actor: "")
        #expect(try store.keys(account: "").map(\.id) == [""])
        #expect(try store.keys(changedAfter: 1).map(\.id) == [""])
        #expect(try store.keys(changedAfter: 0).map(\.id) == ["k", ""])
    }

    @Test(arguments: Backend.all) func isThereOnce(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        try store.insert(key(1), actor: "o")
        #expect(throws: StoreError.exists(what: "key", id: "key 1")) {
            try store.insert(key(1), actor: "o")
        }
        var other = key(2)
        other.digest = digest(1)
        #expect(throws: StoreError.exists(what: "key", id: "key 2")) {
            try store.insert(other, actor: "o")
        }
        other.digest = [1, 2, 3]
        #expect(throws: StoreError.self) { try store.insert(other, actor: "o") }
        #expect(try store.keys(changedAfter: 0).count == 1)
        #expect(try store.audit(after: 0, limit: 10).count == 1)
    }

    @Test(arguments: Backend.all) func isRevokedOnce(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        try store.insert(key(1), actor: "o")
        #expect(try !store.revoke(id: "key 2", at: 5, actor: "o"))
        #expect(try store.revoke(id: "key 1", at: 5, actor: "o"))
        let revoked = try store.key(id: "key 1")
        #expect(revoked?.revoked == 5)
        #expect(revoked?.revision == 2)
        #expect(try store.revoke(id: "key 1", at: 6, actor: "o"))
        #expect(try store.key(id: "key 1") == revoked)
        #expect(try store.audit(after: 0, limit: 10).map(\.kind) == ["key.create", "key.revoke"])
    }

    @Test(arguments: Backend.all) func rotates(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        try store.insert(key(1), actor: "o")
        try store.rotate("key 1", to: key(2), oldExpires: 50, actor: "o")
        let old = try store.key(id: "key 1")
        #expect(old?.replacedBy == "key 2")
        #expect(old?.expires == 50)
        #expect(try store.keys(changedAfter: 1).map(\.id) == ["key 2", "key 1"])
        #expect(throws: StoreError.self) {
            try store.rotate("key 1", to: key(3), oldExpires: 50, actor: "o")
        }
        #expect(throws: StoreError.unknown(what: "key", id: "key 9")) {
            try store.rotate("key 9", to: key(3), oldExpires: 50, actor: "o")
        }
        #expect(throws: StoreError.self) {
            try store.rotate("key 2", to: key(3, account: "b"), oldExpires: 50, actor: "o")
        }
        // An end that comes earlier stays.
        try store.rotate("key 2", to: key(3), oldExpires: 500, actor: "o")
        #expect(try store.key(id: "key 2")?.expires == 100)
        try store.revoke(id: "key 3", at: 9, actor: "o")
        #expect(throws: StoreError.self) {
            try store.rotate("key 3", to: key(4), oldExpires: 50, actor: "o")
        }
        #expect(try store.keys(account: "a").map(\.id) == ["key 1", "key 2", "key 3"])
    }

    /// A key whose successor is there already must not end.
    @Test(arguments: Backend.all) func failedRotationChangesNothing(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        try store.insert(key(1), actor: "o")
        try store.insert(key(2), actor: "o")
        let before = try store.keys(changedAfter: 0)
        #expect(throws: StoreError.exists(what: "key", id: "key 2")) {
            try store.rotate("key 1", to: key(2), oldExpires: 50, actor: "o")
        }
        #expect(try store.keys(changedAfter: 0) == before)
    }

    @Test(arguments: Backend.all) func auditHasNoDigest(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        var secret = key(1)
        secret.digest = Array("THIRTYTWO-BYTES-OF-A-DIGEST-HERE".utf8)
        try store.insert(secret, actor: "o")
        secret.id = "next"
        secret.digest = Array("thirtytwo-bytes-of-a-digest-here".utf8)
        try store.rotate("key 1", to: secret, oldExpires: 4, actor: "o")
        for row in try store.audit(after: 0, limit: 10) {
            let text = "\(row.kind) \(row.actor) \(row.subject) \(row.detail)".lowercased()
            #expect(!text.contains("thirtytwo") && !text.contains("digest"))
            #expect(!text.contains("dghpcnr5dhdv"), "base64")
        }
    }

    @Test(arguments: Backend.all) func accountIsReplaced(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        var account = AccountRow(
            id: "a", organization: "b", plan: "c", country: "d", nationality: "e", contract: "f",
            created: 7, emailDomain: "g", paymentFingerprint: "h", signupPath: "i", trusted: true)
        try store.put(account, actor: "o", at: 1)
        account.revision = 1
        #expect(try store.account(id: "a") == account)
        try store.put(AccountRow(id: "b"), actor: "o", at: 1)
        account.trusted = false
        account.created = nil
        try store.put(account, actor: "o", at: 2)
        account.revision = 3
        #expect(try store.account(id: "a") == account)
        #expect(try store.accounts(changedAfter: 0, limit: 1).map(\.id) == ["b"])
        #expect(try store.accounts(changedAfter: 2, limit: 9) == [account])
        #expect(try store.account(id: "A") == nil)
    }
}
