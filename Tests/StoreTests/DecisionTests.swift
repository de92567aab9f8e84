import Synchronization
import Testing

@testable import Store

@Suite struct DecisionTests {
    private let approval = ApprovalRow(
        id: "p", rule: "r", stage: 2, scope: "campaign", subject: "C-1", action: "block",
        requested: 10)

    @Test(arguments: Backend.all) func approvalIsDecidedOnce(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        #expect(try store.request(approval, actor: "gateway"))
        var row = approval
        row.revision = 1
        #expect(try store.pending() == [row])
        #expect(try !store.request(approval, actor: "gateway"))
        #expect(try store.revisions()[.approvals] == 1)
        try store.decide(id: "p", decision: .denied, by: "o", note: "n", at: 20)
        (row.decided, row.decision, row.by, row.note, row.revision) = (20, "denied", "o", "n", 2)
        #expect(try store.approval(id: "p") == row)
        #expect(try store.approvals(changedAfter: 1) == [row])
        #expect(try store.pending().isEmpty)
        #expect(throws: StoreError.alreadyDecided(id: "p", decision: "denied", by: "o")) {
            try store.decide(id: "p", decision: .approved, by: "q", note: "", at: 30)
        }
        // Asking again does not open it again.
        #expect(try !store.request(approval, actor: "gateway"))
        #expect(try store.approval(id: "p") == row)
        #expect(throws: StoreError.unknown(what: "approval", id: "x")) {
            try store.decide(id: "x", decision: .approved, by: "q", note: "", at: 30)
        }
        #expect(
            try store.audit(after: 0, limit: 9).map { "\($0.kind) \($0.actor) \($0.at)" }
                == ["approval.request gateway 10", "approval.decide o 20"])
    }

    @Test(arguments: Backend.all) func oneOfManyDecides(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        let asked = Atomic(0)
        let won = Atomic(0)
        let lost = Atomic(0)
        try together(4) { [approval] number in
            if try store.request(approval, actor: "\(number)") {
                asked.add(1, ordering: .relaxed)
            }
            do throws(StoreError) {
                try store.decide(
                    id: "p", decision: .approved, by: "\(number)", note: "", at: 1)
                won.add(1, ordering: .relaxed)
            } catch {
                #expect(error.label == "already_decided")
                lost.add(1, ordering: .relaxed)
            }
        }
        #expect(asked.load(ordering: .relaxed) == 1)
        #expect(won.load(ordering: .relaxed) == 1)
        #expect(lost.load(ordering: .relaxed) == 3)
    }

    @Test(arguments: Backend.all) func switchAndItsProofs(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        var row = SwitchRow(
            id: "s", countries: ["CU", "a\"b,[\u{1F1E9}"], nationalities: [], on: true, by: "o",
            reason: "r", at: 5)
        let first = try store.put(row)
        row.revision = first
        #expect(try store.switches(changedAfter: 0) == [row])
        try store.acknowledge(switch: "s", revision: first, gateway: "h", at: 9)
        try store.acknowledge(switch: "s", revision: first, gateway: "g", at: 7)
        // The first time stays.
        try store.acknowledge(switch: "s", revision: first, gateway: "g", at: 8)
        row.on = false
        let second = try store.put(row)
        #expect(second > first)
        try store.acknowledge(switch: "s", revision: second, gateway: "g", at: 20)
        #expect(
            try store.proofs(switch: "s") == [
                SwitchProof(switchID: "s", revision: first, gateway: "g", inForce: 7),
                SwitchProof(switchID: "s", revision: first, gateway: "h", inForce: 9),
                SwitchProof(switchID: "s", revision: second, gateway: "g", inForce: 20),
            ])
        #expect(try store.proofs(switch: "t").isEmpty)
        #expect(throws: StoreError.unknown(what: "switch", id: "t")) {
            try store.acknowledge(switch: "t", revision: 1, gateway: "g", at: 1)
        }
        #expect(try store.audit(after: 0, limit: 9).map(\.kind) == ["switch.put", "switch.put"])
    }

    @Test(arguments: Backend.all) func leaseHasOneHolder(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        func lease(_ holder: String, _ now: Int64, _ name: String = "l") throws -> Bool {
            try store.lease(name: name, holder: holder, seconds: 2, now: now)
        }
        #expect(try lease("a", 0))
        #expect(try !lease("b", 1_999_999))
        #expect(try lease("a", 1_000_000))
        #expect(try lease("b", 1, "other"))
        #expect(try !lease("b", 2_000_000))
        // Ended at three seconds.
        #expect(try lease("b", 3_000_000))
        #expect(try !lease("a", 3_000_001))
        try store.release(name: "l", holder: "a")
        #expect(try !lease("a", 3_000_002))
        try store.release(name: "l", holder: "b")
        #expect(try lease("a", 3_000_003))
    }

    @Test(arguments: Backend.all) func oneOfManyGetsTheLease(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        _ = try place.store()
        let holders = Mutex<[[Int]]>(Array(repeating: [], count: 10))
        try together(4) { [url = place.url] number in
            let store = try Store(url: url)
            for round in 0..<10
            where try store.lease(name: "\(round)", holder: "\(number)", seconds: 1, now: 0) {
                holders.withLock { $0[round].append(number) }
            }
        }
        #expect(holders.withLock { $0.allSatisfy { $0.count == 1 } })
    }

    @Test(arguments: Backend.all) func gatewaysSayThatTheyAreThere(backend: Backend) throws {
        let place = try Place(backend)
        defer { place.remove() }
        let store = try place.store()
        var row = GatewayRow(id: "g", started: 1, seen: 2, version: "3", address: "127.0.0.1:4")
        try store.heartbeat(row)
        try store.heartbeat(GatewayRow(id: "a", started: 1, seen: 1, version: "", address: ""))
        row.seen = 9
        try store.heartbeat(row)
        #expect(try store.gateways().map(\.id) == ["a", "g"])
        #expect(try store.gateways()[1] == row)
    }
}
