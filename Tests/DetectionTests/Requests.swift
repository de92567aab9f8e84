import Exchanges

@testable import Detection

/// One request in plain strings; the other fields of an exchange stay empty.
struct Request {
    var account = "acct"
    var id = ""
    /// Seconds since 1970.
    var seconds: Double = 1_776_816_000
    var text = ""
    var system = ""
    var address = ""
    var userAgent = ""
    var model = "m-large"
    var created: Double?
    var payment = ""
    var organization = ""
    var temperature: Double?
    var status: Int32 = 200
    var outputTokens: Int64 = 100
    var earlierAnswers = 0
    var tools: [String] = []
    var hasImage = false
    var presented = ""
    var issued = ""

    /// Calls `body` with the exchange; the bytes live until it returns.
    func withExchange<Result>(_ body: (Exchange) -> Result) -> Result {
        var storage: [UnsafeMutablePointer<UInt8>] = []
        defer { for pointer in storage { pointer.deallocate() } }
        func view(_ text: String) -> ByteView {
            if text.isEmpty { return .empty }
            let bytes = Array(text.utf8)
            let pointer = UnsafeMutablePointer<UInt8>.allocate(capacity: bytes.count)
            pointer.initialize(from: bytes, count: bytes.count)
            storage.append(pointer)
            return ByteView(base: UnsafePointer(pointer), count: bytes.count)
        }
        func time(_ seconds: Double) -> EventTime {
            EventTime(microseconds: Int64(seconds * 1_000_000))
        }
        var exchange = Exchange()
        exchange.id = view(id)
        exchange.time = time(seconds)
        exchange.account.id = view(account)
        exchange.account.created = created.map(time)
        exchange.account.paymentFingerprint = view(payment)
        exchange.account.organization = view(organization)
        exchange.client.ip = view(address)
        exchange.client.userAgent = view(userAgent)
        exchange.model = view(model)
        exchange.status = status
        exchange.usage.inputTokens = 10
        exchange.usage.outputTokens = outputTokens
        exchange.parameters.temperature = temperature
        exchange.tools = tools.map(view)
        if !system.isEmpty {
            exchange.systemBlocks.append(ContentBlock(kind: .text, text: view(system)))
        }
        func message(_ role: Role, _ blocks: [ContentBlock]) {
            exchange.messages.append(
                Message(role: role, firstBlock: exchange.blocks.count, blockCount: blocks.count))
            exchange.blocks += blocks
        }
        for turn in 0..<earlierAnswers {
            message(.user, [ContentBlock(kind: .text, text: view("earlier question \(turn)"))])
            message(
                .assistant,
                [
                    ContentBlock(
                        kind: .thinking, text: view("hm"), signature: view(presented)),
                    ContentBlock(kind: .text, text: view("earlier answer \(turn)")),
                ])
        }
        var blocks = [ContentBlock(kind: .text, text: view(text))]
        if hasImage { blocks.append(ContentBlock(kind: .media, text: .empty)) }
        message(.user, blocks)
        if !issued.isEmpty {
            exchange.answer.append(
                ContentBlock(kind: .thinking, text: .empty, signature: view(issued)))
        }
        return body(exchange)
    }
}

extension SignalExtractor {
    static func make(_ rules: [Rule] = []) throws -> SignalExtractor {
        // Hyperscan refuses an empty set.
        let never = Rule(id: "never", category: .probing, pattern: "qqqqzzzzqqqq")
        return try SignalExtractor(rules: RuleSet(rules.isEmpty ? [never] : rules))
    }

    func signals(of request: Request) -> ExchangeSignals {
        request.withExchange { signals(of: $0) }
    }

    func profile(
        of requests: [Request], account: String = "acct", keepText: Bool = false
    ) -> AccountProfile {
        var profile = AccountProfile(account: account)
        for request in requests {
            request.withExchange { profile.add($0, signals(of: $0), keepText: keepText) }
        }
        return profile
    }
}
