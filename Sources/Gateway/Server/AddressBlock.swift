import Exchanges

#if canImport(Glibc)
    import Glibc
#endif

/// An IP address of either family as 16 bytes; IPv4 in its IPv6-mapped form.
public struct IPAddress: Hashable, Sendable {
    let high: UInt64
    let low: UInt64

    /// Reads a textual address, IPv6 also in brackets; `nil` for anything else, names and ports included.
    public init?(_ text: some StringProtocol) {
        var trimmed = String(text)
        if trimmed.hasPrefix("["), trimmed.hasSuffix("]") {
            trimmed = String(trimmed.dropFirst().dropLast())
        }
        guard trimmed.utf8.count <= 45 else { return nil }
        var four = in_addr()
        if inet_pton(AF_INET, trimmed, &four) == 1 {
            high = 0
            low = 0xFFFF_0000_0000 | UInt64(UInt32(bigEndian: four.s_addr))
            return
        }
        var six = in6_addr()
        guard inet_pton(AF_INET6, trimmed, &six) == 1 else { return nil }
        (high, low) = withUnsafeBytes(of: &six) {
            (
                UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
    }

    var isIPv4: Bool { high == 0 && low >> 32 == 0xFFFF }
}

/// A network in CIDR notation, such as `10.0.0.0/8` or `2001:db8::/32`.
public struct AddressBlock: Sendable, Equatable {
    private let address: IPAddress
    /// 0...128, of the mapped form.
    private let prefix: Int

    /// Reads a network, or one address; `nil` when the text is neither.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(parts[0]) else { return nil }
        let width = address.isIPv4 ? 32 : 128
        var length = width
        if parts.count == 2 {
            guard let given = Int(parts[1]), (0...width).contains(given) else { return nil }
            length = given
        }
        self.address = address
        prefix = length + 128 - width
    }

    /// Whether the address lies in the network.
    public func contains(_ other: IPAddress) -> Bool {
        if prefix == 0 { return true }
        if prefix <= 64 {
            return (address.high ^ other.high) >> UInt64(64 - prefix) == 0
        }
        guard address.high == other.high else { return false }
        return prefix == 64 || (address.low ^ other.low) >> UInt64(128 - prefix) == 0
    }
}

/// Who a request came from, when proxies stand between.
public enum ClientAddress {
    /// Walks `X-Forwarded-For` from right to left: the last hop wrote the last entry, so each entry is believed as long as
    /// the one that wrote it is a trusted proxy (as RFC 7239, section 8.1 advises for such headers).
    ///
    /// - Parameters:
    ///   - peer: whoever is connected.
    ///   - forwarded: the header's values in the order they were sent.
    ///   - trusted: the networks of one's own proxies.
    /// - Returns: the address, textual as it was sent, and whether the peer is a trusted proxy.
    public static func resolve(
        peer: String, forwarded: [String], trusted: [AddressBlock]
    ) -> (address: String, isBehindProxy: Bool) {
        func isTrusted(_ text: some StringProtocol) -> Bool {
            guard let address = IPAddress(text) else { return false }
            return trusted.contains { $0.contains(address) }
        }
        guard !trusted.isEmpty, isTrusted(peer) else { return (peer, false) }
        var client = peer
        for value in forwarded.reversed() {
            for part in value.split(separator: ",", omittingEmptySubsequences: false).reversed() {
                let entry = part.filter { $0 != " " && $0 != "\t" }
                // What is no address was not written by a proxy that can be believed; what is left of it even less.
                guard IPAddress(entry) != nil else { return (client, true) }
                client = entry
                if !isTrusted(entry) { return (client, true) }
            }
        }
        return (client, true)
    }
}
