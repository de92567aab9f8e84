import Glibc

/// Folders of this program's own files, which are no logs.
struct OwnFolders {
    private let paths: Set<String>

    init(_ paths: [String]) { self.paths = Set(paths.compactMap(Self.resolved)) }

    /// Whether the file at `path` lies in one of them.
    func contain(_ path: String) -> Bool {
        let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        return Self.resolved(parent.isEmpty ? "/" : parent).map(paths.contains) ?? false
    }

    private static func resolved(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }
}
