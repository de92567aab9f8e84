/// A borrowed run of bytes, usually UTF-8 text inside a JSON parser's string buffer.
///
/// Valid only while the buffer it points into is: for an `Exchange`, during the call that delivers it.
public struct ByteView {
    /// The first byte, or `nil` when the view is empty.
    public let base: UnsafePointer<UInt8>?
    /// The number of bytes.
    public let count: Int

    /// The absent or empty value.
    @inlinable public static var empty: ByteView { ByteView(base: nil, count: 0) }

    /// Borrows `count` bytes at `base`.
    @inlinable public init(base: UnsafePointer<UInt8>?, count: Int) {
        self.base = base
        self.count = count
    }

    /// Borrows the bytes of a static string.
    @inlinable public init(_ literal: StaticString) {
        self.init(base: literal.utf8Start, count: literal.utf8CodeUnitCount)
    }

    /// Whether there is nothing to read.
    @inlinable public var isEmpty: Bool { count == 0 }

    /// The bytes as a raw buffer.
    @inlinable public var buffer: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: base, count: count)
    }

    /// The byte at `index`, which must be in `0..<count`.
    @inlinable public subscript(index: Int) -> UInt8 { base.unsafelyUnwrapped[index] }

    /// Whether the bytes equal those of `literal`.
    @inlinable public func equals(_ literal: StaticString) -> Bool {
        guard count == literal.utf8CodeUnitCount else { return false }
        guard count > 0 else { return true }
        return memoryEqual(base.unsafelyUnwrapped, literal.utf8Start, count)
    }

    /// Whether the bytes start with those of `literal`.
    @inlinable public func hasPrefix(_ literal: StaticString) -> Bool {
        let length = literal.utf8CodeUnitCount
        guard count >= length, length > 0 else { return length == 0 }
        return memoryEqual(base.unsafelyUnwrapped, literal.utf8Start, length)
    }

    /// A copy as a `String`; broken UTF-8 is repaired with U+FFFD.
    public var string: String { String(decoding: buffer, as: UTF8.self) }

    @inlinable static func memoryEqual(
        _ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ count: Int
    ) -> Bool {
        var index = 0
        while index < count {
            if a[index] != b[index] { return false }
            index += 1
        }
        return true
    }

    @inlinable func memoryEqual(
        _ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ count: Int
    ) -> Bool { Self.memoryEqual(a, b, count) }
}
