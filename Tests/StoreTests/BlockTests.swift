import Testing

@testable import Store

@Suite struct BlockTests {
    /// A judgement with one campaign.
    private func judge(_ store: Store, _ id: String, _ accounts: [String], at time: Int64) throws {
        try store.putJudgement(
            verdicts: accounts.map {
                VerdictRow(
                    account: $0, verdict: "distillation", score: 1, pValue: 0, qValue: 0,
                    campaign: id)
            },
            campaigns: [
                CampaignRow(
                    id: id, verdict: "distillation", members: accounts.count, exchanges: 1,
                    qValue: 0)
            ], at: time)
    }

    private func blocked(_ store: Store, after revision: Int64 = 0) throws -> [String: Bool] {
        Dictionary(
            uniqueKeysWithValues: try store.blockedAccounts(changedAfter: revision).map {
                ("\($0.campaign) \($0.account)", $0.active)
            })
    }

    @Test(arguments: Backend.all) func membersStayWhenTheCampaignIsRenamed(
        backend: Backend
    ) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        try judge(store, "C-1", ["a", "b"], at: 1)
        let before = try store.revisions()
        #expect(
            try store.block(campaign: "C-1", by: "o", reason: "r", at: 10, expires: 99) == 2)
        let revisions = try store.revisions()
        #expect(revisions[.blocks]! > before[.campaigns]!)
        let blocks = try store.blocks(changedAfter: 0)
        #expect(
            blocks == [
                BlockRow(
                    campaign: "C-1", by: "o", reason: "r", at: 10, expires: 99, lifted: nil,
                    revision: blocks[0].revision)
            ])
        try judge(store, "C-2", ["a", "c"], at: 20)
        #expect(try blocked(store) == ["C-1 a": true, "C-1 b": true])
        #expect(try store.blockedAccounts(changedAfter: 0).allSatisfy { $0.expires == 99 })
        #expect(try blocked(store, after: revisions[.blocks]!).isEmpty)

        #expect(try store.unblock(campaign: "C-1", by: "p", reason: "s", at: 30) == 2)
        #expect(
            try blocked(store, after: revisions[.blocks]!) == ["C-1 a": false, "C-1 b": false])
        #expect(try store.blocks(changedAfter: revisions[.blocks]!).map(\.lifted) == [30])
        #expect(try store.unblock(campaign: "C-1", by: "p", reason: "s", at: 40) == 0)
        #expect(
            try store.audit(after: 0, limit: 9).map {
                "\($0.kind) \($0.actor) \($0.subject) \($0.detail)"
            }
                == [
                    #"campaign.block o C-1 {"expires":99,"members":2,"reason":"r"}"#,
                    #"campaign.unblock p C-1 {"members":2,"reason":"s"}"#,
                ])
    }

    @Test(arguments: Backend.all) func blockingAgainAddsNewMembers(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        try judge(store, "C-1", ["a", "b"], at: 1)
        try store.block(campaign: "C-1", by: "o", reason: "r", at: 10, expires: 50)
        try judge(store, "C-1", ["b", "c"], at: 20)
        let seen = try store.revisions()[.blocks]!
        #expect(try store.block(campaign: "C-1", by: "o", reason: "r", at: 30, expires: 60) == 3)
        // All of them are told, for the end moved for all.
        #expect(try blocked(store, after: seen) == ["C-1 a": true, "C-1 b": true, "C-1 c": true])
        // The block has ended by itself: a new one is of its own moment's members.
        #expect(try store.block(campaign: "C-1", by: "o", reason: "r", at: 60) == 2)
        #expect(try blocked(store) == ["C-1 a": false, "C-1 b": true, "C-1 c": true])
        try store.unblock(campaign: "C-1", by: "o", reason: "r", at: 70)
        try judge(store, "C-1", ["d"], at: 80)
        #expect(try store.block(campaign: "C-1", by: "o", reason: "r", at: 90) == 1)
        #expect(
            try blocked(store)
                == ["C-1 a": false, "C-1 b": false, "C-1 c": false, "C-1 d": true])
    }

    @Test(arguments: Backend.all) func nothingToBlockIsAnError(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        #expect(throws: StoreError.unknown(what: "campaign", id: "C-1")) {
            try store.block(campaign: "C-1", by: "o", reason: "r", at: 1)
        }
        try judge(store, "C-1", ["a"], at: 1)
        #expect(throws: StoreError.unknown(what: "blocked campaign", id: "C-1")) {
            try store.unblock(campaign: "C-1", by: "o", reason: "r", at: 1)
        }
        try judge(store, "C-2", ["a"], at: 2)
        #expect(throws: StoreError.self) {
            try store.block(campaign: "C-1", by: "o", reason: "r", at: 3)
        }
        #expect(try store.blocks(changedAfter: 0).isEmpty)
        #expect(try store.audit(after: 0, limit: 9).isEmpty)
    }
}
