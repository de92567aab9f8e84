import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A file that only grows, of which a saved state says how much counts: what is behind that was written by a run that was
/// killed before it could save, and is cut off. One run at a time has it.
final class GrowingFile {
    private let descriptor: Int32
    let path: String
    private var pending: [UInt8] = []
    /// Bytes with those not yet written.
    private(set) var count: Int

    /// Opens the file, made if `count` is 0, and cuts it to `count` bytes.
    init(_ path: String, count: Int) throws(ProvenanceError) {
        self.path = path
        self.count = count
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND, 0o600)
        guard descriptor >= 0 else { throw .file(path: path, reason: Self.message()) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .file(path: path, reason: "not a regular file")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .state(path: path, reason: "is in use by another run")
        }
        guard Int(status.st_size) >= count else {
            close(descriptor)
            throw .state(
                path: path,
                reason:
                    "has \(status.st_size) bytes and the state tells of \(count): it was cut off; "
                    + "start again with another state folder")
        }
        guard ftruncate(descriptor, off_t(count)) == 0 else {
            close(descriptor)
            throw .file(path: path, reason: Self.message())
        }
    }

    deinit { close(descriptor) }

    func append(_ bytes: some Sequence<UInt8>) {
        let before = pending.count
        pending.append(contentsOf: bytes)
        count += pending.count - before
    }

    func append(_ value: UInt64) {
        withUnsafeBytes(of: value.littleEndian) { pending.append(contentsOf: $0) }
        count += 8
    }

    /// Bytes that wait to be written.
    var waiting: Int { pending.count }

    /// Writes what waits; `isDurable` waits for the disk.
    func flush(isDurable: Bool) throws(ProvenanceError) {
        var written = 0
        while written < pending.count {
            let got = pending.withUnsafeBytes {
                write(descriptor, $0.baseAddress! + written, $0.count - written)
            }
            guard got > 0 else { throw .file(path: path, reason: Self.message()) }
            written += got
        }
        pending.removeAll(keepingCapacity: true)
        if isDurable, fsync(descriptor) != 0 {
            throw .file(path: path, reason: Self.message())
        }
    }

    /// Reads the first `count` bytes in pieces of at most 1 MiB.
    func read(_ body: (UnsafeRawBufferPointer) throws(ProvenanceError) -> Void)
        throws(ProvenanceError)
    {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var offset = 0
        while offset < count {
            let wanted = min(buffer.count, count - offset)
            let got = buffer.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress, wanted, off_t(offset))
            }
            guard got > 0 else { throw .file(path: path, reason: Self.message()) }
            let piece = buffer
            do {
                try piece.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[..<got])) }
            } catch let error as ProvenanceError {
                throw error
            } catch {
                throw .file(path: path, reason: "\(error)")
            }
            offset += got
        }
    }

    private static func message() -> String { String(cString: strerror(errno)) }

    /// Writes a file beside its place, waits for the disk and renames it into place.
    static func replace(_ path: String, _ bytes: [UInt8]) throws(ProvenanceError) {
        let temporary = path + ".new"
        unlink(temporary)
        let file = try GrowingFile(temporary, count: 0)
        file.append(bytes)
        try file.flush(isDurable: true)
        guard rename(temporary, path) == 0 else { throw .file(path: path, reason: message()) }
        let slash = path.lastIndex(of: "/")
        let folder = Glibc.open(
            slash.map { String(path[..<$0]) } ?? ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }
}

/// The scored positions of a run in the order of arrival, 16 bytes each, with a checksum of them all.
struct PositionLog: ~Copyable {
    /// Bytes of a position: its pair, then the upper bits of its window's hash with its cell or colour in the lowest 16.
    static let size = 16

    private let file: GrowingFile
    private(set) var checksum: UInt64 = 0x53_7769_6E64_6F77

    init(_ path: String, positions: Int) throws(ProvenanceError) {
        let (bytes, overflow) = positions.multipliedReportingOverflow(by: Self.size)
        guard !overflow, positions >= 0 else {
            throw .state(path: path, reason: "an impossible number of positions")
        }
        file = try GrowingFile(path, count: bytes)
    }

    mutating func append(_ position: ProvenancePosition) {
        let second = position.context & ~0xFFFF | UInt64(Self.mark(position))
        add(position.pair, second)
        file.append(position.pair)
        file.append(second)
    }

    /// Bytes that wait to be written.
    var waiting: Int { file.waiting }

    func flush() throws(ProvenanceError) { try file.flush(isDurable: true) }

    /// Hands on all positions that were saved, scores of 0 and 1 alone restored.
    mutating func replay(
        isCell: Bool, _ body: (ProvenancePosition) throws(ProvenanceError) -> Void
    ) throws(ProvenanceError) {
        var words: [UInt64] = []
        var sum = checksum
        try file.read { (bytes) throws(ProvenanceError) in
            words.removeAll(keepingCapacity: true)
            for offset in stride(from: 0, to: bytes.count - 7, by: 8) {
                words.append(
                    UInt64(
                        littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            }
            for index in stride(from: 0, to: words.count - 1, by: 2) {
                let (pair, second) = (words[index], words[index + 1])
                sum = Self.mixed(sum, pair, second)
                let mark = UInt16(truncatingIfNeeded: second)
                try body(
                    ProvenancePosition(
                        context: second & ~0xFFFF, pair: pair,
                        score: isCell ? 0 : Double(mark), cell: isCell ? mark : 0))
            }
        }
        checksum = sum
    }

    private static func mark(_ position: ProvenancePosition) -> UInt16 {
        position.cell != 0 ? position.cell : position.score == 1 ? 1 : 0
    }

    private mutating func add(_ pair: UInt64, _ second: UInt64) {
        checksum = Self.mixed(checksum, pair, second)
    }

    private static func mixed(_ sum: UInt64, _ pair: UInt64, _ second: UInt64) -> UInt64 {
        var z = (sum ^ pair) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 29 ^ second) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 32
    }
}
