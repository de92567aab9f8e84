extension Exchange {
    /// Reads a request of a Helicone export.
    mutating func readHelicone(_ root: JSONValue, scratch: Scratch) throws(BadRecord) -> Bool {
        endpoint = root["request_path", "target_url"].text
        if endpoint.hasSuffix("/embeddings") || endpoint.hasSuffix("/moderations") { return false }
        id = scratch.identifier(root["request_id", "id"]) ?? .empty
        time = try EventTime(
            required: root["request_created_at", "created_at"], field: "request_created_at")
        let organization = scratch.identifier(root["organization_id", "helicone_org_id"]) ?? .empty
        account.id =
            scratch.identifier(root["user_id"]) ?? scratch.identifier(root["request_user_id"])
            ?? organization
        if account.id.isEmpty { throw BadRecord(.missingField, field: "user_id") }
        account.organization = organization
        account.country = root["country_code", "request_country_code"].text
        let properties = scratch.unwrap(root["request_properties", "properties"])
        conversation = properties["Helicone-Session-Id"].text
        readConversation(root, scratch: scratch)
        let request = scratch.unwrap(root["request_body"])
        try readRequestBody(
            request.isObject ? request : .absent, .optional, scratch: scratch)
        readResponseBody(root["response_body"], scratch: scratch)
        let named = root["model", "request_model", "response_model"].text
        if model.isEmpty { model = named }
        if let code = root["response_status", "status"].int { status = Int32(exactly: code) }
        readHeliconeUsage(root)
        return true
    }

    /// Takes the counts that the answer's body does not give. Helicone keeps the provider's own count: only Anthropic's
    /// leaves cached tokens out.
    private mutating func readHeliconeUsage(_ root: JSONValue) {
        if usage.inputTokens == nil, var input = Usage.count(root["prompt_tokens"]) {
            if root["provider"].text.equalsIgnoringCase("anthropic") {
                let read = Usage.count(root["prompt_cache_read_tokens"]) ?? 0
                let written = Usage.count(root["prompt_cache_write_tokens"]) ?? 0
                input = input.addingSaturated(read).addingSaturated(written)
            }
            usage.inputTokens = input
        }
        usage.outputTokens = usage.outputTokens ?? Usage.count(root["completion_tokens"])
        usage.reasoningTokens = usage.reasoningTokens ?? Usage.count(root["reasoning_tokens"])
    }

    /// Reads an observation of a Langfuse export; only generations are model calls.
    mutating func readLangfuse(_ root: JSONValue, scratch: Scratch) throws(BadRecord) -> Bool {
        let type = root["type"].text
        if !type.isEmpty && !type.equalsIgnoringCase("generation") { return false }
        id = scratch.identifier(root["id"]) ?? .empty
        time = try EventTime(required: root["start_time", "startTime"], field: "start_time")
        let session = scratch.identifier(root["session_id", "sessionId"]) ?? .empty
        account.id = scratch.identifier(root["user_id", "userId"]) ?? session
        if account.id.isEmpty { throw BadRecord(.missingField, field: "user_id") }
        conversation = session
        try readLooseInput(scratch.unwrap(root["input"]), field: "input", scratch: scratch)
        readResponseBody(root["output"], scratch: scratch)
        let named = root["provided_model_name", "model", "providedModelName"].text
        if !named.isEmpty { model = named }
        let parameters = scratch.unwrap(root["model_parameters", "modelParameters"])
        self.parameters.read(parameters, scratch: scratch)
        readTools(scratch.unwrap(root["tool_definitions", "toolDefinitions"]))
        usage.readLangfuse(scratch.unwrap(root["usage_details", "usageDetails", "usage"]))
        return true
    }
}

extension Usage {
    /// Reads `usage_details`, whose parts do not overlap: all that is input adds up, and so does all output.
    fileprivate mutating func readLangfuse(_ details: JSONValue) {
        var input: Int64?
        var output: Int64?
        for (name, value) in details.fields {
            guard let count = Self.count(value) else { continue }
            if name.firstRange(of: "input") != nil || name.hasPrefix("prompt") {
                input = (input ?? 0).addingSaturated(count)
            } else if name.firstRange(of: "output") != nil || name.hasPrefix("completion") {
                output = (output ?? 0).addingSaturated(count)
            }
            if name.firstRange(of: "reasoning") != nil { reasoningTokens = count }
        }
        inputTokens = input ?? inputTokens
        outputTokens = output ?? outputTokens
    }
}
