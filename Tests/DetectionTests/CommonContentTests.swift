import Testing

@testable import Detection

/// Accounts that hide two fifths of harvest under three fifths of one person's traffic.
@Suite struct CommonContentTests {
    private static func isHarvest(_ index: Int) -> Bool { index % 5 < 2 }

    /// Workers of equal volume, each with two subjects of its own beside the ten that all draw on.
    private func mixed(seed: UInt64, workers: Int, harvest: Bool = true) throws -> Crowd {
        var crowd = try Crowd(seed: seed)
        crowd.addPeople(60)
        for index in 0..<workers {
            let own = [crowd.anyTopic(), crowd.anyTopic()]
            let created = Double.random(in: 9...9.8, using: &crowd.random)
            crowd.add("worker\(100 + index)", count: 100, days: 10...18, created: created) {
                crowd, number in
                guard harvest, Self.isHarvest(number) else {
                    return crowd.prompt(topic: own[number % 2])
                }
                return crowd.prompt(topic: 30 + Int.random(in: 0..<10, using: &crowd.random))
            } shape: {
                $0.userAgent = "client/1"
            }
        }
        return crowd
    }

    private func workers(_ crowd: Crowd) -> (pool: Pool, population: Population) {
        let population = Population(crowd.set)
        return (Pool(population.positions("worker"), of: population), population)
    }

    @Test func `the harvest is told apart from what each asks on its own`() throws {
        let (pool, population) = workers(try mixed(seed: 61, workers: 25))
        let found = try #require(
            CommonContent.find(in: pool, frequencies: population.wordFrequencies))
        #expect(abs(found.common.share - 0.4) < 0.08, "seed 61")
        let tests = GroupTests(population: population)
        #expect(tests.contentExchangeable(pool).p > 0.5, "seed 61")
        #expect(tests.contentExchangeable(found.pool).p < 1e-6, "seed 61")
    }

    @Test func `accounts with nothing in common have no such part that passes`() throws {
        let (pool, population) = workers(try mixed(seed: 62, workers: 25, harvest: false))
        let found = CommonContent.find(in: pool, frequencies: population.wordFrequencies)
        let p = found.map { GroupTests(population: population).contentExchangeable($0.pool).p }
        #expect(p.map { $0 > 0.01 } ?? true, "seed 62")
    }

    @Test func `too few accounts have none`() throws {
        let (pool, population) = workers(try mixed(seed: 63, workers: 4))
        #expect(CommonContent.find(in: pool, frequencies: population.wordFrequencies) == nil)
    }

    @Test func `the case rests on what accounts have in common, and only that is quoted`() throws {
        let (pool, population) = workers(try mixed(seed: 61, workers: 25))
        let assessment = GroupAssessment(pool, population: population)
        #expect(assessment.p < 1e-6, "seed 61")
        let candidate = Judge.Candidate(members: pool.accounts, assessment: assessment)
        let judgement = Describer(population: population, settings: JudgeSettings()).judgement(
            [Judge.Decision(verdict: .distillation, candidate: candidate)], candidates: [candidate],
            tested: 1)
        let accused = judgement.accounts.filter { $0.verdict == .distillation }
        let campaign = try #require(judgement.campaigns.first)
        let part = try #require(campaign.indicators.first { $0.name == "harvest_component" })
        #expect(abs(part.value - 0.4) < 0.08, "seed 61")
        let quoted = (campaign.indicators + accused.flatMap(\.indicators)).flatMap(\.exchangeIDs)
        let numbers = quoted.compactMap { $0.split(separator: "-").last.flatMap { Int($0) } }
        let right = numbers.count(where: Self.isHarvest)
        #expect(
            numbers.count >= 100 && right * 10 >= numbers.count * 9,
            "\(right) of \(numbers.count), seed 61")
    }
}
