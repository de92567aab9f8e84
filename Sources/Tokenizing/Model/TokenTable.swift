#if canImport(Glibc)
    import Glibc
#endif

/// Finds the id of a token by its bytes. Tokens are different byte strings.
final class TokenTable: Sendable {
    private struct Entry {
        let start: UInt32
        let count: UInt32
        let id: UInt32
    }

    private let bytes: [UInt8]
    private let entries: [Entry]
    /// Index into `entries` plus 1, or 0; a power of two of them.
    private let slots: [UInt32]
    private let hash: ByteHash

    /// A table of `tokens`; nil where two of them are equal, or they hold 4 GiB or more.
    init?(_ tokens: some Sequence<(ArraySlice<UInt8>, UInt32)>, count: Int) {
        let hash = ByteHash()
        var bytes: [UInt8] = []
        var entries: [Entry] = []
        entries.reserveCapacity(count)
        var size = 16
        while size < count * 2 { size *= 2 }
        var slots = [UInt32](repeating: 0, count: size)
        for (token, id) in tokens {
            let start = bytes.count
            guard let place = UInt32(exactly: start), let length = UInt32(exactly: token.count),
                entries.count < count
            else { return nil }
            bytes += token
            let isNew = bytes.withUnsafeBufferPointer { all in
                guard let base = all.baseAddress else { return slots[0] == 0 }
                var slot =
                    Int(truncatingIfNeeded: hash.hash(base + start, token.count)) & (size - 1)
                while slots[slot] != 0 {
                    let other = entries[Int(slots[slot]) - 1]
                    if Int(other.count) == token.count,
                        memcmp(base + Int(other.start), base + start, token.count) == 0
                    {
                        return false
                    }
                    slot = (slot + 1) & (size - 1)
                }
                slots[slot] = UInt32(entries.count + 1)
                return true
            }
            guard isNew else { return nil }
            entries.append(Entry(start: place, count: length, id: id))
        }
        self.hash = hash
        self.bytes = bytes
        self.entries = entries
        self.slots = slots
    }

    /// The id of a token, or nil.
    func id(_ token: UnsafeBufferPointer<UInt8>) -> UInt32? {
        guard let key = token.baseAddress else { return nil }
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash.hash(key, token.count)) & mask
        return bytes.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return nil }
            while slots[slot] != 0 {
                let entry = entries[Int(slots[slot]) - 1]
                if Int(entry.count) == token.count,
                    memcmp(base + Int(entry.start), key, token.count) == 0
                {
                    return entry.id
                }
                slot = (slot + 1) & mask
            }
            return nil
        }
    }

    /// The id of a token, or nil.
    func id(_ token: some Collection<UInt8>) -> UInt32? {
        Array(token).withUnsafeBufferPointer { id($0) }
    }
}
