/// A name with `*` for any run of bytes and `?` for any one byte, such as `gpt-*`.
package struct GlobPattern: Hashable, Sendable {
    private let bytes: [UInt8]
    private let isLiteral: Bool

    package init(_ text: String) {
        bytes = Array(text.utf8)
        isLiteral = !bytes.contains(0x2A) && !bytes.contains(0x3F)
    }

    /// Whether the whole of `text` matches; allocates nothing for a native string.
    package func matches(_ text: String) -> Bool {
        if let result = text.utf8.withContiguousStorageIfAvailable({ matches($0) }) {
            return result
        }
        return Array(text.utf8).withUnsafeBufferPointer { matches($0) }
    }

    /// Whether all of `text` matches. At most pattern length times text length steps.
    package func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        if isLiteral { return bytes.elementsEqual(text) }
        return bytes.withUnsafeBufferPointer { pattern in
            var position = 0
            var next = 0
            // Where the last star stands, and how far it reaches; a mismatch lets it reach one byte further.
            var star = -1
            var reach = 0
            while position < text.count {
                if next < pattern.count, pattern[next] == 0x2A {
                    star = next
                    reach = position
                    next += 1
                } else if next < pattern.count,
                    pattern[next] == text[position] || pattern[next] == 0x3F
                {
                    next += 1
                    position += 1
                } else if star >= 0 {
                    reach += 1
                    position = reach
                    next = star + 1
                } else {
                    return false
                }
            }
            while next < pattern.count, pattern[next] == 0x2A { next += 1 }
            return next == pattern.count
        }
    }
}
