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
}

/// The inputs that paths, folders and patterns stand for, each once, in order of their paths.
public struct InputSet: Sendable {
    /// The files.
    public let files: [InputFile]

    /// Endings of files that are taken from folders.
    private static let endings = ["jsonl", "ndjson", "json", "log"]

    /// Resolves `arguments`: files as they are, folders with every log file below them, patterns with `*`, `?` and
    /// `[...]`, and `-` for standard input.
    public init(_ arguments: [String]) throws(ScanError) {
        var found: [String: InputFile] = [:]
        for argument in arguments {
            if argument == "-" {
                found["-"] = InputFile(path: "-", size: 0, packing: .plain, isSeekable: false)
                continue
            }
            var status = stat()
            if stat(argument, &status) == 0 {
                try Self.add(argument, status, to: &found)
                continue
            }
            let matches = Self.glob(argument)
            if matches.isEmpty { throw .notFound(path: argument) }
            for match in matches where stat(match, &status) == 0 {
                try Self.add(match, status, to: &found)
            }
        }
        files = found.values.sorted { $0.path < $1.path }
    }

    private static func glob(_ pattern: String) -> [String] {
        var result = glob_t()
        defer { globfree(&result) }
        guard Glibc.glob(pattern, 0, nil, &result) == 0 else { return [] }
        return (0..<Int(result.gl_pathc)).compactMap { index in
            result.gl_pathv[index].map { String(cString: $0) }
        }
    }

    private static func add(
        _ path: String, _ status: stat, to found: inout [String: InputFile]
    ) throws(ScanError) {
        guard status.st_mode & S_IFMT == S_IFDIR else {
            found[path] = file(path, status)
            return
        }
        let before = found.count
        try walk(path, into: &found, depth: 0)
        if found.count == before { throw .noInput(path: path) }
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

    private static func file(_ path: String, _ status: stat) -> InputFile {
        let isRegular = status.st_mode & S_IFMT == S_IFREG
        let lower = path.lowercased()
        let packing: InputFile.Packing =
            lower.hasSuffix(".gz") ? .gzip : lower.hasSuffix(".zst") ? .zstandard : .plain
        return InputFile(
            path: path, size: isRegular ? Int64(status.st_size) : 0, packing: packing,
            isSeekable: isRegular && packing == .plain)
    }
}
