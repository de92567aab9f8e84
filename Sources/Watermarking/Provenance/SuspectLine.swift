import Foundation

/// One line of a suspect's file: what it was asked and answered, or what it was fed and predicted.
///
/// `{"prompt": TEXT, "answer": TEXT}`, either of them as token ids (`prompt_tokens`, `tokens`), or `{"tokens": [...],
/// "predictions": [...]}` with the token that the suspect would go on with before each token. `text` is read as `answer`;
/// other fields are passed over, `error` says that there is no answer.
package struct SuspectLine: Hashable, Sendable {
    package var prompt: String?
    package var promptTokens: [UInt32]?
    package var answer: String?
    package var tokens: [UInt32]?
    package var predictions: [UInt32]?
    /// What came instead of an answer.
    package var error: String?
    /// Which of the prompts it answers, from 0.
    package var index: Int?
    /// Tokens that were paid for.
    package var spent: Int?

    package init() {}

    /// Reads a line of JSON.
    ///
    /// - Throws: a reason, without repeating the line.
    package init(json: UnsafeBufferPointer<UInt8>) throws(WatermarkError) {
        var scanner = JSONScanner(json)
        try scanner.object { (name, scanner) throws(WatermarkError) in
            switch name {
            case "prompt": prompt = try scanner.text("prompt")
            case "prompt_tokens": promptTokens = try scanner.tokens("prompt_tokens")
            case "answer", "text": answer = try scanner.text(name)
            case "tokens": tokens = try scanner.tokens("tokens")
            case "predictions": predictions = try scanner.tokens("predictions")
            case "error": error = try scanner.text("error")
            case "index": index = try scanner.tokens("index", isList: false)?.first.map { Int($0) }
            case "spent": spent = try scanner.tokens("spent", isList: false)?.first.map { Int($0) }
            default: try scanner.skip(depth: 0)
            }
        }
    }
}

/// Reads JSON from bytes, without a tree of it.
struct JSONScanner {
    private static let deepest = 64

    private let bytes: UnsafeBufferPointer<UInt8>
    private var place = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private func bad(_ reason: String) -> WatermarkError { .document(reason: reason) }

    private mutating func next() -> UInt8? {
        while place < bytes.count {
            switch bytes[place] {
            case 0x20, 0x09, 0x0A, 0x0D: place += 1
            default: return bytes[place]
            }
        }
        return nil
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next() == byte else { return false }
        place += 1
        return true
    }

    /// An object with nothing behind it.
    mutating func object(
        _ field: (String, inout JSONScanner) throws(WatermarkError) -> Void
    ) throws(WatermarkError) {
        guard take(UInt8(ascii: "{")) else { throw bad("not a JSON object") }
        if !take(UInt8(ascii: "}")) {
            var names: Set<String> = []
            repeat {
                guard let name = try string() else { throw bad("not JSON: a field has no name") }
                guard names.insert(name).inserted else {
                    throw bad("field '\(name.prefix(40))' comes twice")
                }
                guard take(UInt8(ascii: ":")) else { throw bad("not JSON: no ':' after a name") }
                try field(name, &self)
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "}")) else { throw bad("not JSON: an object does not end") }
        }
        guard next() == nil else { throw bad("more than one JSON object on a line") }
    }

    private mutating func takeNull() -> Bool {
        guard next() == UInt8(ascii: "n"), place + 4 <= bytes.count,
            bytes[place + 1] == UInt8(ascii: "u"), bytes[place + 2] == UInt8(ascii: "l"),
            bytes[place + 3] == UInt8(ascii: "l")
        else { return false }
        place += 4
        return true
    }

    /// A text, or null.
    mutating func text(_ field: String) throws(WatermarkError) -> String? {
        if takeNull() { return nil }
        guard let text = try string() else { throw bad("field '\(field)' is not a text") }
        return text
    }

    /// Token ids, or null; without `isList` one number.
    mutating func tokens(
        _ field: String, isList: Bool = true
    ) throws(WatermarkError) -> [UInt32]? {
        if takeNull() { return nil }
        var tokens: [UInt32] = []
        if isList {
            guard take(UInt8(ascii: "[")) else {
                throw bad("field '\(field)' is not a list of token ids")
            }
            if take(UInt8(ascii: "]")) { return tokens }
        }
        repeat {
            guard let first = next(), (0x30...0x39).contains(first) else {
                throw bad(
                    "field '\(field)': entry \(tokens.count + 1) is not a whole number from 0 to "
                        + "4294967295")
            }
            var value: UInt64 = 0
            while place < bytes.count, (0x30...0x39).contains(bytes[place]), value <= 1 << 33 {
                value = value * 10 + UInt64(bytes[place] - 0x30)
                place += 1
            }
            let isWhole =
                place == bytes.count
                || ![UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains(
                    bytes[place])
            guard value <= UInt64(UInt32.max), isWhole else {
                throw bad(
                    "field '\(field)': entry \(tokens.count + 1) is not a whole number from 0 to "
                        + "4294967295")
            }
            tokens.append(UInt32(value))
        } while isList && take(UInt8(ascii: ","))
        if isList, !take(UInt8(ascii: "]")) {
            throw bad("field '\(field)': the list does not end")
        }
        return tokens
    }

    /// Passes over any value.
    mutating func skip(depth: Int) throws(WatermarkError) {
        guard depth < Self.deepest else { throw bad("JSON nested deeper than \(Self.deepest)") }
        switch next() {
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "["):
            place += 1
            if take(UInt8(ascii: "]")) { return }
            repeat { try skip(depth: depth + 1) } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "]")) else { throw bad("not JSON: a list does not end") }
        case UInt8(ascii: "{"):
            place += 1
            if take(UInt8(ascii: "}")) { return }
            repeat {
                guard try string() != nil, take(UInt8(ascii: ":")) else {
                    throw bad("not JSON: a field has no name")
                }
                try skip(depth: depth + 1)
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "}")) else { throw bad("not JSON: an object does not end") }
        default:
            let start = place
            while place < bytes.count, Self.isPlain(bytes[place]) { place += 1 }
            let word = UnsafeBufferPointer(rebasing: bytes[start..<place])
            let text = String(decoding: word, as: UTF8.self)
            guard ["true", "false", "null"].contains(text) || Double(text) != nil else {
                throw bad("not JSON")
            }
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2D, 0x2E: true
        default: false
        }
    }

    /// A quoted text; `nil` if something else comes.
    private mutating func string() throws(WatermarkError) -> String? {
        guard next() == UInt8(ascii: "\"") else { return nil }
        let start = place
        place += 1
        var hasEscapes = false
        while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
            if bytes[place] == UInt8(ascii: "\\") {
                hasEscapes = true
                place += 1
            } else if bytes[place] < 0x20 {
                throw bad("not JSON: a control character inside a text")
            }
            place += 1
        }
        guard place < bytes.count else { throw bad("not JSON: a text does not end") }
        place += 1
        if !hasEscapes {
            let inside = UnsafeBufferPointer(rebasing: bytes[start + 1..<place - 1])
            guard let text = String(validating: inside, as: UTF8.self) else {
                throw bad("not UTF-8")
            }
            return text
        }
        let quoted = Data(UnsafeBufferPointer(rebasing: bytes[start..<place]))
        guard
            let text = try? JSONSerialization.jsonObject(with: quoted, options: .fragmentsAllowed)
                as? String
        else { throw bad("not JSON: a text with a wrong escape") }
        return text
    }
}
