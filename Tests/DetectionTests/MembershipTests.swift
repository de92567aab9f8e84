import Testing

@testable import Detection

/// Who stays in a group once the group as a whole was found.
@Suite struct MembershipTests {
    /// A hydra that is active from the log's beginning, as most people are, and people who use the same tool for as much.
    private func crowd(seed: UInt64) throws -> Crowd {
        var crowd = try Crowd(seed: seed)
        crowd.addPeople(60)
        crowd.addHydra(12, from: 0)
        for index in 0..<6 {
            let created = Double.random(in: -700...0, using: &crowd.random)
            crowd.add("fan\(index)", count: 42, days: 0...30, created: created) { crowd, _ in
                crowd.prompt(topic: 30 + Int(crowd.random.next() % 10))
            } shape: {
                $0.temperature = 0.7
            }
        }
        return crowd
    }

    @Test(arguments: [41, 42, 43] as [UInt64])
    func `a start with the log speaks for nobody`(seed: UInt64) throws {
        let crowd = try crowd(seed: seed)
        let population = Population(crowd.set)
        let workers = population.positions("worker")
        let settled = Membership(
            population: population, neighbours: Proposals(population: population).neighbours
        ).settle(
            (workers + population.positions("fan")).sorted(),
            taken: [Bool](repeating: false, count: population.count))
        #expect(settled.kept == workers)
        #expect(settled.joined.isEmpty)
    }
}
