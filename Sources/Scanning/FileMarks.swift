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

    /// Marks of nothing.
    package static let none = FileMarks(length: 0, head: [], tail: [])

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

    /// Marks of a whole packed file. Of one with blocks only the ends are unpacked; its blocks' lengths are believed.
    package func packedMarks() throws(ScanError) -> FileMarks {
        guard let blocks = try PackedBlocks(self)?.blocks, let last = blocks.last else {
            return try unpackedMarks()
        }
        let length = last.start + last.count
        let span = Int(min(length, FileMarks.span))
        let begin = blocks.last { length - $0.start >= Int64(span) } ?? blocks[0]
        let head = try Self.all(of: try source(), limit: span)
        let tail = try Self.all(of: try source(from: begin), limit: Int(length - begin.start))
        return FileMarks(
            length: length, head: FileDigest.sha256(head),
            tail: FileDigest.sha256(Array(tail.suffix(span))))
    }

    /// The first `limit` bytes of a source, or all there are.
    private static func all(
        of source: any ByteSource, limit: Int
    ) throws(ScanError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: limit)
        var filled = 0
        while filled < limit {
            let position = filled
            let got = try bytes.withUnsafeMutableBufferPointer { buffer throws(ScanError) in
                try source.read(into: buffer.baseAddress! + position, count: limit - position)
            }
            if got == 0 { break }
            filled += got
        }
        return Array(bytes.prefix(filled))
    }

    private func contents(from offset: Int64, count: Int) throws(ScanError) -> [UInt8] {
        try Self.all(of: try FileSource(self, offset: offset), limit: count)
    }
}
