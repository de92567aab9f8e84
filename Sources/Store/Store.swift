/// Rows that outlive a process: keys, accounts, profiles, verdicts, campaigns, approvals, switches and the audit.
///
/// In a SQLite file or a PostgreSQL database, with the same tables and the same SQL. Every method blocks, is for any
/// thread but no event loop, and is done and durable, or undone, when it returns or throws. A lost server makes
/// methods throw until it is back; the same store then works on.
public final class Store: Sendable {
    let database: any SQLDatabase

    /// Opens the store and brings its tables to this program's version.
    ///
    /// - Parameter url: `sqlite:PATH` (the folder is made, and the file is readable by its owner only) or
    ///   `postgresql://user:password@host:port/database` (or `postgres://`), with libpq's parameters after `?`. The
    ///   database or schema must be the store's own.
    public convenience init(url: String) throws(StoreError) {
        if let path = url.dropping(prefix: "sqlite:") {
            try self.init(SQLiteDatabase(path: path))
        } else if url.hasPrefix("postgresql://") || url.hasPrefix("postgres://") {
            try self.init(PostgreSQLDatabase(PostgreSQLAddress(url: url)))
        } else {
            throw .address(reason: "it is neither SQLite nor PostgreSQL")
        }
    }

    init(
        _ database: some SQLDatabase, migrations: [Migration] = Migration.all
    ) throws(StoreError) {
        self.database = database
        try Migration.bring(database, through: migrations)
    }

    /// Where the store is, without a password.
    public var name: String { database.name }

    /// Throws unless the database answers.
    public func ping() throws(StoreError) {
        _ = try database.read { session throws(StoreError) in try session.execute("SELECT 1") }
    }

    /// The highest revision of each topic: one small read, for polling.
    public func revisions() throws(StoreError) -> [Topic: Int64] {
        try database.read { session throws(StoreError) in
            var revisions: [Topic: Int64] = [:]
            for var row in try session.execute("SELECT name, revision FROM topics") {
                guard let topic = Topic(rawValue: try row.text()) else { continue }
                revisions[topic] = try row.integer()
            }
            return revisions
        }
    }

    /// Runs `body` in one transaction that gives revisions.
    ///
    /// - Parameter serialized: whether no other change runs at the same time; `body` must see to its own order of
    ///   locks otherwise, and take revisions last.
    func change<T>(
        serialized: Bool = true, _ body: (Change) throws(StoreError) -> T
    ) throws(StoreError) -> T {
        try database.transaction { session throws(StoreError) in
            let change = Change(session)
            if serialized { try change.serialize() }
            let result = try body(change)
            try change.finish()
            return result
        }
    }
}

extension String {
    /// The rest after `prefix`, or `nil`.
    func dropping(prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
