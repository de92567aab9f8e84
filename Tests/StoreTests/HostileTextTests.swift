import Testing

@testable import Store

/// Texts that would be something else in a statement, a pattern, a list or a C string.
@Suite struct HostileTextTests {
    static let texts = [
        "'; DROP TABLE keys; --", "' OR '1'='1", "\"; DELETE FROM accounts; --", "$1", "?1", ":a",
        "\\", "\\'", "%", "_", "{\"a\":[}", "E'\\x41'", "\\x00", "NULL", "", " ", "\n\r\t",
        "\u{7F}\u{1}", "\u{202E}", "e\u{301}", "\u{1F468}\u{200D}\u{1F469}", "$$; SELECT 1; $$",
        "/*", "-- ", String(repeating: "long'", count: 5000),
    ]

    @Test(arguments: Backend.all) func comesBackAsItWasInEveryField(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        for (number, text) in Self.texts.enumerated() {
            let key = KeyRow(
                id: text, digest: digest(number), account: text, name: text, created: 1,
                replacedBy: text)
            try store.insert(key, actor: text)
            #expect(same(try store.key(id: text), key, \.revision))
            #expect(try store.keys(account: text).count == 1)
            try store.revoke(id: text, at: 1, actor: text)

            let account = AccountRow(
                id: text, organization: text, plan: text, country: text, nationality: text,
                contract: text, emailDomain: text, paymentFingerprint: text, signupPath: text)
            try store.put(account, actor: text, at: 1)
            #expect(same(try store.account(id: text), account, \.revision))

            try store.addProfiles(
                [(number, text, counting(1))], gateway: text,
                position: LogPosition(segment: text, offset: 1),
                counters: [CounterRow(key: text, level: 1, updated: 1)], merge: adding)
            #expect(try store.position(gateway: text)?.segment == text)
            #expect(try store.counters(gateway: text).map(\.key) == [text])

            let verdict = VerdictRow(
                account: text, verdict: text, score: 0, pValue: 0, qValue: 0, campaign: text,
                indicators: text, since: 1)
            let campaign = CampaignRow(
                id: text, verdict: text, members: 1, exchanges: 1, qValue: 0, detail: text,
                since: 1)
            try store.putJudgement(verdicts: [verdict], campaigns: [campaign], at: 1)
            #expect(same(try store.verdict(account: text), verdict, \.revision))
            #expect(same(try store.campaign(id: text), campaign, \.revision))
            #expect(try store.block(campaign: text, by: text, reason: text, at: 1) == 1)
            let block = try store.blocks(changedAfter: 0).last
            #expect(block?.campaign == text && block?.by == text && block?.reason == text)
            #expect(try store.blockedAccounts(changedAfter: 0).last?.account == text)
            try store.unblock(campaign: text, by: text, reason: text, at: 2)

            var approval = ApprovalRow(
                id: text, rule: text, stage: 0, scope: text, subject: text, action: text,
                requested: 1)
            try store.request(approval, actor: text)
            try store.decide(id: text, decision: .approved, by: text, note: text, at: 2)
            (approval.decided, approval.decision) = (2, "approved")
            (approval.by, approval.note) = (text, text)
            #expect(same(try store.approval(id: text), approval, \.revision))

            let row = SwitchRow(
                id: text, countries: [text, text], nationalities: [text], on: true, by: text,
                reason: text, at: 1)
            let revision = try store.put(row)
            #expect(same(try store.switches(changedAfter: 0).last, row, \.revision))
            try store.acknowledge(switch: text, revision: revision, gateway: text, at: 1)
            #expect(try store.proofs(switch: text).map(\.gateway) == [text])

            let gateway = GatewayRow(id: text, started: 1, seen: 1, version: text, address: text)
            try store.heartbeat(gateway)
            #expect(try store.gateways().contains(gateway))
            #expect(try store.lease(name: text, holder: text, seconds: 1, now: 0))
            try store.append(kind: text, actor: text, subject: text, detail: text, at: 1)
        }
        let count = Self.texts.count
        #expect(try store.keys(changedAfter: 0).count == count)
        #expect(try store.accounts(changedAfter: 0, limit: .max).count == count)
        #expect(try store.profiles(changedAfter: 0, limit: .max).map(\.account) == Self.texts)
        #expect(try store.gateways().count == count)
        #expect(try store.verifyAudit() == nil)
    }

    /// Whether two rows are equal but for what the store gives.
    private func same<Row: Equatable>(
        _ stored: Row?, _ row: Row, _ revision: WritableKeyPath<Row, Int64>
    ) -> Bool {
        guard var stored else { return false }
        stored[keyPath: revision] = row[keyPath: revision]
        return stored == row
    }

    /// A C string would end at it, and another row would be meant.
    @Test(arguments: Backend.all) func zeroByteIsRefused(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        try store.put(AccountRow(id: "a"), actor: "o", at: 1)
        let error = #expect(throws: StoreError.self) {
            try store.put(AccountRow(id: "a\0b"), actor: "o", at: 1)
        }
        #expect(error?.label == "unusable")
        #expect(throws: StoreError.self) { try store.account(id: "a\0b") }
        #expect(try store.accounts(changedAfter: 0, limit: 9).count == 1)
    }
}
