/// A switch that somebody throws against countries and nationalities.
public struct SwitchRow: Sendable, Equatable {
    /// The switch.
    public var id: String
    /// Countries, as ISO 3166-1 codes of two letters.
    public var countries: [String]
    /// Nationalities, as ISO 3166-1 codes of two letters.
    public var nationalities: [String]
    /// Whether it is on.
    public var on: Bool
    /// Who threw it last.
    public var by: String
    /// Why.
    public var reason: String
    /// When.
    public var at: Int64
    /// The change that wrote this row; the store gives it.
    public var revision: Int64

    /// A row with these values; the store ignores `revision` when it writes.
    public init(
        id: String, countries: [String], nationalities: [String], on: Bool, by: String,
        reason: String, at: Int64, revision: Int64 = 0
    ) {
        self.id = id
        self.countries = countries
        self.nationalities = nationalities
        self.on = on
        self.by = by
        self.reason = reason
        self.at = at
        self.revision = revision
    }
}

/// That a gateway put a switch into force.
public struct SwitchProof: Sendable, Equatable {
    /// The switch.
    public var switchID: String
    /// The state of the switch: the revision of its row.
    public var revision: Int64
    /// The gateway.
    public var gateway: String
    /// When no request passed it any more that was decided without this state.
    public var inForce: Int64
}

extension SwitchRow: StoredRow {
    static let table = "switches"
    static let columns = [
        "id", "countries", "nationalities", "engaged", "actor", "reason", "at", "revision",
    ]
    static let key = ["id"]

    init(row: inout SQLRow) throws(StoreError) {
        id = try row.text()
        countries = try row.texts()
        nationalities = try row.texts()
        on = try row.bool()
        by = try row.text()
        reason = try row.text()
        at = try row.integer()
        revision = try row.integer()
    }

    var values: [SQLValue] {
        [
            .text(id), .text(JSONText.list(countries)), .text(JSONText.list(nationalities)),
            SQLValue(on), .text(by), .text(reason), .integer(at), .integer(revision),
        ]
    }
}

extension Store {
    /// Throws a switch: adds it, or replaces its state.
    ///
    /// - Returns: the revision that gateways acknowledge.
    @discardableResult
    public func put(_ row: SwitchRow) throws(StoreError) -> Int64 {
        try change { change throws(StoreError) in
            var row = row
            row.revision = try change.next(.switches)
            try change.session.put(row)
            try change.audit(
                "switch.put", actor: row.by, subject: row.id,
                [
                    "countries": .texts(row.countries), "nationalities": .texts(row.nationalities),
                    "on": .bool(row.on), "reason": .text(row.reason),
                    "revision": .integer(row.revision),
                ], at: row.at)
            return row.revision
        }
    }

    /// The switches that were changed after a revision, in the order of their revisions.
    public func switches(changedAfter revision: Int64) throws(StoreError) -> [SwitchRow] {
        try database.read { session throws(StoreError) in
            try session.fetch(SwitchRow.self, changedAfter: revision)
        }
    }

    /// Notes that a gateway has put a state of a switch into force. Its first time stays.
    public func acknowledge(
        switch id: String, revision: Int64, gateway: String, at time: Int64
    ) throws(StoreError) {
        try database.transaction { session throws(StoreError) in
            guard try session.fetch(SwitchRow.self, id: id) != nil else {
                throw .unknown(what: "switch", id: id)
            }
            try session.execute(
                """
                INSERT INTO switch_proofs (switch, revision, gateway, in_force) VALUES ($1, $2, $3, $4)
                ON CONFLICT (switch, revision, gateway) DO NOTHING
                """, [.text(id), .integer(revision), .text(gateway), .integer(time)])
        }
    }

    /// When each gateway put each state of a switch into force, in the order of states and times.
    public func proofs(switch id: String) throws(StoreError) -> [SwitchProof] {
        try database.read { session throws(StoreError) in
            var proofs: [SwitchProof] = []
            for var row in try session.execute(
                """
                SELECT switch, revision, gateway, in_force FROM switch_proofs
                WHERE switch = $1 ORDER BY revision, in_force, gateway
                """, [.text(id)])
            {
                proofs.append(
                    SwitchProof(
                        switchID: try row.text(), revision: try row.integer(),
                        gateway: try row.text(), inForce: try row.integer()))
            }
            return proofs
        }
    }
}
