/// A pattern of the Oniguruma library in its Ruby syntax, as `tokenizers` uses it, written for
/// PCRE2.
///
/// The two libraries give some constructs different meanings (`\s`, `\w`, `\h`, `$`, `{1,3}+`), so
/// nothing is passed through: what means the same is written anew, and anything else is refused.
struct PatternTranslation {
    /// Why a pattern cannot be used, and at which of its characters.
    struct Failure: Error {
        let position: Int
        let reason: String
    }

    /// White space: `\s` of Oniguruma, and `char::is_whitespace` of Rust.
    static let whiteSpace: [ClosedRange<UInt32>] = [
        0x09...0x0D, 0x20...0x20, 0x85...0x85, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A,
        0x2028...0x2029, 0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000,
    ]
    /// What is a word to Rust's `regex`: alphabetic, marks, decimal digits, connectors and joiners.
    static let rustWord = alphabetic + "\\p{M}\\p{Nd}\\p{Pc}\\x{200c}\\x{200d}"
    /// What is a word to Oniguruma, which counts superscripts and fractions of Latin-1 too.
    private static let onigurumaWord =
        alphabetic + "\\p{M}\\p{Nd}\\p{Pc}\\x{b2}\\x{b3}\\x{b9}\\x{bc}-\\x{be}"
    /// Alphabetic scalars that are no marks: letters, letter numbers, and letters in circles and
    /// squares.
    private static let alphabetic =
        "\\p{L}\\p{Nl}\\x{24b6}-\\x{24e9}\\x{1f130}-\\x{1f149}\\x{1f150}-\\x{1f169}\\x{1f170}-\\x{1f189}"
    /// General categories, which both libraries know under these names.
    private static let categories: Set<String> = [
        "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc",
        "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp", "C",
        "Cc", "Cf", "Cn", "Co",
    ]
    private static let longNames = [
        "Letter": "L", "Mark": "M", "Number": "N", "Punctuation": "P", "Symbol": "S",
        "Separator": "Z", "Other": "C",
    ]
    /// Letters that Oniguruma folds into one, such as "ss" into "ß", where case does not matter.
    private static let foldedPairs: Set<String> = ["ss", "st", "ff", "fi", "fl"]

    /// The pattern for PCRE2.
    private(set) var source = ""
    /// Scalars beyond ASCII that the pattern names itself, by ranges.
    private(set) var named: [ClosedRange<UInt32>] = []

    private let pattern: [Unicode.Scalar]
    private var index = 0
    /// Open groups: whether case matters inside, and whether the group can be repeated.
    private var groups: [(caseless: Bool, start: String.Index?, isAtom: Bool)] = []
    private var caseless = false
    /// Where in `source` the last thing begins that can be repeated.
    private var atom: String.Index?
    /// The last literal, for pairs that fold into one.
    private var lastLiteral: Unicode.Scalar?

    /// Translates `pattern`.
    init(_ pattern: String) throws(Failure) {
        self.pattern = Array(pattern.unicodeScalars)
        guard self.pattern.count <= 10_000 else {
            throw Failure(position: 10_000, reason: "longer than any tokenizer's pattern")
        }
        while index < self.pattern.count {
            try element()
        }
        guard groups.isEmpty else { throw failure("a group does not end") }
    }

    private func failure(_ reason: String) -> Failure { Failure(position: index, reason: reason) }

    private var next: Unicode.Scalar? { index < pattern.count ? pattern[index] : nil }

    private func follows(_ text: String) -> Bool {
        pattern[index...].starts(with: text.unicodeScalars)
    }

    private mutating func emit(_ text: String, repeatable: Bool = true) {
        atom = repeatable ? source.endIndex : nil
        source += text
        lastLiteral = nil
    }

    private mutating func element() throws(Failure) {
        switch pattern[index] {
        case "(": try open()
        case ")": try close()
        case "|":
            index += 1
            emit("|", repeatable: false)
        case "[": try characterClass()
        case "\\": try escape()
        case ".":
            index += 1
            emit(".")
        case "^":
            index += 1
            emit("(?m:^)", repeatable: false)
        case "$":
            index += 1
            emit("(?m:$)", repeatable: false)
        case "*", "+", "?", "{": try repetition()
        case "]", "}": throw failure("a closing bracket without an opening one")
        case let scalar:
            index += 1
            try literal(scalar)
        }
    }

    // MARK: Groups

    private mutating func open() throws(Failure) {
        guard groups.count < 50 else { throw failure("nested too deeply") }
        let outer = caseless
        var start = "(?:"
        var isAtom = true
        if follows("(?") {
            guard
                let known = ["(?:", "(?i:", "(?=", "(?!", "(?<=", "(?<!", "(?>"].first(where: {
                    follows($0)
                })
            else { throw failure("a group of another kind") }
            index += known.unicodeScalars.count
            start = known
            caseless = caseless || known == "(?i:"
            isAtom = ["(?:", "(?i:", "(?>"].contains(known)
        } else {
            index += 1
        }
        emit(start, repeatable: false)
        groups.append(
            (outer, source.index(source.endIndex, offsetBy: -start.count), isAtom))
    }

