/// What keeps a provenance test from going on.
package enum ProvenanceError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A line of a file that cannot be used; lines count from 1, offsets are of the line's first byte.
    case line(path: String, line: Int, offset: Int, reason: String)
    /// A file that cannot be read or written.
    case file(path: String, reason: String)
    /// A saved state that cannot be gone on from.
    case state(path: String, reason: String)
    /// A suspect's address that cannot be asked. Never repeats a key.
    case endpoint(reason: String)
    /// Settings that make no test.
    case settings(reason: String)
    /// The mark cannot be read.
    case mark(WatermarkError)

    package var description: String {
        switch self {
        case .line(let path, let line, let offset, let reason):
            "\(path): line \(line) (byte \(offset)): \(reason)"
        case .file(let path, let reason): "\(path): \(reason)"
        case .state(let path, let reason): "\(path): \(reason)"
        case .endpoint(let reason): "suspect: \(reason)"
        case .settings(let reason): reason
        case .mark(let error): error.description
        }
    }

    /// A bounded name for metrics.
    package var label: String {
        switch self {
        case .line: "line"
        case .file: "file"
        case .state: "state"
        case .endpoint: "endpoint"
        case .settings: "settings"
        case .mark: "mark"
        }
    }
}
