/// What is done to a text before it is cut.
struct Normalizer: Sendable {
    enum Step: Sendable {
        case form(NormalizationForm)
        case lowercase
        case strip(left: Bool, right: Bool)
        case prepend([UInt8])
        case replace(Pattern, with: [UInt8])
        /// Every byte becomes its letter.
        case byteLevel
    }

    /// The longest decompositions have eleven times the bytes, and letters of bytes twice as many.
    private static let mostGrowth = 32

    /// In the order in which they are done.
    let steps: [Step]

    /// Whether the first scalar of every text stays the one that begins it: needed to know which
    /// piece begins a text.
    var keepsStart: Bool {
        steps.allSatisfy {
            switch $0 {
            case .form, .lowercase: true
            case .strip, .prepend, .replace, .byteLevel: false
            }
        }
    }

    /// Whether a step turns bytes into letters.
    var makesLetters: Bool {
        steps.contains { if case .byteLevel = $0 { true } else { false } }
    }

    /// The normalized form of valid UTF-8.
    func normalized(
        _ text: [UInt8], with matcher: PatternMatcher
    ) throws(TokenizerError) -> [UInt8] {
        let longest = text.count * Self.mostGrowth + (1 << 16)
        var text = text
        for step in steps {
            switch step {
            case .form(let form): text = form.normalized(text)
            case .lowercase: text = Self.lowercased(text)
            case .strip(let left, let right): text = Self.stripped(text, left: left, right: right)
            case .prepend(let prefix): if !text.isEmpty { text = prefix + text }
            case .replace(let pattern, let content):
                text = try Self.replaced(text, pattern, with: content, matcher)
            case .byteLevel:
                text = text.withUnsafeBufferPointer { ByteAlphabet.mapped($0) }
            }
            guard text.count <= longest else {
                throw .normalizedTooLong(bytes: text.count, limit: longest)
            }
        }
        return text
    }

    /// Scalar by scalar, as Rust's `char::to_lowercase`: no final sigma.
    private static func lowercased(_ text: [UInt8]) -> [UInt8] {
        text.withUnsafeBufferPointer { text in
            guard let base = text.baseAddress else { return [] }
            var output: [UInt8] = []
            output.reserveCapacity(text.count)
            var index = 0
            while index < text.count {
                let (value, length) = UTF8Text.scalar(base + index)
                index += length
                if value < 0x80 {
                    let isUpper = value >= 0x41 && value <= 0x5A
                    output.append(UInt8(truncatingIfNeeded: isUpper ? value + 0x20 : value))
                } else if let scalar = Unicode.Scalar(value) {
                    output += scalar.properties.lowercaseMapping.utf8
                }
            }
            return output
        }
    }

    private static func stripped(_ text: [UInt8], left: Bool, right: Bool) -> [UInt8] {
        text.withUnsafeBufferPointer { text in
            guard let base = text.baseAddress else { return [] }
            var range = 0..<text.count
            if left { range = UTF8Text.leadingSpace(base, range).upperBound..<text.count }
            if right {
                range = range.lowerBound..<UTF8Text.trailingSpace(base, range).lowerBound
            }
            return Array(text[range])
        }
    }

    private static func replaced(
        _ text: [UInt8], _ pattern: Pattern, with content: [UInt8], _ matcher: PatternMatcher
    ) throws(TokenizerError) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(text.count)
        var failure: TokenizerError?
        text.withUnsafeBufferPointer { text in
            guard text.count > 0 else { return }
            do throws(TokenizerError) {
                let splitter = Splitter(.pattern(pattern), .isolated)
                try splitter.forEachPart(of: text, with: matcher) { part, isMatch in
                    if isMatch {
                        output += content
                    } else {
                        output += text[part]
                    }
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return output
    }
}

extension UTF8Text {
    /// The white space that `text[range]` begins with.
    static func leadingSpace(_ text: UnsafePointer<UInt8>, _ range: Range<Int>) -> Range<Int> {
        var end = range.lowerBound
        while end < range.upperBound {
            let (value, length) = scalar(text + end)
            guard ScalarSet.whiteSpace.contains(value) else { break }
            end += length
        }
        return range.lowerBound..<end
    }

    /// The white space that `text[range]` ends with.
    static func trailingSpace(_ text: UnsafePointer<UInt8>, _ range: Range<Int>) -> Range<Int> {
        var start = range.upperBound
        while start > range.lowerBound {
            var before = start - 1
            while before > range.lowerBound, text[before] & 0xC0 == 0x80 { before -= 1 }
            guard ScalarSet.whiteSpace.contains(scalar(text + before).value) else { break }
            start = before
        }
        return start..<range.upperBound
    }
}
