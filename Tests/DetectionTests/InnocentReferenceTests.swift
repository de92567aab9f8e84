import Testing

@testable import Detection

@Suite struct InnocentReferenceTests {
    @Test func `the bound is the largest rank that the miss allows`() {
        let values = (1...39).map(Double.init).reversed()
        let bound = InnocentReference.Bound(Array(values), miss: 0.05)
        #expect(bound.rank == 2)
        #expect(bound.value == 2)
        #expect(InnocentReference.Bound(Array(values.prefix(18)), miss: 0.05).value == nil)
        #expect(InnocentReference.Bound([], miss: 0.05).value == nil)
    }

    /// The promise of conformal prediction, on draws from one distribution.
    @Test func `a new value is below the bound no more often than promised`() {
        var random = SplitMix(seed: 41)
        let rounds = 4000
        var missed = 0
        for _ in 0..<rounds {
            let values = (0..<60).map { _ in Double.random(in: 0..<1, using: &random) }
            let bound = InnocentReference.Bound(values, miss: 0.05)
            if Double.random(in: 0..<1, using: &random) < (bound.value ?? 0) { missed += 1 }
        }
        // Rank 3 of 60 promises 3 / 61; three standard errors beside it.
        let promised = 3.0 / 61
        let error = (promised * (1 - promised) / Double(rounds)).squareRoot()
        #expect(abs(Double(missed) / Double(rounds) - promised) < 3 * error, "seed 41")
    }

    /// Customers of one vendor: one subject each, volumes over a factor of four.
    private func past(seed: UInt64, workers: Int) throws -> ProfileSet {
        var crowd = try Crowd(seed: seed)
        for group in 0..<12 {
            for index in 0..<14 {
                let volume = Int.random(in: 20...80, using: &crowd.random)
                let created = Double.random(in: -700...0, using: &crowd.random)
                let own = [2 * group, 2 * group + (index % 2)]
                crowd.add(
                    "vendor\(10 + group)-\(10 + index)", count: volume, days: 0...30,
                    created: created
                ) {
                    $0.prompt(topic: own[$1 % 2])
                }
            }
        }
        crowd.addHydra(workers)
        return crowd.set
    }

    @Test func `a campaign in the past is left out and moves no bound below it`() throws {
        let judge = Judge(settings: JudgeSettings())
        let clean = judge.reference(try past(seed: 42, workers: 0), miss: 0.2)
        let mixed = judge.reference(try past(seed: 42, workers: 30), miss: 0.2)
        #expect(clean.accountsLeftOut == 0)
        #expect(mixed.accountsLeftOut == 30)
        #expect(mixed.groupsLeftOut > 0)
        #expect(!clean.volumeSpread.measured.isEmpty)
        let least = try #require(mixed.volumeSpread.measured.first)
        // Forty exchanges each measure 0.01.
        #expect(least > 0.05, "seed 42")
    }

    @Test func `few groups leave the shipped floors`() throws {
        let reference = Judge(settings: JudgeSettings()).reference(
            try past(seed: 43, workers: 0), miss: 0.001)
        #expect(reference.floors == .shipped)
    }

    @Test func `floors decide who is accused`() throws {
        var crowd = try Crowd(seed: 44)
        crowd.addPeople(60)
        crowd.addHydra(25)
        let profiles = crowd.set
        func accused(_ floors: InnocentFloors) -> Int {
            Judge(settings: JudgeSettings(floors: floors)).judge(profiles).accounts
                .count { $0.verdict == .distillation }
        }
        #expect(accused(.shipped) == 25, "seed 44")
        // Where even innocent accounts are hardly told apart by what they ask, nobody can be shown to be a pool.
        #expect(accused(InnocentFloors(volumeSpread: 0.45, contentIntraclass: 0.0001)) == 0)
        #expect(accused(InnocentFloors(volumeSpread: 0.001, contentIntraclass: 0.015)) == 0)
    }
}
