import Testing

@testable import Tokenizing

/// Merging, against a plain search from end to end.
@Suite struct MergingTests {
    /// Merges of random symbols: both parts are symbols that can occur.
    private static func merges(
        _ count: Int, alphabet: UInt32, using random: inout SeededRandom
    ) -> [(left: UInt32, right: UInt32, merged: UInt32)] {
        var pairs: Set<UInt64> = []
        var merges: [(left: UInt32, right: UInt32, merged: UInt32)] = []
        var known = alphabet
        while merges.count < count {
            let left = random.next(below: known)
            let right = random.next(below: known)
            guard pairs.insert(UInt64(left) << 32 | UInt64(right)).inserted else { continue }
            merges.append((left, right, known))
            known += 1
        }
        return merges
    }

    private static func plain(
        _ symbols: [UInt32], _ merges: [(left: UInt32, right: UInt32, merged: UInt32)]
    ) -> [UInt32] {
        var symbols = symbols
        while true {
            var best: (rank: Int, place: Int)?
            for place in symbols.indices.dropLast() {
                let rank = merges.firstIndex {
                    $0.left == symbols[place] && $0.right == symbols[place + 1]
                }
                if let rank, rank < best?.rank ?? .max { best = (rank, place) }
            }
            guard let best else { return symbols }
            symbols[best.place] = merges[best.rank].merged
            symbols.remove(at: best.place + 1)
        }
    }

    @Test(arguments: UInt64(1)...40) func mergesTheLowestRankFromTheLeft(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let merges = Self.merges(30, alphabet: 4, using: &random)
        let table = MergeTable(merges)
        let merger = SymbolMerger()
        // Both the search and the heap are used.
        for length in [1, 2, 3, 7, 39, 40, 41, 42, 150] {
            let symbols = (0..<length).map { _ in random.next(below: 4) }
            try merger.removeAll(reserving: length)
            for symbol in symbols { try merger.append(symbol) }
            merger.merge(by: table)
            var merged: [UInt32] = []
            merger.append(to: &merged)
            #expect(merged == Self.plain(symbols, merges), "seed \(seed), length \(length)")
        }
    }

    @Test func ofTwoMergesOfAPairTheLaterCounts() {
        let table = MergeTable([(0, 1, 2), (1, 1, 3), (0, 1, 4)])
        #expect(table.merge(0, 1) == 2 << 32 | 4)
        #expect(table.merge(1, 1) == 1 << 32 | 3)
        #expect(table.merge(1, 0) == MergeTable.none)
    }

    @Test func aRunLongerThanMemoryIsRefused() {
        let merger = SymbolMerger()
        let symbols = SymbolMerger.most + 1
        #expect(throws: TokenizerError.runTooLong(symbols: symbols, limit: SymbolMerger.most)) {
            try merger.removeAll(reserving: symbols)
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func next(below bound: UInt32) -> UInt32 { .random(in: 0..<bound, using: &self) }
}
