import Testing

@testable import Detection

/// Each test on a group that shows its sign, on one that looks alike and is innocent, and on one too small to say.
@Suite struct GroupTestsTests {
    private func measure(
        _ crowd: Crowd, _ prefix: String, _ test: (GroupTests, Pool) -> Measurement
    ) -> Double {
        let population = Population(crowd.set)
        let pool = Pool(population.positions(prefix), of: population)
        return test(GroupTests(population: population), pool).p
    }

    private func crowd(_ seed: UInt64, workers: Int) throws -> Crowd {
        var crowd = try Crowd(seed: seed)
        crowd.addPeople(30)
        crowd.addHydra(workers)
        return crowd
    }

    private static let tests: [(String, @Sendable (GroupTests, Pool) -> Measurement)] = [
        ("volumes", { $0.volumes($1) }), ("content", { $0.contentExchangeable($1) }),
        ("sign-ups", { $0.signupBurst($1) }), ("onsets", { $0.onsetBurst($1) }),
    ]

    @Test(arguments: 0..<4) func `fires on a hydra, not on people, and says nothing of four`(
        index: Int
    ) throws {
        let (name, test) = Self.tests[index]
        let crowd = try crowd(21, workers: 20)
        #expect(measure(crowd, "worker", test) < 1e-4, "\(name), seed 21")
        // Ten of the thirty: the rest are what they are compared with.
        #expect(measure(crowd, "person11", test) > 0.01, "\(name), seed 21")
        #expect(measure(try self.crowd(22, workers: 4), "worker", test) == 1, "\(name), seed 22")
    }

    @Test func `a burst inside a group is found without the bystanders`() throws {
        var crowd = try Crowd(seed: 26)
        crowd.addPeople(200)
        crowd.addHydra(12)
        let population = Population(crowd.set)
        let workers = population.positions("worker")
        // Most of the people stay outside, to be what is compared with: a burst is held against twice their odds.
        let people = population.positions("person").filter { $0 % 4 == 0 }
        let tests = GroupTests(population: population)
        let bursts = tests.bursts((people + workers).sorted())
        #expect(
            bursts.contains {
                $0.p < 1e-4 && Set($0.members).symmetricDifference(workers).count <= 1
            }, "seed 26")
        #expect(tests.bursts(people).allSatisfy { $0.p > 1e-4 }, "seed 26")
    }

    @Test func `prompts without overlap pass the partition test, a course's do not`() throws {
        var crowd = try crowd(23, workers: 20)
        let exercises = (0..<20).map { crowd.prompt(topic: $0) }
        for index in 0..<20 {
            crowd.add("student\(index)", count: 20, days: 10...18, created: 9) { _, number in
                exercises[number]
            }
        }
        #expect(measure(crowd, "worker") { $0.partition($1) } < 1e-4, "seed 23")
        #expect(measure(crowd, "student") { $0.partition($1) } > 0.5, "seed 23")
        let few = try self.crowd(22, workers: 4)
        #expect(measure(few, "worker") { $0.partition($1) } == 1, "seed 22")
    }

    @Test func `shared cards are seen, a family's are not`() throws {
        var crowd = try Crowd(seed: 24)
        for index in 0..<20 {
            crowd.add("carded\(index)", count: 2, days: 0...9, created: 0) {
                $0.prompt(topic: $1)
            } shape: {
                $0.payment = "card\(index / 5)"
            }
            crowd.add("family\(index)", count: 2, days: 0...9, created: 0) {
                $0.prompt(topic: $1)
            } shape: {
                $0.payment = index < 2 ? "ours" : "mine\(index)"
            }
        }
        #expect(measure(crowd, "carded") { $0.sharedIdentity($1)[0] } < 1e-9)
        #expect(measure(crowd, "family") { $0.sharedIdentity($1)[0] } > 0.1)
        #expect(measure(crowd, "nobody") { $0.sharedIdentity($1)[0] } == 1)
    }

    @Test func `signatures of others are a replay, own ones are not`() throws {
        var crowd = try Crowd(seed: 25)
        for index in 0..<12 {
            crowd.add("replayer\(index)", count: 2, days: 0...9, created: 0) {
                $0.prompt(topic: $1)
            } shape: {
                $0.earlierAnswers = 1
                $0.presented = "stolen\(index / 4)"
            }
            crowd.add("honest\(index)", count: 2, days: 0...9, created: 0) {
                $0.prompt(topic: $1)
            } shape: {
                $0.earlierAnswers = 1
                $0.presented = "own\(index)"
                $0.issued = "own\(index)"
            }
        }
        #expect(measure(crowd, "replayer") { $0.signatureReplay($1) } < 1e-9)
        #expect(measure(crowd, "honest") { $0.signatureReplay($1) } == 1)
        #expect(measure(crowd, "nobody") { $0.signatureReplay($1) } == 1)
    }
}
