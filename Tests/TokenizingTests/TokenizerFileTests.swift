import Foundation
import Testing

@testable import Tokenizing

/// Files that are wrong, or ask for what is not built.
@Suite struct TokenizerFileTests {
    private static func tokenizer(_ json: some Sequence<UInt8>) throws(TokenizerError) -> Tokenizer
    {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("tokenizer-\(UUID().uuidString).json").path
        _ = FileManager.default.createFile(atPath: path, contents: Data(json))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try Tokenizer(contentsOf: path)
    }

    private static let model = #""vocab":{"a":0,"b":1,"ab":2},"merges":[["a","b"]]"#

    /// A field that is no good, and the document it is in.
    @Test(arguments: [
        ("model", "{}"),
        ("document", "[]"),
        ("model.vocab", #"{"model":{"merges":[]}}"#),
        ("model.merges", #"{"model":{"vocab":{}}}"#),
        ("model.type", #"{"model":{"type":"Unigram","vocab":[]}}"#),
        ("model.type", #"{"model":{"type":"WordPiece","vocab":{}}}"#),
        ("model.dropout", #"{"model":{"dropout":0.1,"vocab":{},"merges":[]}}"#),
        (
            "model.end_of_word_suffix",
            #"{"model":{"end_of_word_suffix":"</w>","vocab":{},"merges":[]}}"#
        ),
        ("model.'bpe_variant'", #"{"model":{"bpe_variant":2,"vocab":{},"merges":[]}}"#),
        ("'sampler'", #"{"sampler":1,"model":{"vocab":{},"merges":[]}}"#),
        ("model.vocab.'a'", #"{"model":{"vocab":{"a":-1},"merges":[]}}"#),
        ("model.vocab.'a'", #"{"model":{"vocab":{"a":4294967295},"merges":[]}}"#),
        ("model.vocab.'a'", #"{"model":{"vocab":{"a":0.5},"merges":[]}}"#),
        ("model.vocab.'a'", #"{"model":{"vocab":{"a":1e300},"merges":[]}}"#),
        ("model.vocab.", #"{"model":{"vocab":{"a":0,"b":0},"merges":[]}}"#),
        ("model.vocab.", #"{"model":{"vocab":{"a":0,"a":1},"merges":[]}}"#),
        ("model.merges[0]", #"{"model":{"vocab":{"a":0},"merges":[["a","b"]]}}"#),
        ("model.merges[0]", #"{"model":{"vocab":{"a":0},"merges":["a a a"]}}"#),
        ("model.merges[0]", #"{"model":{"vocab":{"a":0},"merges":[7]}}"#),
        (
            "normalizer.type",
            #"{"normalizer":{"type":"Precompiled"},"model":{"vocab":{},"merges":[]}}"#
        ),
        (
            "pre_tokenizer.type",
            #"{"pre_tokenizer":{"type":"BertPreTokenizer"},"model":{"vocab":{},"merges":[]}}"#
        ),
        (
            "pre_tokenizer.pretokenizers[1].individual_digits",
            #"{"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Digits"}]},"#
                + #""model":{"vocab":{},"merges":[]}}"#
        ),
        (
            "pre_tokenizer.pattern.Regex",
            #"{"pre_tokenizer":{"type":"Split","pattern":{"Regex":"\\h"},"behavior":"Isolated","invert":false},"#
                + #""model":{"vocab":{},"merges":[]}}"#
        ),
        (
            "pre_tokenizer.prepend_scheme",
            #"{"normalizer":{"type":"Strip","strip_left":true,"strip_right":true},"pre_tokenizer":{"type":"Metaspace","#
                + #""replacement":"_","prepend_scheme":"first"},"model":{"vocab":{},"merges":[]}}"#
        ),
        (
            "added_tokens[0].id",
            #"{"added_tokens":[{"id":7,"content":"x","single_word":false,"lstrip":false,"rstrip":false,"#
                + #""normalized":false,"special":true}],"model":{"vocab":{"a":0},"merges":[]}}"#
        ),
    ])
    func theFieldIsNamed(field: String, json: String) {
        let error = #expect(throws: TokenizerError.self) { try Self.tokenizer(json.utf8) }
        switch error {
        case .invalid(_, let place, _), .unsupported(_, let place, _): #expect(place == field)
        default: Issue.record("\(String(describing: error)) names no field")
        }
    }

    @Test(arguments: [
        "", "{", "{\"a\"", "nul", "{\"a\":}", "[1,]", "\"\\x\"", "\"\\ud800\"", "\"\u{1}\"",
        "{} {}", "-", "+1",
        String(repeating: "[", count: 10_000),
    ])
    func whatIsNoJSONIsRefused(json: String) {
        let error = #expect(throws: TokenizerError.self) { try Self.tokenizer(json.utf8) }
        guard case .notJSON = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func aMissingFileIsAnError() {
        let error = #expect(throws: TokenizerError.self) {
            try Tokenizer(contentsOf: "/nonexistent/tokenizer.json")
        }
        #expect(
            error
                == .unreadable(
                    path: "/nonexistent/tokenizer.json", reason: "No such file or directory"))
    }

    @Test func aFolderIsNoFile() {
        #expect(throws: TokenizerError.self) { try Tokenizer(contentsOf: "/") }
    }

    @Test func aFileLargerThanAnyTokenizerIsNotRead() throws {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("tokenizer-\(UUID().uuidString).json").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        // Of holes: it takes no space.
        let size = TokenizerFile.largest + 1
        try #require(FileHandle(forWritingAtPath: path)).truncate(atOffset: UInt64(size))
        #expect(
            throws: TokenizerError.tooLarge(path: path, bytes: size, limit: TokenizerFile.largest)
        ) { try Tokenizer(contentsOf: path) }
    }

    @Test func tokensThatSwiftHoldsEqualAreTwo() throws {
        let tokenizer = try Self.tokenizer(
            #"{"model":{"vocab":{"\u00e9":0,"e":1,"\u0301":2,"e\u0301":3},"merges":[["e","\u0301"]]}}"#
                .utf8)
        #expect(try tokenizer.encode("\u{E9}e\u{301}") == [0, 3])
    }

    @Test func aLackingUnknownTokenIsAnErrorOnlyWhenItIsNeeded() throws {
        let tokenizer = try Self.tokenizer(#"{"model":{"unk_token":"<u>",\#(Self.model)}}"#.utf8)
        #expect(try tokenizer.encode("ab") == [2])
        #expect(throws: TokenizerError.noUnknownToken(name: "'<u>'")) { try tokenizer.encode("az") }
    }

    @Test func addedTokensThatNormalizationMakesEqualAreRefused() {
        let tokens = ["AB", "Ab"].enumerated().map { index, content in
            #"{"id":\#(index + 3),"content":"\#(content)","single_word":false,"lstrip":false,"#
                + #""rstrip":false,"normalized":true,"special":false}"#
        }
        let error = #expect(throws: TokenizerError.self) {
            try Self.tokenizer(
                (#"{"added_tokens":[\#(tokens.joined(separator: ","))],"#
                    + #""normalizer":{"type":"Lowercase"},"model":{\#(Self.model)}}"#).utf8)
        }
        guard case .unsupported(_, "added_tokens[1].content", _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func aNormalizerThatMultipliesTextIsStopped() throws {
        let step =
            #"{"type":"Replace","pattern":{"String":"a"},"content":"\#(String(repeating: "a", count: 60))"}"#
        let steps = Array(repeating: step, count: 8).joined(separator: ",")
        let tokenizer = try Self.tokenizer(
            #"{"normalizer":{"type":"Sequence","normalizers":[\#(steps)]},"model":{\#(Self.model)}}"#
                .utf8)
        #expect(throws: TokenizerError.normalizedTooLong(bytes: 216_000, limit: 65_568)) {
            try tokenizer.encode("a")
        }
    }

    @Test func aLongSequenceOfStagesIsRefused() {
        let stages = Array(repeating: #"{"type":"WhitespaceSplit"}"#, count: 33).joined(
            separator: ",")
        #expect(throws: TokenizerError.self) {
            try Self.tokenizer(
                #"{"pre_tokenizer":{"type":"Sequence","pretokenizers":[\#(stages)]},"model":{\#(Self.model)}}"#
                    .utf8)
        }
    }

    /// Bytes changed, dropped or doubled anywhere: an error or a tokenizer, and no crash.
    @Test(arguments: UInt64(1)...150) func damagedFilesAreReadOrRefused(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var bytes = Array(
            """
            {"version":"1.0","added_tokens":[{"id":4,"content":"<x>","single_word":true,"lstrip":true,"rstrip":true,
            "normalized":true,"special":false}],"normalizer":{"type":"Sequence","normalizers":[{"type":"NFKC"},
            {"type":"Replace","pattern":{"Regex":"\\\\s{2,}"},"content":" "}]},"pre_tokenizer":{"type":"Sequence",
            "pretokenizers":[{"type":"Split","pattern":{"Regex":"(?i:'s)|\\\\p{N}{1,3}|[^a\\\\s]?\\\\p{L}+"},
            "behavior":"Isolated","invert":false},{"type":"Metaspace","replacement":"_","split":true}]},
            "model":{"type":"BPE","unk_token":"_","byte_fallback":true,"vocab":{"a":0,"_":1,"a_":2,"<0x41>":3},
            "merges":[["a","_"]]}}
            """.utf8)
        for _ in 0...random.next(below: 3) {
            let place = Int(random.next(below: UInt32(bytes.count)))
            switch random.next(below: 4) {
            case 0: bytes.remove(at: place)
            case 1: bytes[place] = UInt8(truncatingIfNeeded: random.next())
            case 2: bytes.insert(bytes[place], at: place)
            default: bytes[place] = "{}[]\"\\:,0-9()*+?".utf8.randomElement(using: &random) ?? 0
            }
        }
        do {
            _ = try Self.tokenizer(bytes).encode("a  a's 123 <x> é\u{301}A")
        } catch {
            #expect(!error.description.isEmpty)
        }
    }
}
