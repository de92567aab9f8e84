/// An API key: what the store knows of it, which is not the key.
public struct KeyRow: Sendable, Equatable {
    /// The public part of the key.
    public var id: String
    /// The digest of the key: 32 bytes. Never shown, and never in the audit.
    public var digest: [UInt8]
    /// The account that pays with it.
    public var account: String
    /// What its owner calls it.
    public var name: String
    /// When it was made.
    public var created: Int64
    /// When it ends by itself.
    public var expires: Int64?
    /// When it was revoked.
    public var revoked: Int64?
    /// The key that takes its place.
    public var replacedBy: String?
    /// The change that wrote this row; the store gives it.
    public var revision: Int64

    /// A row with these values; the store ignores `revision` when it writes.
    public init(
        id: String, digest: [UInt8], account: String, name: String = "", created: Int64,
        expires: Int64? = nil, revoked: Int64? = nil, replacedBy: String? = nil, revision: Int64 = 0
    ) {
        self.id = id
        self.digest = digest
        self.account = account
        self.name = name
        self.created = created
        self.expires = expires
        self.revoked = revoked
        self.replacedBy = replacedBy
        self.revision = revision
    }
}

extension KeyRow: StoredRow {
    static let table = "keys"
    static let columns = [
        "id", "digest", "account", "name", "created", "expires", "revoked", "replaced_by",
        "revision",
    ]
    static let key = ["id"]

    init(row: inout SQLRow) throws(StoreError) {
        id = try row.text()
        digest = try row.bytes()
        account = try row.text()
        name = try row.text()
        created = try row.integer()
        expires = try row.optionalInteger()
        revoked = try row.optionalInteger()
        replacedBy = try row.optionalText()
        revision = try row.integer()
    }

    var values: [SQLValue] {
        [
            .text(id), .bytes(digest), .text(account), .text(name), .integer(created),
            SQLValue(expires), SQLValue(revoked), SQLValue(replacedBy), .integer(revision),
        ]
    }
}

extension Store {
    /// Adds a key. An `id` or a digest that is there already is an error.
    ///
    /// - Parameter actor: who does it, for the audit.
    public func insert(_ key: KeyRow, actor: String) throws(StoreError) {
        try change { change throws(StoreError) in
            try change.insert(key)
            try change.audit(
                "key.create", actor: actor, subject: key.id,
                [
                    "account": .text(key.account), "name": .text(key.name),
                    "expires": JSONText(key.expires),
                ],
                at: key.created)
        }
    }

    /// The keys that were changed after a revision, in the order of their revisions.
    public func keys(changedAfter revision: Int64) throws(StoreError) -> [KeyRow] {
        try database.read { session throws(StoreError) in
            try session.fetch(KeyRow.self, changedAfter: revision)
        }
    }

    /// The keys of an account, the oldest first.
    public func keys(account: String) throws(StoreError) -> [KeyRow] {
        try database.read { session throws(StoreError) in
            try session.fetch(
                KeyRow.self, "WHERE account = $1 ORDER BY created, id", [.text(account)])
        }
    }

    /// A key, or `nil` when there is none with this `id`.
    public func key(id: String) throws(StoreError) -> KeyRow? {
        try database.read { session throws(StoreError) in try session.fetch(KeyRow.self, id: id) }
    }

    /// Ends a key at once. A key that was revoked before keeps its time.
    ///
    /// - Returns: whether there is such a key.
    @discardableResult
    public func revoke(id: String, at time: Int64, actor: String) throws(StoreError) -> Bool {
        try change { change throws(StoreError) in
            guard var key = try change.session.fetch(KeyRow.self, id: id) else { return false }
            guard key.revoked == nil else { return true }
            key.revoked = time
            key.revision = try change.next(.keys)
            try change.session.put(key)
            try change.audit(
                "key.revoke", actor: actor, subject: id, ["account": .text(key.account)], at: time)
            return true
        }
    }

    /// Gives a key a successor in one step, and an end.
    ///
    /// - Parameters:
    ///   - new: the successor, of the same account.
    ///   - oldExpires: when the old key ends, unless it ends before.
    public func rotate(
        _ id: String, to new: KeyRow, oldExpires: Int64, actor: String
    ) throws(StoreError) {
        try change { change throws(StoreError) in
            guard var old = try change.session.fetch(KeyRow.self, id: id) else {
                throw .unknown(what: "key", id: id)
            }
            guard old.revoked == nil else {
                throw .conflict(what: "key", id: id, reason: "it is revoked; make a new one")
            }
            if let successor = old.replacedBy {
                throw .conflict(
                    what: "key", id: id,
                    reason: "it was replaced by \(successor) before; rotate that one")
            }
            guard new.account == old.account else {
                throw .conflict(
                    what: "key", id: id, reason: "its successor is of another account")
            }
            try change.insert(new)
            old.replacedBy = new.id
            old.expires = min(old.expires ?? oldExpires, oldExpires)
            old.revision = try change.next(.keys)
            try change.session.put(old)
            try change.audit(
                "key.rotate", actor: actor, subject: id,
                [
                    "account": .text(old.account), "replaced_by": .text(new.id),
                    "expires": JSONText(old.expires),
                ], at: new.created)
        }
    }
}

extension Change {
    fileprivate func insert(_ key: KeyRow) throws(StoreError) {
        guard key.digest.count == 32 else {
            throw .unusable(field: "a key's digest", reason: "it has not 32 bytes")
        }
        let known = try session.execute(
            "SELECT 1 FROM keys WHERE id = $1 OR digest = $2", [.text(key.id), .bytes(key.digest)])
        guard known.isEmpty else { throw .exists(what: "key", id: key.id) }
        var key = key
        key.revision = try next(.keys)
        try session.put(key)
    }
}
