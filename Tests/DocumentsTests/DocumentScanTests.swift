import Foundation
import Scanning
import Testing
import Watermarking

@testable import Documents

/// Documents read from files: the same whatever the threads and blocks, and nothing lost to a bad line.
struct DocumentScanTests {
    private static func detector() throws -> WatermarkDetector {
        let made = try WatermarkKeys.make(id: "k", values: ["42"])
        let json = """
            {"format":"stillwatch-watermark-manifest","version":1,"scheme":"gumbel","key_ids":["k"],
             "context_width":4,"vocabulary_size":50000,"context_history":8192,
             "valid_from":"2026-01-01T00:00:00Z","key_commitment":"\(made.commitment)"}
            """
        let manifest = try WatermarkManifest(json: Array(json.utf8), path: "m.json")
        let keys = try WatermarkKeys(json: made.file, path: "keys.json", for: manifest)
        return try WatermarkDetector(WatermarkScheme(manifest: manifest, keys: keys))
    }

    /// Runs a scan over one file with this content.
    private static func scan(
        _ content: [UInt8], threads: Int = 2, longestLine: Int = 1 << 28,
        encoder: MarkReader.Encoder? = nil
    ) throws -> [MarkedDocument] {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(
            "documents-\(UUID().uuidString).jsonl"
        ).path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(content).write(to: URL(fileURLWithPath: path))
        var found: [MarkedDocument] = []
        let scan = DocumentScan(
            .tokens(try detector(), encoder), threads: threads, longestLine: longestLine)
        try scan.run(try InputSet([path]).files) { found += $0 }
        return found
    }

    private static func reason(_ document: MarkedDocument) -> String? {
        if case .bad(let bad) = document.outcome { return bad.description }
        return nil
    }

    private static func evidence(_ document: MarkedDocument) -> MarkEvidence? {
        if case .detection(let detection) = document.outcome { return detection.evidence }
        return nil
    }

    @Test func threadsAndBlocksDoNotShow() throws {
        var state: UInt64 = 5
        func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1
            return state >> 33
        }
        var lines: [String] = []
        // More than two blocks, with lines of very different lengths.
        for index in 0..<400 {
            let count = index % 50 == 0 ? 200_000 : Int(next() % 900)
            let tokens = (0..<count).map { _ in String(next() % 50_000) }.joined(separator: ",")
            lines.append(#"{"id":"d\#(index)","extra":{"a":[1,{"b":2}]},"tokens":[\#(tokens)]}"#)
        }
        let content = Array(lines.joined(separator: "\n").utf8)
        #expect(content.count > 2 * LineBlocks.size)
        let one = try Self.scan(content, threads: 1)
        let three = try Self.scan(content, threads: 3)
        #expect(one.map(\.id) == (0..<400).map { "d\($0)" })
        #expect(one.map(Self.evidence) == three.map(Self.evidence))
        #expect(one.map(\.line) == Array(1...400))
        var scratch = WatermarkDetector.Scratch()
        let alone = try Self.detector().detect(answer: [1, 2, 3], &scratch)
        let read = try Self.scan(Array(#"{"tokens":[1,2,3]}"#.utf8))
        #expect(read.first.flatMap(Self.evidence) == alone.evidence)
        #expect(read.first?.id.hasSuffix(":1") == true)
    }

    private static let bad: [(line: String, says: String)] = [
        ("{", "JSON"), ("[1,2]", "object"), ("{}", "neither"), (#"{"tokens":1}"#, "list"),
        (#"{"tokens":[1,-2]}"#, "number 2"), (#"{"tokens":[1.5]}"#, "number 1"),
        (#"{"tokens":["1"]}"#, "number 1"), (#"{"tokens":[[1]]}"#, "number 1"),
        (#"{"tokens":[4294967296]}"#, "number 1"), (#"{"tokens":[1,2,50000]}"#, "token 3"),
        (#"{"tokens":[1],"prompt_tokens":[70000]}"#, "token 1"),
        (#"{"text":"words"}"#, "tokenizer"), (#"{"text":7}"#, "text"),
        (#"{"id":[],"tokens":[]}"#, "id"), (#"{"tokens":[99999999999999999999999]}"#, "number"),
        ("\u{1}\u{2}", "JSON"),
        (
            #"{"a":"# + String(repeating: "[", count: 500) + String(repeating: "]", count: 500)
                + "}", "nested"
        ),
    ]

    @Test(arguments: bad.indices)
    func badLinesAreToldOfInTheirPlace(index: Int) throws {
        let (line, says) = Self.bad[index]
        let good = #"{"tokens":[1,2,3,4,5,6]}"#
        let found = try Self.scan(Array("\(good)\n\(line)\n\n\(good)\n".utf8))
        #expect(found.count == 3)
        #expect(Self.reason(found[1])?.contains(says) == true, "\(line): \(found[1])")
        #expect(Self.evidence(found[0])?.scored == 6 && Self.evidence(found[2])?.scored == 6)
        #expect(found.map(\.line) == [1, 2, 4])
    }

    @Test func bytesThatAreNoTextAreToldOf() throws {
        let good = Array(#"{"tokens":[1]}"#.utf8)
        let found = try Self.scan([0xFF, 0xFE, 0x0A] + good)
        #expect(found.count == 2 && Self.reason(found[0]) != nil && Self.evidence(found[1]) != nil)
    }

    @Test func lineThatIsTooLongIsSkipped() throws {
        let good = Array(#"{"tokens":[1,2]}"#.utf8)
        let long = [UInt8](repeating: 0x31, count: 12 << 20)
        let found = try Self.scan(good + [0x0A] + long + [0x0A] + good, longestLine: 5 << 20)
        #expect(found.count == 3)
        #expect(Self.reason(found[1])?.contains("--max-line") == true)
        #expect(found.map(\.line) == [1, 2, 3])
        let only = try Self.scan(long, longestLine: 5 << 20)
        #expect(only.count == 1 && Self.reason(only[0]) != nil)
        #expect(try Self.scan([]).isEmpty)
        #expect(try Self.scan([0x0A, 0x20, 0x0A]).isEmpty)
    }

    @Test func textsGoThroughTheEncoder() throws {
        let found = try Self.scan(
            Array(#"{"text":"aéb","prompt":"x"}"#.utf8),
            encoder: { bytes in bytes.map(UInt32.init(_:)) })
        #expect(found.first.flatMap(Self.evidence)?.scored == 4)
    }
}
