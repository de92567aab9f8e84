/// 64-bit hashes of all that was scored, in 9 to 13 bytes each.
///
/// Open addressing over one array that grows by a third; both arrays are held while it grows.
struct PairSet: Sendable {
    private var slots: [UInt64]
    /// A slot of zero is empty, so zero itself is kept apart.
    private var holdsZero = false
    private var filled = 0
    private var limit: Int

    init() {
        slots = [UInt64](repeating: 0, count: 1024)
        limit = Self.limit(1024)
    }

    var count: Int { filled + (holdsZero ? 1 : 0) }

    /// Bytes of the array.
    var bytes: Int { slots.count * 8 }

    /// Puts a hash in; `false` if it was there.
    mutating func insert(_ hash: UInt64) -> Bool {
        if hash == 0 {
            defer { holdsZero = true }
            return !holdsZero
        }
        if filled >= limit { grow() }
        let isNew = slots.withUnsafeMutableBufferPointer { Self.place(hash, in: $0) }
        if isNew { filled += 1 }
        return isNew
    }

    func contains(_ hash: UInt64) -> Bool {
        if hash == 0 { return holdsZero }
        return slots.withUnsafeBufferPointer { slots in
            var slot = Self.home(hash, slots.count)
            while slots[slot] != 0 {
                if slots[slot] == hash { return true }
                slot = slot + 1 == slots.count ? 0 : slot + 1
            }
            return false
        }
    }

    private static func limit(_ size: Int) -> Int { size / 20 * 17 }

    private static func home(_ hash: UInt64, _ size: Int) -> Int {
        let mixed = (hash ^ hash >> 32) &* 0x9E37_79B9_7F4A_7C15
        return Int(UInt64(size).multipliedFullWidth(by: mixed).high)
    }

    private static func place(
        _ hash: UInt64, in slots: UnsafeMutableBufferPointer<UInt64>
    ) -> Bool {
        var slot = home(hash, slots.count)
        while slots[slot] != 0 {
            if slots[slot] == hash { return false }
            slot = slot + 1 == slots.count ? 0 : slot + 1
        }
        slots[slot] = hash
        return true
    }

    private mutating func grow() {
        let size = slots.count + slots.count / 3
        var larger = [UInt64](repeating: 0, count: size)
        larger.withUnsafeMutableBufferPointer { target in
            for hash in slots where hash != 0 { _ = Self.place(hash, in: target) }
        }
        slots = larger
        limit = Self.limit(size)
    }
}
