extension Exchange {
    /// Reads a raw request body and answer in an envelope that names time, account and client.
    mutating func readEnvelope(_ root: JSONValue, scratch: Scratch) throws(BadRecord) {
        time = try EventTime(required: root["time"], field: "time")
        id = scratch.identifier(root["id", "request_id"]) ?? .empty
        try readAccount(root["account"], scratch: scratch)
        client.read(root["client"], scratch: scratch)
        readConversation(root, scratch: scratch)
        endpoint = root["endpoint", "path"].text
        let request = scratch.unwrap(root["request"])
        if account.id.isEmpty { readBodyIdentity(request, scratch: scratch) }
        if account.id.isEmpty { throw BadRecord(.missingField, field: "account.id") }
        try readRequestBody(request, .required, scratch: scratch)
        readResponseBody(root["response"], scratch: scratch)
        if let code = root["status"].int { status = Int32(exactly: code) }
    }

    /// Takes the account from the body's own field for the caller's user.
    private mutating func readBodyIdentity(_ request: JSONValue, scratch: Scratch) {
        let named =
            scratch.identifier(request["safety_identifier"])
            ?? scratch.identifier(request["user"])
            ?? scratch.identifier(request["metadata"]["user_id"])
        guard let named else { return }
        account.id = named
        splitCodingAgentIdentity(named, scratch: scratch)
    }

    /// Coding agents write several identifiers into `metadata.user_id`, the session among them: without a split every
    /// session would be an account.
    private mutating func splitCodingAgentIdentity(_ named: ByteView, scratch: Scratch) {
        if named.firstNonBlank == UInt8(ascii: "{"), let object = scratch.parse(named) {
            let owner =
                scratch.identifier(object["account_uuid"])
                ?? scratch.identifier(object["device_id"])
            if let owner { account.id = owner }
            if conversation.isEmpty { conversation = object["session_id"].text }
        } else if named.hasPrefix("user_"), let start = named.firstRange(of: "_session_") {
            account.id = named.prefix(start)
            if conversation.isEmpty { conversation = named.dropFirst(start + 9) }
        }
    }
}
