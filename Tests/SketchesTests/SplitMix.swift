/// A seeded generator (G. Steele et al., "Fast splittable pseudorandom number generators", 2014).
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// Joins parts in a random binary tree of merges, each with a random left side.
func mergeInRandomOrder<Sketch>(
    _ parts: [Sketch], using random: inout SplitMix, merge: (inout Sketch, Sketch) -> Void
) -> Sketch {
    var parts = parts
    while parts.count > 1 {
        let right = parts.remove(at: Int.random(in: 0..<parts.count, using: &random))
        let left = Int.random(in: 0..<parts.count, using: &random)
        merge(&parts[left], right)
    }
    return parts[0]
}
