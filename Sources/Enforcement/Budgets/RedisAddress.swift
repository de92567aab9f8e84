/// Where Redis or Valkey listens and who is let in. Never printed whole.
public struct RedisAddress: Sendable, CustomStringConvertible, CustomReflectable {
    enum Endpoint: Sendable, Equatable {
        case host(String, port: Int32)
        case socket(path: String)
    }

    let endpoint: Endpoint
    let user: String?
    let password: String?
    let database: Int

    /// Reads `redis://[[user]:password@]host[:port][/database]` or `unix://[[user]:password@]/path[?db=database]`.
    ///
    /// What is percent-encoded in user, password and path is decoded; an IPv6 address stands in brackets.
    public init(url: String) throws(BudgetError) {
        func bad(_ reason: String) -> BudgetError { .badAddress(reason: reason) }
        guard let colon = url.firstRange(of: "://") else { throw bad("it has no scheme") }
        let scheme = url[..<colon.lowerBound].lowercased()
        let rest = url[colon.upperBound...]
        guard scheme != "rediss" else {
            throw bad("TLS (rediss) is not spoken; reach Redis over a tunnel or a private network")
        }
        guard scheme == "redis" || scheme == "unix" else {
            throw bad("its scheme is neither redis nor unix")
        }
        // The last @ before the path ends the credentials.
        let path = scheme == "unix" ? rest.firstIndex(of: "/") : nil
        let authority = rest[..<(path ?? rest.endIndex)]
        var place = rest
        if let at = authority.lastIndex(of: "@") {
            let credentials = authority[..<at].split(
                separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard credentials.count == 2 else { throw bad("it names a user and no password") }
            guard let name = Self.decoded(credentials[0]), let secret = Self.decoded(credentials[1])
            else {
                throw bad(
                    "a percent sign in the credentials is not followed by two hexadecimal digits")
            }
            user = name.isEmpty ? nil : name
            password = secret.isEmpty ? nil : secret
            place = rest[rest.index(after: at)...]
        } else {
            user = nil
            password = nil
        }
        if scheme == "unix" {
            let parts = place.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
            guard let path = parts.first.flatMap(Self.decoded), path.hasPrefix("/"),
                path.utf8.count < 108, !path.utf8.contains(0)
            else { throw bad("a socket needs an absolute path shorter than 108 bytes") }
            endpoint = .socket(path: path)
            if parts.count == 2 {
                guard parts[1].hasPrefix("db=") else { throw bad("after ? only db= is known") }
                database = try Self.database(parts[1].dropFirst(3))
            } else {
                database = 0
            }
            return
        }
        let parts = place.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        endpoint = try Self.host(parts.first ?? "")
        database = parts.count == 2 && !parts[1].isEmpty ? try Self.database(parts[1]) : 0
    }

    private static func host(_ text: Substring) throws(BudgetError) -> Endpoint {
        var host = text
        var port: Substring?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else {
                throw .badAddress(reason: "a bracket is not closed")
            }
            host = text[text.index(after: text.startIndex)..<end]
            let after = text[text.index(after: end)...]
            guard after.isEmpty || after.hasPrefix(":") else {
                throw .badAddress(reason: "only a port may follow the bracket")
            }
            port = after.isEmpty ? nil : after.dropFirst()
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        guard !host.isEmpty, !host.utf8.contains(0) else {
            throw .badAddress(reason: "it names no host")
        }
        guard let port else { return .host(String(host), port: 6379) }
        guard let number = Int32(port), (1...65535).contains(number) else {
            throw .badAddress(reason: "its port is not a number from 1 to 65535")
        }
        return .host(String(host), port: number)
    }

    private static func database(_ text: Substring) throws(BudgetError) -> Int {
        guard let number = Int(text), (0..<100_000).contains(number) else {
            throw .badAddress(reason: "its database is not a number from 0")
        }
        return number
    }

    /// The text with `%XX` decoded, or `nil` where that is malformed.
    private static func decoded(_ text: Substring) -> String? {
        var result: [UInt8] = []
        var bytes = text.utf8.makeIterator()
        while let byte = bytes.next() {
            guard byte == UInt8(ascii: "%") else {
                result.append(byte)
                continue
            }
            guard let high = bytes.next().flatMap(hexadecimalValue),
                let low = bytes.next().flatMap(hexadecimalValue)
            else { return nil }
            result.append(high << 4 | low)
        }
        return String(validating: result, as: UTF8.self)
    }

    private static func hexadecimalValue(_ byte: UInt8) -> UInt8? {
        Character(UnicodeScalar(byte)).hexDigitValue.map { UInt8($0) }
    }

    /// Host and port, or the socket's path: nothing that lets anybody in.
    public var description: String {
        switch endpoint {
        case .host(let host, let port): "redis at \(host):\(port)"
        case .socket(let path): "redis at \(path)"
        }
    }

    /// Shows nothing, so that a dump of what holds it does not either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
