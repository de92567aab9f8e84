import CSimdjson
import Glibc

/// One line of an input, without its line feed, with padding that a JSON parser may read past its end.
struct Line {
    /// The bytes; valid until the next line is read.
    let bytes: UnsafeRawBufferPointer
    /// Where it begins, in unpacked bytes.
    let offset: Int64
    /// Whether the input ends without a line feed after it.
    let isUnterminated: Bool
    /// Whether it was longer than the limit; then `bytes` is empty.
    let isTooLong: Bool
}

/// Cuts a byte source into lines, in a buffer that grows to the longest line and no further than the limit.
final class LineReader {
    private let source: any ByteSource
    private let limit: Int
    private var buffer: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private var start = 0
    private var end = 0
    /// How far the current line was already searched for a line feed.
    private var searched = 0
    private var atEnd = false
    /// Offset in the input of `buffer[start]`.
    private(set) var offset: Int64

    /// Reads lines of at most `limit` bytes from `source`, whose first byte stands at `offset`.
    init(_ source: any ByteSource, offset: Int64, limit: Int) {
        self.source = source
        self.offset = offset
        self.limit = limit
        capacity = 1 << 20
        buffer = .allocate(capacity: capacity + Int(SW_JSON_PADDING))
        // The padding is read by the parser, never interpreted; it must still be initialised memory.
        buffer.initialize(repeating: 0, count: capacity + Int(SW_JSON_PADDING))
    }

    deinit { buffer.deallocate() }

    /// Skips the rest of a line that began before the range.
    func skipLine() throws(ScanError) { _ = try next() }

    /// The next line, or `nil` at the end.
    func next() throws(ScanError) -> Line? {
        var dropped: Int64 = 0
        while true {
            if let found = memchr(buffer + searched, 0x0a, end - searched) {
                let position = found.assumingMemoryBound(to: UInt8.self) - buffer
                return take(through: position, advance: position + 1, dropped: dropped)
            }
            searched = end
            if atEnd {
                if start == end, dropped == 0 { return nil }
                return take(through: end, advance: end, dropped: dropped, unterminated: true)
            }
            if end - start > limit {
                // Too long: forget what was read of it, and remember only how much that was.
                dropped += Int64(end - start)
                start = 0
                end = 0
                searched = 0
            }
            try fill()
        }
    }

    private func take(
        through position: Int, advance: Int, dropped: Int64, unterminated: Bool = false
    ) -> Line {
        let lineOffset = offset
        let tooLong = dropped > 0 || position - start > limit
        var count = tooLong ? 0 : position - start
        if count > 0, buffer[start + count - 1] == 0x0d { count -= 1 }
        let bytes = UnsafeRawBufferPointer(start: buffer + start, count: count)
        offset += dropped + Int64(advance - start)
        start = advance
        searched = advance
        return Line(
            bytes: bytes, offset: lineOffset, isUnterminated: unterminated, isTooLong: tooLong)
    }

    private func fill() throws(ScanError) {
        if start > 0 {
            memmove(buffer, buffer + start, end - start)
            searched -= start
            end -= start
            start = 0
        }
        if end == capacity {
            let larger = capacity * 2
            let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: larger + Int(SW_JSON_PADDING))
            copy.initialize(repeating: 0, count: larger + Int(SW_JSON_PADDING))
            memcpy(copy, buffer, end)
            buffer.deallocate()
            buffer = copy
            capacity = larger
        }
        let got = try source.read(into: buffer + end, count: capacity - end)
        if got == 0 { atEnd = true }
        end += got
    }
}
