import Testing

@testable import Tokenizing

@Suite struct PatternTests {
    private static func pieces(
        _ pattern: String, _ text: String, _ behavior: Splitter.Behavior = .isolated,
        isInverted: Bool = false
    ) throws -> [String] {
        let splitter = Splitter(
            .pattern(try Pattern(oniguruma: pattern, path: "test", field: "pattern")), behavior,
            isInverted: isInverted)
        var pieces: [String] = []
        let bytes = Array(text.utf8)
        try bytes.withUnsafeBufferPointer { buffer in
            try splitter.forEachPiece(of: buffer, with: PatternMatcher()) { part in
                pieces.append(String(decoding: bytes[part], as: UTF8.self))
            }
        }
        return pieces
    }

    // Each was asked of tokenizers 0.23.3.
    @Test func patternsMeanWhatTheyMeanToOniguruma() throws {
        #expect(try Self.pieces("a{1,2}+", "aaaaa") == ["aaaaa"])
        #expect(try Self.pieces("a?+a", "a") == ["a"])
        #expect(try Self.pieces("a{,2}", "aaaa") == ["aa", "aa"])
        #expect(
            try Self.pieces("(?i:'s|'re|'k)", "x'\u{17F}'RE'\u{212A}z") == [
                "x", "'\u{17F}", "'RE", "'\u{212A}", "z",
            ])
        #expect(try Self.pieces("^a", "a\na") == ["a", "\n", "a"])
        #expect(try Self.pieces("a$", "a\na\n") == ["a", "\n", "a", "\n"])
        #expect(try Self.pieces(".", "a\r\n\u{2028}b") == ["a", "\r", "\n", "\u{2028}", "b"])
        #expect(try Self.pieces(#"\v"#, "a\u{0B}b\n") == ["a", "\u{0B}", "b\n"])
        #expect(try Self.pieces("[a-]", "a-b") == ["a", "-", "b"])
        // U+180E is white space to PCRE2 alone.
        #expect(try Self.pieces(#"\s"#, "a\u{180E}b c") == ["a\u{180E}b", " ", "c"])
    }

    @Test func delimitersGoWhereTheBehaviorSays() throws {
        let text = "the-final--countdown"
        #expect(try Self.pieces("-", text, .removed) == ["the", "final", "countdown"])
        #expect(
            try Self.pieces("-", text, .isolated) == ["the", "-", "final", "-", "-", "countdown"])
        #expect(
            try Self.pieces("-", text, .mergedWithPrevious) == ["the-", "final-", "-", "countdown"])
        #expect(
            try Self.pieces("-", text, .mergedWithNext) == ["the", "-final", "-", "-countdown"])
        #expect(
            try Self.pieces("-", text, .contiguous) == ["the", "-", "final", "--", "countdown"])
        #expect(try Self.pieces("-", text, .removed, isInverted: true) == ["-", "-", "-"])
    }

    @Test func emptyMatchesCutToo() throws {
        #expect(try Self.pieces("x*", "abxxc") == ["a", "b", "xx", "c"])
        #expect(try Self.pieces("x*", "abxxc", .mergedWithNext) == ["a", "b", "xxc"])
        #expect(try Self.pieces("x*", "abxxc", .mergedWithPrevious) == ["a", "bxx", "c"])
        #expect(try Self.pieces("", "a河c") == ["a", "河", "c"])
    }

    @Test(arguments: [
        #"\h"#, #"\b"#, #"\R"#, #"\p{Han}"#, #"\p{Alpha}"#, "[a[b]]", "[a&&b]", "[[:alpha:]]",
        "(?<n>a)",
        "a(?i)b", "a{2}?", "a**", "*a", "(a", "a)", "[a", "[]", "[z-a]", #"\1"#, #"\xff"#,
        "a{2000}", #"[\W]"#,
        "(?i:ss)", "(?i:[a-z])", "(?i:é)", #"\u12"#, #"\"#, "a{3,2}", #"\p{L"#, "(?#a)",
    ])
    func whatMeansSomethingElseIsRefused(pattern: String) {
        #expect(throws: PatternTranslation.Failure.self) { try PatternTranslation(pattern) }
    }

    @Test func aPatternThatTriesEveryWayEndsInAnError() throws {
        let text = String(repeating: "a", count: 60) + "cb"
        let error = #expect(throws: TokenizerError.self) { try Self.pieces("(a+)+b", text) }
        #expect(error == .patternLimit(pattern: "'(a+)+b'"))
    }

    @Test func scalarsNewerThanTheLibraryHaveStandInsOfTheirKind() throws {
        let recent = RecentScalars(library: UnicodeVersion(major: 14, minor: 0))
        let text = Array("a\u{31350}\u{1C89}河\u{105C0}".utf8)
        try text.withUnsafeBufferPointer { buffer in
            #expect(recent.occur(in: buffer))
            let replaced = recent.replaced(in: buffer)
            #expect(replaced.count == buffer.count)
            let scalars = String(decoding: replaced, as: UTF8.self).unicodeScalars.map { $0 }
            try #require(scalars.count == 5)
            #expect(scalars[0] == "a" && scalars[3] == "河")
            #expect(scalars[1].properties.generalCategory == .otherLetter)
            #expect(scalars[2].properties.generalCategory == .uppercaseLetter)
            #expect(scalars.allSatisfy { $0.properties.age.map { $0.major < 15 } ?? false })
        }
    }

    @Test func scalarsNewerThanTokenizersCountAsUnassigned() {
        let recent = RecentScalars(library: UnicodeVersion(major: 99, minor: 0))
        // A letter of Unicode 17, where the standard library knows it.
        guard UnicodeVersion(of: "\u{323B0}") != nil else { return }
        let replaced = Array("\u{323B0}".utf8).withUnsafeBufferPointer { recent.replaced(in: $0) }
        let scalar = String(decoding: replaced, as: UTF8.self).unicodeScalars.first
        #expect(scalar?.properties.generalCategory == .unassigned)
    }

    @Test func ofOneVersionNothingHasAStandIn() {
        let recent = RecentScalars(library: RecentScalars.reference)
        #expect(Array("a\u{31350}".utf8).withUnsafeBufferPointer { !recent.occur(in: $0) })
    }

    @Test func rangesMustNotPartAScalarFromItsStandIn() {
        let recent = RecentScalars(library: UnicodeVersion(major: 14, minor: 0))
        #expect(recent.areSeparated(by: [0x31350...0x31350]))
        #expect(!recent.areSeparated(by: [0x4E00...0x9FFF]))
        #expect(!recent.areSeparated(by: [0x80...0x10FFFF]))
    }
}
