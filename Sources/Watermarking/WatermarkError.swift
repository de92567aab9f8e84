/// What keeps a watermark from being read, written or tested.
package enum WatermarkError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A manifest that cannot be used: which field, and why.
    case manifest(path: String, field: String, reason: String)
    /// A file of keys that cannot be used. Never repeats a key.
    case keys(path: String, reason: String)
    /// A manifest and something that must belong to it differ in this field.
    case mismatch(field: String, expected: String, found: String)
    /// A document that cannot be scored.
    case document(reason: String)
    /// A scheme that this operation is not for.
    case unsupported(scheme: String, reason: String)
    /// A file that could not be read or written.
    case file(path: String, reason: String)

    package var description: String {
        switch self {
        case .manifest(let path, let field, let reason):
            field.isEmpty ? "\(path): \(reason)" : "\(path): field '\(field)': \(reason)"
        case .keys(let path, let reason): "\(path): \(reason)"
        case .mismatch(let field, let expected, let found):
            "field '\(field)' does not agree: the manifest says \(expected), and this is \(found)"
        case .document(let reason): reason
        case .unsupported(let scheme, let reason): "scheme '\(scheme)': \(reason)"
        case .file(let path, let reason): "\(path): \(reason)"
        }
    }

    /// A bounded name for metrics.
    package var label: String {
        switch self {
        case .manifest: "manifest"
        case .keys: "keys"
        case .mismatch: "mismatch"
        case .document: "document"
        case .unsupported: "unsupported"
        case .file: "file"
        }
    }
}
