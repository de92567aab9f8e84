/// Merges the symbols of one piece: always the pair of the lowest rank, and of those the leftmost
/// (Sennrich et al. 2016).
///
/// Short pieces are searched from end to end, long ones have a heap: O(n log n).
final class SymbolMerger {
    /// Symbols of the longest piece: at 28 bytes each, 2 GB.
    static let most = 1 << 26
    /// Up to here a search is faster than a heap.
    private static let short = 40

    /// The symbols: what is to be merged, and then what came of it.
    private var symbols: UnsafeMutablePointer<UInt32>
    private var count = 0
    private var capacity = 1024
    /// The merge of each symbol with the next one.
    private var merges: UnsafeMutablePointer<UInt64>
    /// Places of the neighbours, in long pieces.
    private var next: UnsafeMutablePointer<Int32>
    private var previous: UnsafeMutablePointer<Int32>
    private var linkCapacity = 64
    private var heap = MergeHeap()

    init() {
        symbols = .allocate(capacity: capacity)
        merges = .allocate(capacity: capacity)
        next = .allocate(capacity: linkCapacity)
        previous = .allocate(capacity: linkCapacity)
    }

    deinit {
        next.deallocate()
        previous.deallocate()
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

    /// Appends the symbols to `ids`.
    @inline(__always)
    func append(to ids: inout [UInt32]) {
        ids.append(contentsOf: UnsafeBufferPointer(start: symbols, count: count))
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
        let (symbols, merges) = (symbols, merges)
        for place in 0..<count - 1 {
            merges[place] = table.merge(symbols[place], symbols[place + 1])
        }
        if count <= Self.short {
            mergeShort(by: table)
        } else {
            mergeLong(by: table)
        }
    }

    private func mergeShort(by table: MergeTable) {
        let (symbols, merges) = (symbols, merges)
        var count = count
        while count > 1 {
            var best = MergeTable.none
            var place = 0
            for candidate in 0..<count - 1 where merges[candidate] < best {
                best = merges[candidate]
                place = candidate
            }
            if best == MergeTable.none { break }
            symbols[place] = UInt32(truncatingIfNeeded: best)
            count -= 1
            var later = place + 1
            while later < count {
                symbols[later] = symbols[later + 1]
                merges[later - 1] = merges[later]
                later += 1
            }
            if place + 1 < count { merges[place] = table.merge(symbols[place], symbols[place + 1]) }
            if place > 0 { merges[place - 1] = table.merge(symbols[place - 1], symbols[place]) }
        }
        self.count = count
    }

    private func mergeLong(by table: MergeTable) {
        reserveLinks()
        let (symbols, merges, next, previous) = (symbols, merges, next, previous)
        // Taken out of the object for the time, which makes access to it cheap.
        var heap = heap
        self.heap = MergeHeap()
        defer { self.heap = heap }
        let last = count - 1
        for place in 0...last {
            next[place] = Int32(place + 1)
            previous[place] = Int32(place - 1)
        }
        next[last] = Self.end
        merges[last] = MergeTable.none
        heap.fill(with: UnsafeBufferPointer(start: merges, count: count))
        while let entry = heap.pop() {
            let place = Int(entry & 0xFFFF_FFFF)
            let merge = merges[place]
            // Its pair may have changed since.
            guard merge != MergeTable.none, merge >> 32 == entry >> 32 else { continue }
            let right = Int(next[place])
            let after = next[right]
            symbols[place] = UInt32(truncatingIfNeeded: merge)
            next[place] = after
            next[right] = Self.gone
            merges[right] = MergeTable.none
            merges[place] = MergeTable.none
            if after >= 0 {
                previous[Int(after)] = Int32(place)
                merges[place] = table.merge(symbols[place], symbols[Int(after)])
                heap.push(merges[place], at: place)
            }
            let before = Int(previous[place])
            if before >= 0 {
                merges[before] = table.merge(symbols[before], symbols[place])
                heap.push(merges[before], at: before)
            }
        }
        var kept = 0
        for place in 0...last where next[place] != Self.gone {
            symbols[kept] = symbols[place]
            kept += 1
        }
        count = kept
    }

    /// Behind the last symbol.
    private static let end: Int32 = -1
    /// Merged into the one before it.
    private static let gone: Int32 = -2

    private func reserveLinks() {
        guard linkCapacity < count else { return }
        next.deallocate()
        previous.deallocate()
        linkCapacity = capacity
        next = .allocate(capacity: linkCapacity)
        previous = .allocate(capacity: linkCapacity)
    }
}

/// Merges that wait, the lowest rank first, and of one rank the leftmost.
private struct MergeHeap {
    /// Rank in the high half, place in the low one.
    private var entries: [UInt64] = []

    /// Holds the merge of every place and nothing else.
    mutating func fill(with merges: UnsafeBufferPointer<UInt64>) {
        entries.removeAll(keepingCapacity: true)
        for (place, merge) in merges.enumerated() where merge != MergeTable.none {
            entries.append(Self.entry(merge, at: place))
        }
        var place = entries.count / 2
        while place > 0 {
            place -= 1
            sink(entries[place], from: place)
        }
    }

    @inline(__always)
    private static func entry(_ merge: UInt64, at place: Int) -> UInt64 {
        merge & 0xFFFF_FFFF_0000_0000 | UInt64(place)
    }

    @inline(__always)
    mutating func push(_ merge: UInt64, at place: Int) {
        guard merge != MergeTable.none else { return }
        let entry = Self.entry(merge, at: place)
        var child = entries.count
        entries.append(entry)
        while child > 0 {
            let parent = (child - 1) / 2
            if entries[parent] <= entry { break }
            entries[child] = entries[parent]
            child = parent
        }
        entries[child] = entry
    }

    @inline(__always)
    mutating func pop() -> UInt64? {
        guard let first = entries.first, let last = entries.popLast() else { return nil }
        if !entries.isEmpty { sink(last, from: 0) }
        return first
    }

    @inline(__always)
    private mutating func sink(_ entry: UInt64, from start: Int) {
        var parent = start
        while true {
            var child = parent * 2 + 1
            if child >= entries.count { break }
            if child + 1 < entries.count, entries[child + 1] < entries[child] { child += 1 }
            if entries[child] >= entry { break }
            entries[parent] = entries[child]
            parent = child
        }
        entries[parent] = entry
    }
}
