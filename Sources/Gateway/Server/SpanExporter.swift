import Enforcement
import Exchanges
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import Synchronization

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Who called, and under which identifiers a request's own span stands (W3C Trace Context).
struct TraceContext {
    /// 32 hexadecimal digits.
    let trace: String
    /// 16 hexadecimal digits; empty where the client sent none.
    let parent: String
    /// 16 hexadecimal digits.
    let span: String

    init(traceparent: String?) {
        var generator = SystemRandomNumberGenerator()
        span = Self.hexadecimal(generator.next() | 1)
        let parts = (traceparent ?? "").split(separator: "-")
        if parts.count >= 4, parts[0] == "00", Self.isIdentifier(parts[1], 32),
            Self.isIdentifier(parts[2], 16)
        {
            trace = String(parts[1])
            parent = String(parts[2])
        } else {
            trace = Self.hexadecimal(generator.next() | 1) + Self.hexadecimal(generator.next())
            parent = ""
        }
    }

    /// The header for the model server.
    var traceparent: String { "00-\(trace)-\(span)-01" }

    private static func isIdentifier(_ text: Substring, _ count: Int) -> Bool {
        text.utf8.count == count
            && text.utf8.allSatisfy { ($0 >= 0x30 && $0 <= 0x39) || ($0 >= 0x61 && $0 <= 0x66) }
            && text.utf8.contains { $0 != 0x30 }
    }

    private static func hexadecimal(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// Sends spans with OpenTelemetry's GenAI attributes to a collector: OTLP over HTTP, as JSON.
///
/// No text of a prompt or an answer is in a span. Spans that a slow collector leaves no room for are counted and dropped.
final class SpanExporter: @unchecked Sendable {
    // `session` and `url` are not changed; the rest is behind the lock.
    private let url: URL
    private let session: URLSession
    private let metrics: Metrics
    private let spans = Mutex<[String]>([])
    private static let mostSpans = 8192

    /// - Throws: when the address is none.
    init(url: String, metrics: Metrics) throws {
        guard let parsed = URL(string: url), parsed.scheme == "http" || parsed.scheme == "https",
            parsed.host != nil
        else { throw GatewayError.setting("telemetry.traces '\(url)' is no http address") }
        self.url = parsed
        self.metrics = metrics
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = 5
        session = URLSession(configuration: configuration)
    }

    /// Adds the span of a request that is over.
    func add(_ turn: Turn) {
        let text = Self.span(of: turn)
        let isFull = spans.withLock { spans in
            guard spans.count < Self.mostSpans else { return true }
            spans.append(text)
            return false
        }
        if isFull { metrics.droppedSpans.add() }
    }

    private static func span(of turn: Turn) -> String {
        var attributes: [String] = []
        func add(_ key: String, _ value: String) {
            attributes.append(
                "{\"key\":\"\(key)\",\"value\":{\"stringValue\":\(APIError.quoted(value))}}")
        }
        func add(_ key: String, _ value: Int64) {
            attributes.append("{\"key\":\"\(key)\",\"value\":{\"intValue\":\"\(value)\"}}")
        }
        let operation =
            switch turn.endpoint {
            case .chatCompletions, .responses, .messages: "chat"
            case .completions: "text_completion"
            case .embeddings: "embeddings"
            case .models, .countTokens, .other: "other"
            }
        add("gen_ai.operation.name", operation)
        add("gen_ai.provider.name", turn.style == .openAI ? "openai" : "anthropic")
        if !turn.facts.model.isEmpty { add("gen_ai.request.model", turn.facts.model) }
        if let tokens = turn.facts.maxTokens { add("gen_ai.request.max_tokens", tokens) }
        if turn.endpoint.generates, turn.status == 200 {
            let used = turn.worker.used(by: turn)
            add("gen_ai.usage.input_tokens", used.input)
            add("gen_ai.usage.output_tokens", used.output)
            if !turn.answer.finishReason.isEmpty {
                let reason = String(decoding: turn.answer.finishReason, as: UTF8.self)
                attributes.append(
                    "{\"key\":\"gen_ai.response.finish_reasons\",\"value\":{\"arrayValue\":{\"values\":"
                        + "[{\"stringValue\":\(APIError.quoted(reason))}]}}}")
            }
        }
        add("http.request.method", turn.request.head.method.rawValue)
        add("http.route", "\(turn.endpoint.path)")
        add("http.response.status_code", Int64(turn.status))
        add("enduser.id", turn.account.id)
        add("stillwatch.request_id", turn.id)
        if let rules = turn.decision?.matched, !rules.isEmpty {
            add("stillwatch.rules", rules.joined(separator: ","))
        }
        if let interruption = turn.interruption { add("error.type", interruption.rawValue) }
        let context = turn.trace
        let start = turn.request.arrived.microseconds
        let end = Moment.nowMicroseconds()
        let isError = turn.status >= 500 || turn.interruption == .upstreamFailed
        let name = turn.facts.model.isEmpty ? operation : "\(operation) \(turn.facts.model)"
        return "{\"traceId\":\"\(context.trace)\",\"spanId\":\"\(context.span)\","
            + (context.parent.isEmpty ? "" : "\"parentSpanId\":\"\(context.parent)\",")
            + "\"name\":\(APIError.quoted(name)),\"kind\":2,\"startTimeUnixNano\":\"\(start)000\","
            + "\"endTimeUnixNano\":\"\(end)000\",\"attributes\":[\(attributes.joined(separator: ","))],"
            + "\"status\":{\"code\":\(isError ? 2 : 0)}}"
    }

    /// Sends what there is; waits for the collector's answer.
    func flush() {
        let batch = spans.withLock { spans in
            defer { spans = [] }
            return spans
        }
        guard !batch.isEmpty else { return }
        let body =
            "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":"
            + "{\"stringValue\":\"stillwatch-gateway\"}}]},\"scopeSpans\":[{\"scope\":{\"name\":"
            + "\"stillwatch\"},\"spans\":[\(batch.joined(separator: ","))]}]}]}"
        var request = URLRequest(url: url)
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "content-type")
        request.httpBody = Data(body.utf8)
        let done = DispatchSemaphore(value: 0)
        let metrics = metrics
        let task = session.dataTask(with: request) { _, response, _ in
            if (response as? HTTPURLResponse)?.statusCode != 200 {
                metrics.droppedSpans.add(batch.count)
            }
            done.signal()
        }
        task.resume()
        done.wait()
    }
}
