import Foundation
import Synchronization
import Testing

@testable import Store

/// A kind of database, for tests that run on each.
enum Backend: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case sqlite = "SQLite"
    case postgresql = "PostgreSQL"

    var testDescription: String { rawValue }

    /// A server's URL, from `Scripts/gateway/postgres start`.
    static let server = ProcessInfo.processInfo.environment["STILLWATCH_TEST_POSTGRES"]
    /// SQLite, and PostgreSQL where a server is given.
    static let all: [Backend] = server == nil ? [.sqlite] : [.sqlite, .postgresql]
    static let hasServer = server != nil
}

/// A database of one test.
struct Place {
    let url: String
    private let folder: String
    private let schema: String?

    init(_ backend: Backend) throws {
        folder = NSTemporaryDirectory() + "stillwatch-store-" + UUID().uuidString
        switch backend {
        case .sqlite:
            schema = nil
            url = "sqlite:\(folder)/state/store.db"
        case .postgresql:
            let name = "t_" + UUID().uuidString.replacing("-", with: "").lowercased()
            schema = name
            url = Backend.server! + "?options=-csearch_path%3D" + name
            try Self.run("CREATE SCHEMA \(name)")
        }
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: folder)
        if let schema { try? Self.run("DROP SCHEMA \(schema) CASCADE") }
    }

    private static func run(_ statement: String) throws {
        let database = try PostgreSQLDatabase(PostgreSQLAddress(url: Backend.server!))
        try database.transaction { session throws(StoreError) in
            _ = try session.execute(statement)
        }
    }

    /// Opens the database; every store has connections of its own.
    func store() throws -> Store { try Store(url: url) }

    /// The SQLite file.
    var file: String { folder + "/state/store.db" }
}

extension Store {
    /// Changes the tables behind the store's back.
    func tamper(_ statement: String, _ values: [SQLValue] = []) throws {
        try database.transaction { session throws(StoreError) in
            _ = try session.execute(statement, values)
        }
    }

    /// The integer that a query gives.
    func integer(_ query: String) throws -> Int64 {
        try database.read { session throws(StoreError) in
            var rows = try session.execute(query)
            return try rows[0].integer()
        }
    }
}

/// Runs each body on a thread of its own and waits for all. The first error is thrown.
func together(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    let done = DispatchSemaphore(value: 0)
    let failures = Mutex<[any Error]>([])
    for number in 0..<count {
        Thread.detachNewThread {
            do { try body(number) } catch { failures.withLock { $0.append(error) } }
            done.signal()
        }
    }
    for _ in 0..<count { done.wait() }
    if let failure = failures.withLock({ $0.first }) { throw failure }
}

/// Steele, Lea and Flood's generator (doi:10.1145/2660193.2660195), for repeatable tests.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

/// A profile that counts: eight bytes. Merging adds.
func counting(_ number: Int64) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
}

func count(_ bytes: [UInt8]) -> Int64 {
    bytes.reduce(0) { $0 << 8 | Int64($1) }
}

@Sendable func adding(_ stored: [UInt8], _ new: [UInt8]) -> [UInt8] {
    counting(count(stored) + count(new))
}

/// A digest for the key with this number.
func digest(_ number: Int) -> [UInt8] {
    [UInt8](repeating: 0, count: 24) + counting(Int64(number))
}
