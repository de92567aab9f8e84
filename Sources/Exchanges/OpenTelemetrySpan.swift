/// What a resource says for all of its spans.
struct ResourceFacts {
    /// The account, when the process serves only one.
    var account = ByteView.empty

    init() {}

    init(_ resource: JSONValue, scratch: Scratch) {
        var identity = Identity()
        for (key, value) in AnyValue.Attributes(resource["attributes"]) {
            identity.read(key, value)
        }
        account = scratch.identifier(identity.best) ?? .empty
    }
}

/// The user attributes of the semantic conventions, the clearest first.
private struct Identity {
    var user = JSONValue.absent
    var endUser = JSONValue.absent
    var pseudonym = JSONValue.absent

    var best: JSONValue { user.exists ? user : endUser.exists ? endUser : pseudonym }

    mutating func read(_ key: ByteView, _ value: JSONValue) {
        if key.equals("user.id") {
            user = value
        } else if key.equals("enduser.id") {
            endUser = value
        } else if key.equals("enduser.pseudo.id") {
            pseudonym = value
        }
    }
}

/// Gathers the attributes of one span or log record, then makes an exchange of them.
///
/// Semantic conventions for generative AI, current and deprecated:
/// https://opentelemetry.io/docs/specs/semconv/gen-ai/
struct OpenTelemetrySpan {
    private var identity = Identity()
    private var operation = ByteView.empty
    private var requestModel = ByteView.empty
    private var responseModel = ByteView.empty
    private var requestType = ByteView.empty
    private var input = JSONValue.absent
    private var output = JSONValue.absent
    private var instructions = JSONValue.absent
    private var definitions = JSONValue.absent
    private var prompt = JSONValue.absent
    private var completion = JSONValue.absent
    private var finishReasons = JSONValue.absent
    private var session = ByteView.empty
    private var flattened: [FlattenedAttribute] = []
    private var isGenAI = false

    /// Whether a span with this operation is a call of a language model.
    private var isModelCall: Bool {
        if !operation.isEmpty {
            return operation.equals("chat") || operation.equals("text_completion")
                || operation.equals("generate_content") || operation.equals("completion")
        }
        if requestType.equals("embedding") || requestType.equals("rerank") { return false }
        return isGenAI && !(requestModel.isEmpty && responseModel.isEmpty)
    }

    /// Reads a span.
    /// - Returns: `false` when it is no model call.
    static func read(
        span: JSONValue, resource: ResourceFacts, into exchange: inout Exchange, scratch: Scratch
    ) throws(BadRecord) -> Bool {
        var facts = OpenTelemetrySpan()
        facts.readAttributes(span["attributes"], into: &exchange, scratch: scratch)
        guard facts.isModelCall else { return false }
        exchange.time = try EventTime(
            required: span["startTimeUnixNano", "start_time_unix_nano"], perSecond: 1_000_000_000,
            field: "startTimeUnixNano")
        for event in span["events"].elements {
            facts.readEvent(event, into: &exchange, scratch: scratch)
        }
        try facts.finish(resource, into: &exchange, scratch: scratch)
        if exchange.id.isEmpty { exchange.id = span["spanId", "span_id"].text }
        return true
    }

    /// Reads a log record that carries a whole call, the event `gen_ai.client.inference.operation.details`.
    /// - Returns: `false` when it carries less.
    static func read(
        logRecord: JSONValue, resource: ResourceFacts, into exchange: inout Exchange,
        scratch: Scratch
    ) throws(BadRecord) -> Bool {
        var facts = OpenTelemetrySpan()
        facts.readAttributes(logRecord["attributes"], into: &exchange, scratch: scratch)
        let body = AnyValue.document(AnyValue.inner(logRecord["body"]), scratch: scratch)
        facts.readAttributes(body, into: &exchange, scratch: scratch)
        guard facts.isModelCall else { return false }
        var time = logRecord["timeUnixNano"]
        if !time.exists || AnyValue.int(time) == 0 { time = logRecord["observedTimeUnixNano"] }
        exchange.time = try EventTime(
            required: time, perSecond: 1_000_000_000, field: "timeUnixNano")
        try facts.finish(resource, into: &exchange, scratch: scratch)
        if exchange.id.isEmpty { exchange.id = logRecord["spanId"].text }
        return true
    }

    private mutating func readAttributes(
        _ attributes: JSONValue, into exchange: inout Exchange, scratch: Scratch
    ) {
        for (key, value) in AnyValue.Attributes(attributes) {
            if key.hasPrefix("gen_ai.") || key.hasPrefix("llm.") {
                isGenAI = true
                if !exchange.readUsageAttribute(key, value)
                    && !exchange.readParameterAttribute(key, value, scratch: scratch)
                {
                    readGenAI(key, value, into: &exchange, scratch: scratch)
                }
            } else if !exchange.readNetAttribute(key, value) {
                identity.read(key, value)
                if key.equals("session.id") { session = value.text }
                if key.equals("anthropic.thinking.budget_tokens") {
                    exchange.parameters.reasoning = scratch.identifier(value) ?? .empty
                }
            }
        }
    }

