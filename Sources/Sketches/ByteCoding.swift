/// Appends integers and strings to a byte array: little-endian words, LEB128 varints, length-prefixed UTF-8.
public struct ByteWriter {
    /// What was written so far.
    public private(set) var bytes: [UInt8] = []

    /// Nothing written yet.
    public init() {}

    /// Forgets what was written and keeps the memory.
    public mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

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

    /// Appends bytes as they are.
    public mutating func raw(_ value: UnsafeRawBufferPointer) { bytes.append(contentsOf: value) }
}

/// Why serialised bytes could not be read.
public enum ByteCodingError: Error, Equatable, Sendable {
    /// The bytes end inside a value that starts at `offset`.
    case truncated(offset: Int)
    /// A value at `offset` is outside its range; `what` names it.
    case invalid(what: String, offset: Int)
}

/// Memory that readers point into; freed with the last of them.
public final class ByteBlock: @unchecked Sendable {
    // Written by `fill` alone, before anybody else has it.
    /// The bytes.
    public let bytes: UnsafeRawBufferPointer
    private let free: @Sendable (UnsafeRawBufferPointer) -> Void

    /// Takes over memory that `free` gives back.
    public init(
        _ bytes: UnsafeRawBufferPointer,
        free: @escaping @Sendable (UnsafeRawBufferPointer) -> Void
    ) {
        self.bytes = bytes
        self.free = free
    }

    /// A copy of `bytes`.
    public convenience init(copying bytes: UnsafeRawBufferPointer) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
        copy.copyMemory(from: bytes)
        self.init(UnsafeRawBufferPointer(copy)) { $0.deallocate() }
    }

    deinit { free(bytes) }
}

/// Reads what `ByteWriter` wrote; every read checks bounds, so hostile bytes throw and never trap.
public struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    /// What keeps `bytes` alive.
    private let owner: ByteBlock?
    /// Position of the next byte.
    public private(set) var offset: Int

    /// Reads a copy of `bytes` from `offset`.
    public init(_ bytes: [UInt8], offset: Int = 0) {
        let block = bytes.withUnsafeBytes { ByteBlock(copying: $0) }
        self.init(block.bytes, owner: block, offset: offset)
    }

    /// Reads `bytes`, which `owner` or the caller keeps alive, from `offset`.
    public init(_ bytes: UnsafeRawBufferPointer, owner: ByteBlock? = nil, offset: Int = 0) {
        self.bytes = bytes
        self.owner = owner
        self.offset = offset
    }

    /// Whether everything was read.
    public var isAtEnd: Bool { offset >= bytes.count }

    /// Reads an unsigned varint.
    public mutating func varint() throws(ByteCodingError) -> UInt64 {
        let start = offset
        // Most are short: one byte without the loop.
        if start < bytes.count, bytes[start] < 0x80 {
            offset = start + 1
            return UInt64(bytes[start])
        }
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
        let value = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        offset += 8
        return UInt64(littleEndian: value)
    }

    /// Reads 4 little-endian bytes.
    public mutating func word32() throws(ByteCodingError) -> UInt32 {
        guard bytes.count - offset >= 4 else { throw .truncated(offset: offset) }
        let value = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
        offset += 4
        return UInt32(littleEndian: value)
    }

    /// Reads a length-prefixed string of at most `limit` bytes.
    public mutating func string(limit: Int) throws(ByteCodingError) -> String {
        String(decoding: try raw(limit: limit), as: UTF8.self)
    }

    /// Reads the bytes of a length-prefixed string of at most `limit` bytes, without copying them.
    public mutating func raw(limit: Int) throws(ByteCodingError) -> UnsafeRawBufferPointer {
        let length = try count(limit: limit, what: "string length")
        guard bytes.count - offset >= length else { throw .truncated(offset: offset) }
        defer { offset += length }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
    }
}
