import Foundation

/// The secret payload of an account or campaign: a value for each symbol.
///
/// Symbols come from HMAC-SHA-256 (RFC 2104) of the id under a key that is derived from the manifest's keys, by rejection
/// sampling: to who lacks the key they are independent and uniform, whatever ids somebody chooses. The bound on false
/// attribution rests on that alone.
package struct PayloadCode: Hashable, Sendable {
    /// Each below the manifest's `payload_radix`, for `swm_generator_set_payload`.
    package let symbols: [UInt8]

    /// The code of `id` under these keys.
    ///
    /// - Throws: when the scheme has no payload, or for an id that is empty or longer than 1,024 bytes.
    package init(id: String, scheme: WatermarkScheme) throws(WatermarkError) {
        self = try PayloadCodebook(scheme).code(for: id)
    }

    init(symbols: [UInt8]) { self.symbols = symbols }
}

/// Makes the codes of one set of keys.
package struct PayloadCodebook: Sendable {
    /// Longest id, bytes of UTF-8.
    static let longestID = 1024

    package let symbolCount: Int
    package let radix: Int
    private let key: [UInt8]

    /// - Throws: when the scheme has no payload.
    package init(_ scheme: WatermarkScheme) throws(WatermarkError) {
        guard scheme.manifest.scheme == .gumbelPayload else {
            throw .unsupported(
                scheme: scheme.manifest.scheme.rawValue,
                reason: "bears no payload; only 'gumbel_payload' names an account")
        }
        // Not the numbers that mark tokens: whoever learned those would still not know a code.
        let key = Digest.hmac(
            Array("stillwatch-payload-code-key-v1".utf8), key: scheme.material)
        self.init(
            key: key, symbolCount: scheme.manifest.payloadSymbols,
            radix: scheme.manifest.payloadRadix)
    }

    /// - Parameters:
    ///   - symbolCount: 1...256.
    ///   - radix: 2...256.
    init(key: [UInt8], symbolCount: Int, radix: Int) {
        self.key = key
        self.symbolCount = symbolCount
        self.radix = radix
    }

    /// The code of `id`: blocks of HMAC-SHA-256("stillwatch-payload-v1", 0, L and R as two bytes each, block number as four
    /// bytes, id), all big-endian. A byte is taken modulo R if it is below the largest multiple of R that a byte can
    /// reach, and is passed over otherwise.
    package func code(for id: String) throws(WatermarkError) -> PayloadCode {
        let name = Array(id.utf8)
        guard (1...Self.longestID).contains(name.count) else {
            throw .document(
                reason: "an account id of \(name.count) bytes; ids have 1 to \(Self.longestID)")
        }
        var message = Array("stillwatch-payload-v1".utf8)
        message += [
            0, UInt8(symbolCount >> 8), UInt8(symbolCount & 255), UInt8(radix >> 8),
            UInt8(radix & 255),
        ]
        let counter = message.count
        message += [0, 0, 0, 0]
        message += name
        let limit = 256 / radix * radix
        var symbols: [UInt8] = []
        symbols.reserveCapacity(symbolCount)
        var block: UInt32 = 0
        while symbols.count < symbolCount {
            for index in 0..<4 {
                message[counter + index] = UInt8(
                    truncatingIfNeeded: block >> (24 - 8 * UInt32(index)))
            }
            for byte in Digest.hmac(message, key: key) where Int(byte) < limit {
                symbols.append(UInt8(Int(byte) % radix))
                if symbols.count == symbolCount { break }
            }
            block &+= 1
        }
        return PayloadCode(symbols: symbols)
    }
}
