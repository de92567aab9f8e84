/// What a scheme derives from the numbers in a keys file.
enum SchemeKeys {
    /// vLLM's `derive_watermark_key`: the first 8 bytes of SHA-256(domain, key as 8 big-endian bytes), big-endian.
    static func derived(_ key: Int64, domain: String) -> Int64 {
        let bytes = Array(domain.utf8) + bigEndian(UInt64(bitPattern: key))
        return Int64(bitPattern: number(Digest.sha256(bytes).prefix(8)))
    }

    /// DeepMind's start value: SHA-256 of the keys as little-endian 64-bit numbers, as one big-endian number, modulo 2^63-1.
    static func hashStart(_ keys: [Int64]) -> UInt64 {
        let bytes = keys.flatMap { bigEndian(UInt64(bitPattern: $0)).reversed() }
        let modulus = UInt64(Int64.max)
        var rest: UInt64 = 0
        for byte in Digest.sha256(bytes) {
            // 256 * rest + byte needs 71 bits.
            let (high, low) = rest.multipliedFullWidth(by: 256)
            let (sum, carries) = low.addingReportingOverflow(UInt64(byte))
            rest = modulus.dividingFullWidth((high + (carries ? 1 : 0), sum)).remainder
        }
        return rest
    }

    private static func bigEndian(_ value: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * UInt64($0))) }
    }

    private static func number(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
