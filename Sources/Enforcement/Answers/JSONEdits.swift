/// Replacements of byte ranges in a JSON text. Everything between them is copied as it is.
///
/// Ranges must not overlap: what lies inside a removed value is not edited.
struct JSONEdits {
    private var replacements: [(range: Range<Int>, bytes: [UInt8])] = []

    var isEmpty: Bool { replacements.isEmpty }

    mutating func replace(_ range: Range<Int>, with bytes: [UInt8]) {
        replacements.append((range, bytes))
    }

    mutating func replace(_ range: Range<Int>, with text: String) {
        replace(range, with: Array(text.utf8))
    }

    mutating func insert(_ bytes: [UInt8], at position: Int) {
        replacements.append((position..<position, bytes))
    }

    /// Appends text to a string value.
    mutating func append(_ text: [UInt8], toString value: Range<Int>) {
        insert(JSONString.escaped(text), at: value.upperBound - 1)
    }

    /// Removes the members of one object for which `isDropped` holds, commas included, and adds `added`, which is a
    /// member as text such as `"a":1`.
    ///
    /// All changes to which members an object has must go through one call.
    mutating func remove(
        from object: Range<Int>, members: [JSONText.Member], adding added: String? = nil,
        where isDropped: (JSONText.Member) -> Bool
    ) {
        let last = remove(
            members.map { ($0.key.lowerBound..<$0.value.upperBound, isDropped($0)) })
        guard let added else { return }
        if let last {
            insert(Array(",\(added)".utf8), at: last)
        } else {
            insert(Array(added.utf8), at: object.lowerBound + 1)
        }
    }

    /// Removes the elements of one list for which `isDropped` holds, commas included.
    mutating func remove(elements: [Range<Int>], where isDropped: (Range<Int>) -> Bool) {
        _ = remove(elements.map { ($0, isDropped($0)) })
    }

    /// Returns the end of the last item that stays.
    private mutating func remove(_ items: [(range: Range<Int>, isDropped: Bool)]) -> Int? {
        var lastKept: Int?
        for (index, item) in items.enumerated() {
            guard item.isDropped else {
                lastKept = item.range.upperBound
                continue
            }
            if lastKept != nil {
                replace(items[index - 1].range.upperBound..<item.range.upperBound, with: [])
            } else if index + 1 < items.count {
                replace(item.range.lowerBound..<items[index + 1].range.lowerBound, with: [])
            } else {
                replace(item.range, with: [])
            }
        }
        return lastKept
    }

    /// The text with all replacements made; `nil` where there are none.
    func applied(to text: JSONText, in range: Range<Int>? = nil) -> [UInt8]? {
        guard !replacements.isEmpty else { return nil }
        let whole = range ?? 0..<text.bytes.count
        let ordered = replacements.sorted { a, b in
            // An insertion comes before the removal of what follows it.
            (a.range.lowerBound, a.range.upperBound) < (b.range.lowerBound, b.range.upperBound)
        }
        var output: [UInt8] = []
        output.reserveCapacity(whole.count + replacements.reduce(0) { $0 + $1.bytes.count })
        var position = whole.lowerBound
        for replacement in ordered where replacement.range.lowerBound >= position {
            output.append(contentsOf: text.bytes[position..<replacement.range.lowerBound])
            output.append(contentsOf: replacement.bytes)
            position = replacement.range.upperBound
        }
        output.append(contentsOf: text.bytes[position..<whole.upperBound])
        return output
    }
}

/// The writing of JSON strings.
enum JSONString {
    /// UTF-8 text as it stands between the quotes of a JSON string.
    static func escaped(_ text: [UInt8]) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        var output: [UInt8] = []
        output.reserveCapacity(text.count + 8)
        for byte in text {
            switch byte {
            case 0x22, 0x5C: output += [0x5C, byte]
            case 0x0A: output += [0x5C, 0x6E]
            case 0x0D: output += [0x5C, 0x72]
            case 0x09: output += [0x5C, 0x74]
            case 0..<0x20:
                output += [0x5C, 0x75, 0x30, 0x30, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: output.append(byte)
            }
        }
        return output
    }

    /// The same with its quotes.
    static func quoted(_ text: [UInt8]) -> [UInt8] { [0x22] + escaped(text) + [0x22] }
}
