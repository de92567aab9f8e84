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
        let population = Population(crowd.profiles)
        func positions(_ prefix: String) -> [Int] {
            crowd.profiles.indices.filter { crowd.profiles[$0].account.hasPrefix(prefix) }
        }
        let workers = positions("worker")
        let settled = Membership(population: population).settle(
            workers + positions("fan"),
            taken: [Bool](repeating: false, count: crowd.profiles.count))
        #expect(settled.kept == workers)
        #expect(settled.joined.isEmpty)
    }
}
