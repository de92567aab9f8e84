import CCrypto

/// What is stored instead of a key: HMAC-SHA-256 (RFC 2104) of its whole text under the pepper, held in place.
///
/// Who has the store without the pepper can neither find a key nor test one. Comparing takes the same time wherever two
/// digests differ.
public struct KeyDigest: Hashable, Sendable {
    /// Bytes of every digest.
    public static let byteCount = 32

    private var words: (UInt64, UInt64, UInt64, UInt64)

    /// The digest in these bytes.
    public init(_ bytes: [UInt8]) throws(KeyError) {
        guard bytes.count == Self.byteCount else { throw .digestLength(found: bytes.count) }
        words = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
    }

    /// A digest that `fill` writes.
    init(filling fill: (UnsafeMutableRawBufferPointer) -> Void) {
        words = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &words) { fill($0) }
    }

    /// The 32 bytes, for the store.
    public var bytes: [UInt8] { withUnsafeBytes(of: words) { Array($0) } }

    /// Whether two digests are the same, by `CRYPTO_memcmp`: in a time that does not depend on them.
    public static func == (left: KeyDigest, right: KeyDigest) -> Bool {
        withUnsafeBytes(of: left.words) { left in
            withUnsafeBytes(of: right.words) { right in
                CRYPTO_memcmp(left.baseAddress, right.baseAddress, byteCount) == 0
            }
        }
    }

    /// Feeds the digest's bytes.
    public func hash(into hasher: inout Hasher) {
        withUnsafeBytes(of: words) { hasher.combine(bytes: $0) }
    }
}
