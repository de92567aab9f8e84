import Sketches

/// Groups that come before every part of theirs, and whether another group is such a part.
struct ClearGroups: Sendable {
    /// For each account the number of the first group that it belongs to, from one on; zero for none.
    private var groupOf: [Int32]
    private var sizes: [Int] = []

    /// Share of a group's members that makes it a part.
    private static let share = 0.9

    init(accounts: Int) { groupOf = [Int32](repeating: 0, count: accounts) }

    /// Adds groups, the largest first; a part of one that is there already adds nothing.
    mutating func add(_ groups: [[Int]]) {
        let ordered = groups.sorted {
            $0.count != $1.count ? $0.count > $1.count : $0.lexicographicallyPrecedes($1)
        }
        for group in ordered where !hold(group) {
            sizes.append(group.count)
            for account in group where groupOf[account] == 0 {
                groupOf[account] = Int32(sizes.count)
            }
        }
    }

    /// Whether a group is a part of a larger one of these.
    func hold(_ group: [Int]) -> Bool {
        if sizes.isEmpty { return false }
        // Not one less share: 1 - 0.9 is below 0.1, and one of ten would be too many.
        var left = group.count - Int((Self.share * Double(group.count)).rounded(.up))
        var counts: [Int32: Int] = [:]
        for account in group {
            let own = groupOf[account]
            if own > 0 {
                counts[own, default: 0] += 1
            } else {
                left -= 1
                // Most groups have nothing to do with a campaign.
                if left < 0 { return false }
            }
        }
        return counts.contains { own, count in
            sizes[Int(own) - 1] > group.count && Double(count) >= Self.share * Double(group.count)
        }
    }
}

/// Groups that differ in few members, as those of the several artefacts of one template do.
enum NearlyEqual {
    /// Least share of the members of both that are common to both.
    private static let likeness = 0.9
    /// Hash functions; two groups of that likeness agree in the smallest hashes of one with a probability of nine tenths.
    private static let functions: UInt64 = 3

    /// One of each, the largest, in order of their members.
    static func once(_ groups: some Sequence<[Int]>) -> [[Int]] {
        let ordered = groups.sorted {
            $0.count != $1.count ? $0.count > $1.count : $0.lexicographicallyPrecedes($1)
        }
        var kept: [[Int]] = []
        var buckets: [UInt64: [Int]] = [:]
        for group in ordered {
            let keys = (0..<functions).map { function -> UInt64 in
                let least = group.reduce(UInt64.max) {
                    min($0, Hash64.mix(UInt64($1) << 2 | function))
                }
                return least
            }
            let isKnown = keys.contains { key in
                (buckets[key] ?? []).contains { likeness(kept[$0], group) >= likeness }
            }
            if isKnown { continue }
            for key in keys { buckets[key, default: []].append(kept.count) }
            kept.append(group)
        }
        return kept.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Jaccard's index of two ascending lists.
    private static func likeness(_ a: [Int], _ b: [Int]) -> Double {
        if Double(min(a.count, b.count)) < likeness * Double(max(a.count, b.count)) { return 0 }
        var i = 0
        var j = 0
        var common = 0
        while i < a.count, j < b.count {
            if a[i] == b[j] {
                common += 1
                i += 1
                j += 1
            } else if a[i] < b[j] {
                i += 1
            } else {
                j += 1
            }
        }
        return Double(common) / Double(a.count + b.count - common)
    }
}
