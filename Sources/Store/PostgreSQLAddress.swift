import CPostgreSQL

/// A PostgreSQL address that libpq understands, and its form without the password.
struct PostgreSQLAddress: Sendable {
    let url: String
    /// `postgresql://user@host:port/database`.
    let name: String

    init(url: String) throws(StoreError) {
        guard !url.utf8.contains(0) else { throw .address(reason: "it holds a zero byte") }
        guard !Self.hasBareDelimiter(url) else {
            throw .address(
                reason: "the user or the password holds one of @ / ? # as itself: percent-encode it"
            )
        }
        // libpq's own messages quote what they could not read, which may be the password.
        guard let options = PQconninfoParse(url, nil) else {
            throw .address(reason: "libpq cannot read the PostgreSQL address")
        }
        defer { PQconninfoFree(options) }
        var parts: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val {
                parts[String(cString: keyword)] = String(cString: value)
            }
            option += 1
        }
        self.url = url
        name =
            "postgresql://" + (parts["user"].map { $0 + "@" } ?? "") + (parts["host"] ?? "")
            + (parts["port"].map { ":" + $0 } ?? "") + "/" + (parts["dbname"] ?? "")
    }

    /// Whether an `@` stands where libpq would cut the password and take its rest for a host, a port or a database,
    /// and name it in messages.
    private static func hasBareDelimiter(_ url: String) -> Bool {
        guard let start = url.utf8.firstIndex(of: UInt8(ascii: ":")) else { return true }
        let rest = url.utf8[start...].dropFirst(3)
        // The user and password end at the last `@` before the parameters, of which there is one at most.
        let ends = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }
        let authority = rest[..<(ends ?? rest.endIndex)]
        let path = rest[authority.endIndex...].prefix { $0 != UInt8(ascii: "?") }
        let ats = authority.count { $0 == UInt8(ascii: "@") }
        return ats > 1 || path.contains(UInt8(ascii: "@"))
            || authority.contains(UInt8(ascii: "#"))
            || (ats == 0 && rest[path.endIndex...].contains(UInt8(ascii: "@")))
    }
}
