/// Whose API a request speaks.
enum APIStyle: UInt8, Sendable {
    case openAI, anthropic
}

/// What a request asks for.
enum Endpoint: UInt8, Sendable, CaseIterable {
    case chatCompletions, responses, completions, embeddings, models, messages, countTokens, other

    /// The path without its query; a bounded label for metrics.
    var path: StaticString {
        switch self {
        case .chatCompletions: "/v1/chat/completions"
        case .responses: "/v1/responses"
        case .completions: "/v1/completions"
        case .embeddings: "/v1/embeddings"
        case .models: "/v1/models"
        case .messages: "/v1/messages"
        case .countTokens: "/v1/messages/count_tokens"
        case .other: "other"
        }
    }

    /// Whether a request makes the model write: such requests are exchanges, and what they use is metered in tokens.
    var generates: Bool {
        switch self {
        case .chatCompletions, .responses, .completions, .messages: true
        case .embeddings, .models, .countTokens, .other: false
        }
    }
}

/// Where a request target leads.
enum Route: Equatable {
    case api(Endpoint, APIStyle)
    case health, ready
    case notFound
    /// A target that no client of these APIs sends: a whole URL, dots, doubled slashes, escapes.
    case malformed

    /// Reads a request target (RFC 9112, section 3.2): only the origin form, byte for byte, so that what is judged here is
    /// what the model server routes by.
    init(target: String, speaksAnthropic: Bool) {
        let path = target.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        guard path.first == UInt8(ascii: "/"), path.count <= 2048 else {
            self = .malformed
            return
        }
        var previous: UInt8 = 0
        for byte in target.utf8 {
            if byte <= 0x20 || byte >= 0x7F || byte == UInt8(ascii: "#") {
                self = .malformed
                return
            }
        }
        for byte in path {
            let isDoubled =
                byte == previous && (byte == UInt8(ascii: "/") || byte == UInt8(ascii: "."))
            if isDoubled || byte == UInt8(ascii: "%") || byte == UInt8(ascii: "\\")
                || byte == UInt8(ascii: ";")
                || (byte == UInt8(ascii: ".") && previous == UInt8(ascii: "/"))
            {
                self = .malformed
                return
            }
            previous = byte
        }
        for endpoint in Endpoint.allCases where endpoint != .other {
            if Self.equal(path, endpoint.path) {
                switch endpoint {
                case .messages, .countTokens: self = .api(endpoint, .anthropic)
                case .models: self = .api(endpoint, speaksAnthropic ? .anthropic : .openAI)
                default: self = .api(endpoint, .openAI)
                }
                return
            }
        }
        if Self.starts(path, "/v1/models/") {
            self = .api(.models, speaksAnthropic ? .anthropic : .openAI)
        } else if Self.starts(path, "/v1/messages/") {
            self = .api(.other, .anthropic)
        } else if Self.starts(path, "/v1/") {
            self = .api(.other, speaksAnthropic ? .anthropic : .openAI)
        } else if Self.equal(path, "/healthz") {
            self = .health
        } else if Self.equal(path, "/readyz") {
            self = .ready
        } else {
            self = .notFound
        }
    }

    private static func equal(_ path: Substring.UTF8View, _ literal: StaticString) -> Bool {
        path.count == literal.utf8CodeUnitCount && starts(path, literal)
    }

    private static func starts(_ path: Substring.UTF8View, _ literal: StaticString) -> Bool {
        path.starts(
            with: UnsafeBufferPointer(
                start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }
}
