import Foundation
import Testing

@testable import Tokenizing

/// Ids of small tokenizers of every kind, as `tokenizers` gave them.
@Suite struct FixtureTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Fixtures")
    static let kinds = [
        "gpt2", "smollm", "llama3", "qwen", "o200k", "falcon", "llama2", "metaspace", "gemma",
        "unknown",
    ]

    static func path(_ kind: String) -> String {
        folder.appendingPathComponent("\(kind).tokenizer.json").path
    }

    private static func list<Element: Decodable>(
        _ name: String, of: Element.Type
    ) throws -> [Element] {
        try JSONDecoder().decode(
            [Element].self, from: Data(contentsOf: folder.appendingPathComponent(name)))
    }

    static func texts() throws -> [String] { try list("texts.json", of: String.self) }

    @Test(arguments: kinds) func idsAreThoseOfTokenizers(kind: String) throws {
        let tokenizer = try Tokenizer(contentsOf: Self.path(kind))
        let expected = try Self.list("\(kind).ids.json", of: [UInt32].self)
        let texts = try Self.texts()
        #expect(texts.count == expected.count)
        for (text, ids) in zip(texts, expected) {
            #expect(try tokenizer.encode(text) == ids, "\(kind): \(text.debugDescription)")
        }
    }

    @Test(arguments: ["smollm", "llama3", "o200k", "falcon"])
    func byteLevelIDsDecodeToTheirText(kind: String) throws {
        let tokenizer = try Tokenizer(contentsOf: Self.path(kind))
        for text in try Self.texts() {
            #expect(try tokenizer.decode(tokenizer.encode(text)) == Array(text.utf8))
        }
    }

    @Test func characterIDsDecodeWithTheirSpaces() throws {
        let tokenizer = try Tokenizer(contentsOf: Self.path("llama2"))
        let decoded = try tokenizer.decode(tokenizer.encode("two \u{1F6B2} wheels"))
        #expect(String(decoding: decoded, as: UTF8.self) == " two \u{1F6B2} wheels")
    }

    @Test func aForeignIDIsAnError() throws {
        let tokenizer = try Tokenizer(contentsOf: Self.path("gpt2"))
        #expect(throws: TokenizerError.unknownID(999_999)) { try tokenizer.decode([999_999]) }
    }

    @Test func digestIsThatOfTheFile() throws {
        let file = FileManager.default.temporaryDirectory
            .appendingPathComponent("tokenizer-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }
        try #"{"model":{"vocab":{"a":0},"merges":[]}}"#.write(
            to: file, atomically: true, encoding: .utf8)
        let tokenizer = try Tokenizer(contentsOf: file.path)
        // By sha256sum.
        #expect(
            tokenizer.digest
                == "dc48b278c4ef8f87734070a78239c579833f78e845137fa799432bcf48620a31")
        #expect(tokenizer.vocabularySize == 1)
    }

    @Test func addedTokensOutsideOfTheModelCount() throws {
        let tokenizer = try Tokenizer(contentsOf: Self.path("gemma"))
        let document = try #require(
            JSONSerialization.jsonObject(
                with: Data(contentsOf: URL(fileURLWithPath: Self.path("gemma"))))
                as? [String: Any])
        let model = try #require(document["model"] as? [String: Any])
        let vocabulary = try #require(model["vocab"] as? [String: Any])
        #expect(tokenizer.vocabularySize == vocabulary.count + 3)
    }

    @Test func threadsGetTheSameIDs() async throws {
        let tokenizer = try Tokenizer(contentsOf: Self.path("qwen"))
        let texts = try Self.texts()
        let expected = try texts.map { try tokenizer.encode($0) }
        try await withThrowingTaskGroup(of: [[UInt32]].self) { group in
            for _ in 0..<8 {
                group.addTask { try texts.map { try tokenizer.encode($0) } }
            }
            for try await ids in group { #expect(ids == expected) }
        }
    }

    @Test func brokenUTF8CountsAsReplacementCharacters() throws {
        let tokenizer = try Tokenizer(contentsOf: Self.path("smollm"))
        // What Python's bytes.decode("utf-8", "replace") makes of them.
        let cases: [([UInt8], String)] = [
            ([0x61, 0xFF, 0x62], "a\u{FFFD}b"),
            ([0xE2, 0x82], "\u{FFFD}"),
            ([0xED, 0xA0, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"),
            ([0xF0, 0x9F, 0x98, 0x20], "\u{FFFD} "),
            ([0xC0, 0xAF], "\u{FFFD}\u{FFFD}"),
            ([0xF4, 0x90, 0x80, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
        ]
        for (bytes, text) in cases {
            #expect(try tokenizer.encode(bytes) == tokenizer.encode(text), "\(bytes)")
        }
    }

    @Test func aTextWithItsWordsInTheCacheGetsTheSameIDs() throws {
        for kind in Self.kinds {
            let tokenizer = try Tokenizer(contentsOf: Self.path(kind))
            for text in try Self.texts() {
                let first = try tokenizer.encode(text)
                #expect(try tokenizer.encode(text) == first)
            }
        }
    }
}
