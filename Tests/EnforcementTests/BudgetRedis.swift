import Foundation
import Glibc
import Synchronization
import Testing

@testable import Enforcement

/// A Redis of its own for one test.
final class BudgetRedis: Sendable {
    static let isInstalled = ["redis-server", "valkey-server"].contains { name in
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
        }
    }

    let folder: String
    let url: String
    private let isDurable: Bool

    init(isDurable: Bool = false) throws {
        var template = Array("\(NSTemporaryDirectory())/budget-XXXXXX".utf8CString)
        folder = String(cString: try #require(mkdtemp(&template)))
        self.isDurable = isDurable
        try Self.script(["start", folder] + (isDurable ? ["--durable"] : []))
        let port = try String(contentsOfFile: "\(folder)/port", encoding: .utf8)
        url = "redis://127.0.0.1:\(port.filter(\.isNumber))/0"
    }

    deinit {
        try? Self.script(["stop", folder])
        try? FileManager.default.removeItem(atPath: folder)
    }

    func kill() throws { try Self.script(["kill", folder]) }

    func startAgain() throws {
        try Self.script(["start", folder] + (isDurable ? ["--durable"] : []))
    }

    /// Stops the server without its connections noticing, as an overloaded machine does; `false` lets it go on.
    func pause(_ isPaused: Bool) throws {
        let pid = try #require(
            pid_t(String(contentsOfFile: "\(folder)/pid", encoding: .utf8).filter(\.isNumber)))
        try #require(Glibc.kill(pid, isPaused ? SIGSTOP : SIGCONT) == 0)
    }

    /// One command by a connection of its own.
    @discardableResult
    func command(_ arguments: String...) throws -> RedisReply {
        let connection = try RedisConnection(try RedisAddress(url: url), milliseconds: 5000)
        return try connection.call(RedisCommand(arguments))
    }

    /// Runs the script without pipes: a server that another test starts just then would inherit one and keep it open.
    private static func script(_ arguments: [String]) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent()
            .deletingLastPathComponent()
        let program = root.appendingPathComponent("Scripts/gateway/redis").path
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        // The threads that tests run on take no signals, and a server that inherited that could not be ended.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var pointers = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var pid: pid_t = 0
        try #require(posix_spawn(&pid, program, &actions, &attributes, &pointers, environ) == 0)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        try #require(status == 0, "Scripts/gateway/redis \(arguments.joined(separator: " "))")
    }
}

/// The time of day, which shared budgets are to be given.
func budgetNow() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000_000) }

extension SharedBudget {
    /// A gateway's budget on this Redis, once it is connected.
    static func gateway(
        _ limits: [Limit], _ redis: BudgetRedis, gateways: Int, isConnected: Bool = true,
        _ change: (inout Configuration) -> Void = { _ in }
    ) async throws -> SharedBudget {
        var configuration = Configuration(
            address: try RedisAddress(url: redis.url), gateways: gateways)
        // On a machine under load an answer may take long; a test of timeouts sets its own.
        configuration.commandMilliseconds = 5000
        configuration.connectMilliseconds = 5000
        configuration.longestPauseMilliseconds = 20
        change(&configuration)
        let budget = try SharedBudget(limits: limits, configuration: configuration)
        if isConnected { try await budget.until { $0.isConnected } }
        return budget
    }

    /// Waits until the status is as wanted, which another thread brings about; a minute at most.
    func until(_ isWanted: (Status) -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while !isWanted(status) {
            try #require(ContinuousClock.now < deadline, "the status stays \(status)")
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    func subject(account: String = "a", extra: [Limit] = []) -> BudgetSubject {
        subject(
            key: "k-\(account)", account: account, organization: "o", campaign: nil, plan: "free",
            extra: extra,
            now: budgetNow())
    }

    func reserve(
        _ subject: BudgetSubject, requests: Int64 = 1, tokens: Int64 = 1, microUSD: Int64 = 1,
        streams: Int64 = 1
    ) async -> BudgetDecision {
        await withCheckedContinuation { continuation in
            reserve(
                subject, requests: requests, tokens: tokens, microUSD: microUSD, streams: streams,
                now: budgetNow()
            ) { continuation.resume(returning: $0) }
        }
    }

    func settle(_ reservation: Reservation, tokens: Int64 = 1, microUSD: Int64 = 1) async {
        await withCheckedContinuation { continuation in
            settle(reservation, tokens: tokens, microUSD: microUSD, now: budgetNow()) {
                continuation.resume()
            }
        }
    }

    func cancel(_ reservation: Reservation) async {
        await withCheckedContinuation { continuation in
            cancel(reservation, now: budgetNow()) { continuation.resume() }
        }
    }

    /// Asks until it is refused or `most` were granted, `together` at a time.
    ///
    /// - Returns: what was granted, each settled at its estimate unless `isHeld`.
    func drain(_ subject: BudgetSubject, most: Int, together: Int = 16, isHeld: Bool = false) async
        -> [Reservation]
    {
        await withTaskGroup(of: [Reservation].self) { group in
            for _ in 0..<together {
                group.addTask {
                    var granted: [Reservation] = []
                    for _ in 0..<most / together {
                        guard let reservation = await self.reserve(subject).reservation else {
                            break
                        }
                        granted.append(reservation)
                        if !isHeld { await self.settle(reservation) }
                    }
                    return granted
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
    }
}
