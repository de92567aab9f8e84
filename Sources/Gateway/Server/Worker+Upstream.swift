import Enforcement
import NIOCore
import NIOHTTP1

extension Worker {
    /// The request as the model server gets it: where it goes is the configuration's word alone, and no credential or
    /// identity that the client sent goes along.
    func upstreamRequest(of turn: Turn) -> (HTTPRequestHead, ByteBuffer?) {
        let settings = pool(for: turn.style).settings
        let original = turn.request.head
        var headers = HTTPHeaders()
        headers.reserveCapacity(original.headers.count + 4)
        headers.add(name: "host", value: hostHeader(settings))
        let hop = Self.namedByConnection(original.headers)
        for (name, value) in original.headers where Self.isPassedOn(name) {
            if let hop, hop.contains(name.lowercased()) { continue }
            headers.add(name: name, value: value)
        }
        headers.add(name: "accept-encoding", value: "identity")
        headers.add(name: "x-request-id", value: turn.id)
        if spans != nil {
            headers.replaceOrAdd(name: "traceparent", value: turn.trace.traceparent)
        }
        if let credential = settings.credential {
            switch turn.style {
            case .openAI: headers.add(name: "authorization", value: "Bearer " + credential)
            case .anthropic: headers.add(name: "x-api-key", value: credential)
            }
        }
        var body = turn.request.body
        if let changed = changedRequest(of: turn) { body = changed }
        if let body {
            headers.add(name: "content-length", value: String(body.readableBytes))
        } else if original.method == .POST || original.method == .PUT
            || original.method == .PATCH
        {
            headers.add(name: "content-length", value: "0")
        }
        let head = HTTPRequestHead(
            version: .http1_1, method: original.method, uri: settings.basePath + original.uri,
            headers: headers)
        return (head, body)
    }

    /// Fields that `Connection` says are for this hop alone (RFC 9110, section 7.6.1); `nil` for none.
    private static func namedByConnection(_ headers: HTTPHeaders) -> Set<String>? {
        var names: Set<String> = []
        for value in headers[canonicalForm: "connection"] {
            let name = value.lowercased()
            if name != "keep-alive" && name != "close" { names.insert(name) }
        }
        return names.isEmpty ? nil : names
    }

    /// Where a request came from, as far as it can be believed.
    func origin(of turn: Turn) -> ClientOrigin {
        let headers = turn.request.head.headers
        let peer = turn.clientConnection?.peer ?? ""
        guard !settings.trustedProxies.isEmpty else {
            return ClientOrigin(address: peer, country: nil)
        }
        let (address, isBehindProxy) = ClientAddress.resolve(
            peer: peer, forwarded: headers[canonicalForm: "x-forwarded-for"].map(String.init),
            trusted: settings.trustedProxies)
        var country: CountryCode?
        if isBehindProxy, let name = settings.countryHeader, let value = headers.first(name: name) {
            country = CountryCode(value)
        }
        return ClientOrigin(address: address, country: country)
    }

    private func hostHeader(_ settings: UpstreamSettings) -> String {
        let usual = settings.isTLS ? 443 : 80
        let name = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
        return settings.port == usual ? name : "\(name):\(settings.port)"
    }

    /// Fields that are not passed on: those of the connection, credentials, who is asking as the client says it, and what
    /// only proxies may say.
    static func isPassedOn(_ name: String) -> Bool {
        guard let first = name.utf8.first else { return false }
        // Most names are decided by their first letter and length.
        switch first | 0x20 {
        case UInt8(ascii: "h"): return !same(name, "host") && !same(name, "http2-settings")
        case UInt8(ascii: "a"):
            return !same(name, "authorization") && !same(name, "accept-encoding")
        case UInt8(ascii: "c"):
            return !same(name, "connection") && !same(name, "content-length")
                && !same(name, "cookie") && !same(name, "cf-connecting-ip")
        case UInt8(ascii: "e"): return !same(name, "expect")
        case UInt8(ascii: "f"): return !same(name, "forwarded")
        case UInt8(ascii: "k"): return !same(name, "keep-alive")
        case UInt8(ascii: "o"):
            return !same(name, "openai-organization") && !same(name, "openai-project")
        case UInt8(ascii: "p"): return !name.lowercased().hasPrefix("proxy-")
        case UInt8(ascii: "s"): return !name.lowercased().hasPrefix("sec-websocket-")
        case UInt8(ascii: "t"):
            return !same(name, "te") && !same(name, "trailer") && !same(name, "transfer-encoding")
        case UInt8(ascii: "u"): return !same(name, "upgrade")
        case UInt8(ascii: "x"):
            if same(name, "x-api-key") || same(name, "x-request-id") || same(name, "x-real-ip") {
                return false
            }
            let lower = name.lowercased()
            return !lower.hasPrefix("x-forwarded-") && !lower.hasPrefix("x-stillwatch-")
                && !lower.hasPrefix("x-litellm-") && !lower.hasPrefix("x-portkey-")
        default: return true
        }
    }

    private static func same(_ name: String, _ literal: StaticString) -> Bool {
        guard name.utf8.count == literal.utf8CodeUnitCount else { return false }
        var index = 0
        for byte in name.utf8 {
            let lower = byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
            if lower != literal.utf8Start[index] { return false }
            index += 1
        }
        return true
    }
}
