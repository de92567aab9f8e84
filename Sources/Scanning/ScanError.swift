import Detection
import Exchanges

/// Why a scan could not be done. Each message says what, where, and what to do.
public enum ScanError: Error, Sendable, CustomStringConvertible {
    /// A path names nothing.
    case notFound(path: String)
    /// The system refused an operation on a file.
    case system(operation: String, path: String, errno: Int32)
    /// A folder or pattern holds no log file.
    case noInput(path: String)
    /// Compressed data are damaged; `offset` counts decompressed bytes.
    case damaged(path: String, offset: Int64, reason: String)
    /// The format cannot be told from the first records.
    case unknownFormat(path: String)
    /// Too many bad records.
    case tooManyBad(bad: Int, records: Int, limit: Double, worst: BadRecordSummary)
    /// Nothing to judge: no exchange in any input.
    case noExchanges
    /// The account table cannot be used.
    case accountTable(path: String, reason: String)
    /// The rules cannot be used.
    case rules(RuleSetError)
    /// A file of profiles cannot be used.
    case profileFile(path: String, reason: String)
    /// Two files of profiles were made with different settings.
    case otherSetting(
        name: String, path: String, value: String, otherPath: String, otherValue: String)
    /// A list of parts cannot be used.
    case partList(line: Int, reason: String)

    /// For a reader.
    public var description: String {
        switch self {
        case .notFound(let path):
            "no such file or folder: \(path)"
        case .system(let operation, let path, let code):
            "cannot \(operation) \(path): \(String(cString: strerror(code)))"
        case .noInput(let path):
            "no log files in \(path): looked for .jsonl, .ndjson, .json and .log, plain or as .gz or .zst"
        case .damaged(let path, let offset, let reason):
            "\(path): compressed data are damaged after \(offset) decompressed bytes (\(reason)); "
                + "copy the file again, or leave it out"
        case .unknownFormat(let path):
            "\(path): cannot tell the log format from its first records; name it with --format "
                + "(\(LogFormat.allCases.map(\.rawValue).joined(separator: ", ")))"
        case .tooManyBad(let bad, let records, let limit, let worst):
            "\(bad) of \(records) records could not be read, more than --max-bad \(limit); nothing was written. "
                + "Most frequent: \(worst.reason.rawValue)\(worst.field.isEmpty ? "" : " (\(worst.field))") "
                + "\(worst.count) times, first in \(worst.file) at byte \(worst.offset)"
        case .noExchanges:
            "no exchange in the input: check --format, --since and --until"
        case .accountTable(let path, let reason):
            "account table \(path): \(reason)"
        case .rules(let error):
            "\(error)"
        case .profileFile(let path, let reason):
            "\(path): not a usable profile file: \(reason)"
        case .otherSetting(let name, let path, let value, let otherPath, let otherValue):
            "\(path) was made with \(name) \(value) and \(otherPath) with \(otherValue); make both with the same settings"
        case .partList(let line, let reason):
            "list of parts, line \(line): \(reason)"
        }
    }
}

#if canImport(Glibc)
    import Glibc
#endif
