/// Borrowed bytes of one JSON text (RFC 8259) that was checked from end to end when this value was made.
///
/// Values are ranges of bytes. Reading them never leaves the text: the check has shown where each ends.
struct JSONText {
    /// A member of an object: its key with the quotes, and its value.
    struct Member {
        let key: Range<Int>
        let value: Range<Int>
    }

    let bytes: UnsafeBufferPointer<UInt8>
    /// The one value of the text, without the white space around it.
    private(set) var root: Range<Int>

    /// Objects and lists that lie deeper are refused, as simdjson does.
    static let deepest = 1_024

    /// `nil` unless the bytes are one JSON text; strings are not checked for broken UTF-8. A byte order mark before it is
    /// let pass, as many parsers do: a request that starts with one must not escape its edits.
    init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
        root = 0..<0
        let start = spaceEnd(from: bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0)
        guard let end = valueEnd(from: start, depth: 0), spaceEnd(from: end) == bytes.count else {
            return nil
        }
        root = start..<end
    }

    // MARK: Reading

    /// The members of an object in order; empty where the value is not an object.
    func members(of value: Range<Int>) -> [Member] {
        guard isObject(value) else { return [] }
        var members: [Member] = []
        members.reserveCapacity(8)
        var position = spaceEnd(from: value.lowerBound + 1)
        while position < value.upperBound, bytes[position] == 0x22 {
            guard let keyEnd = stringEnd(from: position) else { break }
            let start = spaceEnd(from: spaceEnd(from: keyEnd) + 1)
            guard let end = valueEnd(from: start, depth: 0) else { break }
            members.append(Member(key: position..<keyEnd, value: start..<end))
            position = spaceEnd(from: end)
            guard position < value.upperBound, bytes[position] == 0x2C else { break }
            position = spaceEnd(from: position + 1)
        }
        return members
    }

    /// The elements of a list in order; empty where the value is not a list.
    func elements(of value: Range<Int>) -> [Range<Int>] {
        guard isList(value) else { return [] }
        var elements: [Range<Int>] = []
        var position = spaceEnd(from: value.lowerBound + 1)
        while position < value.upperBound - 1 {
            guard let end = valueEnd(from: position, depth: 0) else { break }
            elements.append(position..<end)
            position = spaceEnd(from: end)
            guard position < value.upperBound, bytes[position] == 0x2C else { break }
            position = spaceEnd(from: position + 1)
        }
        return elements
    }

    /// The value of the last member with that name, which is the one parsers keep.
    func value(_ name: StaticString, in object: Range<Int>) -> Range<Int>? {
        members(of: object).last { isKey($0.key, name) }?.value
    }

    func isObject(_ value: Range<Int>) -> Bool { first(value) == 0x7B }
    func isList(_ value: Range<Int>) -> Bool { first(value) == 0x5B }
    func isString(_ value: Range<Int>) -> Bool { first(value) == 0x22 }
    func isNull(_ value: Range<Int>) -> Bool { first(value) == 0x6E }
    func isTrue(_ value: Range<Int>) -> Bool { first(value) == 0x74 }

    /// Whether the value is a list or object without anything in it.
    func isEmptyContainer(_ value: Range<Int>) -> Bool {
        guard isList(value) || isObject(value) else { return false }
        return spaceEnd(from: value.lowerBound + 1) == value.upperBound - 1
    }

    /// Whether the value is the empty string.
    func isEmptyString(_ value: Range<Int>) -> Bool { isString(value) && value.count == 2 }

    /// Whether a key, given with its quotes, is `name`, escapes or not.
    func isKey(_ key: Range<Int>, _ name: StaticString) -> Bool { isString(key, name) }

    /// Whether the value is the string `text`, which is ASCII, escapes or not.
    func isString(_ value: Range<Int>, _ text: StaticString) -> Bool {
        guard isString(value) else { return false }
        let count = text.utf8CodeUnitCount
        let inner = value.lowerBound + 1..<value.upperBound - 1
        // A character takes six bytes at most when it is escaped.
        guard inner.count >= count, inner.count <= 6 * count else { return false }
        if inner.count == count {
            return inner.allSatisfy { bytes[$0] == text.utf8Start[$0 - inner.lowerBound] }
        }
        let decoded = string(value)
        guard decoded.count == count else { return false }
        return decoded.indices.allSatisfy { decoded[$0] == text.utf8Start[$0] }
    }

    /// Whether the value is a string that starts with `text`, which is ASCII, and has no escapes there.
    func hasPrefix(_ value: Range<Int>, _ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard isString(value), value.count >= count + 2 else { return false }
        return (0..<count).allSatisfy {
            bytes[value.lowerBound + 1 + $0] == text.utf8Start[$0]
        }
    }

    /// The number of a number; `nil` for anything else.
    func number(_ value: Range<Int>) -> Double? {
        guard let first = first(value), first == 0x2D || (0x30...0x39).contains(first) else {
            return nil
        }
        return Double(String(decoding: bytes[value], as: UTF8.self))
    }

    /// The whole number of a number written without fraction and exponent; `nil` for anything else.
    func integer(_ value: Range<Int>) -> Int? {
        guard value.count <= 19 else { return nil }
        var number = 0
        for index in value {
            guard (0x30...0x39).contains(bytes[index]) else { return nil }
            let (tens, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(Int(bytes[index] - 0x30))
            guard !overflow, !carry else { return nil }
            number = sum
        }
        return value.isEmpty ? nil : number
    }

    /// The value's own bytes.
    func copy(_ value: Range<Int>) -> [UInt8] { Array(bytes[value]) }

    /// The text of a string in UTF-8, with escapes undone; a lone surrogate becomes U+FFFD. Empty for anything else.
    func string(_ value: Range<Int>) -> [UInt8] {
        guard isString(value) else { return [] }
        var text: [UInt8] = []
        text.reserveCapacity(value.count)
        var position = value.lowerBound + 1
        let end = value.upperBound - 1
        while position < end {
            guard bytes[position] == 0x5C else {
                text.append(bytes[position])
                position += 1
                continue
            }
            let escape = bytes[position + 1]
            position += 2
            switch escape {
            case 0x62: text.append(0x08)
            case 0x66: text.append(0x0C)
            case 0x6E: text.append(0x0A)
            case 0x72: text.append(0x0D)
            case 0x74: text.append(0x09)
            case 0x75:
                var unit = UInt32(hexadecimal(at: position))
                position += 4
                if unit & 0xFC00 == 0xD800, position + 6 <= end, bytes[position] == 0x5C,
                    bytes[position + 1] == 0x75,
                    hexadecimal(at: position + 2) & 0xFC00 == 0xDC00
                {
                    let low = UInt32(hexadecimal(at: position + 2))
                    unit = 0x10000 + ((unit & 0x3FF) << 10 | low & 0x3FF)
                    position += 6
                }
                let scalar = Unicode.Scalar(unit) ?? "\u{FFFD}"
                text.append(contentsOf: UTF8.encode(scalar).unsafelyUnwrapped)
            default: text.append(escape)
            }
        }
        return text
    }

    /// Four hexadecimal digits that the check has seen.
    private func hexadecimal(at position: Int) -> UInt16 {
        (position..<position + 4).reduce(0) { number, index in
            let byte = bytes[index]
            return number << 4 | UInt16(byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57)
        }
    }

    private func first(_ value: Range<Int>) -> UInt8? {
        value.isEmpty ? nil : bytes[value.lowerBound]
    }

    // MARK: Checking

    private func spaceEnd(from start: Int) -> Int {
        var position = start
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return position
            }
        }
        return position
    }

    /// The first byte after the value at `start`; `nil` where there is no value.
    private func valueEnd(from start: Int, depth: Int) -> Int? {
        guard start < bytes.count else { return nil }
        switch bytes[start] {
        case 0x22: return stringEnd(from: start)
        case 0x7B: return containerEnd(from: start, closing: 0x7D, depth: depth)
        case 0x5B: return containerEnd(from: start, closing: 0x5D, depth: depth)
        case 0x74: return literalEnd("true", from: start)
        case 0x66: return literalEnd("false", from: start)
        case 0x6E: return literalEnd("null", from: start)
        default: return numberEnd(from: start)
        }
    }

    private func literalEnd(_ literal: StaticString, from start: Int) -> Int? {
        let count = literal.utf8CodeUnitCount
        guard start + count <= bytes.count,
            (0..<count).allSatisfy({ bytes[start + $0] == literal.utf8Start[$0] })
        else { return nil }
        return start + count
    }

    private func numberEnd(from start: Int) -> Int? {
        var position = start
        func skipDigits() -> Bool {
            let first = position
            while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
            return position > first
        }
        if bytes[position] == 0x2D { position += 1 }
        let leading = position
        guard skipDigits() else { return nil }
        guard bytes[leading] != 0x30 || position == leading + 1 else { return nil }
        if position < bytes.count, bytes[position] == 0x2E {
            position += 1
            guard skipDigits() else { return nil }
        }
        if position < bytes.count, bytes[position] | 0x20 == 0x65 {
            position += 1
            if position < bytes.count, bytes[position] == 0x2B || bytes[position] == 0x2D {
                position += 1
            }
            guard skipDigits() else { return nil }
        }
        return position
    }

    private func stringEnd(from start: Int) -> Int? {
        var position = start + 1
        while position < bytes.count {
            let byte = bytes[position]
            if byte == 0x22 { return position + 1 }
            guard byte >= 0x20 else { return nil }
            position += 1
            guard byte == 0x5C else { continue }
            guard position < bytes.count else { return nil }
            switch bytes[position] {
            case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74: position += 1
            case 0x75:
                guard position + 4 < bytes.count,
                    (1...4).allSatisfy({ isHexadecimal(bytes[position + $0]) })
                else { return nil }
                position += 5
            default: return nil
            }
        }
        return nil
    }

    private func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
    }

    private func containerEnd(from start: Int, closing: UInt8, depth: Int) -> Int? {
        guard depth < Self.deepest else { return nil }
        var position = spaceEnd(from: start + 1)
        if position < bytes.count, bytes[position] == closing { return position + 1 }
        while true {
            if closing == 0x7D {
                guard position < bytes.count, bytes[position] == 0x22,
                    let keyEnd = stringEnd(from: position)
                else { return nil }
                let colon = spaceEnd(from: keyEnd)
                guard colon < bytes.count, bytes[colon] == 0x3A else { return nil }
                position = spaceEnd(from: colon + 1)
            }
            guard let end = valueEnd(from: position, depth: depth + 1) else { return nil }
            position = spaceEnd(from: end)
            guard position < bytes.count else { return nil }
            if bytes[position] == closing { return position + 1 }
            guard bytes[position] == 0x2C else { return nil }
            position = spaceEnd(from: position + 1)
        }
    }
}