    private mutating func close() throws(Failure) {
        guard let group = groups.popLast() else { throw failure("a group ends that did not begin") }
        index += 1
        emit(")", repeatable: false)
        caseless = group.caseless
        atom = group.isAtom ? group.start : nil
    }

    // MARK: Repetition

    private mutating func repetition() throws(Failure) {
        guard let start = atom else { throw failure("there is nothing to repeat") }
        if let simple = next, simple != "{" {
            index += 1
            source.unicodeScalars.append(simple)
            if let suffix = next, suffix == "?" || suffix == "+" {
                index += 1
                source.unicodeScalars.append(suffix)
            }
        } else {
            try interval(from: start)
        }
        atom = nil
        lastLiteral = nil
    }

    private mutating func interval(from start: String.Index) throws(Failure) {
        index += 1
        let low = try count()
        var high = low
        let isRange = next == ","
        if isRange {
            index += 1
            high = try count()
        }
        guard next == "}", low != nil || high != nil else {
            throw failure("no count of repetitions")
        }
        index += 1
        if let low, let high, low > high { throw failure("a range of repetitions that is empty") }
        source += "{\(low ?? 0)"
        if isRange { source += "," + (high.map(String.init) ?? "") }
        source += "}"
        if next == "?" {
            guard isRange else { throw failure("'{n}?'") }
            index += 1
            source += "?"
        } else if next == "+" {
            // Ruby repeats the repetition; PCRE2 would make it possessive.
            index += 1
            source.replaceSubrange(start..., with: "(?:" + source[start...] + ")+")
        }
    }

    private mutating func count() throws(Failure) -> Int? {
        var value: Int?
        while let digit = next, ("0"..."9").contains(digit) {
            let number = Int(digit.value) - 0x30
            value = (value ?? 0) * 10 + number
            index += 1
            if value ?? 0 > 1000 { throw failure("more than 1000 repetitions") }
        }
        return value
    }

    // MARK: Characters

    private mutating func literal(_ scalar: Unicode.Scalar) throws(Failure) {
        if caseless {
            guard scalar.isASCII else {
                throw failure("a letter beyond ASCII without regard to case")
            }
            if let lastLiteral {
                let pair = String(String.UnicodeScalarView([lastLiteral, scalar])).lowercased()
                if Self.foldedPairs.contains(pair) {
                    throw failure("'\(pair)' without regard to case")
                }
            }
        }
        note(scalar.value...scalar.value)
        emit(Self.written(scalar.value))
        lastLiteral = scalar
    }

    private mutating func note(_ range: ClosedRange<UInt32>) {
        if range.upperBound > 0x7F { named.append(range) }
    }

    private static func written(_ scalar: UInt32) -> String { "\\x{\(String(scalar, radix: 16))}" }

    private static func written(_ ranges: [ClosedRange<UInt32>]) -> String {
        ranges.map {
            $0.count == 1
                ? written($0.lowerBound) : "\(written($0.lowerBound))-\(written($0.upperBound))"
        }.joined()
    }

    /// Everything that is in none of `ranges`, which ascend.
    private static func complement(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        var rest: [ClosedRange<UInt32>] = []
        var start: UInt32 = 0
        for range in ranges {
            if range.lowerBound > start { rest.append(start...range.lowerBound - 1) }
            start = range.upperBound + 1
        }
        return rest + [start...0x10FFFF]
    }

    /// White space as the inside of a class.
    static let whiteSpaceItems = written(whiteSpace)

    /// What an escape stands for.
    private enum Escaped {
        case scalar(UInt32)
        /// Items of a class.
        case items(String)
        /// Items of a class that must not be in it; only outside of classes.
        case noneOf(String)
        case anchor(String)
    }

    private mutating func escape() throws(Failure) {
        let position = index
        let escaped = try escaped()
        switch escaped {
        case .scalar(let value):
            guard let scalar = Unicode.Scalar(value) else {
                throw Failure(position: position, reason: "no character")
            }
            try literal(scalar)
        case .items(let items):
            guard !caseless else {
                throw Failure(position: position, reason: "a class without regard to case")
            }
            emit("[\(items)]")
        case .noneOf(let items):
            guard !caseless else {
                throw Failure(position: position, reason: "a class without regard to case")
            }
            emit("[^\(items)]")
        case .anchor(let anchor): emit(anchor, repeatable: false)
        }
    }

