/// A gateway that works on this store.
public struct GatewayRow: Sendable, Equatable {
    /// The gateway.
    public var id: String
    /// When its process started.
    public var started: Int64
    /// When it last said that it is there.
    public var seen: Int64
    /// Its program's version.
    public var version: String
    /// Where it listens.
    public var address: String

    /// A row with these values.
    public init(id: String, started: Int64, seen: Int64, version: String, address: String) {
        self.id = id
        self.started = started
        self.seen = seen
        self.version = version
        self.address = address
    }
}

extension GatewayRow: StoredRow {
    static let table = "gateways"
    static let columns = ["id", "started", "seen", "version", "address"]
    static let key = ["id"]

    init(row: inout SQLRow) throws(StoreError) {
        id = try row.text()
        started = try row.integer()
        seen = try row.integer()
        version = try row.text()
        address = try row.text()
    }

    var values: [SQLValue] {
        [.text(id), .integer(started), .integer(seen), .text(version), .text(address)]
    }
}

extension Store {
    /// Says that a gateway is there.
    public func heartbeat(_ gateway: GatewayRow) throws(StoreError) {
        try database.transaction { session throws(StoreError) in try session.put(gateway) }
    }

    /// All gateways that ever were, in the order of their `id`.
    public func gateways() throws(StoreError) -> [GatewayRow] {
        try database.read { session throws(StoreError) in
            try session.fetch(GatewayRow.self, "ORDER BY id")
        }
    }

    /// Takes a lease, or keeps it: at most one holder has it at a time.
    ///
    /// A holder that does not come back within `seconds` loses it to the next that asks. All holders' clocks must agree
    /// to within a fraction of `seconds`.
    /// - Parameter now: the caller's time.
    /// - Returns: whether `holder` has it now.
    public func lease(
        name: String, holder: String, seconds: Int, now: Int64
    ) throws(StoreError) -> Bool {
        try database.transaction { session throws(StoreError) in
            try !session.execute(
                """
                INSERT INTO leases (name, holder, expires) VALUES ($1, $2, $3)
                ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires = excluded.expires
                    WHERE leases.holder = excluded.holder OR leases.expires <= $4
                RETURNING holder
                """,
                [
                    .text(name), .text(holder), .integer(now + Int64(seconds) * 1_000_000),
                    .integer(now),
                ]
            ).isEmpty
        }
    }

    /// Gives a lease back before its end. Nothing to do for one that somebody else holds.
    public func release(name: String, holder: String) throws(StoreError) {
        try database.transaction { session throws(StoreError) in
            _ = try session.execute(
                "DELETE FROM leases WHERE name = $1 AND holder = $2", [.text(name), .text(holder)])
        }
    }
}
