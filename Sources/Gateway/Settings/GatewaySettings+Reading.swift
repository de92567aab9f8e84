import Enforcement
import Exchanges
import Foundation

extension GatewaySettings {
    private static let top = [
        "listen", "tls", "admin", "state", "pepper_file", "store", "upstreams", "exchange_log",
        "budgets",
        "prices", "policy", "judging", "trusted_proxies", "country_header", "limits",
        "other_routes", "telemetry", "threads", "watermark",
    ]
    private static let largest = 1 << 20

    /// Reads `stillwatch.yaml`. Relative paths start from its folder.
    package init(path: String) throws(SettingsError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw SettingsError(
                file: path, line: 1, what: "cannot be read; check the path and its permissions")
        }
        guard data.count <= Self.largest, let text = String(data: data, encoding: .utf8) else {
            throw SettingsError(file: path, line: 1, what: "not UTF-8, or larger than 1 MiB")
        }
        try self.init(yaml: text, path: path)
    }

    /// Reads the text of a file.
    init(yaml: String, path: String) throws(SettingsError) {
        let root = try SettingsNode.document(yaml: yaml, file: path)
        let fields = try root.fields(Self.top)
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        func resolved(_ name: String) -> String {
            name.hasPrefix("/") ? name : "\(folder)/\(name)"
        }
        self.path = path
        listen =
            try fields["listen"].map(Self.address) ?? ListenAddress(host: "127.0.0.1", port: 8080)
        if let node = fields["tls"] {
            let tls = try node.fields(["certificate", "key"])
            guard let certificate = try tls["certificate"]?.text(), let key = try tls["key"]?.text()
            else { throw node.error("tls needs 'certificate' and 'key', two PEM files") }
            self.tls = (resolved(certificate), resolved(key))
        }
        if let node = fields["admin"] {
            let admin = try node.fields(["listen", "token_file"])
            self.admin =
                try admin["listen"].map(Self.address)
                ?? ListenAddress(host: "127.0.0.1", port: 8081)
            guard let file = try admin["token_file"]?.text() else {
                throw node.error("admin needs 'token_file', a file with one line")
            }
            adminTokenFile = resolved(file)
        }
        state = resolved(try fields["state"]?.text() ?? "state")
        pepperFile =
            try fields["pepper_file"].map { (node) throws(SettingsError) in
                resolved(try node.text())
            } ?? "\(state)/pepper"
        if let node = fields["watermark"] {
            let mark = try node.fields(["manifest", "keys"])
            guard let manifest = try mark["manifest"]?.text(), let keys = try mark["keys"]?.text()
            else { throw node.error("watermark needs 'manifest' and 'keys', two files") }
            watermark = (resolved(manifest), resolved(keys))
        }
        let store = try fields["store"]?.text() ?? "sqlite:\(state)/stillwatch.db"
        if store.hasPrefix("sqlite:") {
            self.store = "sqlite:" + resolved(String(store.dropFirst(7)))
        } else if store.hasPrefix("postgresql://") || store.hasPrefix("postgres://") {
            self.store = store
        } else {
            throw (fields["store"] ?? root).error(
                "the store is 'sqlite:PATH' or 'postgresql://user:password@host/database'")
        }
        guard let list = fields["upstreams"] else {
            throw root.error(
                "'upstreams' is missing; name the model server, such as [{url: http://127.0.0.1:9100}]"
            )
        }
        upstreams = []
        for node in try list.list() { upstreams.append(try Self.upstream(node, resolved)) }
        if !upstreams.contains(where: { $0.servesOpenAI || $0.servesAnthropic }) {
            throw list.error("the list of upstreams is empty")
        }
        log = try Self.log(fields["exchange_log"], state, resolved)
        (limits, sharedBudgets, gateways) = try Self.budgets(fields["budgets"])
        prices = []
        for node in try fields["prices"]?.list() ?? [] {
            let price = try node.fields(["model", "input", "output"])
            guard let model = try price["model"]?.text() else {
                throw node.error("the price has no model")
            }
            prices.append(
                ModelPrice(
                    pattern: GlobPattern(model),
                    input: try price["input"]?.number(in: 0...1_000_000) ?? 0,
                    output: try price["output"]?.number(in: 0...1_000_000) ?? 0))
        }
        policy = try fields["policy"].map { (node) throws(SettingsError) in
            resolved(try node.text())
        }
        let judging = try fields["judging"]?.fields(["every", "window", "fdr", "hold", "confirm"])
        judgeSeconds = max(1, try judging?["every"]?.durationSeconds() ?? 60)
        windowDays = max(
            1, Int((try judging?["window"]?.durationSeconds() ?? 45 * 86_400) / 86_400))
        confirmations = try judging?["confirm"]?.integer(in: 1...100) ?? 2
        holdSeconds = try judging?["hold"]?.durationSeconds() ?? 86_400
        fdr = try judging?["fdr"]?.number(in: 0.000001...0.5) ?? 0.01
        trustedProxies = []
        for node in try fields["trusted_proxies"]?.list() ?? [] {
            guard let block = AddressBlock(try node.text()) else {
                throw node.error("'\(try node.text())' is no network such as 10.0.0.0/8")
            }
            trustedProxies.append(block)
        }
        countryHeader = try fields["country_header"]?.text().lowercased()
        if let node = fields["country_header"], trustedProxies.isEmpty {
            throw node.error("country_header needs trusted_proxies: any client could send it")
        }
        protection = try Self.protection(fields["limits"])
        passesOtherRoutes = try fields["other_routes"]?.name(among: ["refuse", "pass"]) == "pass"
        let telemetry = try fields["telemetry"]?.fields(["traces"])
        traces = try telemetry?["traces"]?.text()
        threads = try fields["threads"]?.integer(in: 1...256) ?? 1
    }

    /// The mapping, or one without fields.
    private static func given(_ node: SettingsNode?) throws(SettingsError) -> SettingsNode {
        if let node { return node }
        return try SettingsNode.document(yaml: "{}", file: "")
    }

    private static func address(_ node: SettingsNode) throws(SettingsError) -> ListenAddress {
        let text = try node.text()
        guard let colon = text.lastIndex(of: ":"),
            let port = Int(text[text.index(after: colon)...]),
            (0...65535).contains(port), colon > text.startIndex
        else { throw node.error("'\(text)' is no address such as 127.0.0.1:8080") }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        return ListenAddress(host: host, port: port)
    }

    private static func upstream(
        _ node: SettingsNode, _ resolved: (String) -> String
    ) throws(SettingsError) -> UpstreamSettings {
        let fields = try node.fields([
            "url", "serves", "credential_file", "ca_file", "connect_timeout", "first_byte_timeout",
            "idle_timeout", "connections",
        ])
        guard let place = fields["url"] else { throw node.error("the upstream has no 'url'") }
        let text = try place.text()
        guard let url = URLComponents(string: text), let host = url.host, !host.isEmpty,
            url.scheme == "http" || url.scheme == "https", url.user == nil, url.password == nil,
            url.query == nil, url.fragment == nil
        else {
            throw place.error(
                "'\(text)' is no address such as https://models.example.com; credentials go into credential_file"
            )
        }
        var base = url.percentEncodedPath
        while base.hasSuffix("/") { base.removeLast() }
        var serves: Set<String> = []
        for element in try fields["serves"]?.oneOrList() ?? [] {
            serves.insert(try element.name(among: ["openai", "anthropic"]))
        }
        if serves.isEmpty { serves = ["openai", "anthropic"] }
        var credential: String?
        if let file = fields["credential_file"] {
            let path = resolved(try file.text())
            credential = try secret(path, file)
        }
        let isTLS = url.scheme == "https"
        let bare = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        return UpstreamSettings(
            isTLS: isTLS, host: bare, port: url.port ?? (isTLS ? 443 : 80), basePath: base,
            servesOpenAI: serves.contains("openai"), servesAnthropic: serves.contains("anthropic"),
            authorities: try fields["ca_file"].map { (node) throws(SettingsError) in
                resolved(try node.text())
            }, credential: credential,
            connectSeconds: try fields["connect_timeout"]?.durationSeconds() ?? 5,
            firstByteSeconds: try fields["first_byte_timeout"]?.durationSeconds() ?? 600,
            idleSeconds: try fields["idle_timeout"]?.durationSeconds() ?? 300,
            connections: try fields["connections"]?.integer(in: 1...1_000_000) ?? 8192)
    }

    /// The one line of a file that holds a secret.
    static func secret(_ path: String, _ node: SettingsNode) throws(SettingsError) -> String {
        guard let data = FileManager.default.contents(atPath: path), data.count <= 8192 else {
            throw node.error("\(path) cannot be read; it holds one line, the secret")
        }
        let text = String(decoding: data, as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw node.error("\(path) must hold one line without blanks")
        }
        return text
    }

    private static func log(
        _ node: SettingsNode?, _ state: String, _ resolved: (String) -> String
    ) throws(SettingsError) -> LogSettings {
        let fields =
            try Self.given(node).fields([
                "folder", "text", "acknowledge", "queue", "when_full", "rotate_size", "rotate_age",
                "retention",
            ])
        let overflow = try fields["when_full"]?.name(among: ["refuse", "drop"]) ?? "refuse"
        return LogSettings(
            folder: try fields["folder"].map { (node) throws(SettingsError) in
                resolved(try node.text())
            } ?? "\(state)/log",
            text: try fields["text"]?.name(among: RecordWriter.TextPolicy.allCases.map(\.rawValue))
                ?? "keep",
            waitsForWrite: try fields["acknowledge"]?.name(among: ["written", "queued"])
                != "queued",
            queueBytes: try fields["queue"]?.bytes() ?? 64 << 20,
            overflow: LogOverflow(rawValue: overflow) ?? .refuse,
            segmentBytes: Int64(try fields["rotate_size"]?.bytes() ?? 256 << 20),
            segmentSeconds: try fields["rotate_age"]?.durationSeconds() ?? 3600,
            retentionSeconds: try fields["retention"]?.durationSeconds())
    }

    private static func budgets(
        _ node: SettingsNode?
    ) throws(SettingsError) -> ([Limit], String?, Int) {
        guard let node else { return ([], nil, 1) }
        let fields = try node.fields(["shared", "gateways", "limits"])
        var limits: [Limit] = []
        for place in try fields["limits"]?.list() ?? [] {
            let limit = try place.fields(["scope", "resource", "amount", "per", "plans"])
            guard let scope = limit["scope"], let resource = limit["resource"],
                let amount = limit["amount"]
            else { throw place.error("a limit needs 'scope', 'resource' and 'amount'") }
            let kind = try resource.name(among: Limit.Resource.allCases.map(\.rawValue))
            var units = try amount.number(in: 0.000001...1e15)
            if kind == Limit.Resource.microUSD.rawValue { units *= 1_000_000 }
            var plans: Set<String> = []
            for plan in try limit["plans"]?.oneOrList() ?? [] { plans.insert(try plan.text()) }
            let window = try limit["per"]?.name(among: Limit.Window.allCases.map(\.rawValue))
            do throws(BudgetError) {
                limits.append(
                    try Limit(
                        scope: Limit.Scope(
                            rawValue: (try? scope.name(among: Limit.Scope.allCases.map(\.rawValue)))
                                ?? "") ?? .account,
                        resource: Limit.Resource(rawValue: kind) ?? .requests,
                        amount: Int64(units.rounded()),
                        window: window.flatMap(Limit.Window.init), plans: plans))
            } catch {
                throw place.error("\(error)")
            }
            _ = try scope.name(among: Limit.Scope.allCases.map(\.rawValue))
        }
        let gateways = try fields["gateways"]?.integer(in: 1...10_000) ?? 1
        return (limits, try fields["shared"]?.text(), gateways)
    }

    private static func protection(_ node: SettingsNode?) throws(SettingsError)
        -> ProtectionSettings
    {
        var result = ProtectionSettings()
        let fields =
            try Self.given(node).fields([
                "header_bytes", "body_bytes", "answer_bytes", "stream_line_bytes",
                "header_timeout", "body_timeout", "keep_alive", "stall_timeout", "connections",
                "drain",
            ])
        result.headerBytes = try fields["header_bytes"]?.bytes() ?? result.headerBytes
        result.bodyBytes = try fields["body_bytes"]?.bytes() ?? result.bodyBytes
        result.answerBytes = try fields["answer_bytes"]?.bytes() ?? result.answerBytes
        result.eventBytes = try fields["stream_line_bytes"]?.bytes() ?? result.eventBytes
        result.headerSeconds =
            try fields["header_timeout"]?.durationSeconds() ?? result.headerSeconds
        result.bodySeconds = try fields["body_timeout"]?.durationSeconds() ?? result.bodySeconds
        result.keepAliveSeconds =
            try fields["keep_alive"]?.durationSeconds() ?? result.keepAliveSeconds
        result.stallSeconds = try fields["stall_timeout"]?.durationSeconds() ?? result.stallSeconds
        result.drainSeconds = try fields["drain"]?.durationSeconds() ?? result.drainSeconds
        result.connections =
            try fields["connections"]?.integer(in: 1...10_000_000) ?? result.connections
        return result
    }
}

extension SettingsNode {
    /// A duration in seconds.
    fileprivate func durationSeconds() throws(SettingsError) -> Double {
        Double(try microseconds()) / 1_000_000
    }

    /// One of these names.
    fileprivate func name(among known: [String]) throws(SettingsError) -> String {
        let text = try text()
        guard known.contains(text) else {
            throw error("'\(text)' is unknown; known are \(known.joined(separator: ", "))")
        }
        return text
    }
}
