extension Exchange {
    /// Reads a StandardLoggingPayload or a row of LiteLLM_SpendLogs.
    ///
    /// The account is the proxy's own user of the key, else the key's hash; `user` and `end_user`, which callers choose
    /// freely, come last.
    mutating func readLiteLLM(_ root: JSONValue, scratch: Scratch) throws(BadRecord) -> Bool {
        if Self.isOtherCall(root["call_type"].text) { return false }
        let metadata = scratch.unwrap(root["metadata"])
        id = scratch.identifier(root["id", "request_id", "litellm_call_id"]) ?? .empty
        time = try EventTime(required: root["startTime", "start_time"], field: "startTime")
        account.id = Self.liteLLMAccount(root, metadata, scratch: scratch)
        if account.id.isEmpty { throw BadRecord(.missingField, field: "api_key") }
        account.organization = firstIdentifier(scratch) { index in
            switch index {
            case 0: metadata["user_api_key_org_id"]
            case 1: root["organization_id"]
            case 2: metadata["user_api_key_team_id"]
            case 3: root["team_id"]
            default: nil
            }
        }
        client.ip = root["requester_ip_address"].text
        if client.ip.isEmpty { client.ip = metadata["requester_ip_address"].text }
        client.userAgent = root["user_agent"].text
        if client.userAgent.isEmpty { client.userAgent = metadata["user_agent"].text }
        endpoint = metadata["user_api_key_request_route"].text
        readConversation(root, scratch: scratch)
        try readLiteLLMRequest(root, scratch: scratch)
        readResponseBody(root["response"], scratch: scratch)
        let named = root["model_group"].text
        model = named.isEmpty ? root["model"].text : named
        usage.read(root)
        return true
    }

    /// The first of numbered candidates that is an identifier; `nil` ends them.
    private func firstIdentifier(
        _ scratch: Scratch, _ candidate: (Int) -> JSONValue?
    ) -> ByteView {
        var index = 0
        while let value = candidate(index) {
            if let identifier = scratch.identifier(value) { return identifier }
            index += 1
        }
        return .empty
    }

    private static func liteLLMAccount(
        _ root: JSONValue, _ metadata: JSONValue, scratch: Scratch
    ) -> ByteView {
        scratch.identifier(metadata["user_api_key_user_id"])
            ?? scratch.identifier(metadata["user_api_key_hash"])
            ?? scratch.identifier(metadata["user_api_key"])
            ?? scratch.identifier(root["api_key"])
            ?? scratch.identifier(root["user"])
            ?? scratch.identifier(root["end_user"])
            ?? scratch.identifier(metadata["user_api_key_end_user_id"]) ?? .empty
    }

    /// Whether a LiteLLM `call_type` is no generation of text.
    private static func isOtherCall(_ type: ByteView) -> Bool {
        type.firstRange(of: "embedding") != nil || type.firstRange(of: "image") != nil
            || type.firstRange(of: "transcription") != nil || type.firstRange(of: "speech") != nil
            || type.firstRange(of: "moderation") != nil || type.firstRange(of: "rerank") != nil
            || type.firstRange(of: "file") != nil || type.firstRange(of: "batch") != nil
            || type.firstRange(of: "mcp_tool") != nil
    }

    private mutating func readLiteLLMRequest(
        _ root: JSONValue, scratch: Scratch
    ) throws(BadRecord) {
        let body = scratch.unwrap(root["proxy_server_request"])
        let inner = body["body"]
        try readRequestBody(
            inner.isObject ? inner : body.isObject ? body : .absent, .optional, scratch: scratch)
        let parameters = scratch.unwrap(root["model_parameters"])
        self.parameters.read(parameters, scratch: scratch)
        if tools.isEmpty { readTools(parameters["tools", "functions"]) }
        if systemBlocks.isEmpty {
            scratch.readContent(parameters["instructions"], into: &systemBlocks)
            scratch.readContent(parameters["system"], into: &systemBlocks)
        }
        guard messages.isEmpty else { return }
        try readLooseInput(scratch.unwrap(root["messages"]), field: "messages", scratch: scratch)
    }
}
