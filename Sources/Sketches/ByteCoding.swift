/// Appends integers and strings to a byte array: little-endian words, LEB128 varints, length-prefixed UTF-8.
public struct ByteWriter {
    /// What was written so far.
    public private(set) var bytes: [UInt8] = []

    /// Nothing written yet.
    public init() {}

    /// Appends an unsigned LEB128 varint, 1 to 10 bytes.
    public mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Appends a signed integer as a zigzag varint.
    public mutating func signed(_ value: Int64) {
        varint(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    /// Appends 8 little-endian bytes.
    public mutating func word(_ value: UInt64) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Appends 4 little-endian bytes.
    public mutating func word32(_ value: UInt32) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Appends a length and UTF-8 bytes.
    public mutating func string(_ value: String) {
        varint(UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }
}

/// Why serialised bytes could not be read.
public enum ByteCodingError: Error, Equatable, Sendable {
    /// The bytes end inside a value that starts at `offset`.
    case truncated(offset: Int)
    /// A value at `offset` is outside its range; `what` names it.
    case invalid(what: String, offset: Int)
}

/// Reads what `ByteWriter` wrote; every read checks bounds, so hostile bytes throw and never trap.
public struct ByteReader {
    private let bytes: [UInt8]
    /// Position of the next byte.
    public private(set) var offset: Int

    /// Reads `bytes` from `offset`.
    public init(_ bytes: [UInt8], offset: Int = 0) {
        self.bytes = bytes
        self.offset = offset
    }

    /// Whether everything was read.
    public var isAtEnd: Bool { offset >= bytes.count }

    /// Reads an unsigned varint.
    public mutating func varint() throws(ByteCodingError) -> UInt64 {
        let start = offset
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            guard offset < bytes.count else { throw .truncated(offset: start) }
            let byte = bytes[offset]
            offset += 1
            if shift == 63, byte > 1 { throw .invalid(what: "varint", offset: start) }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
            if shift > 63 { throw .invalid(what: "varint", offset: start) }
        }
    }

    /// Reads a varint that counts things, at most `limit`.
    public mutating func count(limit: Int, what: String) throws(ByteCodingError) -> Int {
        let start = offset
        let value = try varint()
        guard value <= UInt64(limit) else { throw .invalid(what: what, offset: start) }
        return Int(value)
    }

    /// Reads a varint that fits 32 bits.
    public mutating func varint32() throws(ByteCodingError) -> UInt32 {
        let start = offset
        guard let value = UInt32(exactly: try varint()) else {
            throw .invalid(what: "32-bit integer", offset: start)
        }
        return value
    }

    /// Reads a zigzag varint.
    public mutating func signed() throws(ByteCodingError) -> Int64 {
        let raw = try varint()
        return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }

    /// Reads 8 little-endian bytes.
    public mutating func word() throws(ByteCodingError) -> UInt64 {
        guard bytes.count - offset >= 8 else { throw .truncated(offset: offset) }
        var value: UInt64 = 0
        for index in 0..<8 { value |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
        offset += 8
        return value
    }

    /// Reads 4 little-endian bytes.
    public mutating func word32() throws(ByteCodingError) -> UInt32 {
        guard bytes.count - offset >= 4 else { throw .truncated(offset: offset) }
        var value: UInt32 = 0
        for index in 0..<4 { value |= UInt32(bytes[offset + index]) << UInt32(8 * index) }
        offset += 4
        return value
    }

    /// Reads a length-prefixed string of at most `limit` bytes.
    public mutating func string(limit: Int) throws(ByteCodingError) -> String {
        let length = try count(limit: limit, what: "string length")
        guard bytes.count - offset >= length else { throw .truncated(offset: offset) }
        let value = String(decoding: bytes[offset..<offset + length], as: UTF8.self)
        offset += length
        return value
    }
}
