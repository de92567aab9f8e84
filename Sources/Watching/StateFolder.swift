import Glibc
import Scanning
import Sketches

/// The folder that holds a watch's state, locked as long as this lives.
///
/// Each file is replaced as a whole, by one that is complete on disk, and ends with a digest of itself: a process may be
/// killed at any moment, and a damaged file is noticed before anything in it is believed.
public final class StateFolder: Sendable {
    /// The folder's path.
    public let path: String
    private let files: OutputFolder
    private let lock: Int32

    /// Opens and locks the folder at `path`, made if it is not there, for its owner alone.
    public init(path: String) throws(WatchError) {
        self.path = path
        files = try WatchError.scanning { () throws(ScanError) in
            try OutputFolder(path: path, isPrivate: true)
        }
        let name = files.path(of: "lock")
        let descriptor = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("open", name) }
        var code: Int32 = 0
        for attempt in 0..<Self.lockAttempts {
            if attempt > 0 { usleep(50_000) }
            code = flock(descriptor, LOCK_EX | LOCK_NB) == 0 ? 0 : errno
            if code != EWOULDBLOCK { break }
        }
        if code != 0 {
            close(descriptor)
            if code == EWOULDBLOCK { throw .inUse(folder: path) }
            throw .scan(.system(operation: "lock", path: name, errno: code))
        }
        lock = descriptor
        files.removePartial()
    }

    deinit { close(lock) }

    /// A lock outlives the run that held it for a moment where that was starting another process.
    private static let lockAttempts = 10

    /// The path of a file in the folder.
    public func path(of name: String) -> String { files.path(of: name) }

    private static let magic = Array("stillwatch\n".utf8)
    private static let digestBytes = 32

    /// Replaces a file.
    func save(_ contents: [UInt8], as name: String, version: UInt64) throws(WatchError) {
        var writer = ByteWriter()
        writer.varint(version)
        var bytes = Self.magic + writer.bytes
        bytes += contents
        bytes += FileDigest.sha256(bytes)
        try WatchError.scanning { () throws(ScanError) in try files.write([(name, bytes)]) }
    }

    /// What `decode` makes of a file; `nil` if there is none.
    func load<Value>(
        _ name: String, version: UInt64,
        decode: (inout ByteReader) throws(ByteCodingError) -> Value
    ) throws(WatchError) -> Value? {
        let place = path(of: name)
        guard let bytes = try Self.contents(of: place) else { return nil }
        guard bytes.starts(with: Self.magic), bytes.count > Self.magic.count + Self.digestBytes
        else { throw .damaged(path: place, reason: "it does not begin as a state does") }
        let end = bytes.count - Self.digestBytes
        guard FileDigest.sha256(Array(bytes[..<end])) == Array(bytes[end...]) else {
            throw .damaged(path: place, reason: "its digest is not that of its bytes")
        }
        var reader = ByteReader(Array(bytes[..<end]), offset: Self.magic.count)
        let found: UInt64
        let value: Value?
        do throws(ByteCodingError) {
            found = try reader.varint()
            value = found == version ? try decode(&reader) : nil
        } catch {
            throw .damaged(path: place, reason: "\(error)")
        }
        guard let value else {
            throw .otherVersion(path: place, found: found, known: version)
        }
        guard reader.isAtEnd else {
            throw .damaged(path: place, reason: "it goes on after its end")
        }
        return value
    }

    /// A file's bytes; `nil` if there is none.
    static func contents(of path: String) throws(WatchError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 {
            if errno == ENOENT { return nil }
            throw .system("open", path)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system("read", path) }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var filled = 0
        while filled < bytes.count {
            let position = filled
            let got = bytes.withUnsafeMutableBytes {
                read(descriptor, $0.baseAddress! + position, $0.count - position)
            }
            if got < 0, errno == EINTR { continue }
            if got < 0 { throw .system("read", path) }
            if got == 0 { break }
            filled += got
        }
        return Array(bytes.prefix(filled))
    }
}
