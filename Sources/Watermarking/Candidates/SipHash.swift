/// SipHash-2-4 (Aumasson and Bernstein, 2012), a keyed pseudorandom function of short inputs with a 128-bit key.
struct SipHash {
    private let key: (UInt64, UInt64)

    /// The key's halves as little-endian numbers.
    init(key: (UInt64, UInt64)) { self.key = key }

    func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var state = State(key)
        let blocks = bytes.count / 8
        for block in 0..<blocks {
            state.absorb(
                UInt64(
                    littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * block, as: UInt64.self)))
        }
        var last = UInt64(truncatingIfNeeded: bytes.count) << 56
        for (offset, byte) in bytes[(8 * blocks)...].enumerated() {
            last |= UInt64(byte) << UInt64(8 * offset)
        }
        state.absorb(last)
        return state.finished()
    }

    private struct State {
        private var v0: UInt64
        private var v1: UInt64
        private var v2: UInt64
        private var v3: UInt64

        init(_ key: (UInt64, UInt64)) {
            v0 = key.0 ^ 0x736f_6d65_7073_6575
            v1 = key.1 ^ 0x646f_7261_6e64_6f6d
            v2 = key.0 ^ 0x6c79_6765_6e65_7261
            v3 = key.1 ^ 0x7465_6462_7974_6573
        }

        mutating func absorb(_ word: UInt64) {
            v3 ^= word
            round()
            round()
            v0 ^= word
        }

        mutating func finished() -> UInt64 {
            v2 ^= 0xff
            for _ in 0..<4 { round() }
            return v0 ^ v1 ^ v2 ^ v3
        }

        private mutating func round() {
            func rotated(_ value: UInt64, _ bits: UInt64) -> UInt64 {
                value << bits | value >> (64 - bits)
            }
            v0 = v0 &+ v1
            v1 = rotated(v1, 13) ^ v0
            v0 = rotated(v0, 32)
            v2 = v2 &+ v3
            v3 = rotated(v3, 16) ^ v2
            v0 = v0 &+ v3
            v3 = rotated(v3, 21) ^ v0
            v2 = v2 &+ v1
            v1 = rotated(v1, 17) ^ v2
            v2 = rotated(v2, 32)
        }
    }
}
