import Exchanges
import Testing

@Suite struct StillwatchRecordTests {
    static let full = """
        {"id":"req_1","time":"2026-04-22T00:00:03.214Z",
         "account":{"id":"acct_9","created":"2026-04-20T10:00:00Z","organization":"org_2","email_domain":"example.com",
                    "country":"SG","payment_fingerprint":"pm_77","plan":"free","signup_path":"education"},
         "client":{"ip":"203.0.113.7","user_agent":"openai-python/2.8.1","ja4":"t13d1516h2_a","asn":64512},
         "conversation":"c1",
         "request":{"endpoint":"/v1/messages","model":"m-large","system":"Be brief.",
          "messages":[{"role":"user","content":"Hi \\u00e9\\ud83d\\ude00"},
           {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"SIG"},
             {"type":"text","text":"Calling"},{"type":"tool_use","name":"bash","input":{}}]},
           {"role":"user","content":[{"type":"tool_result","content":[{"type":"text","text":"ok"}]},{"type":"image","source":{}}]}],
          "temperature":0.7,"top_p":1,"max_tokens":4096,"tools":[{"name":"bash"}],"stream":true,"logprobs":false},
         "response":{"status":200,"finish_reason":"stop","text":"Done."},
         "usage":{"input_tokens":123,"output_tokens":833,"reasoning_tokens":0}}
        """.replacing("\n", with: "")

    @Test func everyField() throws {
        let outcome = decode(Self.full, .stillwatch)
        #expect(outcome.faults.isEmpty)
        let exchange = try #require(outcome.exchanges.first)
        #expect(exchange.id == "req_1")
        #expect(exchange.time == 1_776_816_003_214_000)
        #expect(exchange.account == "acct_9")
        #expect(exchange.organization == "org_2")
        #expect(exchange.conversation == "c1")
        #expect(exchange.endpoint == "/v1/messages")
        #expect(exchange.model == "m-large")
        #expect(exchange.ip == "203.0.113.7")
        #expect(exchange.userAgent == "openai-python/2.8.1")
        #expect(exchange.tls == "t13d1516h2_a")
        #expect(exchange.asn == 64512)
        #expect(exchange.system == ["text Be brief."])
        #expect(
            exchange.messages == [
                "user: text Hi é😀",
                "assistant: thinking hm #SIG | text Calling | toolUse bash",
                "user: toolResult ok | media ",
            ])
        #expect(exchange.tools == ["bash"])
        #expect(exchange.answer == ["text Done."])
        #expect(exchange.finish == "stop")
        #expect(exchange.status == 200)
        #expect(exchange.input == 123 && exchange.output == 833 && exchange.reasoning == 0)
        #expect(exchange.parameters.temperature == 0.7)
        #expect(exchange.parameters.topP == 1)
        #expect(exchange.parameters.maxTokens == 4096)
        #expect(exchange.parameters.stream == true)
        #expect(exchange.parameters.logprobs == false)
    }
}
