import Enforcement
import Foundation
import Store
import Testing

@testable import Gateway

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A gateway before a model server that cannot be reached: what is let through gets 502.
private final class RunningGateway: @unchecked Sendable {
    let scratch: Scratch
    let gateway: Gateway
    let operations: Operations
    private let task: Task<Void, any Error>

    init(policy: String) async throws {
        scratch = try Scratch()
        let folder = scratch.path
        try policy.write(toFile: folder + "/policy.yaml", atomically: true, encoding: .utf8)
        let yaml = """
            listen: 127.0.0.1:0
            upstreams: [{url: "http://127.0.0.1:1"}]
            policy: policy.yaml
            judging: {every: 1h}
            """
        try yaml.write(toFile: folder + "/stillwatch.yaml", atomically: true, encoding: .utf8)
        let settings = try GatewaySettings(path: folder + "/stillwatch.yaml")
        let gateway = try Gateway(settings: settings, log: quiet)
        self.gateway = gateway
        operations = Operations(store: gateway.store, pepper: gateway.pepper)
        task = Task { try await gateway.run() }
        try await until { gateway.port != nil }
    }

    func stop() async { task.cancel(); _ = await task.result }

    /// The status that an account's request gets.
    func status(_ key: String) async throws -> (status: Int, body: String) {
        let url = URL(string: "http://127.0.0.1:\(gateway.port ?? 0)/v1/chat/completions")!
        var request = URLRequest(url: url)
        request.httpMethod = "POST"
        request.setValue("Bearer \(key)", forHTTPHeaderField: "authorization")
        request.httpBody = Data(
            "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}".utf8)
        let (data, response) = try await URLSession.shared.data(for: request)
        return (
            (response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self)
        )
    }

    func wait(_ key: String, for expected: Int) async throws {
        var last = (status: 0, body: "")
        for _ in 0..<200 {
            last = try await status(key)
            if last.status == expected { return }
            try await Task.sleep(for: .milliseconds(25))
        }
        Issue.record("expected \(expected), got \(last)")
    }
}

private func until(_ isTrue: () throws -> Bool) async throws {
    for _ in 0..<400 {
        if try isTrue() { return }
        try await Task.sleep(for: .milliseconds(25))
    }
    Issue.record("it did not happen within 10 s")
}

@Suite("What people order", .serialized)
struct OrdersTests {
    private func verdict(_ account: String, _ campaign: String?) -> VerdictRow {
        VerdictRow(
            account: account, verdict: campaign == nil ? "no_finding" : "distillation", score: 0.99,
            pValue: 1e-6, qValue: 1e-4, campaign: campaign, indicators: "[\"shared_template\"]",
            firstFlagged: nil)
    }

    private let campaign = CampaignRow(
        id: "C-0001", verdict: "distillation", members: 2, exchanges: 100, qValue: 1e-4,
        detail: "{}")

