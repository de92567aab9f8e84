import Detection
import Glibc

/// Writes a scan's folder: all files or none.
///
/// Each file is written beside its place and renamed into it once all are complete, so that a reader never sees a
/// half-written file and a killed scan leaves the last one's results.
public struct OutputFolder: Sendable {
    private let path: String
    /// Permissions of the files.
    private let mode: mode_t

    /// The folder at `path`, made if it is not there.
    public init(path: String) throws(ScanError) { try self.init(path: path, isPrivate: false) }

    /// The folder at `path`, made if it is not there; for its owner alone if `isPrivate`.
    package init(path: String, isPrivate: Bool) throws(ScanError) {
        self.path = path
        mode = isPrivate ? 0o600 : 0o644
        var partial = ""
        for component in path.split(separator: "/", omittingEmptySubsequences: false) {
            partial += partial.isEmpty && !path.hasPrefix("/") ? String(component) : "/" + component
            if partial.isEmpty || partial == "/" { continue }
            if partial.hasPrefix("//") { partial.removeFirst() }
            if mkdir(partial, isPrivate ? 0o700 : 0o777) != 0, errno != EEXIST {
                throw .system(operation: "make folder", path: partial, errno: errno)
            }
        }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw .system(operation: "use as a folder", path: path, errno: ENOTDIR)
        }
    }

    /// The path of a file in the folder.
    public func path(of name: String) -> String {
        path.hasSuffix("/") ? path + name : path + "/" + name
    }

    /// Writes all files.
    public func write(_ files: [(name: String, bytes: [UInt8])]) throws(ScanError) {
        var written: [(temporary: String, final: String)] = []
        do throws(ScanError) {
            for file in files {
                let final = self.path(of: file.name)
                let temporary = final + ".partial-\(getpid())"
                // A folder in a file's place would stop the renaming half-way.
                var status = stat()
                if stat(final, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
                    throw .system(operation: "replace", path: final, errno: EISDIR)
                }
                written.append((temporary, final))
                try write(file.bytes, to: temporary)
            }
        } catch {
            for entry in written { unlink(entry.temporary) }
            throw error
        }
        for entry in written where rename(entry.temporary, entry.final) != 0 {
            let code = errno
            for entry in written { unlink(entry.temporary) }
            throw .system(operation: "rename into place", path: entry.final, errno: code)
        }
        // So that the new names outlive a loss of power.
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor >= 0 {
            fsync(descriptor)
            close(descriptor)
        }
    }

    /// Removes what killed writers left; only for a folder that nobody else writes to.
    package func removePartial() {
        guard let handle = opendir(path) else { return }
        defer { closedir(handle) }
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.contains(".partial-") { unlink(self.path(of: name)) }
        }
    }

    private func write(_ bytes: [UInt8], to path: String) throws(ScanError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw .system(operation: "create", path: path, errno: errno) }
        defer { close(descriptor) }
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress! + offset, bytes.count - offset)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw .system(operation: "write", path: path, errno: errno)
            }
            offset += count
        }
        if fsync(descriptor) != 0 {
            throw .system(operation: "write", path: path, errno: errno)
        }
    }
}
