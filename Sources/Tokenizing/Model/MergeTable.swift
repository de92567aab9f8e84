/// Finds what two neighbouring symbols merge into, and how early.
final class MergeTable: @unchecked Sendable {
    private struct Slot {
        /// Left id in the high half, right id in the low one.
        var pair: UInt64
        /// Rank in the high half, id of the merged symbol in the low one.
        var merge: UInt64
    }

    /// No merge. It comes after every other one.
    static let none = UInt64.max

    private let slots: UnsafeMutablePointer<Slot>
    private let mask: Int
    private let hash = ByteHash()

    /// A table of `merges`. Of two merges of one pair the later one counts. Ids are below
    /// `UInt32.max`.
    init(_ merges: [(left: UInt32, right: UInt32, merged: UInt32)]) {
        var size = 16
        while size < merges.count * 2 { size *= 2 }
        mask = size - 1
        slots = .allocate(capacity: size)
        slots.initialize(repeating: Slot(pair: .max, merge: Self.none), count: size)
        for (rank, merge) in merges.enumerated() {
            let pair = UInt64(merge.left) << 32 | UInt64(merge.right)
            var slot = Int(truncatingIfNeeded: hash.hash(pair)) & mask
            while slots[slot].pair != .max, slots[slot].pair != pair { slot = (slot + 1) & mask }
            slots[slot] = Slot(pair: pair, merge: UInt64(rank) << 32 | UInt64(merge.merged))
        }
    }

    deinit { slots.deallocate() }

    /// The merge of two symbols, or `none`.
    @inline(__always)
    func merge(_ left: UInt32, _ right: UInt32) -> UInt64 {
        let pair = UInt64(left) << 32 | UInt64(right)
        var slot = Int(truncatingIfNeeded: hash.hash(pair)) & mask
        while true {
            let entry = slots[slot]
            if entry.pair == pair { return entry.merge }
            if entry.pair == .max { return Self.none }
            slot = (slot + 1) & mask
        }
    }
}
