import CWatermark

/// What SynthID's layers look like in text that the keys had no part in.
///
/// The table variant reads 16 bits of its hash, so all there can be is 65,536 sets of layers, and each is as likely as the
/// next. DeepMind's reads all bits; there a fixed sample of hashes stands for them. Either way the null is the key set's
/// own, in which layers are not quite independent.
struct LayerMasks: Sendable {
    /// Hashes sampled for DeepMind's variant, 2^23: the mean number of ones is known to 0.001 of 15, so that z of 1,000
    /// positions is off by 0.01.
    private static let samples = 8 << 20
    private static let chunk = 1 << 16

    private let kernel: SchemeKernel
    private let isTable: Bool

    init(_ kernel: SchemeKernel, _ manifest: WatermarkManifest) {
        self.kernel = kernel
        isTable = manifest.scheme == .synthid && (1 << 16) % manifest.tableSize == 0
    }

    /// Calls `body` with all sets of layers, each as likely as the next; gives their number.
    @discardableResult
    private func forEach(_ body: (UInt64) -> Void) -> Int {
        var generator = SplitMix(state: 0x5EED)
        var masks = [UInt64](repeating: 0, count: Self.chunk)
        let count = isTable ? Self.chunk : Self.samples
        for _ in 0..<count / Self.chunk {
            for index in masks.indices {
                masks[index] = isTable ? UInt64(index) : generator.next()
            }
            swm_synthid_layers_of_hashes(kernel.pointer, &masks, masks.count)
            for mask in masks { body(mask) }
        }
        return count
    }

    /// The probability of each number of ones.
    func onesDistribution(depth: Int) -> [Double] {
        var counts = [Int](repeating: 0, count: depth + 1)
        let total = forEach { counts[$0.nonzeroBitCount] += 1 }
        return counts.map { Double($0) / Double(total) }
    }

    /// How a sum over layers is distributed.
    ///
    /// - Parameter range: of its values.
    func distribution(
        in range: ClosedRange<Double>, of value: (UInt64) -> Double
    ) -> NullDistribution {
        .values(in: range) { add in forEach { add(value($0)) } }
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
