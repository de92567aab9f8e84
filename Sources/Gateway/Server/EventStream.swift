#if canImport(Glibc)
    import Glibc
#endif

/// Cuts a stream of server-sent events (WHATWG HTML, section 9.2) into whole events.
///
/// An event is passed on only when its blank line has come, so that an answer that breaks off never leaves half an event
/// with the client.
struct EventStream {
    /// One event. The bytes are valid during the call that delivers it.
    struct Event {
        /// As it came, its blank line included.
        let raw: UnsafeRawBufferPointer
        /// The last `event:` field; empty when there is none.
        let name: UnsafeRawBufferPointer
        /// The `data:` field; several are joined by line feeds. Empty for comments.
        let data: UnsafeRawBufferPointer
    }

    /// Bytes after the last whole event.
    private var rest: [UInt8] = []
    private var joined: [UInt8] = []
    private let limit: Int

    /// - Parameter limit: bytes that one event may have.
    init(limit: Int) { self.limit = limit }

    /// Whether an event has begun that is not whole.
    var isInsideEvent: Bool { !rest.isEmpty }

    /// Takes what has come.
    /// - Returns: `false` when an event is larger than the limit; nothing may be fed after that.
    mutating func feed(_ bytes: UnsafeRawBufferPointer, _ body: (Event) -> Void) -> Bool {
        if rest.isEmpty {
            let used = consume(bytes, body)
            guard bytes.count - used <= limit else { return false }
            rest.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[used...]))
            return true
        }
        rest.append(contentsOf: bytes)
        guard rest.count <= limit + bytes.count else { return false }
        var whole: [UInt8] = []
        swap(&whole, &rest)
        let used = whole.withUnsafeBytes { consume($0, body) }
        guard whole.count - used <= limit else { return false }
        if used == 0 {
            swap(&whole, &rest)
        } else {
            rest.append(contentsOf: whole[used...])
        }
        return true
    }

    private mutating func consume(
        _ bytes: UnsafeRawBufferPointer, _ body: (Event) -> Void
    ) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        var start = 0
        var line = 0
        var name = empty
        var data = empty
        var isJoined = false
        while line < bytes.count, let found = memchr(base + line, 0x0A, bytes.count - line) {
            let next = UnsafeRawPointer(found) - base + 1
            var end = next - 1
            if end > line, bytes[end - 1] == 0x0D { end -= 1 }
            if end == line {
                let raw = UnsafeRawBufferPointer(rebasing: bytes[start..<next])
                if isJoined {
                    joined.withUnsafeBytes { body(Event(raw: raw, name: name, data: $0)) }
                } else {
                    body(Event(raw: raw, name: name, data: data))
                }
                start = next
                name = empty
                data = empty
                isJoined = false
            } else if let value = Self.value(bytes, line, end, "data") {
                if data.baseAddress == nil {
                    data = value
                } else {
                    if !isJoined { joined = Array(data) }
                    joined.append(0x0A)
                    joined.append(contentsOf: value)
                    isJoined = true
                }
            } else if let value = Self.value(bytes, line, end, "event") {
                name = value
            }
            line = next
        }
        return start
    }

    /// What a field's line says; `nil` for a line of another field.
    private static func value(
        _ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int, _ field: StaticString
    ) -> UnsafeRawBufferPointer? {
        let count = field.utf8CodeUnitCount
        guard end - start >= count,
            memcmp(bytes.baseAddress! + start, field.utf8Start, count) == 0
        else { return nil }
        var first = start + count
        if first == end { return UnsafeRawBufferPointer(rebasing: bytes[first..<first]) }
        guard bytes[first] == UInt8(ascii: ":") else { return nil }
        first += 1
        if first < end, bytes[first] == 0x20 { first += 1 }
        return UnsafeRawBufferPointer(rebasing: bytes[first..<end])
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the bytes are those of `literal`.
    func equals(_ literal: StaticString) -> Bool {
        count == literal.utf8CodeUnitCount
            && (count == 0 || memcmp(baseAddress!, literal.utf8Start, count) == 0)
    }
}
