/// What gateways read again when its revision has grown.
public enum Topic: String, Sendable, CaseIterable {
    /// Rows of keys.
    case keys
    /// Rows of accounts.
    case accounts
    /// Verdicts on accounts.
    case verdicts
    /// Campaigns.
    case campaigns
    /// Approvals, asked for and decided.
    case approvals
    /// Country switches.
    case switches
    /// Profiles of accounts.
    case profiles
    /// Blocked campaigns and their members.
    case blocks
}

/// A transaction that changes rows and gives each a revision of its own.
///
/// The counter's row stays locked from the first revision to the commit, so revisions are committed in their order:
/// who reads the rows above the highest revision seen misses none. Every row gets its own number, so pages by revision
/// have exact ends.
final class Change {
    let session: any SQLSession
    private var counter: Int64?
    private var taken: [Topic: Int64] = [:]

    init(_ session: any SQLSession) { self.session = session }

    /// Lets no other transaction give revisions, or append to the audit, until this one has ended.
    func serialize() throws(StoreError) { _ = try current() }

    private func current() throws(StoreError) -> Int64 {
        if let counter { return counter }
        let rows = try session.execute(
            "SELECT value FROM revision_counter WHERE id = 1" + session.forUpdate)
        guard var row = rows.first else {
            throw .damaged(database: session.name, reason: "the revision counter is missing")
        }
        let value = try row.integer()
        counter = value
        return value
    }

    /// The next revision, for one row of `topic`.
    func next(_ topic: Topic) throws(StoreError) -> Int64 {
        let value = try current() + 1
        counter = value
        taken[topic] = value
        return value
    }

    /// Writes the revisions taken; the last thing before the commit.
    func finish() throws(StoreError) {
        guard let counter, !taken.isEmpty else { return }
        try session.execute(
            "UPDATE revision_counter SET value = $1 WHERE id = 1", [.integer(counter)])
        for (topic, revision) in taken {
            try session.execute(
                "UPDATE topics SET revision = $1 WHERE name = $2",
                [.integer(revision), .text(topic.rawValue)])
        }
    }
}
