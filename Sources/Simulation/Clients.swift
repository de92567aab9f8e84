/// Index of a client in `Clients.all`.
typealias ClientID = Int32

/// A program that calls the API: its User-Agent and the JA4 fingerprint of its TLS stack.
struct Client: Hashable {
    var userAgent: String
    var ja4: String
}

/// What kind of program a client is.
enum ClientKind: CaseIterable {
    case python, anthropicPython, node, browser, curl, go, java, agent, desktop
}

/// The clients of a world. Programs on one TLS stack share its fingerprint, whoever runs them.
struct Clients {
    private(set) var all: [Client] = []
    private var known: [Client: ClientID] = [:]

    /// A client with this User-Agent on the TLS stack that `stack` names.
    mutating func client(_ userAgent: String, stack: String) -> ClientID {
        let client = Client(userAgent: userAgent, ja4: Self.ja4(stack))
        if let id = known[client] { return id }
        all.append(client)
        known[client] = ClientID(all.count - 1)
        return ClientID(all.count - 1)
    }

    /// A client of `kind` as a person might have it installed: versions and systems vary.
    mutating func draw(_ kind: ClientKind, _ random: inout Random) -> ClientID {
        let minor = random.int(4...14)
        let patch = random.int(4)
        let system = random.pick(["Linux x86_64", "Windows NT 10.0", "Macintosh", "Linux aarch64"])
        switch kind {
        case .python:
            return client("openai-python/2.\(minor).\(patch)", stack: "openssl3-\(minor % 3)")
        case .anthropicPython:
            return client(
                "anthropic-sdk-python/0.\(60 + minor).\(patch)", stack: "openssl3-\(minor % 3)")
        case .node:
            return client("openai-node/6.\(minor).\(patch) node/2\(patch)", stack: "node2\(patch)")
        case .browser:
            let version = 128 + minor
            let engine = random.pick(["Chrome", "Firefox", "Safari", "Edge"])
            return client(
                "Mozilla/5.0 (\(system)) \(engine)/\(version).0", stack: "\(engine)\(version / 4)")
        case .curl: return client("curl/8.\(minor).\(patch)", stack: "curl-\(minor % 4)")
        case .go: return client("Go-http-client/2.0", stack: "go1.\(22 + patch)")
        case .java: return client("okhttp/4.\(minor).\(patch)", stack: "jdk\(17 + patch)")
        case .agent: return client("termcoder/1.\(minor).\(patch)", stack: "node2\(patch)")
        case .desktop:
            return client("ChatDeck/3.\(minor) (\(system))", stack: "Chrome\((128 + minor) / 4)")
        }
    }

    private static func ja4(_ stack: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in stack.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let mixed = Random.mix(hash)
        let first = String(mixed & 0xFFFF_FFFF_FFFF | 1 << 47, radix: 16)
        let second = String(mixed.byteSwapped & 0xFFFF_FFFF_FFFF | 1 << 47, radix: 16)
        let ciphers = 13 + Int(mixed % 7)
        return "t13d\(ciphers)\(10 + Int(mixed >> 8 % 9))h2_\(first)_\(second)"
    }
}
