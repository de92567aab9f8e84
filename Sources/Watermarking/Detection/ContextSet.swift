/// 64-bit hashes seen in one document, emptied in constant time.
struct ContextSet: Sendable {
    private var hashes: [UInt64] = []
    private var stamps: [UInt32] = []
    private var values: [UInt32] = []
    private var stamp: UInt32 = 0
    private var mask = 0

    /// Empties the set and makes room for `count` hashes.
    mutating func reset(for count: Int) {
        let needed = max(64, 2 * count)
        if mask + 1 < needed {
            var size = 64
            while size < needed { size *= 2 }
            hashes = [UInt64](repeating: 0, count: size)
            stamps = [UInt32](repeating: 0, count: size)
            values = [UInt32](repeating: 0, count: size)
            mask = size - 1
            stamp = 0
        }
        if stamp == .max {
            for index in stamps.indices { stamps[index] = 0 }
            stamp = 0
        }
        stamp += 1
    }

    /// Puts a hash in with a value; the value it had, `nil` if it was not there.
    mutating func update(_ hash: UInt64, _ value: UInt32) -> UInt32? {
        // The hashes of SynthID's contexts differ mostly in their upper bits.
        var slot =
            Int(truncatingIfNeeded: (hash ^ hash >> 32) &* 0x9E37_79B9_7F4A_7C15 >> 20) & mask
        while stamps[slot] == stamp {
            if hashes[slot] == hash {
                let former = values[slot]
                values[slot] = value
                return former
            }
            slot = (slot + 1) & mask
        }
        hashes[slot] = hash
        stamps[slot] = stamp
        values[slot] = value
        return nil
    }

    /// Puts a hash in; `false` if it was there.
    mutating func insert(_ hash: UInt64) -> Bool { update(hash, 0) == nil }
}
