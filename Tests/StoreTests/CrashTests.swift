import Foundation
import Glibc
import Synchronization
import Testing

@testable import Store

/// What is acknowledged is there after the writer, or the server, was killed; what is not is there as a whole or not.
@Suite struct CrashTests {
    static let accounts = 40

    /// Adds one to every account of a gateway, again and again, with a row that says how often.
    static func write(
        _ store: Store, gateway: Int, acknowledged: (Int64) throws -> Void
    ) throws {
        var round = try store.position(gateway: "\(gateway)")?.offset ?? 0
        while true {
            round += 1
            try store.addProfiles(
                (0..<accounts).map { (0, "\(gateway) \($0)", counting(1)) },
                gateway: "\(gateway)", position: LogPosition(segment: "s", offset: round),
                counters: [CounterRow(key: "k", level: round, updated: 0)], merge: adding)
            try store.append(
                kind: "round", actor: "\(gateway)", subject: "\(round)", detail: "{}", at: round)
            try acknowledged(round)
        }
    }

    /// Checks that each gateway's acknowledged rounds are there, and no round in part.
    static func check(_ store: Store, acknowledged: [Int: Int64]) throws {
        let profiles = try store.profiles(changedAfter: 0, limit: .max)
        let entries = try store.audit(after: 0, limit: .max)
        for (gateway, round) in acknowledged {
            let position = try store.position(gateway: "\(gateway)")?.offset ?? 0
            #expect(round...(round + 1) ~= position)
            let own = profiles.filter { $0.account.hasPrefix("\(gateway) ") }
            #expect(own.count == Self.accounts)
            #expect(own.allSatisfy { count($0.bytes) == position })
            #expect(try store.counters(gateway: "\(gateway)").map(\.level) == [position])
            let rounds = entries.filter { $0.actor == "\(gateway)" }.map(\.subject)
            #expect(rounds.count >= round)
            #expect(rounds == (1...max(rounds.count, 1)).map { "\($0)" })
        }
        #expect(try store.verifyAudit() == nil)
    }

    /// The child's threads write and acknowledge into a file; it kills itself while they do.
    @Test(arguments: Backend.all, [1, 2, 3]) func killedWriter(
        backend: Backend, seed: Int
    ) async throws {
        let place = try Place(backend)
        defer { place.remove() }
        let folder = NSTemporaryDirectory() + "stillwatch-acks-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (url, acks) = (place.url, folder + "/acks")
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [url = url as String, acks = acks as String, seed = seed as Int] in
            let store = try Store(url: url)
            let file = open(acks, O_WRONLY | O_CREAT | O_APPEND, 0o600)
            try #require(file >= 0)
            var random = SplitMix(UInt64(seed))
            let last = Int.random(in: 20...60, using: &random)
            let done = Atomic(0)
            try together(3) { gateway in
                try CrashTests.write(store, gateway: gateway) { round in
                    let line = "\(gateway) \(round)\n"
                    try #require(Glibc.write(file, line, line.utf8.count) == line.utf8.count)
                    if done.add(1, ordering: .relaxed).newValue == last { kill(getpid(), SIGKILL) }
                }
            }
        }
        var acknowledged: [Int: Int64] = [:]
        for line in try String(contentsOfFile: acks, encoding: .utf8).split(separator: "\n") {
            let parts = line.split(separator: " ")
            acknowledged[Int(parts[0])!] = Int64(parts[1])!
        }
        #expect(acknowledged.values.reduce(0, +) >= 20)
        let store = try place.store()
        try Self.check(store, acknowledged: acknowledged)
        // The killed writer's locks are gone.
        try store.put(AccountRow(id: "a"), actor: "o", at: 1)
    }
}
