import Foundation
import GRDB

#if canImport(Glibc)
    import Glibc
#endif

/// A SQLite file in WAL mode: readers on connections of their own, one writer at a time across all processes.
final class SQLiteDatabase: SQLDatabase {
    let name: String
    private let pool: DatabasePool

    /// How long a transaction waits for another process's, before it is `busy`.
    private static let busySeconds: Double = 10

    init(path: String) throws(StoreError) {
        guard !path.isEmpty, path != ":memory:", !path.utf8.contains(0) else {
            throw .address(reason: "`sqlite:` must be followed by the path of a file")
        }
        guard !path.hasPrefix("//") || path.hasPrefix("///") else {
            throw .address(
                reason: "`sqlite://` has no host; the path follows `sqlite:`, as in sqlite:state/db"
            )
        }
        // A path of its own form, never one of SQLite's `file:` addresses.
        let path = path.hasPrefix("/") ? path : "./" + path
        name = "sqlite:" + path
        try Self.makeFile(at: path, name: name)
        pool = try Self.open(path, name: name)
    }

    /// Makes the file with its owner's permissions alone before SQLite does; its `-wal` and `-shm` get the same.
    private static func makeFile(at path: String, name: String) throws(StoreError) {
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        if !folder.isEmpty {
            do {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700])
            } catch {
                throw .cannotOpen(
                    database: name, reason: "the folder \(folder) could not be made")
            }
        }
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .cannotOpen(database: name, reason: String(cString: strerror(errno)))
        }
        defer { Glibc.close(descriptor) }
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_mode & 0o077 != 0,
            fchmod(descriptor, 0o600) != 0
        {
            throw .cannotOpen(
                database: name, reason: "others can read the file and its mode cannot be changed")
        }
    }

    private static func open(_ path: String, name: String) throws(StoreError) -> DatabasePool {
        var configuration = Configuration()
        configuration.busyMode = .timeout(busySeconds)
        configuration.foreignKeysEnabled = true
        configuration.label = "stillwatch.store"
        var attempt = 0
        while true {
            do {
                let pool = try DatabasePool(path: path, configuration: configuration)
                // GRDB sets NORMAL, under which a power cut takes back the last commits.
                try pool.writeWithoutTransaction {
                    try $0.execute(sql: "PRAGMA synchronous = FULL")
                }
                return pool
            } catch {
                // Two programs that make the file at once: SQLite does not wait while it turns to WAL mode.
                let failure = SQLiteSession.translated(error, name: name)
                attempt += 1
                guard case .busy = failure, attempt < 50 else {
                    guard case .failed(_, let code, let reason) = failure else { throw failure }
                    throw .cannotOpen(database: name, reason: "\(reason) (\(code))")
                }
                usleep(20_000)
            }
        }
    }

    func read<T>(_ body: (any SQLSession) throws(StoreError) -> T) throws(StoreError) -> T {
        do {
            return try pool.read { database in
                try body(SQLiteSession(database: database, name: name))
            }
        } catch {
            throw SQLiteSession.translated(error, name: name)
        }
    }

    func transaction<T>(_ body: (any SQLSession) throws(StoreError) -> T) throws(StoreError) -> T {
        do {
            return try pool.writeWithoutTransaction { database in
                var result: T?
                try database.inTransaction(.immediate) {
                    result = try body(SQLiteSession(database: database, name: name))
                    return .commit
                }
                return result!
            }
        } catch {
            throw SQLiteSession.translated(error, name: name)
        }
    }
}

/// A connection to SQLite while a closure has it.
struct SQLiteSession: SQLSession {
    let database: Database
    let name: String

    var hasConcurrentWriters: Bool { false }

    /// Longer statements are made for one number of rows and not kept.
    private static let keptStatementBytes = 1024

    @discardableResult
    func execute(_ sql: String, _ values: [SQLValue]) throws(StoreError) -> [SQLRow] {
        for value in values { try value.check() }
        do {
            // SQLite's `$1` is a name; its numbered parameters are `?1`.
            let text = sql.replacing("$", with: "?")
            let statement =
                text.utf8.count > Self.keptStatementBytes
                ? try database.makeStatement(sql: text)
                : try database.cachedStatement(sql: text)
            statement.arguments = StatementArguments(values.map(\.databaseValue))
            return try Row.fetchAll(statement).map { row in
                SQLRow(row.databaseValues.map(SQLValue.init), database: name)
            }
        } catch {
            throw Self.translated(error, name: name)
        }
    }

    func hold(_ lock: SQLLock) {}

    func executeDefinition(_ sql: String) throws(StoreError) { try execute(sql, []) }

    static func translated(_ error: any Error, name: String) -> StoreError {
        if let error = error as? StoreError { return error }
        guard let error = error as? DatabaseError else {
            return .failed(database: name, code: "SQLite", reason: "\(type(of: error))")
        }
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            return .busy(database: name)
        default:
            return .failed(
                database: name, code: "SQLite \(error.extendedResultCode.rawValue)",
                reason: error.message ?? "no reason given")
        }
    }
}

extension SQLValue {
    fileprivate var databaseValue: DatabaseValue {
        switch self {
        case .null: .null
        case .integer(let value): value.databaseValue
        case .real(let value): value.databaseValue
        case .text(let value): value.databaseValue
        case .bytes(let value): Data(value).databaseValue
        }
    }

    fileprivate init(_ value: DatabaseValue) {
        self =
            switch value.storage {
            case .null: .null
            case .int64(let value): .integer(value)
            case .double(let value): .real(value)
            case .string(let value): .text(value)
            case .blob(let value): .bytes([UInt8](value))
            }
    }
}
