import CCrypto

/// The text that a customer's program presents: `sw-`, 16 digits that name the key, `-`, 43 secret digits; all base 62.
///
/// 43 digits of base 62 hold 256 bits, so a key cannot be guessed, and 16 hold 95, so names do not collide.
public enum APIKey {
    /// Bytes of every key.
    public static let byteCount = 63

    static let identifierStart = 3
    static let identifierCount = KeyIdentifier.byteCount
    static let secretStart = identifierStart + identifierCount + 1
    static let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// A new key from OpenSSL's cryptographic generator. Each digit is uniform.
    ///
    /// - Returns: the key's public name, and its whole text, which is shown once and never stored.
    public static func generate() throws(KeyError) -> (id: String, text: String) {
        let secretCount = byteCount - secretStart
        let random = try randomDigits(identifierCount + secretCount)
        let id = String(decoding: random[..<identifierCount], as: UTF8.self)
        let secret = String(decoding: random[identifierCount...], as: UTF8.self)
        return (id, "sw-\(id)-\(secret)")
    }

    /// The name inside a presented key, or `nil` when it has not the form of a key.
    ///
    /// Looks at 63 bytes at most, whatever the length of what is presented, and allocates nothing.
    public static func identifier(in presented: UnsafeRawBufferPointer) -> KeyIdentifier? {
        guard presented.count == byteCount, presented[0] == UInt8(ascii: "s"),
            presented[1] == UInt8(ascii: "w"), presented[2] == UInt8(ascii: "-"),
            presented[secretStart - 1] == UInt8(ascii: "-")
        else { return nil }
        for place in secretStart..<byteCount where !isDigit(presented[place]) { return nil }
        return KeyIdentifier(
            UnsafeRawBufferPointer(rebasing: presented[identifierStart..<secretStart - 1]))
    }

    static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }

    /// Uniform digits: of each random byte six bits are used, and the two values that are no digit are drawn anew.
    private static func randomDigits(_ count: Int) throws(KeyError) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(count)
        var random = [UInt8](repeating: 0, count: 2 * count)
        while result.count < count {
            guard RAND_bytes(&random, Int32(random.count)) == 1 else { throw .noRandomness }
            for byte in random where result.count < count {
                let value = Int(byte & 63)
                if value < digits.count { result.append(digits[value]) }
            }
        }
        return result
    }
}
