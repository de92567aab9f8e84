import Testing

@testable import Store

@Suite struct JudgementTests {
    private func verdict(
        _ account: String, _ verdict: String = "distillation", campaign: String? = "C-1",
        flagged: Int64? = 5
    ) -> VerdictRow {
        VerdictRow(
            account: account, verdict: verdict, score: 0.1 + 0.2, pValue: 1e-300, qValue: 0.5,
            campaign: campaign, indicators: #"[{"a":1}]"#, firstFlagged: flagged)
    }

    private func campaign(_ id: String, members: Int = 2) -> CampaignRow {
        CampaignRow(
            id: id, verdict: "distillation", members: members, exchanges: .max, qValue: 1e-9,
            detail: #"{"b":2}"#)
    }

    @Test(arguments: Backend.all) func comesBackAsItWas(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        let written = try store.putJudgement(
            verdicts: [verdict("b"), verdict("a", campaign: nil, flagged: nil)],
            campaigns: [campaign("C-1")], at: 100)
        #expect(written == (2, 1))
        var first = verdict("b")
        (first.since, first.revision) = (100, 1)
        #expect(try store.verdict(account: "b") == first)
        var second = verdict("a", campaign: nil, flagged: nil)
        (second.since, second.revision) = (100, 2)
        #expect(try store.verdicts(changedAfter: 0, limit: 9) == [first, second])
        #expect(try store.verdicts(changedAfter: 0, limit: 1) == [first])
        var group = campaign("C-1")
        (group.since, group.revision) = (100, 3)
        #expect(try store.campaigns() == [group])
        #expect(try store.campaign(id: "C-1") == group)
        #expect(try store.campaign(id: "C-2") == nil)
        #expect(try store.members(of: "C-1") == ["b"])
        #expect(try store.verdict(account: "c") == nil)
    }

    @Test(arguments: Backend.all) func writesOnlyWhatChanged(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        let verdicts = (0..<600).map { verdict("account \($0)") }
        try store.putJudgement(verdicts: verdicts, campaigns: [campaign("C-1")], at: 100)
        let before = try store.revisions()
        #expect(
            try store.putJudgement(verdicts: verdicts, campaigns: [campaign("C-1")], at: 200)
                == (0, 0))
        #expect(try store.revisions() == before)
        var changed = verdicts
        changed[7].score = 0.9
        changed[8].verdict = "suspicious"
        #expect(
            try store.putJudgement(verdicts: changed, campaigns: [campaign("C-1")], at: 300)
                == (2, 0))
        let rows = try store.verdicts(changedAfter: before[.verdicts]!, limit: 9)
        // `since` moves with the verdict's value and with nothing else.
        #expect(rows.map(\.account) == ["account 7", "account 8"])
        #expect(rows.map(\.since) == [100, 300])
        #expect(
            try store.putJudgement(
                verdicts: changed, campaigns: [campaign("C-1", members: 3)], at: 400) == (0, 1))
        #expect(try store.campaign(id: "C-1")?.since == 100)
    }

    @Test(arguments: Backend.all) func whatIsNotNamedEnds(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        try store.putJudgement(
            verdicts: [
                verdict("a"), verdict("b"), verdict("c", VerdictRow.noFinding, campaign: nil),
            ],
            campaigns: [campaign("C-1"), campaign("C-2")], at: 100)
        #expect(
            try store.putJudgement(verdicts: [verdict("a")], campaigns: [campaign("C-1")], at: 200)
                == (1, 1))
        var cleared = VerdictRow(
            account: "b", verdict: "no_finding", score: 0, pValue: 1, qValue: 1, campaign: nil,
            indicators: "[]", firstFlagged: 5, since: 200)
        cleared.revision = 6
        #expect(try store.verdict(account: "b") == cleared)
        #expect(try store.verdict(account: "c")?.since == 100)
        #expect(try store.campaign(id: "C-2")?.ended == 200)
        #expect(try store.members(of: "C-1") == ["a"])
        // Ended once.
        #expect(
            try store.putJudgement(verdicts: [verdict("a")], campaigns: [campaign("C-1")], at: 300)
                == (0, 0))
        // Back again: a new beginning, but the first flag stays the earliest.
        try store.putJudgement(
            verdicts: [verdict("a"), verdict("b", flagged: 9)],
            campaigns: [campaign("C-1"), campaign("C-2")], at: 400)
        #expect(try store.campaign(id: "C-2")?.ended == nil)
        #expect(try store.campaign(id: "C-2")?.since == 400)
        #expect(try store.verdict(account: "b")?.since == 400)
        #expect(try store.verdict(account: "b")?.firstFlagged == 5)
        try store.putJudgement(verdicts: [], campaigns: [], at: 500)
        #expect(try store.campaigns().allSatisfy { $0.ended == 500 })
        #expect(
            try store.verdicts(changedAfter: 0, limit: 9).allSatisfy { $0.verdict == "no_finding" })
    }

    @Test(arguments: Backend.all) func numberThatIsNoneIsRefused(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        var bad = verdict("a")
        bad.score = .nan
        #expect(throws: StoreError.self) {
            try store.putJudgement(verdicts: [bad], campaigns: [], at: 1)
        }
        var group = campaign("C-1")
        group.qValue = .nan
        #expect(throws: StoreError.self) {
            try store.putJudgement(verdicts: [], campaigns: [group], at: 1)
        }
        #expect(try store.revisions()[.verdicts] == 0)
    }

    /// Two programs that both believe they judge: the last one's judgement stands as a whole.
    @Test(arguments: Backend.all) func judgementsDoNotMix(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        _ = try place.store()
        try together(4) { [url = place.url] number in
            let store = try Store(url: url)
            for round in 0..<5 {
                try store.putJudgement(
                    // Every program has accounts of its own: those of the others have no finding then.
                    verdicts: (0..<50).map { verdict("\(number) \($0)", campaign: "C-\(number)") },
                    campaigns: [campaign("C-\(number)")], at: Int64(round))
            }
        }
        let verdicts = try place.store().verdicts(changedAfter: 0, limit: 999)
            .filter { $0.verdict != VerdictRow.noFinding }
        #expect(verdicts.count == 50)
        #expect(Set(verdicts.map(\.campaign)).count == 1)
        let standing = try place.store().campaigns().filter { $0.ended == nil }
        #expect(standing.map(\.id) == [verdicts[0].campaign])
    }
}
