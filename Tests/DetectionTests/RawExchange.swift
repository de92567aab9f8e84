import Exchanges

@testable import Detection

/// An exchange of any bytes, of the kinds that only a hostile or a broken log holds too.
struct RawExchange: Sendable {
    var account: [UInt8] = Array("acct".utf8)
    var id: [UInt8] = []
    var microseconds: Int64 = 1_776_816_000_000_000
    var created: Int64?
    /// Organisation, mail domain, country, payment, plan, sign-up path.
    var facts: [[UInt8]] = Array(repeating: [], count: 6)
    var address: [UInt8] = []
    var userAgent: [UInt8] = []
    var tlsFingerprint: [UInt8] = []
    var model: [UInt8] = []
    var system: [UInt8] = []
    var text: [UInt8] = []
    var conversation: [UInt8] = []
    var status: Int32?
    var inputTokens: Int64?
    var outputTokens: Int64?
    var reasoningTokens: Int64?
    var temperature: Double?
    var hasTools = false
    var presented: [[UInt8]] = []
    var issued: [[UInt8]] = []

    /// Calls `body` with the exchange; the bytes live until it returns.
    func withExchange<Result>(_ body: (Exchange) -> Result) -> Result {
        var storage: [UnsafeMutablePointer<UInt8>] = []
        defer { for pointer in storage { pointer.deallocate() } }
        func view(_ bytes: [UInt8]) -> ByteView {
            if bytes.isEmpty { return .empty }
            let pointer = UnsafeMutablePointer<UInt8>.allocate(capacity: bytes.count)
            pointer.initialize(from: bytes, count: bytes.count)
            storage.append(pointer)
            return ByteView(base: UnsafePointer(pointer), count: bytes.count)
        }
        var exchange = Exchange()
        exchange.id = view(id)
        exchange.time = EventTime(microseconds: microseconds)
        exchange.account.id = view(account)
        exchange.account.created = created.map { EventTime(microseconds: $0) }
        exchange.account.organization = view(facts[0])
        exchange.account.emailDomain = view(facts[1])
        exchange.account.country = view(facts[2])
        exchange.account.paymentFingerprint = view(facts[3])
        exchange.account.plan = view(facts[4])
        exchange.account.signupPath = view(facts[5])
        exchange.client.ip = view(address)
        exchange.client.userAgent = view(userAgent)
        exchange.client.tlsFingerprint = view(tlsFingerprint)
        exchange.model = view(model)
        exchange.conversation = view(conversation)
        exchange.status = status
        exchange.usage.inputTokens = inputTokens
        exchange.usage.outputTokens = outputTokens
        exchange.usage.reasoningTokens = reasoningTokens
        exchange.parameters.temperature = temperature
        if hasTools { exchange.tools = [view(Array("search".utf8))] }
        if !system.isEmpty {
            exchange.systemBlocks.append(ContentBlock(kind: .text, text: view(system)))
        }
        if !presented.isEmpty {
            exchange.blocks += presented.map {
                ContentBlock(kind: .thinking, text: .empty, signature: view($0))
            }
            exchange.messages.append(
                Message(role: .assistant, firstBlock: 0, blockCount: presented.count))
        }
        exchange.messages.append(
            Message(role: .user, firstBlock: exchange.blocks.count, blockCount: 1))
        exchange.blocks.append(ContentBlock(kind: .text, text: view(text)))
        exchange.answer = issued.map {
            ContentBlock(kind: .thinking, text: .empty, signature: view($0))
        }
        return body(exchange)
    }
}

extension RawExchange {
    /// Bytes around every limit: none, few different ones, cut inside a character, no UTF-8 at all, very long ones.
    private static func bytes(_ random: inout SplitMix) -> [UInt8] {
        switch random.next() % 8 {
        case 0, 1: return []
        case 2, 3, 4: return Array("value \(random.next() % 6)".utf8)
        case 5:
            let length = Int(random.next() % 6) + [62, 93, 157].randomElement(using: &random)!
            let fill = ["é", "漢", "\u{1f600}"].randomElement(using: &random)!
            return Array(String(repeating: "a", count: length % 4).utf8)
                + Array(String(repeating: fill, count: length).utf8).prefix(length)
        case 6:
            return (0..<Int(random.next() % 140)).map { _ in
                UInt8(truncatingIfNeeded: random.next())
            }
        default:
            let long = Array(String(repeating: "long ", count: 200).utf8)
            return Array(long.prefix(64 + Int(random.next() % 500)))
        }
    }

    private static func address(_ random: inout SplitMix) -> [UInt8] {
        switch random.next() % 8 {
        case 0: return []
        case 1, 2: return Array("203.0.\(random.next() % 4).\(random.next() % 30)".utf8)
        case 3: return Array("2001:db8:\(random.next() % 3):1::\(random.next() % 9)".utf8)
        case 4: return Array("::1".utf8)
        case 5: return Array("localhost".utf8)
        // Around the longest that a note takes.
        default: return [UInt8](repeating: 0x2e, count: 198 + Int(random.next() % 5))
        }
    }

    private static func count(_ random: inout SplitMix) -> Int64? {
        [nil, 0, 7, -3, 1 << 41, .max].randomElement(using: &random)!
    }

    /// An exchange of an account.
    static func any(of account: [UInt8], _ random: inout SplitMix) -> RawExchange {
        var exchange = RawExchange(account: account)
        exchange.id = bytes(&random)
        exchange.microseconds += Int64(random.next() % 300) * 7_200_000_000
        exchange.text = bytes(&random)
        exchange.system = bytes(&random)
        exchange.conversation = bytes(&random)
        exchange.address = address(&random)
        exchange.userAgent = bytes(&random)
        exchange.tlsFingerprint = bytes(&random)
        exchange.model = bytes(&random)
        if random.next() % 3 > 0 { exchange.facts = (0..<6).map { _ in bytes(&random) } }
        exchange.created = [nil, 1_770_000_000_000_000, 1_760_000_000_000_000]
            .randomElement(using: &random)!
        exchange.status = [nil, 200, 200, 401, 429, 500, -1].randomElement(using: &random)!
        exchange.inputTokens = count(&random)
        exchange.outputTokens = count(&random)
        exchange.reasoningTokens = count(&random)
        exchange.temperature = [nil, 0, 1].randomElement(using: &random)!
        exchange.hasTools = random.next() % 4 == 0
        let signatures = { (random: inout SplitMix) in
            (0..<Int(random.next() % 4)).map { _ in Array("sig\(random.next() % 40)".utf8) }
        }
        exchange.presented = signatures(&random)
        exchange.issued = signatures(&random)
        return exchange
    }
}
