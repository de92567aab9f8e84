import Testing

@testable import Gateway

@Suite("Where requests lead and come from")
struct RequestTests {
    @Test(
        "only paths of the APIs, byte for byte, are routes",
        arguments: [
            ("/v1/chat/completions", Route.api(.chatCompletions, .openAI)),
            ("/v1/messages?beta=true", .api(.messages, .anthropic)),
            ("/v1/messages/count_tokens?beta=true", .api(.countTokens, .anthropic)),
            ("/v1/messages/batches", .api(.other, .anthropic)),
            ("/v1/models", .api(.models, .openAI)),
            ("/v1/models/m-large", .api(.models, .openAI)),
            ("/v1/files", .api(.other, .openAI)),
            ("/healthz", .health), ("/readyz", .ready), ("/", .notFound),
            ("/admin/keys", .notFound),
            ("/v1/chat/completions/", .api(.other, .openAI)),
            ("/V1/chat/completions", .notFound),
            ("http://other.example/v1/messages", .malformed), ("//v1/messages", .malformed),
            ("/v1//messages", .malformed), ("/v1/../v1/messages", .malformed),
            ("/v1/%6dessages", .malformed), ("/v1/messages;a=b", .malformed),
            ("/v1/messages\\x", .malformed), ("*", .malformed), ("", .malformed),
            ("other.example:443", .malformed), ("/v1/mess\u{e4}ges", .malformed),
        ])
    func routes(target: String, expected: Route) {
        #expect(Route(target: target, speaksAnthropic: false) == expected)
    }

    @Test("the version header makes a list of models Anthropic's")
    func models() {
        #expect(Route(target: "/v1/models", speaksAnthropic: true) == .api(.models, .anthropic))
    }

    private let trusted = ["10.0.0.0/8", "2001:db8::/32", "192.0.2.7"].compactMap(AddressBlock.init)

    @Test(
        "forwarded addresses are walked from right to left, as far as proxies are trusted",
        arguments: [
            ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
            ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", ["1.1.1.1, 198.51.100.1, 10.2.3.4"], "198.51.100.1"),
            ("10.0.0.1", ["1.1.1.1", "198.51.100.1,10.9.9.9"], "198.51.100.1"),
            ("10.0.0.1", [], "10.0.0.1"),
            ("10.0.0.1", ["nonsense"], "10.0.0.1"),
            ("10.0.0.1", ["1.1.1.1, unknown, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", [""], "10.0.0.1"),
            ("2001:db8::5", ["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", ["2001:4860::1"], "2001:4860::1"),
            ("192.0.2.7", ["198.51.100.1"], "198.51.100.1"),
            ("192.0.2.8", ["198.51.100.1"], "192.0.2.8"),
        ])
    func addresses(peer: String, forwarded: [String], expected: String) {
        #expect(
            ClientAddress.resolve(peer: peer, forwarded: forwarded, trusted: trusted).address
                == expected)
    }

    @Test("networks contain what their prefix says")
    func networks() throws {
        let block = try #require(AddressBlock("172.16.0.0/12"))
        #expect(block.contains(try #require(IPAddress("172.31.255.255"))))
        #expect(!block.contains(try #require(IPAddress("172.32.0.0"))))
        let six = try #require(AddressBlock("2001:db8:ffff::/48"))
        #expect(six.contains(try #require(IPAddress("2001:db8:ffff:1::1"))))
        #expect(!six.contains(try #require(IPAddress("2001:db8:fffe::1"))))
        #expect(
            try #require(AddressBlock("0.0.0.0/0")).contains(try #require(IPAddress("8.8.8.8"))))
        #expect(
            !(try #require(AddressBlock("0.0.0.0/0")).contains(try #require(IPAddress("::1")))))
        for text in ["10.0.0.0/33", "10.0.0/8", "x", "10.0.0.0/-1", "::/129", ""] {
            #expect(AddressBlock(text) == nil, "\(text)")
        }
    }

    @Test("errors are quoted as JSON whatever they say")
    func errors() {
        let error = APIError(.blocked, "a \"quote\" \\ and\nline\u{1}")
        #expect(
            error.body(.openAI, requestID: "req_1")
                == #"{"error":{"message":"a \"quote\" \\ and\nline\u0001","type":"invalid_request_error","param":null,"code":"policy_violation"}}"#
        )
        #expect(error.event(.messages, requestID: "req_1").hasPrefix("event: error\ndata: {"))
        #expect(error.event(.chatCompletions, requestID: "req_1").hasPrefix("data: {\"error\""))
    }
}
