/// The public name of a key: 16 digits of base 62, held in place.
public struct KeyIdentifier: Hashable, Sendable, CustomStringConvertible {
    /// Bytes of every identifier.
    public static let byteCount = 16

    private let low: UInt64
    private let high: UInt64

    /// The identifier in these bytes, or `nil` when they are not 16 digits.
    public init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.byteCount else { return nil }
        for byte in bytes where !APIKey.isDigit(byte) { return nil }
        low = bytes.loadUnaligned(as: UInt64.self)
        high = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
    }

    /// The identifier in a text, or `nil` when it is not 16 digits.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard let value = bytes.withUnsafeBytes({ KeyIdentifier($0) }) else { return nil }
        self = value
    }

    /// The 16 digits.
    public var description: String {
        withUnsafeBytes(of: (low, high)) { String(decoding: $0, as: UTF8.self) }
    }
}