    /// Reads an escape, from its backslash on.
    private mutating func escaped() throws(Failure) -> Escaped {
        index += 1
        guard let scalar = next else { throw failure("the pattern ends in a backslash") }
        index += 1
        switch scalar {
        case "n": return .scalar(0x0A)
        case "r": return .scalar(0x0D)
        case "t": return .scalar(0x09)
        case "f": return .scalar(0x0C)
        case "v": return .scalar(0x0B)
        case "a": return .scalar(0x07)
        case "e": return .scalar(0x1B)
        case "s": return .items(Self.whiteSpaceItems)
        case "S": return .items(Self.written(Self.complement(Self.whiteSpace)))
        case "d": return .items("\\p{Nd}")
        case "D": return .items("\\P{Nd}")
        case "w": return .items(Self.onigurumaWord)
        case "W": return .noneOf(Self.onigurumaWord)
        case "p", "P": return .items(try category(negated: scalar == "P"))
        case "x": return .scalar(try hexadecimal())
        case "u": return .scalar(try hexadecimal(digits: 4))
        case "A": return .anchor("\\A")
        case "z": return .anchor("\\z")
        default:
            index -= 1
            guard scalar.isASCII, !scalar.properties.isAlphabetic,
                scalar.properties.numericType == nil, scalar.value > 0x20, scalar.value < 0x7F
            else { throw failure("an escape of another kind") }
            index += 1
            return .scalar(scalar.value)
        }
    }

    private mutating func category(negated: Bool) throws(Failure) -> String {
        guard next == "{", let end = pattern[index...].firstIndex(of: "}") else {
            throw failure("a property in braces is expected")
        }
        var name = String(String.UnicodeScalarView(pattern[index + 1..<end]))
        var negated = negated
        if name.hasPrefix("^") {
            name.removeFirst()
            negated.toggle()
        }
        name = Self.longNames[name] ?? name
        guard Self.categories.contains(name) else {
            throw failure("the property \(SettingsReader.quoted(name))")
        }
        index = end + 1
        return "\\\(negated ? "P" : "p"){\(name)}"
    }

    private mutating func hexadecimal(digits wanted: Int? = nil) throws(Failure) -> UInt32 {
        var text = ""
        if wanted == nil, next == "{" {
            guard let end = pattern[index...].firstIndex(of: "}") else {
                throw failure("'}' is expected")
            }
            text = String(String.UnicodeScalarView(pattern[index + 1..<end]))
            index = end + 1
        } else {
            while text.count < wanted ?? 2, let digit = next, digit.properties.isASCIIHexDigit {
                text.unicodeScalars.append(digit)
                index += 1
            }
            guard text.count == wanted ?? 2 else {
                throw failure("hexadecimal digits are expected")
            }
        }
        guard let first = text.first, first.isHexDigit, let value = UInt32(text, radix: 16),
            Unicode.Scalar(value) != nil
        else { throw failure("no character") }
        // Two digits are a byte to Oniguruma.
        guard wanted != nil || value < 0x80 || text.count > 2 || pattern[index - 1] == "}" else {
            throw failure("bytes beyond ASCII")
        }
        return value
    }

    // MARK: Classes

    private mutating func characterClass() throws(Failure) {
        guard !caseless else { throw failure("a class without regard to case") }
        index += 1
        var items = "["
        if next == "^" {
            index += 1
            items = "[^"
        }
        var isEmpty = true
        while let scalar = next, scalar != "]" {
            isEmpty = false
            let position = index
            guard scalar != "[", !follows("&&") else {
                throw failure("a class inside a class")
            }
            var low = scalar.value
            if scalar == "\\" {
                switch try escaped() {
                case .scalar(let value): low = value
                case .items(let more):
                    items += more
                    if next == "-", index + 1 < pattern.count, pattern[index + 1] != "]" {
                        throw failure("a range from a class")
                    }
                    continue
                case .noneOf, .anchor:
                    throw Failure(position: position, reason: "an escape that no class may have")
                }
            } else {
                index += 1
                guard scalar != "-" || items == "[" || items == "[^" || next == "]" else {
                    throw Failure(position: position, reason: "a '-' between ranges")
                }
            }
            var high = low
            if next == "-", index + 1 < pattern.count, pattern[index + 1] != "]" {
                index += 1
                high = try rangeEnd()
            }
            guard low <= high else { throw Failure(position: position, reason: "an empty range") }
            note(low...high)
            items += Self.written([low...high])
        }
        guard next == "]", !isEmpty else { throw failure("a class that is empty or does not end") }
        index += 1
        emit(items + "]")
    }

    private mutating func rangeEnd() throws(Failure) -> UInt32 {
        guard let scalar = next, scalar != "[" else { throw failure("a range does not end") }
        if scalar == "\\" {
            guard case .scalar(let value) = try escaped() else {
                throw failure("a range ends in a class")
            }
            return value
        }
        index += 1
        return scalar.value
    }
}
