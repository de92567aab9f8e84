/// A value of a parsed JSON document: a position on simdjson's tape.
///
/// Absence is a value too, so that lookups chain: `root["a"]["b"]` is absent when any step is. Valid until the parser
/// that made the document parses again. Of fields with the same name the first one counts.
struct JSONValue {
    /// The types that a reader tells apart.
    enum Kind {
        case absent, null, bool, integer, unsigned, double, string, array, object
    }

    private let tape: UnsafePointer<UInt64>
    private let strings: UnsafePointer<UInt8>
    private let index: Int

    private init(tape: UnsafePointer<UInt64>, strings: UnsafePointer<UInt8>, index: Int) {
        self.tape = tape
        self.strings = strings
        self.index = index
    }

    /// The document's top value.
    init(tape: UnsafePointer<UInt64>, strings: UnsafePointer<UInt8>) {
        // Word 0 is the root marker.
        self.init(tape: tape, strings: strings, index: 1)
    }

    /// What a lookup gives when there is no such field.
    static var absent: JSONValue {
        // Never read: a negative index is checked before any access.
        JSONValue(
            tape: UnsafePointer(bitPattern: 8).unsafelyUnwrapped,
            strings: UnsafePointer(bitPattern: 8).unsafelyUnwrapped, index: -1)
    }

    private static let payloadMask: UInt64 = 0x00FF_FFFF_FFFF_FFFF

    private var tag: UInt8 { index < 0 ? 0 : UInt8(truncatingIfNeeded: tape[index] >> 56) }

    /// The value's type.
    var kind: Kind {
        switch tag {
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "l"): .integer
        case UInt8(ascii: "u"): .unsigned
        case UInt8(ascii: "d"): .double
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .bool
        case UInt8(ascii: "n"): .null
        default: .absent
        }
    }

    /// Whether the field is there and not `null`.
    var exists: Bool { tag != 0 && tag != UInt8(ascii: "n") }
    /// Whether the value is an object.
    var isObject: Bool { tag == UInt8(ascii: "{") }
    /// Whether the value is an array.
    var isArray: Bool { tag == UInt8(ascii: "[") }
    /// Whether the value is a string.
    var isString: Bool { tag == UInt8(ascii: "\"") }

    /// The string's bytes; empty when the value is not a string.
    var text: ByteView { isString ? string(at: index) : .empty }

    /// A number as a double.
    var double: Double? {
        switch tag {
        case UInt8(ascii: "l"): Double(Int64(bitPattern: tape[index + 1]))
        case UInt8(ascii: "u"): Double(tape[index + 1])
        case UInt8(ascii: "d"): Double(bitPattern: tape[index + 1])
        default: nil
        }
    }

    /// A whole number, also when it is written as `4.0`; `nil` when it does not fit.
    var int: Int64? {
        switch tag {
        case UInt8(ascii: "l"): Int64(bitPattern: tape[index + 1])
        case UInt8(ascii: "u"): Int64(exactly: tape[index + 1])
        case UInt8(ascii: "d"): Int64(exactly: Double(bitPattern: tape[index + 1]))
        default: nil
        }
    }

    /// A boolean.
    var bool: Bool? {
        switch tag {
        case UInt8(ascii: "t"): true
        case UInt8(ascii: "f"): false
        default: nil
        }
    }

    /// Whether the value is an object or array without content.
    var isEmptyContainer: Bool { (isObject || isArray) && end(of: index) == index + 2 }

    /// The first field of that name; absent when there is none or the value is not an object.
    subscript(name: StaticString) -> JSONValue {
        guard isObject else { return .absent }
        var position = index + 1
        let last = end(of: index) - 1
        while position < last {
            if string(at: position).equals(name) { return at(position + 1) }
            position = end(of: position + 1)
        }
        return .absent
    }

    /// The first of two fields that exists and is not `null`.
    subscript(name: StaticString, other: StaticString) -> JSONValue {
        let value = self[name]
        return value.exists ? value : self[other]
    }

    /// The first of three fields that exists and is not `null`.
    subscript(name: StaticString, other: StaticString, third: StaticString) -> JSONValue {
        let value = self[name, other]
        return value.exists ? value : self[third]
    }

    /// The elements of an array; none when the value is not an array.
    var elements: Elements {
        guard isArray else { return Elements(value: self, position: 0, last: 0) }
        return Elements(value: self, position: index + 1, last: end(of: index) - 1)
    }

    /// The fields of an object; none when the value is not an object.
    var fields: Fields {
        guard isObject else { return Fields(value: self, position: 0, last: 0) }
        return Fields(value: self, position: index + 1, last: end(of: index) - 1)
    }

    /// Walks an array.
    struct Elements: Sequence, IteratorProtocol {
        fileprivate let value: JSONValue
        fileprivate var position: Int
        fileprivate let last: Int

        mutating func next() -> JSONValue? {
            guard position < last else { return nil }
            defer { position = value.end(of: position) }
            return value.at(position)
        }
    }

    /// Walks an object.
    struct Fields: Sequence, IteratorProtocol {
        fileprivate let value: JSONValue
        fileprivate var position: Int
        fileprivate let last: Int

        mutating func next() -> (name: ByteView, value: JSONValue)? {
            guard position < last else { return nil }
            defer { position = value.end(of: position + 1) }
            return (value.string(at: position), value.at(position + 1))
        }
    }

    private func at(_ position: Int) -> JSONValue {
        JSONValue(tape: tape, strings: strings, index: position)
    }

    private func string(at position: Int) -> ByteView {
        let start = strings + Int(tape[position] & Self.payloadMask)
        let count = UnsafeRawPointer(start).loadUnaligned(as: UInt32.self)
        return ByteView(base: start + 4, count: Int(UInt32(littleEndian: count)))
    }

    /// The tape index after the value at `position`.
    private func end(of position: Int) -> Int {
        let word = tape[position]
        switch UInt8(truncatingIfNeeded: word >> 56) {
        case UInt8(ascii: "{"), UInt8(ascii: "["): return Int(word & 0xFFFF_FFFF)
        case UInt8(ascii: "l"), UInt8(ascii: "u"), UInt8(ascii: "d"): return position + 2
        default: return position + 1
        }
    }
}
