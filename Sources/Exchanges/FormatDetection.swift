extension RecordDecoder {
    /// Tells a file's format from its first records, by the names of their fields.
    ///
    /// Every record that can be read has a vote; of formats with as many votes the one seen first wins.
    /// - Returns: `nil` when no record looks like any of the formats.
    public static func detect(_ records: [UnsafeRawBufferPointer]) -> LogFormat? {
        let parser = JSONParser()
        let arena = ByteArena()
        var votes: [(format: LogFormat, count: Int)] = []
        for record in records {
            arena.reset()
            // A copy, because the parser reads beyond the end.
            let text = arena.copy(record.bindMemory(to: UInt8.self))
            guard var root = try? parser.parse(text) else { continue }
            if root.isArray { root = root.elements.first { $0.isObject } ?? .absent }
            guard let format = format(of: root) else { continue }
            if let index = votes.firstIndex(where: { $0.format == format }) {
                votes[index].count += 1
            } else {
                votes.append((format, 1))
            }
        }
        let most = votes.map(\.count).max()
        return votes.first { $0.count == most }?.format
    }

    private static func format(of root: JSONValue) -> LogFormat? {
        guard root.isObject else { return nil }
        if root["resourceSpans", "resourceLogs"].isArray { return .otel }
        if root["spanId", "span_id"].exists && root["attributes"].exists { return .otel }
        if root["request_created_at"].exists { return .helicone }
        if root["startTime"].exists && root["call_type", "api_key", "litellm_call_id"].exists {
            return .litellm
        }
        if root["started_at"].exists && root["client_ip", "request", "ai"].exists { return .kong }
        if root["start_time", "startTime"].exists {
            let isObservation =
                root["provided_model_name", "usage_details", "usageDetails"].exists
                || root["trace_id", "traceId"].exists && root["type", "input"].exists
            if isObservation { return .langfuse }
            if root["response_code", "downstream_remote_address", "x-forwarded-for"].exists {
                return .envoy
            }
        }
        for (name, _) in root.fields where name.hasPrefix("gen_ai.") { return .envoy }
        return root["time"].exists && root["request"].exists ? bodyFormat(of: root) : nil
    }

    /// Tells the native form from the envelopes, which share their outer fields.
    private static func bodyFormat(of root: JSONValue) -> LogFormat {
        let request = root["request"]
        var response = root["response"]
        if response.isArray { response = response.elements.first { $0.isObject } ?? .absent }
        let type = response["type"].text
        if type.equals("message") || type.hasPrefix("message_") || response["stop_reason"].exists {
            return .anthropic
        }
        if response["choices"].exists || response["object"].exists || response["output"].isArray
            || type.hasPrefix("response.")
        {
            return .openai
        }
        if request["input", "safety_identifier", "max_completion_tokens"].exists { return .openai }
        if request["metadata"]["user_id"].exists { return .anthropic }
        let endpoint = root["endpoint", "path"].text
        if endpoint.hasSuffix("/messages") { return .anthropic }
        return endpoint.isEmpty ? .stillwatch : .openai
    }
}
