import CSimdjson

/// Reads lines of JSON into documents, with memory that is used again. For one thread.
package final class DocumentParser {
    private var parser: OpaquePointer?

    package init() {}

    deinit { sw_json_parser_destroy(parser) }

    /// Reads one line.
    ///
    /// - Parameter line: followed by `SW_JSON_PADDING` bytes that may be read.
    package func read(
        _ line: UnsafeBufferPointer<UInt8>, into document: inout Document
    ) throws(BadDocument) {
        document.clear()
        if parser == nil { parser = sw_json_parser_create(64) }
        guard let parser, let base = line.baseAddress else { throw BadDocument("an empty line") }
        let parsed = sw_json_parse(parser, base, line.count)
        guard parsed.status == Int32(SW_JSON_OK.rawValue), let tape = parsed.tape,
            let strings = parsed.strings
        else { throw BadDocument(Self.reason(parsed.status)) }
        let reading = Tape(words: tape, strings: strings)
        guard reading.tag(1) == UInt8(ascii: "{") else {
            throw BadDocument("not a JSON object; expected {\"tokens\": [...]} or {\"text\": ...}")
        }
        var index = 2
        var hasTokens = false
        while reading.tag(index) != UInt8(ascii: "}") {
            let name = reading.string(index)
            let value = index + 1
            switch name.count {
            case _ where Self.equals(name, "tokens"):
                try reading.numbers(value, "tokens", into: &document.tokens)
                hasTokens = true
            case _ where Self.equals(name, "prompt_tokens"):
                try reading.numbers(value, "prompt_tokens", into: &document.promptTokens)
            case _ where Self.equals(name, "text"):
                try reading.text(value, "text", into: &document.text)
                document.isText = true
            case _ where Self.equals(name, "prompt"):
                try reading.text(value, "prompt", into: &document.prompt)
            case _ where Self.equals(name, "id"): document.id = try reading.name(value)
            default: break
            }
            index = reading.after(value)
        }
        // Token ids are exact, and text has to be read by a tokenizer that may have changed.
        if hasTokens { document.isText = false }
        guard hasTokens || document.isText else {
            throw BadDocument("neither 'tokens' nor 'text'")
        }
    }

    private static func equals(_ name: UnsafeBufferPointer<UInt8>, _ text: StaticString) -> Bool {
        guard name.count == text.utf8CodeUnitCount else { return false }
        for index in 0..<name.count where name[index] != text.utf8Start[index] { return false }
        return true
    }

    private static func reason(_ status: Int32) -> String {
        switch UInt32(bitPattern: status) {
        case SW_JSON_UTF8.rawValue: "not UTF-8"
        case SW_JSON_DEPTH.rawValue: "JSON nested too deep"
        case SW_JSON_MEMORY.rawValue: "out of memory"
        case SW_JSON_NUMBER.rawValue: "a number that JSON does not allow, or that is too large"
        case SW_JSON_EMPTY.rawValue: "an empty line"
        default: "not JSON"
        }
    }
}

/// simdjson's tape of one document.
private struct Tape {
    let words: UnsafePointer<UInt64>
    let strings: UnsafePointer<UInt8>

    func tag(_ index: Int) -> UInt8 { UInt8(truncatingIfNeeded: words[index] >> 56) }

    func string(_ index: Int) -> UnsafeBufferPointer<UInt8> {
        let start = strings + Int(words[index] & 0x00FF_FFFF_FFFF_FFFF)
        let count = UnsafeRawPointer(start).loadUnaligned(as: UInt32.self)
        return UnsafeBufferPointer(start: start + 4, count: Int(count))
    }

    /// Where the value after this one begins.
    func after(_ index: Int) -> Int {
        switch tag(index) {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            Int(words[index] & 0xFFFF_FFFF)
        case UInt8(ascii: "l"), UInt8(ascii: "u"), UInt8(ascii: "d"): index + 2
        default: index + 1
        }
    }

    func text(_ index: Int, _ field: String, into text: inout [UInt8]) throws(BadDocument) {
        guard tag(index) == UInt8(ascii: "\"") else {
            throw BadDocument("'\(field)' is not a text")
        }
        text.append(contentsOf: string(index))
    }

    func name(_ index: Int) throws(BadDocument) -> String? {
        switch tag(index) {
        case UInt8(ascii: "\""):
            let bytes = string(index)
            guard bytes.count <= 1024 else { throw BadDocument("'id' is longer than 1024 bytes") }
            return String(decoding: bytes, as: UTF8.self)
        case UInt8(ascii: "l"): return String(Int64(bitPattern: words[index + 1]))
        case UInt8(ascii: "u"): return String(words[index + 1])
        case UInt8(ascii: "n"): return nil
        default: throw BadDocument("'id' is neither a text nor a whole number")
        }
    }

    func numbers(
        _ index: Int, _ field: String, into numbers: inout [UInt32]
    ) throws(BadDocument) {
        guard tag(index) == UInt8(ascii: "[") else {
            throw BadDocument("'\(field)' is not a list of token ids")
        }
        // After the last element stands the closing bracket.
        let end = after(index) - 1
        var place = index + 1
        numbers.reserveCapacity(numbers.count + (end - place) / 2)
        while place < end {
            guard tag(place) == UInt8(ascii: "l") || tag(place) == UInt8(ascii: "u"),
                words[place + 1] <= UInt64(UInt32.max)
            else {
                throw BadDocument(
                    "'\(field)': number \(numbers.count + 1) is no token id (a whole number from 0 "
                        + "to 4294967295)")
            }
            numbers.append(UInt32(truncatingIfNeeded: words[place + 1]))
            place += 2
        }
    }
}