    @Test("a step waits for approval, and reaches the whole campaign once it is given")
    func approval() async throws {
        let running = try await RunningGateway(
            policy: """
                rules:
                  - id: harvesters
                    when: {verdict: distillation}
                    do: block
                    approval: required
                appeal: "Write to appeals and quote {request_id}."
                """)
        let keys = try ["a", "b", "other"].map {
            try running.operations.createKey(account: $0, actor: "test").key
        }
        try running.gateway.store.putJudgement(
            verdicts: [verdict("a", "C-0001"), verdict("b", "C-0001"), verdict("other", nil)],
            campaigns: [campaign], at: Moment.nowMicroseconds())
        for key in keys { try await running.wait(key, for: 502) }
        try await until {
            // Only a request asks for approval.
            try running.operations.approvals().count == 1
        }
        let id = try running.gateway.store.pending()[0].id
        #expect(id == "harvesters/0/campaign/C-0001")
        try running.operations.decide(approval: id, approve: true, by: "somebody", note: "")
        try await running.wait(keys[0], for: 403)
        try await running.wait(keys[1], for: 403)
        #expect(try await running.status(keys[2]).status == 502)
        let body = try await running.status(keys[0]).body
        #expect(body.contains("policy_violation"))
        #expect(body.contains("quote req_"))
        // Decided once.
        #expect(throws: OperationError.self) {
            try running.operations.decide(approval: id, approve: false, by: "another", note: "")
        }
        let audit = try running.gateway.store.audit(after: 0, limit: 1000)
        #expect(audit.contains { $0.kind == "policy.decision" && $0.subject == "a" })
        #expect(try running.gateway.store.verifyAudit() == nil)
        await running.stop()
    }

    @Test(
        "a campaign is blocked in one step, stays blocked when judgements forget it, and is let in again"
    )
    func campaignBlock() async throws {
        let running = try await RunningGateway(policy: "rules: []\n")
        let keys = try ["a", "b", "other"].map {
            try running.operations.createKey(account: $0, actor: "test").key
        }
        let store = running.gateway.store
        try store.putJudgement(
            verdicts: [verdict("a", "C-0001"), verdict("b", "C-0001"), verdict("other", nil)],
            campaigns: [campaign], at: 1)
        for key in keys { try await running.wait(key, for: 502) }
        #expect(
            try running.operations.block(
                campaign: "C-0001", by: "somebody", reason: "r", expiresSeconds: nil) == 2)
        try await running.wait(keys[0], for: 403)
        try await running.wait(keys[1], for: 403)
        #expect(try await running.status(keys[2]).status == 502)
        try store.putJudgement(
            verdicts: ["a", "b", "other"].map { verdict($0, nil) }, campaigns: [], at: 2)
        try await until { try store.campaign(id: "C-0001")?.ended != nil }
        try await Task.sleep(for: .milliseconds(1200))
        #expect(try await running.status(keys[0]).status == 403)
        _ = try running.operations.unblock(campaign: "C-0001", by: "somebody", reason: "r")
        try await running.wait(keys[0], for: 502)
        // A block with an end ends by itself.
        try store.putJudgement(
            verdicts: [verdict("a", "C-0001"), verdict("b", "C-0001"), verdict("other", nil)],
            campaigns: [campaign], at: 3)
        _ = try running.operations.block(
            campaign: "C-0001", by: "somebody", reason: "r", expiresSeconds: 1.5)
        try await running.wait(keys[0], for: 403)
        try await running.wait(keys[0], for: 502)
        await running.stop()
    }

    @Test("a switch shuts out a country within seconds, with proof")
    func killSwitch() async throws {
        let running = try await RunningGateway(policy: "dry_run: true\nrules: []\n")
        let inside = try running.operations.createKey(account: "inside", actor: "test").key
        let outside = try running.operations.createKey(account: "outside", actor: "test").key
        var facts = Operations.Account()
        facts.country = "sg"
        try running.operations.setAccount("inside", facts, actor: "test")
        facts.country = "DE"
        facts.nationality = "FR"
        try running.operations.setAccount("outside", facts, actor: "test")
        try await running.wait(inside, for: 502)
        let started = ContinuousClock.now
        let thrown = try running.operations.setSwitch(
            "embargo", countries: ["SG"], nationalities: [], on: true, by: "somebody", reason: "r")
        try await running.wait(inside, for: 403)
        #expect(ContinuousClock.now - started < .seconds(3))
        #expect(try await running.status(inside).body.contains("region_blocked"))
        #expect(try await running.status(outside).status == 502)
        try await until { try running.operations.proofs(of: "embargo").count == 1 }
        let proof = try #require(running.gateway.store.proofs(switch: "embargo").first)
        #expect(proof.revision == thrown.revision)
        #expect(proof.gateway == running.gateway.id)
        _ = try running.operations.setSwitch(
            "embargo", countries: ["SG"], nationalities: ["FR"], on: true, by: "s", reason: "r")
        try await running.wait(outside, for: 403)
        _ = try running.operations.setSwitch(
            "embargo", countries: ["SG"], nationalities: ["FR"], on: false, by: "s", reason: "r")
        try await running.wait(inside, for: 502)
        try await running.wait(outside, for: 502)
        await running.stop()
    }

    @Test("a gateway with another pepper does not start")
    func pepper() async throws {
        let running = try await RunningGateway(policy: "rules: []\n")
        let folder = running.scratch.path
        await running.stop()
        try FileManager.default.removeItem(atPath: folder + "/state/pepper")
        let settings = try GatewaySettings(path: folder + "/stillwatch.yaml")
        let error = #expect(throws: GatewayError.self) {
            _ = try Gateway(settings: settings, log: quiet)
        }
        #expect(error.map { "\($0)".contains("pepper_file") } == true)
    }
}