    private mutating func readGenAI(
        _ key: ByteView, _ value: JSONValue, into exchange: inout Exchange, scratch: Scratch
    ) {
        if key.equals("gen_ai.operation.name") {
            operation = value.text
        } else if key.equals("gen_ai.request.model") {
            requestModel = value.text
        } else if key.equals("gen_ai.response.model") {
            responseModel = value.text
        } else if key.equals("gen_ai.response.id") {
            exchange.id = value.text
        } else if key.equals("gen_ai.conversation.id") {
            exchange.conversation = scratch.identifier(value) ?? .empty
        } else if key.equals("gen_ai.input.messages") {
            input = value
        } else if key.equals("gen_ai.output.messages") {
            output = value
        } else if key.equals("gen_ai.system_instructions") {
            instructions = value
        } else if key.equals("gen_ai.tool.definitions") {
            definitions = value
        } else if key.equals("gen_ai.prompt") {
            prompt = value
        } else if key.equals("gen_ai.completion") {
            completion = value
        } else if key.equals("gen_ai.response.finish_reasons") {
            finishReasons = value
        } else if key.equals("llm.request.type") {
            requestType = value.text
        } else if let attribute = FlattenedAttribute(key, value, order: flattened.count) {
            flattened.append(attribute)
        }
    }

    private mutating func readEvent(
        _ event: JSONValue, into exchange: inout Exchange, scratch: Scratch
    ) {
        let name = event["name"].text
        guard name.hasPrefix("gen_ai.") else { return }
        let isChoice = name.equals("gen_ai.choice")
        guard isChoice || name.hasSuffix(".message") else {
            return readAttributes(event["attributes"], into: &exchange, scratch: scratch)
        }
        var role = Role.user
        if name.equals("gen_ai.system.message") {
            role = .system
        } else if name.equals("gen_ai.assistant.message") {
            role = .assistant
        } else if name.equals("gen_ai.tool.message") {
            role = .tool
        }
        var content = JSONValue.absent
        for (key, value) in AnyValue.Attributes(event["attributes"]) {
            if key.equals("content") || key.equals("gen_ai.event.content")
                || key.equals("message") || key.equals("gen_ai.content")
            {
                content = AnyValue.document(value, scratch: scratch)
            } else if key.equals("finish_reason") {
                exchange.readFinishReason(value)
            }
        }
        if isChoice {
            exchange.readResponseBody(content, scratch: scratch)
        } else if content.isObject {
            exchange.appendMessage(role) { scratch.readMessageBlocks(content, role, into: &$0) }
        } else {
            exchange.appendMessage(role) { blocks in
                if role == .tool {
                    let text = scratch.flatten(content)
                    if !text.isEmpty { blocks.append(ContentBlock(kind: .toolResult, text: text)) }
                } else {
                    scratch.readContent(content, into: &blocks)
                }
            }
        }
    }

    private mutating func finish(
        _ resource: ResourceFacts, into exchange: inout Exchange, scratch: Scratch
    ) throws(BadRecord) {
        exchange.account.id = scratch.identifier(identity.best) ?? resource.account
        if exchange.account.id.isEmpty { throw BadRecord(.missingField, field: "user.id") }
        exchange.model = requestModel.isEmpty ? responseModel : requestModel
        if exchange.conversation.isEmpty { exchange.conversation = session }
        scratch.readContent(
            AnyValue.document(instructions, scratch: scratch), into: &exchange.systemBlocks)
        exchange.readTools(AnyValue.document(definitions, scratch: scratch))
        try exchange.readLooseInput(
            AnyValue.document(input.exists ? input : prompt, scratch: scratch),
            field: "gen_ai.input.messages", scratch: scratch)
        let answer = output.exists ? output : completion
        exchange.readResponseBody(AnyValue.document(answer, scratch: scratch), scratch: scratch)
        let reasons = AnyValue.document(finishReasons, scratch: scratch)
        for reason in reasons.elements { exchange.readFinishReason(reason) }
        exchange.readFinishReason(reasons)
        FlattenedAttribute.append(&flattened, to: &exchange, scratch: scratch)
    }
}

extension Exchange {
    /// Reads a prompt of unknown shape: messages, a request body, one message, or text.
    mutating func readLooseInput(
        _ input: JSONValue, field: String, scratch: Scratch
    ) throws(BadRecord) {
        guard input.isObject else {
            if input.isArray || input.isString {
                try readMessages(input, field: field, scratch: scratch)
            }
            return
        }
        let body = input["messages", "input", "prompt"]
        if body.exists || input["contents"].exists {
            try readRequestBody(input, .optional, scratch: scratch)
        } else if input["role"].exists || input["content"].exists || input["parts"].exists {
            readMessage(input, scratch: scratch)
        } else if !input.isEmptyContainer {
            appendText(scratch.arena.write { JSONWriter.append(input, to: &$0) }, .user)
        }
    }
}
