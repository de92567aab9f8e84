import Detection
import Glibc
import Scanning

/// A file of profiles of one day (UTC).
struct Segment: Hashable {
    /// Tells it from all others of the state.
    let number: UInt64
    /// Days since 1970-01-01.
    let day: Int

    private static let prefix = "segment-"

    var fileName: String { "\(Self.prefix)\(number)" }

    /// The number in a segment's file name; `nil` for any other file.
    static func number(in name: String) -> UInt64? {
        name.hasPrefix(prefix) ? UInt64(name.dropFirst(prefix.count)) : nil
    }

    /// What the file itself says of it.
    fileprivate var settings: [ProfileFile.Setting] {
        [.init("segment", "\(number)"), .init("day", "\(day)")]
    }
}

/// The segments of a state's folder.
struct SegmentFiles {
    let folder: StateFolder
    let threads: Int

    /// Writes a segment, complete on disk when this returns.
    func write(_ profiles: ProfileSet, as segment: Segment) throws(WatchError) {
        let result = ScanResult(profiles: profiles, inputs: [], bad: [])
        try WatchError.scanning { () throws(ScanError) in
            try ProfileFile(settings: segment.settings, result: result)
                .write(to: folder.path(of: segment.fileName))
        }
    }

    /// Reads a segment.
    func read(_ segment: Segment) throws(WatchError) -> ProfileSet {
        let path = folder.path(of: segment.fileName)
        do throws(ScanError) {
            let file = try ProfileFile(path: path, threads: threads)
            guard file.settings == segment.settings else {
                throw .profileFile(path: path, reason: "it is not the one that the manifest names")
            }
            return file.result.profiles
        } catch {
            switch error {
            case .profileFile(_, let reason):
                throw .damagedSegment(path: path, reason: reason, folder: folder.path)
            case .notFound:
                throw .damagedSegment(path: path, reason: "it is gone", folder: folder.path)
            default:
                throw .scan(error)
            }
        }
    }

    /// Removes the files of all segments but these.
    func removeAll(but named: [Segment]) {
        guard let handle = opendir(folder.path) else { return }
        defer { closedir(handle) }
        let numbers = Set(named.map(\.number))
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let number = Segment.number(in: name), !numbers.contains(number) {
                unlink(folder.path(of: name))
            }
        }
    }
}
