import CPostgreSQL

#if canImport(Glibc)
    import Glibc
#endif

/// One connection to a PostgreSQL server, used by one thread at a time.
final class PostgreSQLConnection: SQLSession, @unchecked Sendable {
    let name: String
    private let handle: OpaquePointer
    /// The SQLSTATE of the statement that failed last.
    private(set) var failure: String?

    var hasConcurrentWriters: Bool { true }

    /// What every connection is set to. A statement or a lock that waits longer is an error that says so; a transaction
    /// that this program left, asleep or cut off, must not hold its locks for ever.
    private static let settings = """
        SET statement_timeout = '30s'; SET lock_timeout = '20s';
        SET idle_in_transaction_session_timeout = '60s'; SET client_min_messages = 'error';
        """

    init(_ address: PostgreSQLAddress) throws(StoreError) {
        name = address.name
        // What the address says wins over what stands before it.
        let options: KeyValuePairs = [
            "connect_timeout": "5", "application_name": "stillwatch", "keepalives_idle": "30",
            "keepalives_interval": "10", "keepalives_count": "3", "tcp_user_timeout": "30000",
            "dbname": address.url, "client_encoding": "UTF8",
        ]
        var keywords: [UnsafePointer<CChar>?] = options.map { UnsafePointer(strdup($0.key)) }
        var values: [UnsafePointer<CChar>?] = options.map { UnsafePointer(strdup($0.value)) }
        defer { for text in keywords + values { free(UnsafeMutablePointer(mutating: text)) } }
        keywords.append(nil)
        values.append(nil)
        guard let handle = PQconnectdbParams(keywords, values, 1) else {
            throw .unreachable(database: name, reason: "out of memory")
        }
        self.handle = handle
        PQsetNoticeProcessor(handle, { _, _ in }, nil)
        guard PQstatus(handle) == CONNECTION_OK else {
            throw .unreachable(database: name, reason: Self.oneLine(PQerrorMessage(handle)))
        }
        let result = PQexec(handle, Self.settings)
        defer { PQclear(result) }
        guard PQresultStatus(result) == PGRES_COMMAND_OK else { throw refusal(result) }
    }

    deinit { PQfinish(handle) }

    /// Whether the server is gone, or has ended this connection.
    var isLost: Bool {
        PQstatus(handle) != CONNECTION_OK || (failure.map(Self.endsConnection) ?? false)
    }

    /// Whether the failed transaction can succeed when it is run again: a serialization failure or a deadlock.
    var isWorthRepeating: Bool { failure == "40001" || failure == "40P01" }

    /// Whether no transaction is open.
    var isIdle: Bool { PQtransactionStatus(handle) == PQTRANS_IDLE }

    /// Forgets the last failure.
    func clearFailure() { failure = nil }

    /// SQLSTATE class 08 is the connection's; 57P01 to 57P05 and 25P03 are sent before the server ends it.
    private static func endsConnection(_ code: String) -> Bool {
        code.hasPrefix("08") || code.hasPrefix("57P") || code == "25P03"
    }

    @discardableResult
    func execute(_ sql: String, _ values: [SQLValue]) throws(StoreError) -> [SQLRow] {
        let parameters = try PostgreSQLParameters(values)
        let result = parameters.withPointers { types, pointers, lengths, formats in
            PQexecParams(
                handle, sql, Int32(values.count), types, pointers, lengths, formats, 1)
        }
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_TUPLES_OK: return try PostgreSQLParameters.rows(of: result, database: name)
        case PGRES_COMMAND_OK: return []
        default: throw refusal(result)
        }
    }

    /// Runs `BEGIN`, `COMMIT` or `ROLLBACK`, and says whether the server did just that.
    ///
    /// The server answers `ROLLBACK` to the `COMMIT` of a failed transaction.
    func run(_ command: String) throws(StoreError) -> Bool {
        let result = PQexec(handle, command)
        defer { PQclear(result) }
        guard PQresultStatus(result) == PGRES_COMMAND_OK else { throw refusal(result) }
        return String(cString: PQcmdStatus(result)) == command
    }

    func hold(_ lock: SQLLock) throws(StoreError) {
        // Numbers of this program's own, "stillwat" and a digit; advisory locks are the database's, not the schema's.
        let key: Int64 = 0x7374_696C_6C77_6174
        switch lock {
        case .migration:
            // Waiting for another program's migration, and a long one of this program's, is no fault.
            try execute("SET LOCAL statement_timeout = 0")
            try execute("SET LOCAL lock_timeout = 0")
            try execute("SELECT pg_advisory_xact_lock($1)", [.integer(key)])
        case .judgement:
            try execute("SELECT pg_advisory_xact_lock($1)", [.integer(key + 1)])
        case .addingProfiles:
            try execute("SELECT pg_advisory_xact_lock_shared($1)", [.integer(key + 2)])
        case .deletingProfiles:
            try execute("SELECT pg_advisory_xact_lock($1)", [.integer(key + 2)])
        }
    }

    func executeDefinition(_ sql: String) throws(StoreError) {
        // Texts are compared by their bytes, as SQLite does, whatever the database's language.
        let words = [
            " TEXT": " TEXT COLLATE \"C\"", " BLOB": " BYTEA", " INTEGER": " BIGINT",
            " REAL": " DOUBLE PRECISION", " STRICT": "",
        ]
        try execute(words.reduce(sql) { $0.replacing($1.key, with: $1.value) })
    }

    /// The error of a failed statement: its primary message alone, for the details quote values.
    private func refusal(_ result: OpaquePointer?) -> StoreError {
        let code = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) }
        let message = PQresultErrorField(result, Int32(UInt8(ascii: "M"))).map {
            String(cString: $0)
        }
        failure = code
        if isLost {
            return .unreachable(
                database: name, reason: message ?? Self.oneLine(PQerrorMessage(handle)))
        }
        switch code {
        case "57014", "55P03": return .busy(database: name)
        default:
            return .failed(
                database: name, code: code ?? "no SQLSTATE",
                reason: message ?? Self.oneLine(PQerrorMessage(handle)))
        }
    }

    private static func oneLine(_ text: UnsafePointer<CChar>?) -> String {
        guard let text else { return "no reason given" }
        return String(cString: text).split(separator: "\n").joined(separator: "; ")
    }
}
