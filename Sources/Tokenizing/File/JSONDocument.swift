/// A JSON text (RFC 8259) as a tree, whose strings are bytes.
///
/// Foundation's readers compare names as Swift strings, to which "é" of one scalar and "é" of two
/// are equal; to a vocabulary they are two tokens. So this one keeps bytes.
struct JSONDocument {
    /// A string without its escapes: a place in `bytes`.
    struct Text {
        let start: Int
        let count: Int
    }

    /// One name and its value.
    struct Member {
        let name: Text
        let value: Value
    }

    enum Value {
        case null
        case bool(Bool)
        case number(Double)
        case string(Text)
        case array([Value])
        case object([Member])
    }

    /// Why a text is no JSON.
    struct Failure: Error {
        let offset: Int
        let reason: String
    }

    /// Deeper than any tokenizer nests, and far from the end of the stack.
    static let deepest = 64
    /// Values of the largest document: four times what the largest tokenizers have, and less than 1
    /// GB of memory.
    static let most = 1 << 23

    let root: Value
    /// Every string of the document, one after the other.
    let bytes: [UInt8]

    /// Reads the whole of `text`.
    init(_ text: UnsafeBufferPointer<UInt8>) throws(Failure) {
        guard UTF8Text.isValid(text) else {
            throw Failure(offset: 0, reason: "the file is not UTF-8")
        }
        var reader = Reader(text: text)
        root = try reader.document()
        bytes = reader.bytes
    }

    /// The bytes of a string.
    func bytes(_ text: Text) -> ArraySlice<UInt8> { bytes[text.start..<text.start + text.count] }

    /// A string for a person, or for comparison with ASCII names.
    func string(_ text: Text) -> String { String(decoding: bytes(text), as: UTF8.self) }
}

private struct Reader {
    typealias Value = JSONDocument.Value
    typealias Text = JSONDocument.Text
    typealias Failure = JSONDocument.Failure

    let text: UnsafeBufferPointer<UInt8>
    var index = 0
    var bytes: [UInt8] = []
    private var values = 0

    init(text: UnsafeBufferPointer<UInt8>) {
        self.text = text
        bytes.reserveCapacity(text.count / 2)
    }

    mutating func document() throws(Failure) -> Value {
        let value = try value(depth: 0)
        skipSpace()
        guard index == text.count else { throw failure("something follows the document") }
        return value
    }

    private func failure(_ reason: String) -> Failure { Failure(offset: index, reason: reason) }

    private var next: UInt8? { index < text.count ? text[index] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            index += 1
        }
    }

    private mutating func value(depth: Int) throws(Failure) -> Value {
        guard depth < JSONDocument.deepest else { throw failure("nested too deeply") }
        values += 1
        guard values <= JSONDocument.most else {
            throw failure("more values than any tokenizer has")
        }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case nil: throw failure("the file ends early")
        default: return try number()
        }
    }

    private mutating func object(depth: Int) throws(Failure) -> Value {
        var members: [JSONDocument.Member] = []
        index += 1
        skipSpace()
        if next == UInt8(ascii: "}") {
            index += 1
            return .object([])
        }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw failure("a name is expected") }
            let name = try string()
            skipSpace()
            guard next == UInt8(ascii: ":") else { throw failure("':' is expected") }
            index += 1
            members.append(.init(name: name, value: try value(depth: depth + 1)))
            if try !more(until: UInt8(ascii: "}")) { return .object(members) }
        }
    }

    private mutating func array(depth: Int) throws(Failure) -> Value {
        var values: [Value] = []
        index += 1
        skipSpace()
        if next == UInt8(ascii: "]") {
            index += 1
            return .array([])
        }
        while true {
            values.append(try value(depth: depth + 1))
            if try !more(until: UInt8(ascii: "]")) { return .array(values) }
        }
    }

    private mutating func more(until end: UInt8) throws(Failure) -> Bool {
        skipSpace()
        guard let byte = next, byte == end || byte == UInt8(ascii: ",") else {
            throw failure("',' or the end of a list is expected")
        }
        index += 1
        return byte != end
    }

    private mutating func word(_ word: StaticString, _ value: Value) throws(Failure) -> Value {
        let count = word.utf8CodeUnitCount
        guard index + count <= text.count,
            (0..<count).allSatisfy({ text[index + $0] == word.utf8Start[$0] })
        else { throw failure("no JSON value") }
        index += count
        return value
    }

    private mutating func number() throws(Failure) -> Value {
        let start = index
        while let byte = next, isOfNumber(byte) { index += 1 }
        // Digits first, or a minus and a digit; what else JSON forbids is of no consequence here.
        guard index > start, index - start < 64,
            let value = Double(String(decoding: text[start..<index], as: UTF8.self)),
            text[start] != UInt8(ascii: "+"), text[start] != UInt8(ascii: ".")
        else {
            index = start
            throw failure("no JSON value")
        }
        return .number(value)
    }

    private func isOfNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"),
            UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    private mutating func string() throws(Failure) -> Text {
        index += 1
        let start = bytes.count
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                index += 1
                return Text(start: start, count: bytes.count - start)
            case UInt8(ascii: "\\"):
                index += 1
                try escape()
            case 0..<0x20:
                throw failure("a control character in a string")
            default:
                bytes.append(byte)
                index += 1
            }
        }
        throw failure("a string does not end")
    }

    private mutating func escape() throws(Failure) {
        guard let byte = next else { throw failure("a string does not end") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(byte)
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0C)
        case UInt8(ascii: "n"): bytes.append(0x0A)
        case UInt8(ascii: "r"): bytes.append(0x0D)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "u"):
            var scalar = try hexadecimal()
            if scalar & 0xFC00 == 0xD800 {
                guard next == UInt8(ascii: "\\"), index + 1 < text.count,
                    text[index + 1] == UInt8(ascii: "u")
                else { throw failure("half a surrogate pair") }
                index += 2
                let low = try hexadecimal()
                guard low & 0xFC00 == 0xDC00 else { throw failure("half a surrogate pair") }
                scalar = 0x10000 + (scalar & 0x3FF) << 10 + low & 0x3FF
            } else if scalar & 0xFC00 == 0xDC00 {
                throw failure("half a surrogate pair")
            }
            UTF8Text.append(scalar, to: &bytes)
        default: throw failure("an unknown escape")
        }
    }

    private mutating func hexadecimal() throws(Failure) -> UInt32 {
        guard index + 4 <= text.count,
            text[index] != UInt8(ascii: "+"), text[index] != UInt8(ascii: "-"),
            let value = UInt32(String(decoding: text[index..<index + 4], as: UTF8.self), radix: 16)
        else { throw failure("four hexadecimal digits are expected") }
        index += 4
        return value
    }
}
