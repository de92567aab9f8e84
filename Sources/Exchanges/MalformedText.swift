/// Tells apart why a text is not JSON. Runs only after the parser has refused the text, and reads it once.
enum MalformedText {
    /// The reason to report.
    /// - Parameter isLast: whether the text ends where the file does.
    static func reason(
        for failure: JSONParser.Failure, in text: ByteView, isLast: Bool
    ) -> BadRecord.Reason {
        switch failure {
        case .tooDeep: return .tooDeep
        case .outOfMemory: return .tooLarge
        case .notUTF8: return isLast && scan(text).isOpen ? .truncated : .notUTF8
        case .syntax, .number, .string: break
        }
        let findings = scan(text)
        // A number that JSON allows and no reader can hold.
        if failure == .number && findings.numbersAreWellFormed { return .wrongType }
        if findings.loneSurrogate { return .notUTF8 }
        if findings.isOpen && isLast { return .truncated }
        return .notJSON
    }

    private struct Findings {
        /// A string or bracket is not closed.
        var isOpen = false
        /// The first bad escape is half a surrogate pair.
        var loneSurrogate = false
        /// What stands where a number begins is a number.
        var numbersAreWellFormed = true
    }

    private static func scan(_ text: ByteView) -> Findings {
        var findings = Findings()
        var depth = 0
        var inString = false
        var index = 0
        while index < text.count {
            let byte = text[index]
            index += 1
            if !inString {
                switch byte {
                case UInt8(ascii: "\""): inString = true
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
                case UInt8(ascii: "-"), 0x30...0x39:
                    let end = endOfNumber(text, from: index - 1)
                    if end == nil { findings.numbersAreWellFormed = false }
                    index = end ?? index
                default: break
                }
            } else if byte == UInt8(ascii: "\"") {
                inString = false
            } else if byte == UInt8(ascii: "\\") {
                guard index < text.count else { break }
                if text[index] == UInt8(ascii: "u"), let unit = codeUnit(text, at: index + 1) {
                    let pairing = pairing(of: unit, in: text, after: index + 5)
                    if pairing == .lone { findings.loneSurrogate = true }
                    index += pairing == .paired ? 10 : 4
                }
                index += 1
            }
        }
        findings.isOpen = inString || depth > 0
        return findings
    }

    /// The end of a number by JSON's grammar, which must be followed by what may follow a value.
    private static func endOfNumber(_ text: ByteView, from start: Int) -> Int? {
        var index = start
        func isDigit() -> Bool { index < text.count && text[index] >= 0x30 && text[index] <= 0x39 }
        func digits() -> Bool {
            guard isDigit() else { return false }
            while isDigit() { index += 1 }
            return true
        }
        func skip(_ byte: UInt8) -> Bool {
            guard index < text.count, text[index] == byte else { return false }
            index += 1
            return true
        }
        _ = skip(UInt8(ascii: "-"))
        if !skip(UInt8(ascii: "0")) && !digits() { return nil }
        if skip(UInt8(ascii: ".")) && !digits() { return nil }
        if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
            if !skip(UInt8(ascii: "+")) { _ = skip(UInt8(ascii: "-")) }
            if !digits() { return nil }
        }
        guard index < text.count else { return index }
        switch text[index] {
        case 0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"):
            return index
        default: return nil
        }
    }

    private enum Pairing { case none, paired, lone, cutOff }

    /// What follows a code unit decides whether it is half of a pair.
    private static func pairing(
        of unit: UInt16, in text: ByteView, after start: Int
    ) -> Pairing {
        if unit & 0xF800 != 0xD800 { return .none }
        if unit & 0xFC00 == 0xDC00 { return .lone }
        if start >= text.count { return .cutOff }
        if text[start] != UInt8(ascii: "\\") { return .lone }
        if start + 1 >= text.count { return .cutOff }
        if text[start + 1] != UInt8(ascii: "u") { return .lone }
        guard let next = codeUnit(text, at: start + 2) else { return .cutOff }
        return next & 0xFC00 == 0xDC00 ? .paired : .lone
    }

    private static func codeUnit(_ text: ByteView, at start: Int) -> UInt16? {
        guard start + 4 <= text.count else { return nil }
        var value: UInt16 = 0
        for offset in 0..<4 {
            guard let digit = Character(UnicodeScalar(text[start + offset])).hexDigitValue else {
                return nil
            }
            value = value << 4 | UInt16(digit)
        }
        return value
    }
}
