import CSimdjson

/// One simdjson parser. A document stays valid until the parser that made it parses again.
final class JSONParser {
    /// Nesting that a record may have; API bodies stay far below it.
    static let maximumDepth = 128
    /// After a record longer than this the parser's memory is given back.
    static let retainedBytes = 8 << 20

    private var parser: OpaquePointer?
    private var largest = 0

    /// Makes a parser; its memory is allocated by the first parse.
    init() {}

    deinit {
        if let parser { sw_json_parser_destroy(parser) }
    }

    /// Why a text could not be parsed, before the reason is told apart from the bytes.
    enum Failure: Error {
        case syntax, notUTF8, tooDeep, outOfMemory, number, string
    }

    /// Parses one value.
    /// - Parameter text: followed by at least `SW_JSON_PADDING` readable bytes.
    func parse(_ text: ByteView) throws(Failure) -> JSONValue {
        guard let base = text.base else { throw .syntax }
        if largest > Self.retainedBytes, text.count <= Self.retainedBytes, let parser {
            sw_json_parser_destroy(parser)
            self.parser = nil
            largest = 0
        }
        if parser == nil { parser = sw_json_parser_create(Self.maximumDepth) }
        guard let parser else { throw .outOfMemory }
        largest = max(largest, text.count)
        let document = sw_json_parse(parser, base, text.count)
        switch UInt32(bitPattern: document.status) {
        case SW_JSON_OK.rawValue:
            guard let tape = document.tape, let strings = document.strings else { throw .syntax }
            return JSONValue(tape: tape, strings: strings)
        case SW_JSON_UTF8.rawValue: throw .notUTF8
        case SW_JSON_DEPTH.rawValue: throw .tooDeep
        case SW_JSON_MEMORY.rawValue: throw .outOfMemory
        case SW_JSON_NUMBER.rawValue: throw .number
        case SW_JSON_STRING.rawValue: throw .string
        default: throw .syntax
        }
    }
}

/// What decoding one exchange needs besides the record: parsers for JSON inside strings, and room for made-up text.
///
/// Everything handed out stays valid until `reset`.
final class Scratch {
    private var parsers: [JSONParser] = []
    private var used = 0
    /// Room for text that the record does not hold as it stands.
    let arena = ByteArena()

    /// Takes back all documents and text.
    func reset() {
        used = 0
        arena.reset()
    }

    /// Parses JSON held in a string; `nil` when it is not JSON.
    /// - Parameter text: a string of a parsed document or from `arena`: both are followed by readable padding.
    func parse(_ text: ByteView) -> JSONValue? {
        guard text.count > 1, used < Self.maximumDocuments else { return nil }
        if used == parsers.count { parsers.append(JSONParser()) }
        guard let value = try? parsers[used].parse(text) else { return nil }
        used += 1
        return value
    }

    /// Documents that one exchange may hold in strings: bounds memory against records made of nothing else.
    static let maximumDocuments = 1024

    /// The value itself or, when it is a string that looks like an object or array, the document in it.
    func unwrap(_ value: JSONValue) -> JSONValue {
        guard value.isString else { return value }
        let text = value.text
        guard let first = text.firstNonBlank,
            first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        else { return value }
        return parse(text) ?? value
    }

    /// A string's bytes, or a whole number's digits; `nil` for anything else and for the empty string.
    func identifier(_ value: JSONValue) -> ByteView? {
        switch value.kind {
        case .string:
            let text = value.text
            return text.isEmpty ? nil : text
        case .integer, .unsigned, .double:
            guard let number = value.int else { return nil }
            return arena.digits(number)
        default:
            return nil
        }
    }
}

extension ByteView {
    /// The first byte that is not JSON white space.
    var firstNonBlank: UInt8? {
        var index = 0
        while index < count {
            let byte = self[index]
            if byte != 0x20 && byte != 0x09 && byte != 0x0A && byte != 0x0D { return byte }
            index += 1
        }
        return nil
    }

    /// The bytes from `start` on.
    func dropFirst(_ start: Int) -> ByteView {
        guard start < count, let base else { return .empty }
        return ByteView(base: base + start, count: count - start)
    }

    /// The first `length` bytes.
    func prefix(_ length: Int) -> ByteView {
        ByteView(base: base, count: Swift.min(count, length))
    }

    /// Where `byte` first occurs.
    func firstIndex(of byte: UInt8) -> Int? { buffer.firstIndex(of: byte) }

    /// Where `literal` first occurs.
    func firstRange(of literal: StaticString) -> Int? {
        let length = literal.utf8CodeUnitCount
        guard length > 0, count >= length else { return nil }
        for start in 0...(count - length) where dropFirst(start).hasPrefix(literal) { return start }
        return nil
    }

    /// Whether the bytes equal those of `literal`, ASCII letters compared without case; `literal` is in lower case.
    func equalsIgnoringCase(_ literal: StaticString) -> Bool {
        guard count == literal.utf8CodeUnitCount else { return false }
        for index in 0..<count {
            var byte = self[index]
            if byte >= 0x41 && byte <= 0x5A { byte |= 0x20 }
            if byte != literal.utf8Start[index] { return false }
        }
        return true
    }
}
