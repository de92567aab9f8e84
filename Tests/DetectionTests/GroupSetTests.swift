import Testing

@testable import Detection

@Suite struct NearlyEqualTests {
    private static func group(_ count: Int, of accounts: Int, _ random: inout SplitMix) -> [Int] {
        Array(Array(0..<accounts).shuffled(using: &random).prefix(count)).sorted()
    }

    private static func jaccard(_ a: [Int], _ b: [Int]) -> Double {
        Double(Set(a).intersection(b).count) / Double(Set(a).union(b).count)
    }

    @Test(arguments: UInt64(1)...5)
    func `no two that are left are alike, and none is lost that is unlike all others`(
        seed: UInt64
    ) throws {
        var random = SplitMix(seed: seed)
        var groups: [[Int]] = []
        for _ in 0..<60 {
            let group = Self.group(10 + Int(random.next() % 60), of: 300, &random)
            groups.append(group)
            for _ in 0..<Int(random.next() % 4) {
                let drop = Int(random.next() % 9)
                groups.append(Array(group.shuffled(using: &random).dropFirst(drop)).sorted())
            }
        }
        let kept = NearlyEqual.once(groups.shuffled(using: &random))
        #expect(kept == kept.sorted { $0.lexicographicallyPrecedes($1) }, "seed \(seed)")
        #expect(kept.allSatisfy { groups.contains($0) }, "seed \(seed)")
        for group in groups {
            // What was left out has one that stands for it and is no smaller.
            #expect(
                kept.contains { $0.count >= group.count && Self.jaccard($0, group) >= 0.9 },
                "seed \(seed)")
        }
        // Hashing may miss a pair, seldom: the chance is below one in a thousand at nine tenths, and smaller above.
        let pairs = kept.indices.flatMap { a in kept.indices.filter { $0 > a }.map { (a, $0) } }
        #expect(pairs.count { Self.jaccard(kept[$0.0], kept[$0.1]) >= 0.9 } <= 1, "seed \(seed)")
        #expect(NearlyEqual.once(groups.shuffled(using: &random)) == kept, "seed \(seed)")
    }

    @Test func `eighteen of twenty are the same group, seventeen are another`() {
        let whole = Array(0..<20)
        #expect(NearlyEqual.once([Array(whole.prefix(18)), whole]) == [whole])
        #expect(NearlyEqual.once([Array(whole.prefix(17)), whole]).count == 2)
        #expect(NearlyEqual.once([whole, whole]) == [whole])
        #expect(NearlyEqual.once([[Int]]()).isEmpty)
    }
}

@Suite struct ClearGroupsTests {
    private static func clear(_ groups: [[Int]]) -> ClearGroups {
        var clear = ClearGroups(accounts: 200)
        clear.add(groups)
        return clear
    }

    /// Both sides of nine tenths for sizes where they are whole numbers.
    @Test(arguments: [10, 20, 30, 70, 90])
    func `nine tenths of a group make it a part, fewer do not`(size: Int) {
        let clear = Self.clear([Array(0..<100)])
        let outside = 100..<200
        let inside = size * 9 / 10
        #expect(clear.hold(Array(0..<inside) + outside.prefix(size - inside)))
        #expect(!clear.hold(Array(0..<(inside - 1)) + outside.prefix(size - inside + 1)))
    }

    @Test func `only a larger group holds another`() {
        let clear = Self.clear([Array(0..<50)])
        #expect(clear.hold(Array(0..<49)))
        #expect(!clear.hold(Array(0..<50)))
        #expect(!clear.hold(Array(0..<51)))
        #expect(!ClearGroups(accounts: 9).hold([1, 2]))
        #expect(!clear.hold([]))
    }

    @Test func `a group over two others is part of neither, and a part adds nothing`() {
        let clear = Self.clear([Array(25..<35), Array(0..<20), Array(20..<60)])
        #expect(!clear.hold(Array(15..<25)))
        #expect(clear.hold(Array(24..<36)))
        #expect(clear.hold(Array(0..<10)))
    }
}

@Suite struct GraphTests {
    /// Three cliques of ten accounts and one account without links.
    private static let links = (0..<3).flatMap { clique in
        (0..<10).flatMap { a in
            (0..<a).map {
                WeightedLink(first: clique * 10 + $0, second: clique * 10 + a, weight: 1)
            }
        }
    }.sorted { ($0.first, $0.second) < ($1.first, $1.second) }

    private static func without(_ lost: [Int]) -> (links: [WeightedLink], excluded: [Bool]) {
        (
            links.filter { !lost.contains($0.first) && !lost.contains($0.second) },
            (0..<31).map { lost.contains($0) }
        )
    }

    private static func called(_ graph: inout Graph, lost: [Int], before: [Int] = []) -> [[Int]] {
        let now = without(before + lost)
        return graph.communities(now.links, lost: lost, now.excluded)
    }

    @Test func `a later call goes through the communities that lost accounts, and no others`() {
        var graph = Graph(resolutions: [1])
        let all = (0..<3).map { Array($0 * 10..<$0 * 10 + 10) }
        #expect(Self.called(&graph, lost: []) == all)
        #expect(Self.called(&graph, lost: []).isEmpty)
        #expect(Self.called(&graph, lost: [12, 15]) == [[10, 11, 13, 14, 16, 17, 18, 19]])
        // An account without links had no community.
        #expect(Self.called(&graph, lost: [30], before: [12, 15]).isEmpty)
        #expect(
            Self.called(&graph, lost: [0, 10], before: [12, 15, 30])
                == [Array(1..<10), [11, 13, 14, 16, 17, 18, 19]])
    }

    @Test func `each resolution gives communities of its own`() {
        var graph = Graph(resolutions: [1, 1])
        #expect(Self.called(&graph, lost: []).count == 6)
        #expect(Self.called(&graph, lost: [0]).count == 2)
    }

    @Test func `proposals that nothing was taken from are made once`() throws {
        var crowd = try Crowd(seed: 31)
        crowd.addPeople(40)
        crowd.addHydra(16)
        crowd.addHydra(16, name: "second", count: 60, from: 20, client: "script/2")
        let population = Population(crowd.set)
        var proposals = Proposals(population: population)
        let none = [Bool](repeating: false, count: population.count)
        let first = proposals.next(without: none)
        #expect(!first.broad.isEmpty, "seed 31")
        let again = proposals.next(without: none)
        #expect(again.broad.isEmpty && again.narrow.isEmpty, "seed 31")
        var taken = none
        let workers = population.positions("worker")
        for worker in workers { taken[worker] = true }
        let later = proposals.next(without: taken)
        for group in later.broad + later.narrow {
            #expect(Set(group).isDisjoint(with: workers), "seed 31")
        }
    }
}
