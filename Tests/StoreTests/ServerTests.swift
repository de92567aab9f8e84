import Foundation
import Synchronization
import Testing

@testable import Store

/// A PostgreSQL server of one test, which the test may kill.
struct Server {
    let url: String
    private let folder: String
    private static let script = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Scripts/gateway/postgres").path

    init() throws {
        folder = NSTemporaryDirectory() + "stillwatch-server-" + UUID().uuidString
        url = try Self.run("start", folder)
    }

    func remove() {
        _ = try? Self.run("stop", folder)
        try? FileManager.default.removeItem(atPath: folder)
    }

    func run(_ command: String) throws { _ = try Self.run(command, folder) }

    private static func run(_ command: String, _ folder: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: script)
        process.arguments = [command, folder]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(script) \(command)")
        return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines)
    }
}

@Suite(.enabled(if: Backend.hasServer, "STILLWATCH_TEST_POSTGRES is not set"))
struct ServerTests {
    @Test func storeWorksOnWhenTheServerIsBack() throws {
        let server = try Server()
        defer { server.remove() }
        let store = try Store(url: server.url)
        try store.put(AccountRow(id: "a"), actor: "o", at: 1)
        try server.run("stop")
        for _ in 0..<2 {
            let error = #expect(throws: StoreError.self) { try store.ping() }
            #expect(error?.label == "unreachable")
            #expect(throws: StoreError.self) {
                try store.put(AccountRow(id: "b"), actor: "o", at: 1)
            }
        }
        try server.run("restart")
        try store.ping()
        #expect(try store.accounts(changedAfter: 0, limit: 9).map(\.id) == ["a"])
    }

    /// Connections that were lost while nobody used them cost the caller nothing.
    @Test func lostIdleConnectionIsMadeAgainUnseen() throws {
        let server = try Server()
        defer { server.remove() }
        let store = try Store(url: server.url)
        for number in 0..<3 {
            // Several idle connections.
            try together(4) { _ in try store.ping() }
            try server.run(number == 1 ? "kill" : "stop")
            try server.run("restart")
            if number == 0 { try store.ping() }
            try store.put(AccountRow(id: "\(number)"), actor: "o", at: 1)
        }
        #expect(try store.accounts(changedAfter: 0, limit: 9).map(\.id) == ["0", "1", "2"])
        #expect(try store.audit(after: 0, limit: 9).count == 3)
    }

    @Test(arguments: 0..<3) func killedServerHasEveryAcknowledgedCommit(run: Int) throws {
        let server = try Server()
        defer { server.remove() }
        let store = try Store(url: server.url)
        let acknowledged = Mutex<[Int: Int64]>([:])
        let done = Atomic(0)
        let enough = DispatchSemaphore(value: 0)
        let killed = DispatchSemaphore(value: 0)
        let killer = Thread {
            enough.wait()
            do { try server.run("kill") } catch { Issue.record(error) }
            killed.signal()
        }
        killer.start()
        try together(4) { gateway in
            do {
                try CrashTests.write(store, gateway: gateway) { round in
                    acknowledged.withLock { $0[gateway] = round }
                    if done.add(1, ordering: .relaxed).newValue == 30 + run * 10 {
                        enough.signal()
                    }
                }
            } catch let error as StoreError {
                #expect(["unreachable", "outcome_unknown"].contains(error.label), "\(error)")
            }
        }
        killed.wait()
        try server.run("restart")
        try CrashTests.check(store, acknowledged: acknowledged.withLock(\.self))
        // After an unknown outcome a writer reads where it is and goes on.
        struct Enough: Error {}
        #expect(throws: Enough.self) {
            try CrashTests.write(store, gateway: 0) { _ in throw Enough() }
        }
        let position = try store.position(gateway: "0")!.offset
        let own = try store.profiles(changedAfter: 0, limit: .max)
            .filter { $0.account.hasPrefix("0 ") }
        #expect(own.allSatisfy { count($0.bytes) == position })
    }

    /// A deadlock between two transactions is run again, not reported.
    @Test func deadlockIsRunAgain() throws {
        let place = try Place(.postgresql)
        defer { place.remove() }
        let store = try place.store()
        for id in ["a", "b"] { try store.put(AccountRow(id: id), actor: "o", at: 1) }
        let runs = Atomic(0)
        let first = [DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)]
        try together(2) { number in
            var run = 0
            try store.database.transaction { session throws(StoreError) in
                run += 1
                runs.add(1, ordering: .relaxed)
                let order = number == 0 ? ["a", "b"] : ["b", "a"]
                for (step, id) in order.enumerated() {
                    try session.execute(
                        "UPDATE accounts SET plan = plan || $1 WHERE id = $2",
                        [.text("\(number)"), .text(id)])
                    // Both have their first row before either asks for its second.
                    if step == 0, run == 1 {
                        first[number].signal()
                        first[1 - number].wait()
                    }
                }
            }
        }
        #expect(runs.load(ordering: .relaxed) == 3)
        for id in ["a", "b"] { #expect(try store.account(id: id)?.plan.count == 2) }
    }

    @Test func slowStatementIsBusyAndTheConnectionIsKept() throws {
        let place = try Place(.postgresql)
        defer { place.remove() }
        let store = try place.store()
        let error = #expect(throws: StoreError.self) {
            try store.database.transaction { session throws(StoreError) in
                try session.execute("SET LOCAL statement_timeout = 50")
                _ = try session.execute("SELECT count(*) FROM generate_series(1, 1000000000)")
            }
        }
        #expect(error?.label == "busy")
        #expect(try store.integer("SELECT CAST(count(*) AS BIGINT) FROM accounts") == 0)
    }

    @Test func connectionsAreSetUp() throws {
        let place = try Place(.postgresql)
        defer { place.remove() }
        let store = try place.store()
        try store.database.transaction { session throws(StoreError) in
            for (name, value) in [
                ("statement_timeout", "30s"), ("lock_timeout", "20s"),
                ("idle_in_transaction_session_timeout", "1min"), ("client_encoding", "UTF8"),
                ("application_name", "stillwatch"),
            ] {
                var rows = try session.execute("SELECT current_setting($1)", [.text(name)])
                #expect(try rows[0].text() == value)
            }
        }
    }
}
