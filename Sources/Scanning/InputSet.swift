import Glibc

/// One input: a regular file, or standard input.
public struct InputFile: Sendable, Equatable {
    /// How its bytes are packed, by the name's ending.
    public enum Packing: Sendable {
        /// As they are.
        case plain
        /// gzip (RFC 1952), several members allowed.
        case gzip
        /// Zstandard (RFC 8878), several frames allowed.
        case zstandard
    }
    /// The path as given or found; `-` is standard input.
    public let path: String
    /// Size in bytes; zero for standard input and pipes.
    public let size: Int64
    /// How its bytes are packed.
    public let packing: Packing
    /// Whether ranges of it can be read independently.
    public let isSeekable: Bool
    /// Whether it is a regular file, packed or not.
    package var isRegular = false
    /// What the file system calls it; `nil` for standard input.
    package var identity: FileIdentity?
}

/// A file's device and inode: the same under every name that the file has.
package struct FileIdentity: Hashable, Sendable {
    package let device: UInt64
    package let inode: UInt64

    package init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }
}

/// The inputs that paths, folders and patterns stand for, in order of their paths.
///
/// A file that is named more than once (`a.jsonl`, `./a.jsonl`, its folder, a link) is in it once, under its shortest name.
public struct InputSet: Sendable {
    /// The files.
    public let files: [InputFile]
    /// Arguments that name nothing, where that was allowed.
    package let absent: [String]

    /// Endings of files that are taken from folders.
    private static let endings = ["jsonl", "ndjson", "json", "log"]

    /// Resolves `arguments`: files as they are, folders with every log file below them, patterns with `*`, `?` and
    /// `[...]`, and `-` for standard input.
    public init(_ arguments: [String]) throws(ScanError) {
        try self.init(arguments, allowingAbsent: false)
    }

    /// Resolves `arguments`, and lists those that name no file instead of failing if `allowingAbsent`.
    package init(_ arguments: [String], allowingAbsent: Bool) throws(ScanError) {
        var found: [String: InputFile] = [:]
        var absent: [String] = []
        for argument in arguments {
            if argument == "-" {
                found["-"] = InputFile(path: "-", size: 0, packing: .plain, isSeekable: false)
                continue
            }
            var status = stat()
            if stat(argument, &status) == 0 {
                let isEmpty = try Self.add(argument, status, to: &found)
                if isEmpty, !allowingAbsent { throw .noInput(path: argument) }
                if isEmpty { absent.append(argument) }
                continue
            }
            let matches = Self.glob(argument)
            if matches.isEmpty, !allowingAbsent { throw .notFound(path: argument) }
            if matches.isEmpty { absent.append(argument) }
            for match in matches where stat(match, &status) == 0 {
                let isEmpty = try Self.add(match, status, to: &found)
                if isEmpty, !allowingAbsent { throw .noInput(path: match) }
            }
        }
        self.absent = absent
        files = Self.once(found.values)
    }

    /// Every file under its shortest name, of equally short ones the first.
    private static func once(_ files: some Sequence<InputFile>) -> [InputFile] {
        let named = files.sorted {
            ($0.path.utf8.count, $0.path) < ($1.path.utf8.count, $1.path)
        }
        var seen: Set<FileIdentity> = []
        return named.filter { file in
            file.identity.map { seen.insert($0).inserted } ?? true
        }.sorted { $0.path < $1.path }
    }

    private static func glob(_ pattern: String) -> [String] {
        var result = glob_t()
        defer { globfree(&result) }
        guard Glibc.glob(pattern, 0, nil, &result) == 0 else { return [] }
        return (0..<Int(result.gl_pathc)).compactMap { index in
            result.gl_pathv[index].map { String(cString: $0) }
        }
    }

    /// Adds what `path` stands for.
    /// - Returns: whether it is a folder without log files.
    private static func add(
        _ path: String, _ status: stat, to found: inout [String: InputFile]
    ) throws(ScanError) -> Bool {
        guard status.st_mode & S_IFMT == S_IFDIR else {
            found[path] = file(path, status)
            return false
        }
        var below: [String: InputFile] = [:]
        try walk(path, into: &below, depth: 0)
        found.merge(below) { known, _ in known }
        return below.isEmpty
    }

    private static func walk(
        _ folder: String, into found: inout [String: InputFile], depth: Int
    ) throws(ScanError) {
        guard let handle = opendir(folder) else {
            throw .system(operation: "open", path: folder, errno: errno)
        }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        closedir(handle)
        for name in names.sorted() {
            let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
            var status = stat()
            guard stat(path, &status) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR {
                // Deep enough for any date-partitioned layout; stops at loops of symbolic links.
                if depth < 32 { try walk(path, into: &found, depth: depth + 1) }
            } else if isLog(name) {
                found[path] = file(path, status)
            }
        }
    }

    private static func isLog(_ name: String) -> Bool {
        var stem = name.lowercased()
        for ending in [".gz", ".zst"] where stem.hasSuffix(ending) {
            stem.removeLast(ending.count)
        }
        return endings.contains { stem.hasSuffix("." + $0) }
    }

    static func file(_ path: String, _ status: stat) -> InputFile {
        let isRegular = status.st_mode & S_IFMT == S_IFREG
        let lower = path.lowercased()
        let packing: InputFile.Packing =
            lower.hasSuffix(".gz") ? .gzip : lower.hasSuffix(".zst") ? .zstandard : .plain
        return InputFile(
            path: path, size: isRegular ? Int64(status.st_size) : 0, packing: packing,
            isSeekable: isRegular && packing == .plain, isRegular: isRegular,
            identity: FileIdentity(
                device: UInt64(status.st_dev), inode: UInt64(status.st_ino)))
    }
}
