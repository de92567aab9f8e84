import CWatermark

/// What SynthID's layers look like in text that the keys had no part in.
///
/// The table variant reads 16 bits of its hash, so all there can be is 65,536 sets of layers, and each is as likely as the
/// next. DeepMind's reads all bits; there a fixed sample of hashes stands for them. Either way the null is the key set's
/// own, in which layers are not quite independent.
struct LayerMasks: Sendable {
    /// Hashes sampled for DeepMind's variant: the mean number of ones is known to 0.003 of 15.
    static let samples = 1 << 20

    let masks: [UInt64]

    init(_ kernel: SchemeKernel, _ manifest: WatermarkManifest) {
        let isTable = manifest.scheme == .synthid && (1 << 16) % manifest.tableSize == 0
        var generator = SplitMix(state: 0x5EED)
        masks = (0..<(isTable ? 1 << 16 : Self.samples)).map { index in
            swm_synthid_layers_of_hash(
                kernel.pointer, isTable ? UInt64(index) : generator.next())
        }
    }

    /// The probability of each number of ones.
    func onesDistribution(depth: Int) -> [Double] {
        var counts = [Int](repeating: 0, count: depth + 1)
        for mask in masks { counts[mask.nonzeroBitCount] += 1 }
        return counts.map { Double($0) / Double(masks.count) }
    }

    /// How a sum over layers is distributed.
    func distribution(of value: (UInt64) -> Double) -> NullDistribution {
        .values(masks.map(value))
    }

    private struct SplitMix {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
            return z ^ z >> 31
        }
    }
}
