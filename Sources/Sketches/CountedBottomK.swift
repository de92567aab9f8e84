/// The `k` smallest of all distinct keys seen, each with its exact count.
///
/// A coordinated sample: two sketches keep the same keys where they saw the same keys, so overlap can be estimated
/// between them. Counts are exact because a key among the `k` smallest of a union was among the `k` smallest of every
/// part that saw it. Merging is associative and commutative. Keys must be well mixed hashes.
///
/// Distinct keys are estimated as in K. Beyer et al., "On synopses for distinct-value estimation under multiset
/// operations", SIGMOD 2007 (doi:10.1145/1247480.1247504): unbiased, relative standard error about 1/sqrt(k - 2).
public struct CountedBottomK: Equatable, Sendable {
    /// One kept key.
    public struct Entry: Equatable, Sendable {
        /// The key's hash.
        public let key: UInt64
        /// How often it was seen.
        public var count: UInt32
        /// What the key stands for, where that may be kept; otherwise empty.
        public var name: String
    }

    /// Kept keys, ascending.
    public private(set) var entries: [Entry] = []
    /// Whether keys were dropped.
    public private(set) var isSaturated = false

    /// Nothing seen.
    public init() {}

    /// Counts `key`; `name` is called only when the key is new and kept.
    @inlinable public mutating func add(_ key: UInt64, k: Int, name: () -> String = { "" }) {
        if addExisting(key, k: k) { return }
        insert(key, name: name(), k: k)
    }

    /// Counts a key that is kept already, or drops one too large; false when it must be inserted.
    @usableFromInline mutating func addExisting(_ key: UInt64, k: Int) -> Bool {
        if entries.count == k, let last = entries.last, key > last.key {
            isSaturated = true
            return true
        }
        let index = position(of: key)
        if index < entries.count, entries[index].key == key {
            entries[index].count = Self.sum(entries[index].count, 1)
            return true
        }
        return false
    }

    @usableFromInline mutating func insert(_ key: UInt64, name: String, k: Int) {
        entries.insert(Entry(key: key, count: 1, name: name), at: position(of: key))
        if entries.count > k {
            entries.removeLast()
            isSaturated = true
        }
    }

    /// The index of the first entry whose key is not less than `key`.
    private func position(of key: UInt64) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].key < key { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Adds everything that `other` saw.
    public mutating func merge(_ other: CountedBottomK, k: Int) {
        if other.entries.isEmpty { return }
        var merged: [Entry] = []
        merged.reserveCapacity(min(k, entries.count + other.entries.count))
        var i = 0
        var j = 0
        while i < entries.count || j < other.entries.count {
            if merged.count == k {
                isSaturated = true
                break
            }
            if j == other.entries.count
                || (i < entries.count && entries[i].key < other.entries[j].key)
            {
                merged.append(entries[i])
                i += 1
            } else if i == entries.count || other.entries[j].key < entries[i].key {
                merged.append(other.entries[j])
                j += 1
            } else {
                var entry = entries[i]
                entry.count = Self.sum(entry.count, other.entries[j].count)
                if other.entries[j].name < entry.name || entry.name.isEmpty {
                    entry.name =
                        other.entries[j].name.isEmpty ? entry.name : other.entries[j].name
                }
                merged.append(entry)
                i += 1
                j += 1
            }
        }
        entries = merged
        isSaturated = isSaturated || other.isSaturated
    }

    /// Estimated number of distinct keys; exact until keys were dropped.
    public var distinct: Double {
        guard isSaturated, entries.count > 1, let last = entries.last else {
            return Double(entries.count)
        }
        return Double(entries.count - 1) / ((Double(last.key) + 1) / 0x1p64)
    }

    /// The count of `key` if it is kept, otherwise zero.
    public func count(of key: UInt64) -> UInt32 {
        let index = position(of: key)
        return index < entries.count && entries[index].key == key ? entries[index].count : 0
    }

    /// Counts saturate at `UInt32.max`; saturating addition of non-negative numbers is associative.
    static func sum(_ a: UInt32, _ b: UInt32) -> UInt32 {
        let (value, overflow) = a.addingReportingOverflow(b)
        return overflow ? .max : value
    }

    /// Writes the sketch: flag, number of entries, keys as words, counts, names.
    public func write(to writer: inout ByteWriter) {
        writer.varint(UInt64(entries.count) << 1 | (isSaturated ? 1 : 0))
        for entry in entries {
            writer.word(entry.key)
            writer.varint(UInt64(entry.count))
            writer.string(entry.name)
        }
    }

    /// Reads what `write` wrote, with at most `k` entries in ascending order.
    public init(from reader: inout ByteReader, k: Int, nameLimit: Int) throws(ByteCodingError) {
        let start = reader.offset
        let head = try reader.varint()
        guard head >> 1 <= UInt64(k) else {
            throw .invalid(what: "sketch of more than \(k) entries", offset: start)
        }
        isSaturated = head & 1 == 1
        for _ in 0..<(head >> 1) {
            let position = reader.offset
            let key = try reader.word()
            if let last = entries.last, last.key >= key {
                throw .invalid(what: "sketch keys out of order", offset: position)
            }
            let count = try reader.varint32()
            entries.append(
                Entry(key: key, count: count, name: try reader.string(limit: nameLimit)))
        }
    }
}
