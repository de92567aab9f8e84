/// The block of a campaign.
public struct BlockRow: Sendable, Equatable {
    /// The campaign.
    public var campaign: String
    /// Who blocked it.
    public var by: String
    /// Why.
    public var reason: String
    /// When it was blocked.
    public var at: Int64
    /// When the block ends by itself.
    public var expires: Int64?
    /// When somebody ended the block.
    public var lifted: Int64?
    /// The change that wrote this row.
    public var revision: Int64
}

/// An account that was blocked with its campaign.
public struct BlockedAccount: Sendable, Equatable {
    /// The account.
    public var account: String
    /// The campaign it was blocked with.
    public var campaign: String
    /// Whether the block stands. It ends at `expires` without a change of this row.
    public var active: Bool
    /// When the block ends by itself.
    public var expires: Int64?
    /// The change that wrote this row.
    public var revision: Int64
}

extension BlockRow: StoredRow {
    static let table = "blocks"
    static let columns = ["campaign", "actor", "reason", "at", "expires", "lifted", "revision"]
    static let key = ["campaign"]

    init(row: inout SQLRow) throws(StoreError) {
        campaign = try row.text()
        by = try row.text()
        reason = try row.text()
        at = try row.integer()
        expires = try row.optionalInteger()
        lifted = try row.optionalInteger()
        revision = try row.integer()
    }

    var values: [SQLValue] {
        [
            .text(campaign), .text(by), .text(reason), .integer(at), SQLValue(expires),
            SQLValue(lifted), .integer(revision),
        ]
    }

    func isActive(at time: Int64) -> Bool {
        lifted == nil && (expires.map { $0 > time } ?? true)
    }
}

/// An account of a block, as it was when the campaign was blocked.
private struct BlockMember: StoredRow {
    let campaign: String
    let account: String
    var active: Bool
    var revision: Int64

    static let table = "block_members"
    static let columns = ["campaign", "account", "active", "revision"]
    static let key = ["campaign", "account"]

    init(campaign: String, account: String, active: Bool, revision: Int64) {
        self.campaign = campaign
        self.account = account
        self.active = active
        self.revision = revision
    }

    init(row: inout SQLRow) throws(StoreError) {
        campaign = try row.text()
        account = try row.text()
        active = try row.bool()
        revision = try row.integer()
    }

    var values: [SQLValue] {
        [.text(campaign), .text(account), SQLValue(active), .integer(revision)]
    }
}

extension Store {
    /// Blocks every account of a campaign in one step.
    ///
    /// The members are those of this moment: a later judgement that renames the campaign, or drops it, does not unblock
    /// them. Blocking a campaign whose block stands adds its new members, and sets the reason and the end anew.
    /// - Parameter by: who does it.
    /// - Returns: how many accounts are blocked with it.
    @discardableResult
    public func block(
        campaign: String, by: String, reason: String, at time: Int64, expires: Int64? = nil
    ) throws(StoreError) -> Int {
        try change { change throws(StoreError) in
            let session = change.session
            guard try session.fetch(CampaignRow.self, id: campaign) != nil else {
                throw .unknown(what: "campaign", id: campaign)
            }
            let old = try session.fetch(BlockRow.self, id: campaign)
            let stands = old?.isActive(at: time) ?? false
            var members: [[UInt8]: BlockMember] = [:]
            for var member in try session.fetch(
                BlockMember.self, "WHERE campaign = $1", [.text(campaign)])
            where member.active {
                member.active = stands
                members[Array(member.account.utf8)] = member
            }
            for account in try session.members(of: campaign) {
                members[Array(account.utf8)] = BlockMember(
                    campaign: campaign, account: account, active: true, revision: 0)
            }
            let count = members.values.count { $0.active }
            guard count > 0 else {
                throw .conflict(
                    what: "campaign", id: campaign, reason: "it has no members to block any more")
            }
            try session.put(
                BlockRow(
                    campaign: campaign, by: by, reason: reason, at: time, expires: expires,
                    lifted: nil, revision: try change.next(.blocks)))
            var rows = Array(members.values)
            for place in rows.indices { rows[place].revision = try change.next(.blocks) }
            try session.put(rows)
            try change.audit(
                "campaign.block", actor: by, subject: campaign,
                [
                    "reason": .text(reason), "members": .integer(Int64(count)),
                    "expires": JSONText(expires),
                ], at: time)
            return count
        }
    }

    /// Ends the block of a campaign, for every account that was blocked with it.
    ///
    /// - Returns: how many accounts that is; 0 when the block was lifted before.
    @discardableResult
    public func unblock(
        campaign: String, by: String, reason: String, at time: Int64
    ) throws(StoreError) -> Int {
        try change { change throws(StoreError) in
            let session = change.session
            guard var block = try session.fetch(BlockRow.self, id: campaign) else {
                throw .unknown(what: "blocked campaign", id: campaign)
            }
            guard block.lifted == nil else { return 0 }
            block.lifted = time
            block.revision = try change.next(.blocks)
            try session.put(block)
            var members = try session.fetch(
                BlockMember.self, "WHERE campaign = $1 AND active = 1", [.text(campaign)])
            for place in members.indices {
                members[place].active = false
                members[place].revision = try change.next(.blocks)
            }
            try session.put(members)
            try change.audit(
                "campaign.unblock", actor: by, subject: campaign,
                ["reason": .text(reason), "members": .integer(Int64(members.count))], at: time)
            return members.count
        }
    }

    /// The blocks that were changed after a revision, in the order of their revisions.
    public func blocks(changedAfter revision: Int64) throws(StoreError) -> [BlockRow] {
        try database.read { session throws(StoreError) in
            // One row a blocked campaign: few, and not worth an index.
            try session.fetch(BlockRow.self, changedAfter: revision)
        }
    }

    /// The accounts whose block was changed after a revision, in the order of their revisions.
    ///
    /// An account may be blocked with more than one campaign.
    public func blockedAccounts(
        changedAfter revision: Int64
    ) throws(StoreError) -> [BlockedAccount] {
        try database.read { session throws(StoreError) in
            var accounts: [BlockedAccount] = []
            for var row in try session.execute(
                """
                SELECT m.account, m.campaign, m.active, b.expires, m.revision
                FROM block_members m JOIN blocks b ON b.campaign = m.campaign
                WHERE m.revision > $1 ORDER BY m.revision
                """, [.integer(revision)])
            {
                accounts.append(
                    BlockedAccount(
                        account: try row.text(), campaign: try row.text(),
                        active: try row.bool(), expires: try row.optionalInteger(),
                        revision: try row.integer()))
            }
            return accounts
        }
    }
}
