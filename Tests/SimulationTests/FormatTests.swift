import Foundation
import Simulation
import Testing

@Suite struct FormatTests {
    /// What an exchange says in every format that can say it.
    struct Facts: Equatable {
        var account: String
        var model: String
        var input: Int
    }

    private static let native = Result { try world(.stillwatch) }

    private static func world(_ format: WorldFormat) throws -> SmallWorld {
        try SmallWorld(seed: 11, accounts: 60, days: 5, exchanges: 900, format: format)
    }

    @Test(arguments: WorldFormat.allCases)
    func everyLineIsJSONWithTheSameFacts(_ format: WorldFormat) throws {
        let native = try Self.native.get()
        let world = try Self.world(format)
        let expected = try native.records().map { try Self.facts($0, .stillwatch) }
        var found: [Facts] = []
        for record in try world.records() {
            try Self.checkStrings(record, format)
            if format == .otel {
                for span in try Self.spans(record) { found.append(try Self.facts(span: span)) }
            } else {
                found.append(try Self.facts(record, format))
            }
        }
        #expect(found == expected)
        #expect(world.accounts == native.accounts)
    }

    /// Formats that put JSON into strings must put valid JSON there.
    private static func checkStrings(_ record: [String: Any], _ format: WorldFormat) throws {
        switch format {
        case .langfuse:
            try parse(record["input"])
            try parse(record["output"])
            try parse(record["model_parameters"])
        case .envoy:
            try parse(record["request_body"])
            try parse(record["response_body"])
        case .kong:
            let proxy = try #require((record["ai"] as? [String: Any])?["proxy"] as? [String: Any])
            let payload = try #require(proxy["payload"] as? [String: Any])
            try parse(payload["request"])
            try parse(payload["response"])
        case .otel:
            for span in try spans(record) {
                let attributes = try attributes(span)
                guard attributes["gen_ai.operation.name"] == "chat" else { continue }
                try parse(attributes["gen_ai.input.messages"])
            }
        default: return
        }
    }

    private static func parse(_ value: Any?) throws {
        let text = try #require(value as? String)
        _ = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
    }

    private static func facts(_ record: [String: Any], _ format: WorldFormat) throws -> Facts {
        let request = record["request"] as? [String: Any] ?? [:]
        let response = record["response"] as? [String: Any] ?? [:]
        let usage = response["usage"] as? [String: Any] ?? [:]
        let account = (record["account"] as? [String: Any])?["id"]
        switch format {
        case .stillwatch:
            return try make(
                account, request["model"],
                (record["usage"] as? [String: Any])?["input_tokens"])
        case .openai, .anthropic:
            // Requests that were refused have no usage.
            return try make(
                account, request["model"], usage["prompt_tokens"] ?? usage["input_tokens"] ?? 0)
        case .litellm:
            let metadata = record["metadata"] as? [String: Any]
            return try make(
                metadata?["user_api_key_user_id"], record["model"], record["prompt_tokens"])
        case .helicone:
            return try make(record["user_id"], record["model"], record["prompt_tokens"])
        case .langfuse:
            return try make(
                record["user_id"], record["provided_model_name"],
                (record["usage_details"] as? [String: Any])?["input"])
        case .envoy:
            return try make(
                record["user.id"], record["gen_ai.request.model"],
                record["gen_ai.usage.input_tokens"])
        case .kong:
            let proxy = (record["ai"] as? [String: Any])?["proxy"] as? [String: Any]
            return try make(
                (record["consumer"] as? [String: Any])?["custom_id"],
                (proxy?["meta"] as? [String: Any])?["request_model"],
                (proxy?["usage"] as? [String: Any])?["prompt_tokens"])
        case .otel:
            throw SimulationError.badSettings("spans are read by facts(span:)")
        }
    }

    private static func make(_ account: Any?, _ model: Any?, _ input: Any?) throws -> Facts {
        Facts(
            account: try #require(account as? String), model: try #require(model as? String),
            input: try #require(input as? Int))
    }

    private static func spans(_ record: [String: Any]) throws -> [[String: Any]] {
        let resources = try #require(record["resourceSpans"] as? [[String: Any]])
        let scopes = resources.flatMap { $0["scopeSpans"] as? [[String: Any]] ?? [] }
        return scopes.flatMap { $0["spans"] as? [[String: Any]] ?? [] }
    }

    private static func attributes(_ span: [String: Any]) throws -> [String: String] {
        var found: [String: String] = [:]
        for attribute in try #require(span["attributes"] as? [[String: Any]]) {
            let value = attribute["value"] as? [String: Any] ?? [:]
            guard let key = attribute["key"] as? String else { continue }
            found[key] = (value["stringValue"] ?? value["intValue"]) as? String
        }
        return found
    }

    private static func facts(span: [String: Any]) throws -> Facts {
        let attributes = try attributes(span)
        return try make(
            attributes["user.id"], attributes["gen_ai.request.model"],
            attributes["gen_ai.usage.input_tokens"].flatMap { Int($0) })
    }
}
