import Glibc

/// What tells that a file still begins as it did when its first `length` bytes were read.
package struct FileMarks: Equatable, Sendable {
    /// Unpacked bytes that the marks stand for.
    package let length: Int64
    /// SHA-256 of the first 4,096 of them.
    package let head: [UInt8]
    /// SHA-256 of the last 4,096 of them.
    package let tail: [UInt8]

    /// Bytes at either end that are looked at.
    package static let span: Int64 = 4096

    package init(length: Int64, head: [UInt8], tail: [UInt8]) {
        self.length = length
        self.head = head
        self.tail = tail
    }
}

extension InputFile {
    /// The end of the last complete line at or after `start`, which is the beginning of a line; `start` if there is none.
    ///
    /// Only for plain files.
    package func lastLineEnd(from start: Int64) throws(ScanError) -> Int64 {
        let step: Int64 = 1 << 16
        var end = size
        while end > start {
            let begin = max(start, end - step)
            let bytes = try contents(from: begin, count: Int(end - begin))
            if let position = bytes.lastIndex(of: 0x0a) { return begin + Int64(position) + 1 }
            end = begin
        }
        return start
    }

    /// Marks of the first `length` unpacked bytes; `nil` if there are fewer.
    package func marks(length: Int64) throws(ScanError) -> FileMarks? {
        if isSeekable {
            let span = Int(min(length, FileMarks.span))
            let head = try contents(from: 0, count: span)
            let tail = try contents(from: length - Int64(span), count: span)
            guard head.count == span, tail.count == span else { return nil }
            return FileMarks(
                length: length, head: FileDigest.sha256(head), tail: FileDigest.sha256(tail))
        }
        let marks = try unpackedMarks(through: length)
        return marks.length == length ? marks : nil
    }

    /// Marks of everything up to `limit` unpacked bytes, or up to the end; reads and unpacks all of that.
    ///
    /// - Throws: `ScanError.damaged` when a packed file ends early, as one does that is still being written.
    package func unpackedMarks(through limit: Int64 = .max) throws(ScanError) -> FileMarks {
        let source = try source()
        let size = 1 << 18
        let span = Int(FileMarks.span)
        let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
        defer { buffer.deallocate() }
        var head: [UInt8] = []
        var tail: [UInt8] = []
        var length: Int64 = 0
        while length < limit {
            let got = try source.read(into: buffer, count: Int(min(Int64(size), limit - length)))
            if got == 0 { break }
            let bytes = UnsafeBufferPointer(start: buffer, count: got)
            if head.count < span { head += bytes.prefix(span - head.count) }
            tail += bytes.suffix(span)
            tail.removeFirst(max(0, tail.count - span))
            length += Int64(got)
        }
        return FileMarks(
            length: length, head: FileDigest.sha256(head), tail: FileDigest.sha256(tail))
    }

    private func contents(from offset: Int64, count: Int) throws(ScanError) -> [UInt8] {
        let source = try FileSource(self, offset: offset)
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let position = filled
            let got = try bytes.withUnsafeMutableBufferPointer { buffer throws(ScanError) in
                try source.read(into: buffer.baseAddress! + position, count: count - position)
            }
            if got == 0 { break }
            filled += got
        }
        return Array(bytes.prefix(filled))
    }
}
