import Detection
import Exchanges
import Glibc

/// Reads standard input, or another open stream, as it comes.
///
/// Complete lines are decoded when there are enough of them to be worth it, or when `take` asks for what was read.
package final class StreamReader {
    private let descriptor: Int32
    private let worker: ScanWorker
    private let limit: Int
    private var buffer: [UInt8] = []
    /// Offset in the stream of `buffer`'s first byte.
    private var offset: Int64 = 0
    /// Whether the rest of a line is dropped that was too long to be held.
    private var isDropping = false
    /// Whether the stream has ended.
    package private(set) var isAtEnd = false

    /// Bytes that are collected before they are decoded.
    private static let batch = 1 << 20

    /// A reader of the stream that is open as `descriptor`.
    package init(
        descriptor: Int32 = 0, options: ScanOptions, rules: RuleSet
    ) throws(ScanError) {
        self.descriptor = descriptor
        limit = options.maximumRecordBytes
        let file = InputFile(path: "-", size: 0, packing: .plain, isSeekable: false)
        worker = try ScanWorker(
            files: [file], formats: [options.format], options: options, rules: rules,
            table: ProfileTable(), progress: ScanProgress())
    }

    /// Reads once: what is there, or what comes first.
    package func read() throws(ScanError) {
        let size = 1 << 18
        let before = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: size))
        let (got, code) = buffer.withUnsafeMutableBytes {
            (Glibc.read(descriptor, $0.baseAddress! + before, size), errno)
        }
        buffer.removeLast(size - max(0, got))
        if got < 0 {
            if code == EINTR || code == EAGAIN { return }
            throw .system(operation: "read", path: "-", errno: code)
        }
        if got == 0 {
            isAtEnd = true
        } else if buffer.count < Self.batch {
            return
        }
        try decode()
    }

    /// What was read since the last call; an incomplete line waits for its rest, or the stream's end.
    package func take() throws(ScanError) -> ScanResult {
        try decode()
        defer { worker.forget() }
        return worker.takeResult()
    }

    private func decode() throws(ScanError) {
        if isDropping {
            let end = buffer.firstIndex(of: 0x0a)
            if end == nil, !isAtEnd { return drop(buffer.count) }
            drop(end.map { $0 + 1 } ?? buffer.count)
            isDropping = false
        }
        let count = isAtEnd ? buffer.count : (buffer.lastIndex(of: 0x0a) ?? -1) + 1
        if count > 0 {
            try worker.read(Array(buffer[..<count]), offset: offset)
            drop(count)
        }
        if buffer.count > limit {
            worker.noteTooLong(at: offset)
            isDropping = true
            drop(buffer.count)
        }
    }

    private func drop(_ count: Int) {
        buffer.removeFirst(count)
        offset += Int64(count)
    }
}
