extension Exchange {
    /// Reads an Envoy AI Gateway access log entry. Operators choose the keys; these are the documented ones.
    mutating func readEnvoy(_ root: JSONValue, scratch: Scratch) throws(BadRecord) -> Bool {
        var facts = EnvoyFacts()
        for (name, value) in root.fields { facts.read(name, value, into: &self, scratch: scratch) }
        guard facts.isModelCall else { return false }
        time = try EventTime(
            required: root["start_time", "@timestamp", "timestamp"], field: "start_time")
        account.id = facts.account
        if account.id.isEmpty { throw BadRecord(.missingField, field: "x-user-id") }
        try readBodies(
            request: root["request_body", "gen_ai.input.messages", "request.body"],
            response: root["response_body", "gen_ai.output.messages", "response.body"],
            scratch: scratch)
        if !facts.model.isEmpty { model = facts.model }
        if let input = facts.input { usage.inputTokens = input }
        if let output = facts.output { usage.outputTokens = output }
        return true
    }

    /// Reads an entry of a Kong logging plugin with the fields of `ai-proxy`.
    mutating func readKong(_ root: JSONValue, scratch: Scratch) throws(BadRecord) -> Bool {
        let entries = root["ai"]
        let entry = Self.kongEntry(entries)
        guard entry.isObject else { return false }
        time = try EventTime(required: root["started_at"], perSecond: 1000, field: "started_at")
        let request = root["request"]
        let headers = request["headers"]
        let consumer = root["consumer"]
        account.id = Self.kongAccount(root, consumer, headers, scratch: scratch)
        if account.id.isEmpty { throw BadRecord(.missingField, field: "consumer.id") }
        id = scratch.identifier(request["id"]) ?? .empty
        client.ip = root["client_ip"].text
        if client.ip.isEmpty {
            client.ip = Self.firstAddress(Self.header(headers["x-forwarded-for"]))
        }
        client.userAgent = Self.header(headers["user-agent"])
        conversation = Self.header(headers["x-session-id"])
        endpoint = Self.withoutQuery(request["uri", "path"].text)
        let payload = entry["payload"]
        var sent = payload["request"]
        if !sent.exists { sent = entries["payload"]["request"] }
        if !sent.exists { sent = request["body"] }
        var received = payload["response"]
        if !received.exists { received = root["response"]["body"] }
        try readBodies(request: sent, response: received, scratch: scratch)
        let meta = entry["meta"]
        let named = meta["request_model", "response_model"].text
        if !named.isEmpty { model = named }
        if let code = root["response"]["status"].int { status = Int32(exactly: code) }
        usage.read(entry["usage"])
        if let count = Usage.count(entry["usage"]["prompt_token"]) { usage.inputTokens = count }
        if let count = Usage.count(entry["usage"]["completion_token"]) {
            usage.outputTokens = count
        }
        return true
    }

    private mutating func readBodies(
        request: JSONValue, response: JSONValue, scratch: Scratch
    ) throws(BadRecord) {
        let body = AnyValue.document(request, scratch: scratch)
        if !(body.isString && body.text.equals("-")) {
            try readLooseInput(body, field: "request_body", scratch: scratch)
        }
        if response.isString && response.text.equals("-") { return }
        readResponseBody(response, scratch: scratch)
    }

    /// The entry of the plugin that proxied: `proxy` since 3.11, before that the plugin's name.
    private static func kongEntry(_ entries: JSONValue) -> JSONValue {
        let named = entries["proxy", "ai-proxy", "ai-proxy-advanced"]
        if named.isObject { return named }
        for (_, value) in entries.fields where value["usage"].isObject || value["meta"].isObject {
            return value
        }
        return .absent
    }

    private static func kongAccount(
        _ root: JSONValue, _ consumer: JSONValue, _ headers: JSONValue, scratch: Scratch
    ) -> ByteView {
        if let identifier = scratch.identifier(consumer["custom_id"])
            ?? scratch.identifier(consumer["id"]) ?? scratch.identifier(consumer["username"])
            ?? scratch.identifier(root["authenticated_entity"]["consumer_id"])
            ?? scratch.identifier(root["authenticated_entity"]["id"])
        {
            return identifier
        }
        let named = header(headers["x-consumer-custom-id", "x-consumer-id", "x-consumer-username"])
        return named.isEmpty ? header(headers["x-account-id", "x-user-id"]) : named
    }

