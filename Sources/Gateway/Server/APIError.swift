import NIOCore

/// Why the gateway itself answers a request with an error; the raw value is a bounded label for metrics.
enum Refusal: String, CaseIterable, Sendable {
    case badRequest = "bad_request"
    case invalidKey = "invalid_key"
    case blocked
    case regionBlocked = "region_blocked"
    case verificationRequired = "verification_required"
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"
    case tooLarge = "too_large"
    case headersTooLarge = "headers_too_large"
    case unsupportedEncoding = "unsupported_encoding"
    case timeout
    case throttled
    case throttledHard = "throttled_hard"
    case budgetExhausted = "budget_exhausted"
    case upstreamFailed = "upstream_failed"
    case upstreamSilent = "upstream_silent"
    case unavailable

    var status: Int {
        switch self {
        case .badRequest: 400
        case .invalidKey: 401
        case .blocked, .regionBlocked, .verificationRequired: 403
        case .notFound: 404
        case .methodNotAllowed: 405
        case .timeout: 408
        case .tooLarge: 413
        case .unsupportedEncoding: 415
        case .throttled, .throttledHard, .budgetExhausted: 429
        case .headersTooLarge: 431
        case .upstreamFailed: 502
        case .unavailable: 503
        case .upstreamSilent: 504
        }
    }

    /// `type` in OpenAI's shape.
    var openAIType: StaticString {
        switch self {
        case .throttled, .throttledHard: "rate_limit_error"
        case .budgetExhausted: "insufficient_quota"
        case .upstreamFailed, .upstreamSilent, .unavailable: "server_error"
        default: "invalid_request_error"
        }
    }

    /// `code` in OpenAI's shape.
    var openAICode: StaticString {
        switch self {
        case .badRequest: "invalid_request"
        case .invalidKey: "invalid_api_key"
        case .blocked: "policy_violation"
        case .regionBlocked: "region_blocked"
        case .verificationRequired: "verification_required"
        case .notFound: "unknown_url"
        case .methodNotAllowed: "method_not_allowed"
        case .tooLarge: "request_too_large"
        case .headersTooLarge: "headers_too_large"
        case .unsupportedEncoding: "unsupported_content_encoding"
        case .timeout: "request_timeout"
        case .throttled, .throttledHard: "rate_limit_exceeded"
        case .budgetExhausted: "insufficient_quota"
        case .upstreamFailed: "upstream_error"
        case .upstreamSilent: "upstream_timeout"
        case .unavailable: "overloaded"
        }
    }

    /// `type` in Anthropic's shape.
    var anthropicType: StaticString {
        switch self {
        case .badRequest, .unsupportedEncoding, .headersTooLarge, .timeout, .methodNotAllowed:
            "invalid_request_error"
        case .invalidKey: "authentication_error"
        case .blocked, .regionBlocked, .verificationRequired: "permission_error"
        case .notFound: "not_found_error"
        case .tooLarge: "request_too_large"
        case .throttled, .throttledHard, .budgetExhausted: "rate_limit_error"
        case .upstreamFailed, .upstreamSilent: "api_error"
        case .unavailable: "overloaded_error"
        }
    }

    /// Whether a client that tries again can have luck; SDKs retry 408, 409, 429 and 5xx unless told not to.
    var shouldRetry: Bool {
        switch self {
        case .throttledHard, .budgetExhausted: false
        default: true
        }
    }
}

/// An error as a client of either API understands it.
struct APIError {
    let refusal: Refusal
    /// For the person who reads it; quoted in JSON.
    let message: String
    /// Seconds to wait, where that is known.
    var retryAfterSeconds: Int?

    init(_ refusal: Refusal, _ message: String, retryAfterSeconds: Int? = nil) {
        self.refusal = refusal
        self.message = message
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// The JSON body.
    func body(_ style: APIStyle, requestID: String) -> String {
        let text = Self.quoted(message)
        switch style {
        case .openAI:
            return
                "{\"error\":{\"message\":\(text),\"type\":\"\(refusal.openAIType)\","
                + "\"param\":null,\"code\":\"\(refusal.openAICode)\"}}"
        case .anthropic:
            return
                "{\"type\":\"error\",\"error\":{\"type\":\"\(refusal.anthropicType)\","
                + "\"message\":\(text)},\"request_id\":\(Self.quoted(requestID))}"
        }
    }

    /// The event that ends a stream which cannot be finished.
    ///
    /// OpenAI's SDKs raise on a `data:` line with an `error` object; streams of the Responses API want an `error` event.
    func event(_ endpoint: Endpoint, requestID: String) -> String {
        switch endpoint {
        case .messages, .countTokens:
            return "event: error\ndata: \(body(.anthropic, requestID: requestID))\n\n"
        case .responses:
            return
                "event: error\ndata: {\"type\":\"error\",\"code\":\"\(refusal.openAICode)\","
                + "\"message\":\(Self.quoted(message)),\"param\":null,\"sequence_number\":0}\n\n"
        default:
            return "data: \(body(.openAI, requestID: requestID))\n\n"
        }
    }

    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case let low where low.value < 0x20:
                let hex = String(low.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
