import CCompression
import Glibc

/// Bytes in order: a file from an offset, or a decompressed stream. Used by one thread at a time.
package protocol ByteSource: AnyObject {
    /// Reads up to `count` bytes into `destination`; zero at the end.
    func read(into destination: UnsafeMutablePointer<UInt8>, count: Int) throws(ScanError) -> Int
    /// Raw bytes taken from the file so far, for progress.
    var consumed: Int64 { get }
}

/// A plain file or a pipe.
final class FileSource: ByteSource {
    private let path: String
    private let descriptor: Int32
    private let closes: Bool
    private(set) var consumed: Int64 = 0

    init(_ file: InputFile, offset: Int64 = 0) throws(ScanError) {
        path = file.path
        if file.path == "-" {
            descriptor = 0
            closes = false
            return
        }
        descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
        closes = true
        guard descriptor >= 0 else {
            throw .system(operation: "open", path: file.path, errno: errno)
        }
        if offset > 0, lseek(descriptor, off_t(offset), SEEK_SET) < 0 {
            throw .system(operation: "seek in", path: file.path, errno: errno)
        }
    }

    deinit { if closes, descriptor >= 0 { close(descriptor) } }

    func read(into destination: UnsafeMutablePointer<UInt8>, count: Int) throws(ScanError) -> Int {
        while true {
            let result = Glibc.read(descriptor, destination, count)
            if result >= 0 {
                consumed += Int64(result)
                return result
            }
            if errno != EINTR { throw .system(operation: "read", path: path, errno: errno) }
        }
    }
}

/// Bytes that are in memory.
final class MemorySource: ByteSource {
    private let bytes: [UInt8]
    private var position = 0

    var consumed: Int64 { Int64(position) }

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func read(into destination: UnsafeMutablePointer<UInt8>, count: Int) throws(ScanError) -> Int {
        let got = min(count, bytes.count - position)
        bytes.withUnsafeBufferPointer {
            if let base = $0.baseAddress { destination.update(from: base + position, count: got) }
        }
        position += got
        return got
    }
}

/// A gzip file, with as many members as it has.
final class GzipSource: ByteSource {
    private let path: String
    private let file: FileSource
    private var stream = z_stream()
    private let input: UnsafeMutablePointer<UInt8>
    private static let inputSize = 1 << 18
    private var produced: Int64 = 0
    private var betweenMembers = false
    private var atEnd = false

    var consumed: Int64 { file.consumed }

    /// - Parameter block: where to begin, if not at the file's beginning.
    init(_ file: InputFile, from block: PackedBlocks.Block? = nil) throws(ScanError) {
        path = file.path
        self.file = try FileSource(file, offset: block?.packedStart ?? 0)
        produced = block?.start ?? 0
        input = .allocate(capacity: Self.inputSize)
        // 15 bits of window, plus 16: the gzip wrapper and no other.
        let status = inflateInit2_(
            &stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else {
            throw .damaged(path: path, offset: 0, reason: "zlib code \(status)")
        }
    }

    deinit {
        inflateEnd(&stream)
        input.deallocate()
    }

    func read(into destination: UnsafeMutablePointer<UInt8>, count: Int) throws(ScanError) -> Int {
        if atEnd { return 0 }
        stream.next_out = destination
        stream.avail_out = UInt32(clamping: count)
        let wanted = stream.avail_out
        while stream.avail_out == wanted {
            if stream.avail_in == 0 {
                let got = try file.read(into: input, count: Self.inputSize)
                if got == 0 {
                    atEnd = true
                    if betweenMembers { return 0 }
                    throw .damaged(path: path, offset: produced, reason: "the file ends early")
                }
                stream.next_in = input
                stream.avail_in = UInt32(got)
            }
            if betweenMembers {
                inflateReset(&stream)
                betweenMembers = false
            }
            let status = inflate(&stream, Z_NO_FLUSH)
            if status == Z_STREAM_END {
                betweenMembers = true
            } else if status != Z_OK && status != Z_BUF_ERROR {
                throw .damaged(path: path, offset: produced, reason: "zlib code \(status)")
            }
        }
        let got = Int(wanted - stream.avail_out)
        produced += Int64(got)
        return got
    }
}

/// A Zstandard file, with as many frames as it has.
final class ZstandardSource: ByteSource {
    private let path: String
    private let file: FileSource
    private let stream: OpaquePointer
    private let input: UnsafeMutablePointer<UInt8>
    private let inputSize: Int
    private var available = 0
    private var position = 0
    private var produced: Int64 = 0
    private var frameOpen = false
    /// Whether the last output was full, so that more of the frame may wait inside the decompressor.
    private var mayHoldOutput = false

    var consumed: Int64 { file.consumed }

    /// - Parameter block: where to begin, if not at the file's beginning.
    init(_ file: InputFile, from block: PackedBlocks.Block? = nil) throws(ScanError) {
        path = file.path
        self.file = try FileSource(file, offset: block?.packedStart ?? 0)
        produced = block?.start ?? 0
        guard let stream = ZSTD_createDStream() else {
            throw .damaged(path: file.path, offset: 0, reason: "out of memory")
        }
        self.stream = stream
        inputSize = max(ZSTD_DStreamInSize(), 1 << 17)
        input = .allocate(capacity: inputSize)
    }

    deinit {
        ZSTD_freeDStream(stream)
        input.deallocate()
    }

    func read(into destination: UnsafeMutablePointer<UInt8>, count: Int) throws(ScanError) -> Int {
        var output = ZSTD_outBuffer(dst: destination, size: count, pos: 0)
        while output.pos == 0 {
            if position == available, !mayHoldOutput {
                available = try file.read(into: input, count: inputSize)
                position = 0
                if available == 0 {
                    if !frameOpen { return 0 }
                    throw .damaged(path: path, offset: produced, reason: "the file ends early")
                }
            }
            var buffer = ZSTD_inBuffer(src: input, size: available, pos: position)
            let status = ZSTD_decompressStream(stream, &output, &buffer)
            position = buffer.pos
            if ZSTD_isError(status) != 0 {
                throw .damaged(
                    path: path, offset: produced, reason: String(cString: ZSTD_getErrorName(status))
                )
            }
            frameOpen = status != 0
            mayHoldOutput = frameOpen && output.pos == output.size
        }
        produced += Int64(output.pos)
        return output.pos
    }
}

extension InputFile {
    /// A source of a packed file's bytes from the beginning of a block on.
    func source(from block: PackedBlocks.Block) throws(ScanError) -> any ByteSource {
        packing == .gzip
            ? try GzipSource(self, from: block) : try ZstandardSource(self, from: block)
    }

    /// A source of the file's unpacked bytes from `offset` on; to get there in a packed file takes unpacking what is before.
    package func source(offset: Int64 = 0) throws(ScanError) -> any ByteSource {
        let source: any ByteSource
        switch packing {
        case .plain: return try FileSource(self, offset: offset)
        case .gzip: source = try GzipSource(self)
        case .zstandard: source = try ZstandardSource(self)
        }
        guard offset > 0 else { return source }
        let size = 1 << 16
        let skipped = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
        defer { skipped.deallocate() }
        var left = offset
        while left > 0 {
            let got = try source.read(into: skipped, count: Int(min(left, Int64(size))))
            if got == 0 { break }
            left -= Int64(got)
        }
        return source
    }
}
