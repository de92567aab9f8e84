import CCrypto
import Glibc
import Synchronization

/// The secret of a gateway that keys' digests are made with: 32 random bytes in a file of its own. Never printed.
///
/// All gateways that share a store need the same file.
public final class KeyPepper: Sendable, CustomStringConvertible, CustomReflectable {
    /// Bytes of every pepper.
    public static let byteCount = 32

    /// A context of OpenSSL under the pepper. Starting it again costs no allocation, while a one-shot HMAC looks its
    /// algorithm up each time.
    private struct Keyed: @unchecked Sendable {
        let context: OpaquePointer
    }

    /// Contexts that no thread uses just now; there come to be as many as threads have digested at once.
    private let idle: Mutex<[Keyed]>
    private let first: Keyed

    /// The pepper of the file at `path`, which is made when it is missing, readable by its owner alone.
    ///
    /// Of several processes that start at once, one makes the file and the others read it whole: it appears under its
    /// name only when it is on disk.
    public convenience init(path: String) throws(KeyError) {
        if let bytes = try Self.read(path) {
            try self.init(bytes: bytes)
            return
        }
        try Self.make(path)
        guard let bytes = try Self.read(path) else {
            throw .system(operation: "open", path: path, errno: ENOENT)
        }
        try self.init(bytes: bytes)
    }

    init(bytes: [UInt8]) throws(KeyError) {
        guard let algorithm = EVP_MAC_fetch(nil, "HMAC", nil) else { throw .noDigest }
        defer { EVP_MAC_free(algorithm) }
        guard let context = EVP_MAC_CTX_new(algorithm) else { throw .noDigest }
        first = Keyed(context: context)
        idle = Mutex([])
        var name = Array("SHA256".utf8CString)
        let begun = name.withUnsafeMutableBufferPointer { name in
            let parameters = [
                OSSL_PARAM_construct_utf8_string("digest", name.baseAddress, 0),
                OSSL_PARAM_construct_end(),
            ]
            return EVP_MAC_init(context, bytes, bytes.count, parameters)
        }
        guard begun == 1 else { throw .noDigest }
    }

    deinit {
        EVP_MAC_CTX_free(first.context)
        idle.withLock { for keyed in $0 { EVP_MAC_CTX_free(keyed.context) } }
    }

    /// The digest of a key's text. About a microsecond for a key; time grows with the length alone.
    ///
    /// - Returns: `nil` only when OpenSSL has no memory, which is a refusal.
    public func digest(of text: UnsafeRawBufferPointer) -> KeyDigest? {
        guard let keyed = idle.withLock({ $0.popLast() }) ?? copied() else { return nil }
        defer { idle.withLock { $0.append(keyed) } }
        var written = 0
        var done = false
        let digest = KeyDigest { output in
            let bytes = text.bindMemory(to: UInt8.self).baseAddress
            let target = output.bindMemory(to: UInt8.self).baseAddress
            // With no key given, the context begins anew under the one it has.
            done =
                EVP_MAC_init(keyed.context, nil, 0, nil) == 1
                && EVP_MAC_update(keyed.context, bytes, text.count) == 1
                && EVP_MAC_final(keyed.context, target, &written, output.count) == 1
        }
        return done && written == KeyDigest.byteCount ? digest : nil
    }

    /// The digest of a key's text, for where keys are made.
    public func digest(of text: String) throws(KeyError) -> KeyDigest {
        let bytes = Array(text.utf8)
        guard let digest = bytes.withUnsafeBytes({ digest(of: $0) }) else { throw .noDigest }
        return digest
    }

    private func copied() -> Keyed? { EVP_MAC_CTX_dup(first.context).map { Keyed(context: $0) } }

    /// Says what it is, and nothing of the secret.
    public var description: String { "a pepper" }

    /// Shows nothing, so that a dump of what holds it does not either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

// The file.
extension KeyPepper {
    /// The bytes of the file, or `nil` when there is none.
    private static func read(_ path: String) throws(KeyError) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        if file < 0 {
            if errno == ENOENT { return nil }
            throw .system(operation: "open", path: path, errno: errno)
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else {
            throw .system(operation: "stat", path: path, errno: errno)
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .pepperIsNoFile(path: path) }
        guard status.st_mode & 0o077 == 0 else {
            throw .pepperIsReadable(path: path, mode: status.st_mode & 0o7777)
        }
        guard status.st_size == byteCount else {
            throw .pepperSize(path: path, found: Int(status.st_size))
        }
        var bytes = [UInt8](repeating: 0, count: byteCount)
        let got = Glibc.read(file, &bytes, byteCount)
        guard got >= 0 else { throw .system(operation: "read", path: path, errno: errno) }
        guard got == byteCount else { throw .pepperSize(path: path, found: got) }
        return bytes
    }

    /// Writes a new pepper beside the file, syncs it, and gives it its name unless somebody else was first.
    private static func make(_ path: String) throws(KeyError) {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        guard RAND_bytes(&bytes, Int32(byteCount)) == 1 else { throw .noRandomness }
        let draft = "\(path).\(UInt64.random(in: .min ... .max)).new"
        let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .system(operation: "create", path: draft, errno: errno) }
        defer { unlink(draft) }
        let written = write(file, bytes, byteCount)
        let code = errno
        guard written == byteCount else {
            close(file)
            throw .system(operation: "write", path: draft, errno: written < 0 ? code : ENOSPC)
        }
        let synced = fsync(file)
        let syncCode = errno
        close(file)
        guard synced == 0 else { throw .system(operation: "fsync", path: draft, errno: syncCode) }
        // link fails where rename would replace the pepper of a process that was faster.
        guard link(draft, path) == 0 || errno == EEXIST else {
            throw .system(operation: "link", path: path, errno: errno)
        }
        try syncFolder(of: path)
    }

    private static func syncFolder(of path: String) throws(KeyError) {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let handle = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard handle >= 0 else { throw .system(operation: "open", path: folder, errno: errno) }
        defer { close(handle) }
        guard fsync(handle) == 0 else {
            throw .system(operation: "fsync", path: folder, errno: errno)
        }
    }
}
