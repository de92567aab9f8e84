import Foundation
import Simulation
import Testing

@Suite struct WorldTests {
    /// The world that most tests look at.
    private static let common = Result { try SmallWorld() }

    @Test func sameSeedGivesTheSameBytes() throws {
        let first = try Self.common.get()
        let second = try SmallWorld()
        #expect(first.exchanges == second.exchanges)
        #expect(first.accounts == second.accounts)
    }

    @Test func anotherSeedGivesAnotherWorld() throws {
        #expect(try Self.common.get().exchanges != SmallWorld(seed: 8).exchanges)
    }

    @Test func everyClassAndCampaignIsThere() throws {
        let world = try Self.common.get()
        let kinds = Set(world.labels.values.filter { !$0.isGuilty }.map(\.kind))
        #expect(kinds == Set(InnocentClass.allCases.map(\.rawValue)))
        let campaigns = Set(world.labels.values.filter(\.isGuilty).map(\.campaign))
        #expect(campaigns == Set(CampaignKind.standard.map { $0.rawValue + "-1" }))
        for group in world.summary.groups {
            #expect(group.accounts > 0 && group.exchanges > 0, "\(group.name)")
        }
        let innocent = world.labels.values.count { !$0.isGuilty }
        #expect(innocent == 120)
    }

    @Test func labelsAndTableAgreeWithTheExchanges() throws {
        let world = try Self.common.get()
        var last = ""
        var ids: Set<String> = []
        let records = try world.records()
        for record in records {
            let account = try SmallWorld.account(record)
            #expect(world.labels[account] != nil)
            let time = try #require(record["time"] as? String)
            #expect(time >= last)
            last = time
            let created = try #require((record["account"] as? [String: Any])?["created"] as? String)
            #expect(created <= time, "\(account) acts before it exists")
            ids.insert(try #require(record["id"] as? String))
        }
        #expect(ids.count == records.count)
        #expect(records.count == world.summary.exchanges)
        #expect(world.accounts.split(separator: "\n").count == world.labels.count + 1)
        let header = world.accounts.prefix { $0 != "\n" }
        #expect(
            header
                == "account,created,organization,email_domain,country,payment_fingerprint,plan,signup_path,phone_fingerprint,trusted"
        )
    }

    @Test func campaignsCanBeChosen() throws {
        let two = try SmallWorld(
            accounts: 60, exchanges: 1500, campaigns: .named(["clean_hydra", "clean_hydra"]))
        let names = Set(two.labels.values.filter(\.isGuilty).map(\.campaign))
        #expect(names == ["clean_hydra-1", "clean_hydra-2"])
        #expect(throws: SimulationError.unknownCampaign("hydra")) {
            try SmallWorld(campaigns: .named(["hydra"]))
        }
    }

    @Test func impossibleSettingsAreRefused() {
        #expect(throws: SimulationError.self) { try SmallWorld(accounts: 3) }
        #expect(throws: SimulationError.self) { try SmallWorld(days: 1) }
        #expect(throws: SimulationError.unusableCorpus(path: "/nowhere")) {
            try SmallWorld(corpus: "/nowhere")
        }
    }

    @Test func theTotalIsRoughlyTheOneAskedFor() throws {
        let world = try SmallWorld(exchanges: 4000, campaigns: .none)
        #expect(world.labels.values.allSatisfy { !$0.isGuilty })
        #expect(abs(world.summary.exchanges - 4000) < 800)
    }

    /// A dispatcher shares work out evenly; strangers' volumes differ by orders of magnitude.
    @Test func hydrasAreEvenAndInnocentsAreNot() throws {
        let world = try SmallWorld(
            accounts: 300, days: 10, exchanges: 9000, campaigns: .named(["clean_hydra"]))
        var counts: [String: Int] = [:]
        for record in try world.records() {
            counts[try SmallWorld.account(record), default: 0] += 1
        }
        func variation(_ include: (SmallWorld.Label) -> Bool) -> Double {
            let volumes = counts.filter { world.labels[$0.key].map(include) ?? false }.map {
                Double($0.value)
            }
            let mean = volumes.reduce(0, +) / Double(volumes.count)
            let squares = volumes.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
            return (squares / Double(volumes.count)).squareRoot() / mean
        }
        // About a hundred requests each: chance alone gives a coefficient of variation of 0.1.
        #expect(variation { $0.isGuilty } < 0.1)
        #expect(variation { $0.kind == "hobby" } > 0.8)
        #expect(variation { $0.kind == "open_source_tool" } > 0.4)
    }

    /// Within a campaign no prompt is asked twice while its data set lasts; that is the split without replacement.
    @Test func aHydraSplitsItsDataWithoutReplacement() throws {
        let world = try SmallWorld(campaigns: .named(["clean_hydra"]))
        var seen: [String: String] = [:]
        var shared = 0
        for record in try world.records() {
            let account = try SmallWorld.account(record)
            guard world.labels[account]?.isGuilty == true else { continue }
            let request = try #require(record["request"] as? [String: Any])
            let messages = try #require(request["messages"] as? [[String: Any]])
            let prompt = try #require(messages.last?["content"] as? String)
            if let owner = seen[prompt], owner != account { shared += 1 }
            seen[prompt] = account
        }
        #expect(seen.count > 50)
        #expect(shared == 0)
    }

    /// Signatures cross accounts in a replay; innocents pass their own back within one conversation.
    @Test func onlyReplaysCarryForeignSignatures() throws {
        let world = try SmallWorld(exchanges: 3000, campaigns: .named(["signature_replay"]))
        var made: [String: String] = [:]
        var foreign = 0
        var own = 0
        for record in try world.records() {
            let account = try SmallWorld.account(record)
            let request = try #require(record["request"] as? [String: Any])
            for message in request["messages"] as? [[String: Any]] ?? [] {
                for signature in Self.signatures(message["content"]) {
                    if made[signature] == account {
                        own += world.labels[account]?.isGuilty == false ? 1 : 0
                    } else {
                        foreign += 1
                        #expect(world.labels[account]?.isGuilty == true)
                    }
                }
            }
            let response = try #require(record["response"] as? [String: Any])
            for signature in Self.signatures(response["content"]) { made[signature] = account }
        }
        #expect(foreign > 5)
        #expect(own > 20)
    }

    private static func signatures(_ content: Any?) -> [String] {
        (content as? [[String: Any]] ?? []).compactMap { $0["signature"] as? String }
    }
}
