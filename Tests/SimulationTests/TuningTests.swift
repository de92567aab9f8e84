import Foundation
import Simulation
import Testing

@Suite struct TuningTests {
    private static func world(
        _ campaigns: [String], without: Set<InnocentClass> = [],
        _ tune: (inout CampaignTuning) -> Void = { _ in }
    ) throws -> SmallWorld {
        var tuning = CampaignTuning()
        tune(&tuning)
        return try SmallWorld(
            exchanges: nil, campaigns: .named(campaigns), tuning: tuning, without: without)
    }

    private static func exchanges(_ world: SmallWorld, of campaign: String) -> Int {
        world.summary.groups.first { $0.name == campaign }?.exchanges ?? 0
    }

    @Test func accountsAndRateAreAsAskedFor() throws {
        let world = try Self.world(["clean_hydra"]) {
            $0.accounts = 17
            $0.requestsPerDay = 12
            $0.days = 5
        }
        #expect(world.labels.values.count(where: \.isGuilty) == 17)
        let expected = 17 * 12 * 5
        // What a failed request adds by its retry, and the rounding of the schedule, stay below a tenth.
        let made = Self.exchanges(world, of: "clean_hydra-1")
        #expect(abs(made - expected) < expected / 10, "\(made)")
    }

    @Test func dilutionReplacesHarvest() throws {
        let plain = try Self.world(["clean_hydra"]) { $0.requestsPerDay = 20 }
        let covered = try Self.world(["clean_hydra"]) {
            $0.requestsPerDay = 20
            $0.dilution = 0.8
        }
        #expect(plain.exchanges != covered.exchanges)
        let zero = try Self.world(["clean_hydra"]) {
            $0.requestsPerDay = 20
            $0.dilution = 0
        }
        #expect(plain.exchanges == zero.exchanges)
    }

    @Test func classesCanBeLeftOut() throws {
        let all = try Self.world([])
        let some = try Self.world([], without: [.course, .hobby])
        let kinds = Set(some.labels.values.map(\.kind))
        let wanted = InnocentClass.allCases.filter { $0 != .course && $0 != .hobby }
        #expect(kinds == Set(wanted.map(\.rawValue)))
        let missing = all.labels.values.count { $0.kind == "course" || $0.kind == "hobby" }
        #expect(some.labels.count == all.labels.count - missing)
    }

    @Test(arguments: CampaignKind.allCases.filter { !CampaignKind.standard.contains($0) })
    func adaptiveKindsRunWhenNamed(_ kind: CampaignKind) throws {
        let world = try Self.world([kind.rawValue]) { $0.accounts = 20 }
        let name = kind.rawValue + "-1"
        let members = world.labels.filter { $0.value.campaign == name }
        #expect(members.count == 20)
        var senders: Set<String> = []
        for record in try world.records() { senders.insert(try SmallWorld.account(record)) }
        #expect(members.keys.count { senders.contains($0) } > 15)
    }

    @Test func standardKindsAreNotAdaptive() {
        #expect(CampaignKind.standard.count == 13)
    }

    @Test func impossibleTuningIsRefused() {
        for tune: (inout CampaignTuning) -> Void in [
            { $0.accounts = 1 }, { $0.requestsPerDay = 0 }, { $0.days = 0 }, { $0.dilution = 1 },
        ] {
            #expect(throws: SimulationError.self) { try Self.world(["clean_hydra"], tune) }
        }
    }
}
