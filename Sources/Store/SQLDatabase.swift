/// One database: SQLite or PostgreSQL. Blocking, for any thread.
///
/// Both take the same SQL: parameters are `$1`, `$2`, …, and no value is ever written into a statement.
protocol SQLDatabase: Sendable {
    /// Where it is, without a password.
    var name: String { get }

    /// Reads. One statement sees one state of the database; `body` may run again after a lost connection.
    func read<T>(_ body: (any SQLSession) throws(StoreError) -> T) throws(StoreError) -> T

    /// Runs `body` in one transaction, durable when this returns, and undone when `body` throws.
    ///
    /// `body` may run more than once: after a deadlock, or when the connection was lost before the commit.
    func transaction<T>(_ body: (any SQLSession) throws(StoreError) -> T) throws(StoreError) -> T
}

/// A connection while a read or a transaction has it.
protocol SQLSession {
    /// Where the database is, without a password.
    var name: String { get }
    /// Whether other transactions can write while this one runs, so that rows must be locked before they are changed.
    var hasConcurrentWriters: Bool { get }

    /// Runs one statement and gives its rows.
    @discardableResult
    func execute(_ sql: String, _ values: [SQLValue]) throws(StoreError) -> [SQLRow]
    /// Holds `lock` until the transaction ends. Nothing to do where transactions run one after another.
    func hold(_ lock: SQLLock) throws(StoreError)
    /// Statements that make tables, in this database's words.
    func executeDefinition(_ sql: String) throws(StoreError)
}

extension SQLSession {
    /// Runs one statement without parameters.
    @discardableResult
    func execute(_ sql: String) throws(StoreError) -> [SQLRow] { try execute(sql, []) }

    /// What a `SELECT` appends to keep other transactions from changing its rows.
    var forUpdate: String { hasConcurrentWriters ? " FOR UPDATE" : "" }
}

/// What a transaction can hold apart from rows. Always taken first, so that they are no part of a deadlock.
enum SQLLock {
    /// One migration at a time.
    case migration
    /// One judgement at a time.
    case judgement
    /// Profiles are added, by many at a time.
    case addingProfiles
    /// Profiles are deleted, while nobody adds any.
    case deletingProfiles
}

/// A value of a parameter or a column.
enum SQLValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case bytes([UInt8])

    init(_ value: Int64?) { self = value.map(Self.integer) ?? .null }
    init(_ value: String?) { self = value.map(Self.text) ?? .null }
    init(_ value: Bool) { self = .integer(value ? 1 : 0) }

    /// Throws for text with a zero byte, which PostgreSQL cannot hold and SQLite's C strings would cut.
    func check() throws(StoreError) {
        if case .text(let text) = self, text.utf8.contains(0) {
            throw .unusable(field: "a text", reason: "it holds a zero byte")
        }
    }
}

/// The columns of one row, read from left to right.
struct SQLRow {
    private let values: [SQLValue]
    private var next = 0
    private let database: String

    init(_ values: [SQLValue], database: String) {
        self.values = values
        self.database = database
    }

    private mutating func take() throws(StoreError) -> SQLValue {
        guard next < values.count else { throw damaged("a column is missing") }
        next += 1
        return values[next - 1]
    }

    private func damaged(_ reason: String) -> StoreError {
        .damaged(database: database, reason: "column \(next): \(reason)")
    }

    mutating func integer() throws(StoreError) -> Int64 {
        guard case .integer(let value) = try take() else { throw damaged("not an integer") }
        return value
    }

    mutating func int() throws(StoreError) -> Int { Int(try integer()) }

    mutating func bool() throws(StoreError) -> Bool { try integer() != 0 }

    mutating func optionalInteger() throws(StoreError) -> Int64? {
        switch try take() {
        case .null: nil
        case .integer(let value): value
        default: throw damaged("not an integer")
        }
    }

    mutating func real() throws(StoreError) -> Double {
        switch try take() {
        case .real(let value): value
        case .integer(let value): Double(value)
        default: throw damaged("not a number")
        }
    }

    mutating func text() throws(StoreError) -> String {
        guard case .text(let value) = try take() else { throw damaged("not a text") }
        return value
    }

    mutating func optionalText() throws(StoreError) -> String? {
        switch try take() {
        case .null: nil
        case .text(let value): value
        default: throw damaged("not a text")
        }
    }

    mutating func bytes() throws(StoreError) -> [UInt8] {
        guard case .bytes(let value) = try take() else { throw damaged("not bytes") }
        return value
    }

    /// A list of texts as JSON.
    mutating func texts() throws(StoreError) -> [String] {
        guard let list = JSONText.list(try text()) else {
            throw damaged("not a JSON list of texts")
        }
        return list
    }
}
