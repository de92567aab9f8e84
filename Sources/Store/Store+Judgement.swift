extension Store {
    /// Puts a new judgement in the place of the last one, in one transaction.
    ///
    /// Only rows that differ are written, so the revisions of the others stay. An account that the new judgement does
    /// not name gets `no_finding`; a campaign that it does not name has ended.
    /// - Parameters:
    ///   - verdicts: at most one for each account; their `since` and `revision` are the store's.
    ///   - campaigns: each once; their `since`, `ended` and `revision` are the store's.
    /// - Returns: how many rows of each were written.
    @discardableResult
    public func putJudgement(
        verdicts: [VerdictRow], campaigns: [CampaignRow], at time: Int64
    ) throws(StoreError) -> (verdicts: Int, campaigns: Int) {
        for verdict in verdicts {
            guard [verdict.score, verdict.pValue, verdict.qValue].allSatisfy({ !$0.isNaN }) else {
                throw .unusable(field: "a verdict's score or p-value", reason: "it is no number")
            }
        }
        guard campaigns.allSatisfy({ !$0.qValue.isNaN }) else {
            throw .unusable(field: "a campaign's q-value", reason: "it is no number")
        }
        // Reads without the counter, which others wait for, until it is known what changes.
        return try change(serialized: false) { change throws(StoreError) in
            try change.session.hold(.judgement)
            var changedVerdicts = Self.changed(
                verdicts, stored: try change.session.fetch(VerdictRow.self, ""), at: time)
            var changedCampaigns = Self.changed(
                campaigns, stored: try change.session.fetch(CampaignRow.self, ""), at: time)
            for place in changedVerdicts.indices {
                changedVerdicts[place].revision = try change.next(.verdicts)
            }
            for place in changedCampaigns.indices {
                changedCampaigns[place].revision = try change.next(.campaigns)
            }
            try change.session.put(changedVerdicts)
            try change.session.put(changedCampaigns)
            return (changedVerdicts.count, changedCampaigns.count)
        }
    }

    /// The verdicts to write, by account.
    private static func changed(
        _ verdicts: [VerdictRow], stored: [VerdictRow], at time: Int64
    ) -> [VerdictRow] {
        var old: [[UInt8]: VerdictRow] = [:]
        for row in stored { old[Array(row.account.utf8)] = row }
        var changed: [VerdictRow] = []
        var named: Set<[UInt8]> = []
        for var new in verdicts {
            let account = Array(new.account.utf8)
            guard named.insert(account).inserted else { continue }
            let previous = old.removeValue(forKey: account)
            new.since =
                previous.flatMap { $0.verdict == new.verdict ? $0.since : nil } ?? time
            new.firstFlagged = [previous?.firstFlagged, new.firstFlagged].compactMap(\.self).min()
            new.revision = previous?.revision ?? 0
            if new != previous { changed.append(new) }
        }
        for row in old.values where row.verdict != VerdictRow.noFinding {
            changed.append(
                VerdictRow(
                    account: row.account, verdict: VerdictRow.noFinding, score: 0, pValue: 1,
                    qValue: 1, firstFlagged: row.firstFlagged, since: time))
        }
        return changed
    }

    /// The campaigns to write.
    private static func changed(
        _ campaigns: [CampaignRow], stored: [CampaignRow], at time: Int64
    ) -> [CampaignRow] {
        var old: [[UInt8]: CampaignRow] = [:]
        for row in stored { old[Array(row.id.utf8)] = row }
        var changed: [CampaignRow] = []
        var named: Set<[UInt8]> = []
        for var new in campaigns {
            let id = Array(new.id.utf8)
            guard named.insert(id).inserted else { continue }
            let previous = old.removeValue(forKey: id)
            new.since = previous.flatMap { $0.ended == nil ? $0.since : nil } ?? time
            new.ended = nil
            new.revision = previous?.revision ?? 0
            if new != previous { changed.append(new) }
        }
        for var row in old.values where row.ended == nil {
            row.ended = time
            changed.append(row)
        }
        return changed
    }

    /// A page of the verdicts that were changed after a revision, in the order of their revisions.
    ///
    /// The next page is after the last row's revision.
    public func verdicts(
        changedAfter revision: Int64, limit: Int
    ) throws(StoreError) -> [VerdictRow] {
        try database.read { session throws(StoreError) in
            try session.fetch(VerdictRow.self, changedAfter: revision, limit: limit)
        }
    }

    /// The verdict on an account, or `nil` when no judgement has named it.
    public func verdict(account: String) throws(StoreError) -> VerdictRow? {
        try database.read { session throws(StoreError) in
            try session.fetch(VerdictRow.self, id: account)
        }
    }

    /// All campaigns, those that ended too, in the order of their first judgement.
    public func campaigns() throws(StoreError) -> [CampaignRow] {
        try database.read { session throws(StoreError) in
            try session.fetch(CampaignRow.self, "ORDER BY since, id")
        }
    }

    /// A campaign, or `nil` when no judgement has named it.
    public func campaign(id: String) throws(StoreError) -> CampaignRow? {
        try database.read { session throws(StoreError) in
            try session.fetch(CampaignRow.self, id: id)
        }
    }

    /// The accounts that the last judgement counts to a campaign, in the order of their names' bytes.
    public func members(of campaign: String) throws(StoreError) -> [String] {
        try database.read { session throws(StoreError) in
            try session.members(of: campaign)
        }
    }
}

extension SQLSession {
    func members(of campaign: String) throws(StoreError) -> [String] {
        var accounts: [String] = []
        for var row in try execute(
            "SELECT account FROM verdicts WHERE campaign = $1 ORDER BY account", [.text(campaign)])
        {
            accounts.append(try row.text())
        }
        return accounts
    }
}
