/// SynthID's weights of layers: linearly from 10 to 1, scaled so that they sum to the number of layers.
struct LayerWeights: Sendable {
    /// Sums for each byte of a set of layers.
    private let sums: [Double]

    init(depth: Int) {
        let raw = (0..<depth).map { layer in
            depth == 1 ? 10 : 10 - 9 * Double(layer) / Double(depth - 1)
        }
        let scale = Double(depth) / raw.reduce(0, +)
        var sums = [Double](repeating: 0, count: 8 * 256)
        for byte in 0..<8 {
            for value in 0..<256 {
                for bit in 0..<8 where value >> bit & 1 == 1 && byte * 8 + bit < depth {
                    sums[byte * 256 + value] += raw[byte * 8 + bit] * scale
                }
            }
        }
        self.sums = sums
    }

    /// The weights of these layers together.
    func sum(_ layers: UInt64) -> Double {
        sums.withUnsafeBufferPointer { sums in
            var total = 0.0
            var rest = layers
            var offset = 0
            while rest != 0 {
                total += sums[offset + Int(truncatingIfNeeded: rest & 255)]
                rest >>= 8
                offset += 256
            }
            return total
        }
    }
}
