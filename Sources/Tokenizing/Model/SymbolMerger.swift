/// Merges the symbols of one piece: always the pair of the lowest rank, and of those the leftmost (Sennrich et al. 2016).
///
/// Short pieces are searched from end to end, long ones have a heap: O(n log n).
final class SymbolMerger {
    /// Symbols of the longest piece: at 28 bytes each, 2 GB.
    static let most = 1 << 26
    /// Up to here a search is faster than a heap.
    private static let short = 40

    /// The symbols: what is to be merged, and then what came of it.
    private(set) var symbols: UnsafeMutablePointer<UInt32>
    private(set) var count = 0
    private var capacity = 1024
    /// The merge of each symbol with the next one.
    private var merges: UnsafeMutablePointer<UInt64>
    private var next: [Int32] = []
    private var previous: [Int32] = []
    /// Rank in the high half, place in the low one.
    private var heap: [UInt64] = []

    init() {
        symbols = .allocate(capacity: capacity)
        merges = .allocate(capacity: capacity)
    }

    deinit {
        symbols.deallocate()
        merges.deallocate()
    }

    /// Forgets the symbols, and makes room for `wanted`.
    @inline(__always)
    func removeAll(reserving wanted: Int) throws(TokenizerError) {
        count = 0
        if wanted > capacity { try grow(to: wanted) }
    }

    private func grow(to wanted: Int) throws(TokenizerError) {
        guard wanted <= Self.most else { throw .runTooLong(symbols: wanted, limit: Self.most) }
        let larger = max(wanted, min(capacity * 2, Self.most))
        let moved = UnsafeMutablePointer<UInt32>.allocate(capacity: larger)
        moved.update(from: symbols, count: count)
        symbols.deallocate()
        merges.deallocate()
        symbols = moved
        merges = .allocate(capacity: larger)
        capacity = larger
    }

    /// Adds a symbol; there is room for as many as were asked for.
    @inline(__always)
    func append(_ symbol: UInt32) throws(TokenizerError) {
        if count == capacity { try grow(to: count + 1) }
        symbols[count] = symbol
        count += 1
    }

    /// Merges until nothing can be merged.
    func merge(by table: MergeTable) {
        guard count > 1 else { return }
        for place in 0..<count - 1 { merges[place] = table.merge(symbols[place], symbols[place + 1]) }
        if count <= Self.short {
            mergeShort(by: table)
        } else {
            mergeLong(by: table)
        }
    }

    private func mergeShort(by table: MergeTable) {
        while count > 1 {
            var best = MergeTable.none
            var place = 0
            for candidate in 0..<count - 1 where merges[candidate] < best {
                best = merges[candidate]
                place = candidate
            }
            if best == MergeTable.none { return }
            symbols[place] = UInt32(truncatingIfNeeded: best)
            count -= 1
            for later in place + 1..<max(count, place + 1) {
                symbols[later] = symbols[later + 1]
                merges[later - 1] = merges[later]
            }
            if place + 1 < count { merges[place] = table.merge(symbols[place], symbols[place + 1]) }
            if place > 0 { merges[place - 1] = table.merge(symbols[place - 1], symbols[place]) }
        }
    }

    private func mergeLong(by table: MergeTable) {
        link()
        heap.removeAll(keepingCapacity: true)
        for place in 0..<count - 1 where merges[place] != MergeTable.none {
            heap.append(Self.entry(merges[place], at: place))
        }
        for place in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sink(place) }
        merges[count - 1] = MergeTable.none
        while let entry = pop() {
            let place = Int(entry & 0xFFFF_FFFF)
            let merge = merges[place]
            // Its pair may have changed since.
            guard merge != MergeTable.none, merge >> 32 == entry >> 32 else { continue }
            let right = Int(next[place])
            symbols[place] = UInt32(truncatingIfNeeded: merge)
            merges[right] = MergeTable.none
            let after = next[right]
            next[place] = after
            next[right] = -2
            if after >= 0 {
                previous[Int(after)] = Int32(place)
                update(place, symbols[Int(after)], table)
            } else {
                merges[place] = MergeTable.none
            }
            let before = previous[place]
            if before >= 0 { update(Int(before), symbols[place], table) }
        }
        var kept = 0
        for place in 0..<count where next[place] != -2 {
            symbols[kept] = symbols[place]
            kept += 1
        }
        count = kept
    }

    /// Links the symbols; -1 ends the list, -2 marks what is in it no more.
    private func link() {
        if next.count < count {
            next = [Int32](repeating: 0, count: count)
            previous = next
        }
        for place in 0..<count {
            next[place] = Int32(place + 1)
            previous[place] = Int32(place - 1)
        }
        next[count - 1] = -1
    }

    @inline(__always)
    private static func entry(_ merge: UInt64, at place: Int) -> UInt64 {
        merge & 0xFFFF_FFFF_0000_0000 | UInt64(place)
    }

    @inline(__always)
    private func update(_ place: Int, _ right: UInt32, _ table: MergeTable) {
        let merge = table.merge(symbols[place], right)
        merges[place] = merge
        guard merge != MergeTable.none else { return }
        heap.append(Self.entry(merge, at: place))
        var child = heap.count - 1
        let value = heap[child]
        while child > 0 {
            let parent = (child - 1) / 2
            if heap[parent] <= value { break }
            heap[child] = heap[parent]
            child = parent
        }
        heap[child] = value
    }

    private func pop() -> UInt64? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty {
            heap[0] = last
            sink(0)
        }
        return first
    }

    private func sink(_ start: Int) {
        var parent = start
        let value = heap[parent]
        while true {
            var child = parent * 2 + 1
            if child >= heap.count { break }
            if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
            if heap[child] >= value { break }
            heap[parent] = heap[child]
            parent = child
        }
        heap[parent] = value
    }
}
