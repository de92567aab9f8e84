/// A record, or one exchange inside it, that could not be read.
public struct BadRecord: Equatable, Sendable {
    /// Why. The raw value is the label in `summary.json` and on the terminal.
    public enum Reason: String, CaseIterable, Sendable, Comparable {
        /// Not one JSON value.
        case notJSON = "not_json"
        /// The file ends inside the record.
        case truncated = "truncated"
        /// Bytes that are not UTF-8, or an escaped lone surrogate.
        case notUTF8 = "not_utf8"
        /// Longer than the size limit for one record.
        case tooLarge = "too_large"
        /// Nested deeper than the limit.
        case tooDeep = "too_deep"
        /// A required field is absent or empty.
        case missingField = "missing_field"
        /// A field has a type that cannot be read.
        case wrongType = "wrong_type"
        /// A time that cannot be parsed, or lies outside 2015 ... 2100.
        case impossibleTime = "impossible_time"

        /// Alphabetical by label.
        public static func < (a: Reason, b: Reason) -> Bool { a.rawValue < b.rawValue }
    }
    /// Why.
    public let reason: Reason
    /// The field concerned, such as `request.messages`; empty when the whole record is.
    public let field: String

    /// Makes a finding.
    public init(_ reason: Reason, field: String = "") {
        self.reason = reason
        self.field = field
    }
}

/// The log formats that can be read. The raw value is what `--format` takes.
public enum LogFormat: String, CaseIterable, Sendable {
    /// The native JSON Lines form.
    case stillwatch
    /// OpenTelemetry GenAI spans as OTLP/JSON.
    case otel
    /// LiteLLM StandardLoggingPayload and SpendLogs.
    case litellm
    /// OpenAI bodies in an envelope.
    case openai
    /// Anthropic bodies in an envelope.
    case anthropic
    /// Helicone request export.
    case helicone
    /// Langfuse observation export.
    case langfuse
    /// Envoy AI Gateway access log.
    case envoy
    /// Kong `ai-proxy` log.
    case kong
}
