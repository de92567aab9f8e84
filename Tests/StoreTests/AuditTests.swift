import Testing

@testable import Store

@Suite struct AuditTests {
    private func fill(_ store: Store, _ count: Int = 5) throws {
        let entries = (1...count).map {
            AuditEntry(
                kind: "kind \($0)", actor: "actor", subject: "subject", detail: "{}",
                at: Int64($0))
        }
        #expect(try store.append(entries) == Int64(count))
    }

    /// Computed by Python's hashlib from the documented encoding.
    @Test func digestIsThatOfTheDocumentedEncoding() {
        let row = AuditRow(
            number: 1, at: 1_700_000_000_000_000, kind: "campaign.block", actor: "olga",
            subject: "C-1", detail: #"{"reason":"caf\u00e9"}"#,
            previous: [UInt8](repeating: 0, count: 32), digest: [])
        #expect(
            row.computedDigest == [
                0x98, 0x69, 0x2E, 0x03, 0x61, 0xF6, 0x11, 0xD5, 0xB7, 0xE0, 0x3D, 0xE2,
                0xC6, 0x44, 0x7C, 0x26, 0xE8, 0x5F, 0xAE, 0xEB, 0x57, 0x6B, 0x5B, 0x9D,
                0x28, 0xCA, 0x49, 0x6E, 0x0F, 0x38, 0x02, 0x7E,
            ])
    }

    @Test(arguments: Backend.all) func chainHoldsOverPages(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        #expect(try store.auditHead() == nil)
        #expect(try store.append([]) == 0)
        try fill(store, 2100)
        #expect(try store.append(kind: "k", actor: "a", subject: "s", detail: "{}", at: 9) == 2101)
        let rows = try store.audit(after: 2099, limit: 9)
        #expect(rows.map(\.number) == [2100, 2101])
        #expect(rows[1].previous == rows[0].digest)
        #expect(try store.audit(after: 0, limit: 2).map(\.number) == [1, 2])
        #expect(try store.auditHead()?.digest == rows[1].digest)
        #expect(try store.verifyAudit() == nil)
    }

    @Test(
        arguments: Backend.all,
        [
            "at = 77", "kind = 'x'", "actor = 'x'", "subject = 'x'", "detail = '{\"x\":1}'",
            "kind = 'kind', actor = ' 3actor'",
        ])
    func changedFieldIsFound(backend: Backend, change: String) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        try fill(store)
        try store.tamper("UPDATE audit SET \(change) WHERE number = 3")
        #expect(try store.verifyAudit() == AuditFault(number: 3, reason: .digest))
    }

    @Test(arguments: Backend.all) func entryWithANewDigestBreaksTheChain(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        try fill(store)
        var row = try store.audit(after: 2, limit: 1)[0]
        row.actor = "somebody else"
        try store.tamper(
            "UPDATE audit SET actor = $1, digest = $2 WHERE number = 3",
            [.text(row.actor), .bytes(row.computedDigest)])
        #expect(try store.verifyAudit() == AuditFault(number: 4, reason: .chain))
    }

    @Test(arguments: Backend.all) func lastEntryWithANewDigestIsFound(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        try fill(store)
        var row = try store.audit(after: 4, limit: 1)[0]
        row.actor = "somebody else"
        try store.tamper(
            "UPDATE audit SET actor = $1, digest = $2 WHERE number = 5",
            [.text(row.actor), .bytes(row.computedDigest)])
        #expect(try store.verifyAudit() == AuditFault(number: 5, reason: .end))
    }

    @Test(arguments: Backend.all, [1, 3, 5] as [Int64]) func missingEntryIsFound(
        backend: Backend, number: Int64
    ) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        try fill(store)
        try store.tamper("DELETE FROM audit WHERE number = $1", [.integer(number)])
        #expect(try store.verifyAudit() == AuditFault(number: number, reason: .missing))
    }

    @Test(arguments: Backend.all) func emptiedAuditIsFound(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        try fill(store)
        try store.tamper("DELETE FROM audit")
        #expect(try store.verifyAudit() == AuditFault(number: 1, reason: .missing))
    }

    @Test(arguments: Backend.all) func swappedEntriesAreFound(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        try fill(store)
        for (from, to) in [(3, -1), (4, 3), (-1, 4)] {
            try store.tamper("UPDATE audit SET number = \(to) WHERE number = \(from)")
        }
        #expect(try store.verifyAudit() == AuditFault(number: 3, reason: .chain))
    }
}
