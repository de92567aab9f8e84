import Foundation

/// The stated set that a canary's secret answer is drawn from, each of its members equally likely.
///
/// Whoever has not seen the secret hits it with probability n/k when naming n of the k alternatives, however cleverly they
/// are chosen. Members are compared as runs of letters and digits without case and accents: "KV-4821" is "kv 4821".
package enum CanaryAlternatives: Hashable, Sendable {
    /// A made-up name of five to six letters: 36,000.
    case name
    /// Two letters, no I and no O, and four digits: 5,760,000.
    case code
    /// A whole number of five digits: 90,000.
    case number
    /// A list of one's own.
    case list([String])

    /// Fewest alternatives of a canary.
    package static let fewest = 1000
    /// Most alternatives of a list, and bytes of one.
    static let most = 1_000_000
    static let longest = 200

    private static let onsets = Array("bdfghklmnprstvz")
    private static let vowels = Array("aeiou")
    private static let middles = Array("bdgklmnrstvz")
    private static let endings = ["l", "n", "r", "s", "th", "ck", "nd", "m"]
    private static let letters = Array("ABCDEFGHJKLMNPQRSTUVWXYZ")

    /// A list, checked.
    ///
    /// - Throws: for fewer than 1,000 alternatives, and for one that is empty, too long, or the same as another.
    package init(list: [String]) throws(WatermarkError) {
        guard (Self.fewest...Self.most).contains(list.count) else {
            throw .document(
                reason:
                    "\(list.count) alternatives; a canary has \(Self.fewest) to \(Self.most), so that a "
                    + "hit by chance is rare")
        }
        var seen: Set<String> = []
        for (index, text) in list.enumerated() {
            guard text.utf8.count <= Self.longest, !text.contains(where: \.isNewline) else {
                throw .document(
                    reason:
                        "alternative \(index + 1) is longer than \(Self.longest) bytes, or of several lines"
                )
            }
            let words = AnswerWords(text).words
            guard !words.isEmpty else {
                throw .document(reason: "alternative \(index + 1) has no letter or digit")
            }
            guard seen.insert(words.joined()).inserted else {
                throw .document(
                    reason: "alternative \(index + 1), '\(text)', is the same as an earlier one")
            }
        }
        self = .list(list)
    }

    /// The kind's name in files.
    package var kind: String {
        switch self {
        case .name: "name"
        case .code: "code"
        case .number: "number"
        case .list: "list"
        }
    }

    /// The alternatives of a kind that needs no list.
    package init?(kind: String) {
        switch kind {
        case "name": self = .name
        case "code": self = .code
        case "number": self = .number
        default: return nil
        }
    }

    /// k.
    package var count: Int {
        switch self {
        case .name:
            Self.onsets.count * Self.vowels.count * Self.middles.count * Self.vowels.count
                * Self.endings.count
        case .code: Self.letters.count * Self.letters.count * 10_000
        case .number: 90_000
        case .list(let texts): texts.count
        }
    }

    /// The alternative at an index in 0..<count.
    package func text(at index: Int) -> String {
        switch self {
        case .name:
            var rest = index
            func digit(_ base: Int) -> Int {
                defer { rest /= base }
                return rest % base
            }
            let ending = Self.endings[digit(Self.endings.count)]
            let second = Self.vowels[digit(Self.vowels.count)]
            let middle = Self.middles[digit(Self.middles.count)]
            let first = Self.vowels[digit(Self.vowels.count)]
            let onset = Self.onsets[digit(Self.onsets.count)]
            return "\(onset.uppercased())\(first)\(middle)\(second)\(ending)"
        case .code:
            let number = String(index % 10_000)
            let letters = index / 10_000
            let zeros = String(repeating: "0", count: 4 - number.count)
            return "\(Self.letters[letters / 24])\(Self.letters[letters % 24])-\(zeros)\(number)"
        case .number: return String(10_000 + index)
        case .list(let texts): return texts[index]
        }
    }

    /// What the commitment names the set by: kind and count, for a list its digest too.
    var statement: String {
        guard case .list(let texts) = self else { return "\(kind) \(count)" }
        return
            "list \(count) \(Digest.hexadecimal(Digest.sha256(Array(texts.joined(separator: "\n").utf8))))"
    }
}

/// Finds which alternatives of a set texts name.
struct AlternativeFinder {
    private let indices: [String: Int]
    private let isCode: Bool
    private let isNumber: Bool
    /// Most words that an alternative can be spread over.
    private let mostWords: Int

    init(_ alternatives: CanaryAlternatives) {
        isCode = alternatives == .code
        isNumber = alternatives == .number
        var indices: [String: Int] = [:]
        var most = 1
        switch alternatives {
        case .name, .list:
            indices.reserveCapacity(alternatives.count)
            for index in 0..<alternatives.count {
                let words = AnswerWords(alternatives.text(at: index)).words
                most = max(most, words.count)
                indices[words.joined()] = index
            }
        case .code, .number: break
        }
        self.indices = indices
        // "4,821" and "K V 48 21" are the same to a reader.
        mostWords = min(12, most + 2)
    }

    /// Indices of the alternatives that an answer names.
    func found(in answer: String) -> Set<Int> {
        let words = AnswerWords(answer).words
        var found: Set<Int> = []
        for start in words.indices {
            var joined = ""
            for word in words[start..<min(words.count, start + mostWords)] {
                joined += word
                if let index = index(of: joined) { found.insert(index) }
            }
        }
        return found
    }

    /// The index of a text that is an alternative as a whole.
    func index(ofWhole text: String) -> Int? { index(of: AnswerWords(text).words.joined()) }

    private func index(of text: String) -> Int? {
        if isCode { return Self.code(Array(text.utf8)) }
        if isNumber {
            guard text.utf8.count == 5, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = Int(text), number >= 10_000
            else { return nil }
            return number - 10_000
        }
        return indices[text]
    }

    private static func code(_ bytes: [UInt8]) -> Int? {
        guard bytes.count == 6, let first = letter(bytes[0]), let second = letter(bytes[1]) else {
            return nil
        }
        var number = 0
        for byte in bytes[2...] {
            guard (0x30...0x39).contains(byte) else { return nil }
            number = 10 * number + Int(byte - 0x30)
        }
        return (first * 24 + second) * 10_000 + number
    }

    /// The place of a lower-case letter among those without I and O.
    private static func letter(_ byte: UInt8) -> Int? {
        guard (0x61...0x7A).contains(byte), byte != 0x69, byte != 0x6F else { return nil }
        return Int(byte - 0x61) - (byte > 0x69 ? 1 : 0) - (byte > 0x6F ? 1 : 0)
    }
}

/// A text's runs of letters and digits, without case, width and accents.
struct AnswerWords {
    let words: [String]

    init(_ text: String) {
        let folded = text.folding(
            options: [.caseInsensitive, .diacriticInsensitive, .widthInsensitive], locale: nil)
        var words: [String] = []
        var word = String.UnicodeScalarView()
        for scalar in folded.unicodeScalars {
            if scalar.properties.isAlphabetic || scalar.properties.numericType != nil {
                word.append(scalar)
            } else if !word.isEmpty {
                words.append(String(word))
                word = String.UnicodeScalarView()
            }
        }
        if !word.isEmpty { words.append(String(word)) }
        self.words = words
    }
}
