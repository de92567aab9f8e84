import Glibc
import Scanning

/// Why logs could not be followed. Each message says what, where, and what to do.
public enum WatchError: Error, Sendable, CustomStringConvertible {
    /// An input could not be read, or too much of it is bad.
    case scan(ScanError)
    /// Another process holds the state's lock.
    case inUse(folder: String)
    /// A file of the state is not what was written.
    case damaged(path: String, reason: String)
    /// A file of the state has another version.
    case otherVersion(path: String, found: UInt64, known: UInt64)
    /// A setting that profiles depend on is not the state's.
    case otherSetting(name: String, before: String, now: String, folder: String)
    /// A part of a scan's state is not what was written.
    case damagedSegment(path: String, reason: String, folder: String)
    /// A file's format was told from a few records, and later ones show another.
    case otherFormat(path: String, before: String, now: String)
    /// A path is a pipe or a device, which can only be followed as standard input.
    case notAFile(path: String)
    /// The address of the webhook cannot be used.
    case webhook(reason: String)

    /// For a reader.
    public var description: String {
        switch self {
        case .scan(let error):
            "\(error)"
        case .inUse(let folder):
            "another run uses the state in \(folder): end it, or give this one another --state"
        case .damaged(let path, let reason):
            "\(path) is damaged (\(reason)): put back a copy, or delete it to read all logs anew"
        case .otherVersion(let path, let found, let known):
            "\(path) has version \(found), and this program reads version \(known): use the program that wrote it, "
                + "or give another --state to read all logs anew"
        case .otherSetting(let name, let before, let now, let folder):
            "the state in \(folder) was made with \(name) \(before), and this run has \(now): "
                + "give what it was made with, or another --state to read all logs anew"
        case .damagedSegment(let path, let reason, let folder):
            "\(path) is damaged (\(reason)): put back a copy, or delete \(folder) to read all logs anew"
        case .otherFormat(let path, let before, let now):
            "\(path) was read as \(before) when it had few records, and looks like \(now) now: name the format with "
                + "--format, and give another --state to read all logs anew"
        case .notAFile(let path):
            "\(path) is no regular file: pipe it in and name it -, which 'watch' takes, and 'scan' without --state"
        case .webhook(let reason):
            "--webhook: \(reason)"
        }
    }

    /// Runs `body`, whose errors concern inputs.
    static func scanning<Value>(
        _ body: () throws(ScanError) -> Value
    ) throws(WatchError) -> Value {
        do throws(ScanError) {
            return try body()
        } catch {
            throw .scan(error)
        }
    }

    static func system(_ operation: String, _ path: String) -> WatchError {
        .scan(.system(operation: operation, path: path, errno: errno))
    }
}
