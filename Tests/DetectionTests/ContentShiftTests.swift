import Testing

@testable import Detection

@Suite struct ContentShiftTests {
    /// Accounts of which each asks about any of thirty subjects, or of `subjects`.
    private func crowd(
        _ crowd: inout Crowd, _ name: String, accounts: Int, each: Int,
        subjects: ClosedRange<Int>? = nil
    ) {
        for index in 0..<accounts {
            crowd.add("\(name)\(100 + index)", count: each, days: 0...9, created: 0) { crowd, _ in
                let topic = subjects.map { Int.random(in: $0, using: &crowd.random) }
                return crowd.prompt(topic: topic ?? crowd.anyTopic())
            }
        }
    }

    private func profiles(_ crowd: Crowd, _ prefix: String) -> [AccountProfile] {
        crowd.profiles.filter { $0.account.hasPrefix(prefix) }
    }

    @Test func `p-values of the same mix are about their level, another mix is seen`() throws {
        var world = try Crowd(seed: 51)
        crowd(&world, "past", accounts: 120, each: 30)
        crowd(&world, "same", accounts: 60, each: 100)
        crowd(&world, "other", accounts: 5, each: 100, subjects: 0...4)
        let shift = try #require(ContentShift(past: ProfileSet(profiles(world, "past"))))
        let same = profiles(world, "same").compactMap { shift.compare($0)?.pValue }
        #expect(same.count == 60)
        // Six of sixty below a tenth are expected; fifteen is over three and a half standard errors above.
        #expect(same.count { $0 < 0.1 } <= 15, "seed 51")
        #expect(same.count { $0 < 0.5 } >= 10, "seed 51")
        for profile in profiles(world, "other") {
            let result = try #require(shift.compare(profile))
            #expect(result.pValue < 1e-6 && result.distance > 1.5, "seed 51")
            #expect(result.exchanges == 100)
        }
    }

    @Test func `accounts that differ among themselves widen what is no shift`() throws {
        var world = try Crowd(seed: 52)
        for index in 0..<40 {
            crowd(
                &world, "past\(10 + index)-", accounts: 1, each: 60,
                subjects: (index % 30)...(index % 30))
        }
        crowd(&world, "mix", accounts: 10, each: 60)
        let shift = try #require(ContentShift(past: ProfileSet(profiles(world, "past"))))
        let mixed = profiles(world, "mix").compactMap { shift.compare($0)?.pValue }
        #expect(mixed.allSatisfy { $0 > 0.01 }, "seed 52")
    }

    @Test func `a short past and an account without text say nothing`() throws {
        var world = try Crowd(seed: 53)
        crowd(&world, "past", accounts: 20, each: 30)
        #expect(ContentShift(past: ProfileSet(profiles(world, "past"))) == nil)
        var enough = try Crowd(seed: 54)
        crowd(&enough, "past", accounts: 100, each: 30)
        let shift = try #require(ContentShift(past: enough.set))
        #expect(shift.compare(AccountProfile(account: "silent")) == nil)
    }
}
