import Exchanges
import Testing

@Suite struct FormatTests {
    func only(_ format: LogFormat, _ record: String? = nil) throws -> Decoded {
        let outcome = decode(try #require(record ?? Seeds.records[format]), format)
        #expect(outcome.faults.isEmpty)
        #expect(outcome.exchanges.count == 1)
        return try #require(outcome.exchanges.first)
    }

    @Test(arguments: LogFormat.allCases) func commonFields(_ format: LogFormat) throws {
        let exchange = try only(format)
        #expect(exchange.time == 1_776_816_003_214_000)
        #expect(exchange.account == (format == .litellm ? "k9" : "acct_9"))
        #expect(exchange.model == "m-large")
        if format != .stillwatch {
            #expect(exchange.input == 12 && exchange.output == 34)
        }
    }

    @Test(arguments: LogFormat.allCases) func isDetected(_ format: LogFormat) throws {
        let record = try #require(Seeds.records[format])
        var found: LogFormat?
        withBuffers([[], Array("nonsense".utf8), Array(record.utf8)]) {
            found = RecordDecoder.detect($0)
        }
        #expect(found == format)
    }

    @Test func nothingIsDetectedInOtherJSON() {
        var found: LogFormat?
        withBuffers([Array(#"{"level":"info"}"#.utf8), Array("[]".utf8), Array("1".utf8)]) {
            found = RecordDecoder.detect($0)
        }
        #expect(found == nil)
    }

    @Test func otel() throws {
        let outcome = decode(Seeds.otel, .otel)
        #expect(outcome.ignored == 2)
        let exchange = try only(.otel)
        #expect(
            exchange.ip == "203.0.113.7" && exchange.userAgent == "ua/1" && exchange.tls == "ja3h")
        #expect(exchange.conversation == "c1")
        #expect(exchange.system == ["text Be brief."])
        #expect(
            exchange.messages == [
                "user: text Hi", "assistant: toolUse bash",
                #"tool: toolResult {"ok":[1,true,null]}"#,
            ])
        #expect(exchange.answer == ["thinking hm", #"text Done "now"."#])
        #expect(exchange.finish == "stop")
        #expect(exchange.parameters.temperature == 0.5 && exchange.parameters.maxTokens == 64)
    }

    @Test func otelDeprecatedForms() throws {
        let head = #"{"spanId":"a","startTimeUnixNano":1776816003214000999,"attributes":"#
        let shared =
            #"{"key":"gen_ai.request.model","value":{"stringValue":"m"}},{"key":"enduser.pseudo.id","value":{"stringValue":"p"}}"#
        func pair(_ key: String, _ value: String) -> String {
            #",{"key":"\#(key)","value":{"stringValue":"\#(value)"}}"#
        }
        // The numbers, not the places, give the order.
        let flat = try only(
            .otel,
            head + "[" + shared + pair("gen_ai.prompt.10.content", "third")
                + pair("gen_ai.prompt.0.role", "system") + pair("gen_ai.prompt.0.content", "first")
                + pair("gen_ai.prompt.2.role", "assistant")
                + pair("gen_ai.prompt.2.tool_calls.0.name", "bash")
                + pair("gen_ai.completion.0.content", "answer")
                + pair("gen_ai.completion.0.finish_reason", "stop")
                + pair("gen_ai.usage.prompt_tokens", "7")
                + pair("gen_ai.usage.completion_tokens", "8") + "]}")
        #expect(flat.account == "p")
        #expect(
            flat.messages == ["system: text first", "assistant: toolUse bash", "user: text third"])
        #expect(flat.answer == ["text answer"] && flat.finish == "stop")
        #expect(flat.input == 7 && flat.output == 8)

        let whole = try only(
            .otel,
            head + "[" + shared
                + pair("gen_ai.prompt", #"[{\"role\":\"user\",\"content\":\"Hi\"}]"#)
                + pair("gen_ai.completion", "plain text") + "]}")
        #expect(whole.messages == ["user: text Hi"] && whole.answer == ["text plain text"])

        let events = try only(
            .otel,
            head + "[" + shared + #"],"events":[{"name":"gen_ai.user.message","attributes":["#
                + #"{"key":"content","value":{"stringValue":"Hi"}}]},{"name":"gen_ai.choice","attributes":["#
                + #"{"key":"message","value":{"stringValue":"{\"content\":\"Yes\"}"}},{"key":"finish_reason","value":{"stringValue":"stop"}}]}]}"#
        )
        #expect(events.messages == ["user: text Hi"] && events.answer == ["text Yes"])
        #expect(events.finish == "stop")
    }

    @Test func otelUserOfTheResource() throws {
        let record =
            #"{"resourceSpans":[{"resource":{"attributes":[{"key":"user.id","value":{"intValue":"77"}}]},"scopeSpans":[{"spans":["#
            + #"{"startTimeUnixNano":"1776816003214000999","attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}}]}]}]}]}"#
        #expect(try only(.otel, record).account == "77")
    }

    @Test func litellm() throws {
        let exchange = try only(.litellm)
        #expect(exchange.organization == "team")
        #expect(exchange.ip == "203.0.113.7" && exchange.userAgent == "ua/1")
        #expect(exchange.messages == ["user: text Hi"] && exchange.answer == ["text Done."])
        #expect(exchange.tools == ["bash"])
        let redacted = try only(
            .litellm,
            #"{"startTime":"2026-04-22 00:00:03.214","api_key":"k","model":"m","messages":[{"role":"user","content":"redacted-by-litellm"}],"response":{"text":"redacted-by-litellm"}}"#
        )
        #expect(redacted.messages == ["user: "] && redacted.answer.isEmpty)
        let spend = try only(
            .litellm,
            #"{"startTime":"2026-04-22T00:00:03.214Z","api_key":"k","user":"u","messages":"{}","metadata":"{\"user_api_key_user_id\":\"a\"}","proxy_server_request":"{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}","response":"{\"choices\":[{\"message\":{\"content\":\"Yes\"}}]}"}"#
        )
        #expect(spend.account == "a")
        #expect(spend.messages == ["user: text Hi"] && spend.answer == ["text Yes"])
    }

    @Test func openai() throws {
        let exchange = try only(.openai)
        #expect(exchange.system == ["text Be brief."])
        #expect(
            exchange.messages == [
                "user: text Hi | media ", "assistant: thinking  #ENC", "assistant: toolUse bash",
                "tool: toolResult ok",
            ])
        #expect(exchange.answer == ["thinking hm #ENC2", "text Done."])
        #expect(exchange.finish == "completed" && exchange.status == 200)
        #expect(exchange.reasoning == 5)
        let chunks = try only(
            .openai,
            #"{"time":1776816003,"account":7,"request":{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":null,"tool_calls":[{"type":"function","function":{"name":"f"}}]},{"role":"tool","content":"out"}]},"response":[{"object":"chat.completion.chunk","choices":[{"delta":{"content":"A"}}]},{"object":"chat.completion.chunk","choices":[{"delta":{"content":"B"},"finish_reason":"stop"}]},{"object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}]}"#
        )
        #expect(chunks.account == "7")
        #expect(
            chunks.messages == ["user: text Hi", "assistant: toolUse f", "tool: toolResult out"])
        #expect(chunks.answer == ["text AB"] && chunks.finish == "stop" && chunks.output == 2)
        let legacy = try only(
            .openai,
            #"{"time":1776816003,"account":"a","request":{"prompt":["one","two"]},"response":{"choices":[{"text":"three"}]}}"#
        )
        #expect(legacy.messages == ["user: text one", "user: text two"])
        #expect(legacy.answer == ["text three"])
    }

    @Test func anthropic() throws {
        let exchange = try only(.anthropic)
        #expect(exchange.system == ["text Be brief."])
        #expect(
            exchange.messages == [
                "user: text Hi", "assistant: thinking  #RED | toolUse bash", "user: toolResult ok",
            ])
        #expect(exchange.answer == ["thinking hm #SIG", "text Done."])
        #expect(exchange.finish == "end_turn")
    }

    @Test func sessionsOfACodingAgentAreOneAccount() throws {
        let body = #""request":{"messages":[{"role":"user","content":"Hi"}],"metadata":{"user_id":"#
        let flat = try only(
            .anthropic,
            #"{"time":1776816003,"# + body + #""user_ab_account_cd_session_ef"}}}"#)
        #expect(flat.account == "user_ab_account_cd" && flat.conversation == "ef")
        let object = try only(
            .anthropic,
            #"{"time":1776816003,"# + body
                + #""{\"device_id\":\"d\",\"account_uuid\":\"a\",\"session_id\":\"s\"}"}}}"#)
        #expect(object.account == "a" && object.conversation == "s")
    }

    @Test func exportsOfObservability() throws {
        let helicone = try only(.helicone)
        #expect(helicone.organization == "org" && helicone.status == 200)
        #expect(helicone.messages == ["user: text Hi"] && helicone.answer == ["text Done."])
        let langfuse = try only(.langfuse)
        #expect(langfuse.conversation == "c1" && langfuse.reasoning == 4)
        #expect(langfuse.messages == ["user: text Hi"] && langfuse.answer == ["text Done."])
        #expect(decode(#"{"type":"SPAN","start_time":"x"}"#, .langfuse).ignored == 1)
    }

    @Test func gateways() throws {
        let envoy = try only(.envoy)
        #expect(envoy.ip == "203.0.113.7" && envoy.endpoint == "/v1/chat/completions")
        #expect(envoy.conversation == "c1" && envoy.id == "e1" && envoy.messages.isEmpty)
        #expect(decode(#"{"start_time":"x","path":"/healthz"}"#, .envoy).ignored == 1)
        let kong = try only(.kong)
        #expect(kong.ip == "203.0.113.7" && kong.endpoint == "/v1/chat/completions")
        #expect(kong.userAgent == "ua/1" && kong.messages == ["user: text Hi"])
        #expect(decode(#"{"started_at":1,"client_ip":"x"}"#, .kong).ignored == 1)
    }
}
