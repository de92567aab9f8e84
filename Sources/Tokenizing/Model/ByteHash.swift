/// A seeded hash of bytes, so that no file can be made whose tokens all collide.
struct ByteHash: Sendable {
    private let seed: UInt64

    init(seed: UInt64 = .random(in: .min ... .max)) { self.seed = seed }

    @inline(__always)
    private static func mixed(_ one: UInt64, _ other: UInt64) -> UInt64 {
        let product = one.multipliedFullWidth(by: other)
        return product.high ^ product.low
    }

    /// Of two ids.
    @inline(__always)
    func hash(_ pair: UInt64) -> UInt64 {
        Self.mixed(pair ^ seed, 0x9E37_79B9_7F4A_7C15)
    }

    /// Of `count` bytes.
    @inline(__always)
    func hash(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> UInt64 {
        var state = seed ^ UInt64(truncatingIfNeeded: count)
        var index = 0
        while index + 8 <= count {
            let word = UnsafeRawPointer(bytes + index).loadUnaligned(as: UInt64.self)
            state = Self.mixed(state ^ word, 0xA076_1D64_78BD_642F)
            index += 8
        }
        var word: UInt64 = 0
        while index < count {
            word = word << 8 | UInt64(bytes[index])
            index += 1
        }
        return Self.mixed(state ^ word, 0xE703_7ED1_A0B4_28DB)
    }
}
