import Glibc

/// Small files that are read whole.
enum ProtectedFile {
    /// A file's bytes.
    ///
    /// - Parameter isSecret: refuses a file that its group or others may read.
    static func read(
        _ path: String, largest: Int, isSecret: Bool = false
    ) throws(WatermarkError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .file(path: path, reason: message(errno)) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .file(path: path, reason: message(errno))
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .file(path: path, reason: "not a regular file")
        }
        if isSecret, status.st_mode & 0o077 != 0 {
            throw .keys(
                path: path,
                reason: "holds secrets and others may read it; run: chmod 600 \(path)")
        }
        guard status.st_size <= largest else {
            throw .file(
                path: path, reason: "larger than \(largest) bytes; is it the right file?")
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size) + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress! + count, $0.count - count)
            }
            guard got >= 0 else { throw .file(path: path, reason: message(errno)) }
            if got == 0 { break }
            count += got
        }
        guard count <= Int(status.st_size) else {
            throw .file(path: path, reason: "grew while it was read; try again")
        }
        return Array(bytes[..<count])
    }

    /// Writes a new file, by default one that only its owner may read. Fails if there is one.
    static func create(
        _ path: String, _ bytes: [UInt8], mode: mode_t = 0o600
    ) throws(WatermarkError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw .file(path: path, reason: message(errno)) }
        defer { close(descriptor) }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written)
            }
            guard count > 0 else {
                let reason = message(errno)
                unlink(path)
                throw .file(path: path, reason: reason)
            }
            written += count
        }
        guard fsync(descriptor) == 0 else { throw .file(path: path, reason: message(errno)) }
    }

    private static func message(_ code: Int32) -> String { String(cString: strerror(code)) }
}
