import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// A PostgreSQL database over a few connections, which are made again after the server was gone.
final class PostgreSQLDatabase: SQLDatabase {
    let name: String
    private let address: PostgreSQLAddress
    private let idle = Mutex<[PostgreSQLConnection]>([])
    private let slots = DispatchSemaphore(value: PostgreSQLDatabase.connections)

    /// Changes run one after another in the server anyway; this many threads read and merge at a time.
    private static let connections = 4

    /// Runs of a transaction that meets deadlocks; at least one transaction of each deadlock goes through.
    private static let mostRuns = 10

    init(_ address: PostgreSQLAddress) {
        self.address = address
        name = address.name
    }

    func read<T>(_ body: (any SQLSession) throws(StoreError) -> T) throws(StoreError) -> T {
        try repeating { connection throws(StoreError) in try body(connection) }
    }

    func transaction<T>(_ body: (any SQLSession) throws(StoreError) -> T) throws(StoreError) -> T {
        try repeating { connection throws(StoreError) in
            let result: T
            do throws(StoreError) {
                _ = try connection.run("BEGIN")
                result = try body(connection)
            } catch {
                // What failed is what the caller hears; a connection that cannot roll back is not used again.
                if !connection.isLost { _ = try? connection.run("ROLLBACK") }
                throw error
            }
            do throws(StoreError) {
                guard try connection.run("COMMIT") else {
                    throw .failed(
                        database: name, code: "25P02", reason: "the transaction had failed before")
                }
                return result
            } catch {
                throw connection.isLost ? .outcomeUnknown(database: name) : error
            }
        }
    }

    /// Runs `body` on a connection, and again after a deadlock or, once, after a connection was found lost.
    private func repeating<T>(
        _ body: (PostgreSQLConnection) throws(StoreError) -> T
    ) throws(StoreError) -> T {
        slots.wait()
        defer { slots.signal() }
        var runs = 0
        var lost = false
        while true {
            let connection = try take()
            do throws(StoreError) {
                let result = try body(connection)
                giveBack(connection)
                return result
            } catch {
                runs += 1
                if case .unreachable = error, connection.isLost, !lost {
                    // The others were most likely lost with it.
                    lost = true
                    idle.withLock { $0.removeAll() }
                    continue
                }
                giveBack(connection)
                guard connection.isWorthRepeating else { throw error }
                guard runs < Self.mostRuns else { throw .busy(database: name) }
                usleep(UInt32.random(in: 1_000...20_000) * UInt32(runs))
            }
        }
    }

    private func take() throws(StoreError) -> PostgreSQLConnection {
        if let connection = idle.withLock({ $0.popLast() }) {
            connection.clearFailure()
            return connection
        }
        return try PostgreSQLConnection(address)
    }

    private func giveBack(_ connection: PostgreSQLConnection) {
        guard !connection.isLost, connection.isIdle else { return }
        idle.withLock { $0.append(connection) }
    }
}
