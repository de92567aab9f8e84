/// Why a tokenizer cannot be used, or a text not be turned into ids.
package enum TokenizerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The system refused to open or read the file.
    case unreadable(path: String, reason: String)
    /// The file is larger than any tokenizer is; both counts are in bytes.
    case tooLarge(path: String, bytes: Int, limit: Int)
    /// The file is no JSON; `offset` counts bytes.
    case notJSON(path: String, offset: Int, reason: String)
    /// A field is missing, of another type, or contradicts another one.
    case invalid(path: String, field: String, reason: String)
    /// A field asks for something that is not built, so ids would be others than the model's.
    case unsupported(path: String, field: String, reason: String)
    /// A text took a pattern of the tokenizer more steps than are allowed.
    case patternLimit(pattern: String)
    /// The normalizer made many times as much of a text.
    case normalizedTooLong(bytes: Int, limit: Int)
    /// A text holds a run of `symbols` symbols that cannot be cut anywhere.
    case runTooLong(symbols: Int, limit: Int)
    /// A text holds a character that the vocabulary lacks, and it lacks the unknown token too.
    case noUnknownToken(name: String)
    /// No token has this id.
    case unknownID(UInt32)

    package var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "\(path): cannot be read: \(reason)"
        case .tooLarge(let path, let bytes, let limit):
            "\(path): \(bytes) bytes, and a tokenizer has at most \(limit); is it a tokenizer.json?"
        case .notJSON(let path, let offset, let reason):
            "\(path): no JSON at byte \(offset): \(reason)"
        case .invalid(let path, let field, let reason):
            "\(path): \(field): \(reason)"
        case .unsupported(let path, let field, let reason):
            "\(path): \(field): \(reason), which is not supported; give the answers' token ids "
                + "instead of their text"
        case .patternLimit(let pattern):
            "a text needs too many steps for the tokenizer's pattern \(pattern); leave it out"
        case .normalizedTooLong(let bytes, let limit):
            "the tokenizer's normalizer made \(bytes) bytes of a text, and at most \(limit) make "
                + "sense; use another tokenizer.json"
        case .runTooLong(let symbols, let limit):
            "a text holds a run of \(symbols) symbols without a boundary, more than the \(limit) "
                + "that fit in memory; cut it or leave it out"
        case .noUnknownToken(let name):
            "a text holds a character that the tokenizer lacks, and its unknown token \(name) is "
                + "not in the vocabulary either"
        case .unknownID(let id):
            "the tokenizer has no token with the id \(id)"
        }
    }
}
