/// Hashes of (window, token) pairs that were seen, over any number of documents. 16 bytes a pair at most, twice that while
/// it grows.
struct PairSet: Sendable {
    private var slots = [UInt64](repeating: 0, count: 1024)
    private var hasZero = false
    private(set) var count = 0

    /// Puts a hash in; `false` if it was there.
    mutating func insert(_ hash: UInt64) -> Bool {
        guard hash != 0 else {
            defer { hasZero = true }
            if !hasZero { count += 1 }
            return !hasZero
        }
        if 4 * (count + 1) > 3 * slots.count { grow() }
        let mask = slots.count - 1
        var slot = Self.place(hash) & mask
        while slots[slot] != 0 {
            if slots[slot] == hash { return false }
            slot = (slot + 1) & mask
        }
        slots[slot] = hash
        count += 1
        return true
    }

    private mutating func grow() {
        let former = slots
        slots = [UInt64](repeating: 0, count: 2 * former.count)
        let mask = slots.count - 1
        for hash in former where hash != 0 {
            var slot = Self.place(hash) & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = hash
        }
    }

    private static func place(_ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: (hash ^ hash >> 32) &* 0x9E37_79B9_7F4A_7C15 >> 16)
    }
}
