import Synchronization

/// A number that only grows, or goes up and down.
final class Count: Sendable {
    private let number = Atomic<Int>(0)

    func add(_ amount: Int = 1) { number.wrappingAdd(amount, ordering: .relaxed) }
    func set(_ value: Int) { number.store(value, ordering: .relaxed) }
    var value: Int { number.load(ordering: .relaxed) }
}

/// How often durations fell into each of some ranges.
final class Distribution: Sendable {
    /// Upper bounds in microseconds.
    static let bounds: [Int64] = [
        500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
        2_500_000, 5_000_000, 10_000_000, 30_000_000, 60_000_000,
    ]
    private let counts = (0...Distribution.bounds.count).map { _ in Count() }
    private let sum = Count()

    func record(_ microseconds: Int64) {
        var index = 0
        while index < Self.bounds.count, microseconds > Self.bounds[index] { index += 1 }
        counts[index].add()
        sum.add(Int(clamping: microseconds))
    }

    fileprivate func write(_ name: String, to text: inout String) {
        text += "# TYPE \(name) histogram\n"
        var total = 0
        for (index, bound) in Self.bounds.enumerated() {
            total += counts[index].value
            text += "\(name)_bucket{le=\"\(Double(bound) / 1_000_000)\"} \(total)\n"
        }
        total += counts[Self.bounds.count].value
        text += "\(name)_bucket{le=\"+Inf\"} \(total)\n"
        text += "\(name)_sum \(Double(sum.value) / 1_000_000)\n\(name)_count \(total)\n"
    }
}

/// Counts kept for each of a fixed set of labels.
struct Labelled<Label: CaseIterable & RawRepresentable & Sendable>: Sendable
where Label.RawValue == String, Label: Hashable {
    private let counts: [Label: Count]

    init() {
        counts = Dictionary(uniqueKeysWithValues: Label.allCases.map { ($0, Count()) })
    }

    subscript(label: Label) -> Count { counts[label] ?? Count() }

    fileprivate func write(_ name: String, _ key: String, to text: inout String) {
        text += "# TYPE \(name) counter\n"
        for label in Label.allCases {
            text += "\(name){\(key)=\"\(label.rawValue)\"} \(self[label].value)\n"
        }
    }
}

/// What the gateway counts, for Prometheus. Every label comes from a fixed set: no account, key, model or path of a client
/// ever becomes one.
final class Metrics: Sendable {
    private static let classes = ["1xx", "2xx", "3xx", "4xx", "5xx"]
    private let answers: [[Count]] = Endpoint.allCases.map { _ in
        Metrics.classes.map { _ in Count() }
    }
    let refusals = Labelled<Refusal>()
    let authenticationFailures = Labelled<AuthenticationFailure>()
    let actions = Labelled<ActionLabel>()
    let firstByte = Distribution()
    let duration = Distribution()
    let openConnections = Count()
    let openRequests = Count()
    let openStreams = Count()
    let inputTokens = Count()
    let outputTokens = Count()
    let disconnects = Count()
    let upstreamFailures = Count()
    let slowClients = Count()
    let loggedExchanges = Count()
    let loggedBytes = Count()
    let lostExchanges = Count()
    let logFailures = Count()
    let judgements = Count()
    let accusedAccounts = Count()
    let budgetFailures = Count()
    let storeFailures = Count()
    let droppedSpans = Count()

    /// Counts an answer of the gateway's own.
    func count(_ endpoint: Endpoint, _ refusal: Refusal) {
        refusals[refusal].add()
        count(endpoint, status: refusal.status)
    }

    /// Counts an answer.
    func count(_ endpoint: Endpoint, status: Int) {
        let index = min(max(status / 100, 1), Self.classes.count) - 1
        answers[Int(endpoint.rawValue)][index].add()
    }

    /// All counts in Prometheus' text format.
    var text: String {
        var text = "# TYPE stillwatch_answers_total counter\n"
        for endpoint in Endpoint.allCases {
            for (index, name) in Self.classes.enumerated() {
                let count = answers[Int(endpoint.rawValue)][index].value
                if count == 0 { continue }
                text +=
                    "stillwatch_answers_total{endpoint=\"\(endpoint.path)\",status=\"\(name)\"} "
                    + "\(count)\n"
            }
        }
        refusals.write("stillwatch_refusals_total", "reason", to: &text)
        authenticationFailures.write(
            "stillwatch_authentication_failures_total", "reason", to: &text)
        actions.write("stillwatch_actions_total", "action", to: &text)
        firstByte.write("stillwatch_first_byte_seconds", to: &text)
        duration.write("stillwatch_request_seconds", to: &text)
        for (name, kind, count) in [
            ("connections", "gauge", openConnections), ("requests_open", "gauge", openRequests),
            ("streams_open", "gauge", openStreams),
            ("input_tokens_total", "counter", inputTokens),
            ("output_tokens_total", "counter", outputTokens),
            ("client_disconnects_total", "counter", disconnects),
            ("upstream_failures_total", "counter", upstreamFailures),
            ("slow_clients_total", "counter", slowClients),
            ("exchanges_logged_total", "counter", loggedExchanges),
            ("exchange_log_bytes_total", "counter", loggedBytes),
            ("exchanges_lost_total", "counter", lostExchanges),
            ("exchange_log_failures_total", "counter", logFailures),
            ("judgements_total", "counter", judgements),
            ("accounts_accused", "gauge", accusedAccounts),
            ("shared_budget_failures_total", "counter", budgetFailures),
            ("store_failures_total", "counter", storeFailures),
            ("spans_dropped_total", "counter", droppedSpans),
        ] {
            text += "# TYPE stillwatch_\(name) \(kind)\nstillwatch_\(name) \(count.value)\n"
        }
        return text
    }
}

/// What a policy did, as a label.
enum ActionLabel: String, CaseIterable, Sendable {
    case allow, log, throttle, challenge, block
    case stripReasoning = "strip_reasoning"
    case summariseReasoning = "summarise_reasoning"
    case dropLogprobs = "drop_logprobs"
    case capReasoning = "cap_reasoning"
    case canary, watermark, reduce, shadow
}

/// Why a request's key was not accepted.
enum AuthenticationFailure: String, CaseIterable, Error, Sendable {
    case missing, malformed, unknown, mismatch, expired, revoked

    /// What the client is told: enough for its owner to mend it, and the same for a key that never was and one that is wrong.
    var message: String {
        switch self {
        case .missing:
            "No API key was given. Send it as 'Authorization: Bearer KEY' or 'x-api-key: KEY'."
        case .malformed, .unknown, .mismatch: "The API key is not valid."
        case .expired: "The API key has expired."
        case .revoked: "The API key was revoked."
        }
    }
}