    /// A header's value; the first when it was sent more than once.
    private static func header(_ value: JSONValue) -> ByteView {
        for first in value.elements { return first.text }
        return value.text
    }

    static func withoutQuery(_ path: ByteView) -> ByteView {
        path.firstIndex(of: UInt8(ascii: "?")).map(path.prefix) ?? path
    }

    /// The client in an `X-Forwarded-For` list.
    static func firstAddress(_ list: ByteView) -> ByteView {
        list.firstIndex(of: UInt8(ascii: ",")).map(list.prefix) ?? list
    }
}

/// Gathers the fields of an Envoy entry.
private struct EnvoyFacts {
    var model = ByteView.empty
    var input: Int64?
    var output: Int64?
    var account = ByteView.empty
    private var accountRank = Int.max
    private var modelRank = Int.max

    init() {}

    /// Whether the entry is of a language model: ordinary traffic shares the log.
    var isModelCall: Bool { !model.isEmpty || input != nil || output != nil }

    mutating func read(
        _ name: ByteView, _ value: JSONValue, into exchange: inout Exchange, scratch: Scratch
    ) {
        // Envoy writes a dash for what it does not know.
        if value.isString && (value.text.isEmpty || value.text.equals("-")) { return }
        if let rank = Self.rank(name, Self.accountNames) {
            if rank < accountRank, let identifier = scratch.identifier(value) {
                account = identifier
                accountRank = rank
            }
        } else if let rank = Self.rank(name, Self.modelNames) {
            if rank < modelRank && !value.text.isEmpty {
                model = value.text
                modelRank = rank
            }
        } else if name.equals("gen_ai.usage.input_tokens") || name.equals("genai_tokens_input")
            || name.equals("llm_input_token")
        {
            input = AnyValue.int(value)
        } else if name.equals("gen_ai.usage.output_tokens") || name.equals("genai_tokens_output")
            || name.equals("llm_output_token")
        {
            output = AnyValue.int(value)
        } else {
            readHTTP(name, value, into: &exchange, scratch: scratch)
        }
    }

    private func readHTTP(
        _ name: ByteView, _ value: JSONValue, into exchange: inout Exchange, scratch: Scratch
    ) {
        if name.equals("x-forwarded-for") || name.equals("x_forwarded_for") {
            exchange.client.ip = Exchange.firstAddress(value.text)
        } else if name.equals("downstream_remote_address") {
            if exchange.client.ip.isEmpty { exchange.client.ip = Self.withoutPort(value.text) }
        } else if name.equals("user-agent") || name.equals("user_agent") {
            exchange.client.userAgent = value.text
        } else if name.equals("ja4") || name.equals("tls_ja4_fingerprint") || name.equals("ja3")
            || name.equals("tls_ja3_fingerprint")
        {
            exchange.client.tlsFingerprint = value.text
        } else if name.equals("x-request-id") || name.equals("request_id") {
            exchange.id = value.text
        } else if name.equals("session.id") || name.equals("x-session-id") {
            exchange.conversation = value.text
        } else if name.equals("x-envoy-origin-path") || name.equals("path") {
            exchange.endpoint = Exchange.withoutQuery(value.text)
        } else if name.equals("response_code") {
            exchange.status = AnyValue.int(value).flatMap { Int32(exactly: $0) }
        }
    }

    private static let accountNames: [StaticString] = [
        "account", "user.id", "enduser.id", "user_id", "x-account-id", "x-user-id", "x-consumer-id",
        "x-api-key-id", "api_key_id", "x-api-key-hash", "x-tenant-id", "x-team-id",
    ]
    private static let modelNames: [StaticString] = [
        "gen_ai.request.model", "x-ai-eg-model", "gen_ai.response.model", "genai_model_name",
    ]

    private static func rank(_ name: ByteView, _ names: [StaticString]) -> Int? {
        names.firstIndex { name.equals($0) }
    }

    /// `203.0.113.7:443` or `[2001:db8::1]:443` without brackets and port.
    private static func withoutPort(_ address: ByteView) -> ByteView {
        if address.hasPrefix("["), let end = address.firstIndex(of: UInt8(ascii: "]")) {
            return address.prefix(end).dropFirst(1)
        }
        guard let colon = address.buffer.lastIndex(of: UInt8(ascii: ":")) else { return address }
        return address.prefix(colon)
    }
}
