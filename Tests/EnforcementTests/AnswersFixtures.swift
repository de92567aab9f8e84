import Foundation

@testable import Enforcement

/// A seeded sequence: SplitMix64.
struct AnswersRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    mutating func chance(_ one: UInt64, in many: UInt64) -> Bool { next() % many < one }

    /// Pieces of text with what JSON has to escape, marked so that they can be found again.
    mutating func pieces(_ mark: String, atMost count: Int = 5) -> [String] {
        let words = [
            "a", " step.", "\n", "\n\n", "\"q\"", "\\", "é", "推", "😀", "\u{1}", "x y. ", "",
        ]
        return (0..<Int.random(in: 0...count, using: &self)).map { _ in
            mark
                + (0..<Int.random(in: 0...4, using: &self)).map { _ in
                    words.randomElement(using: &self)!
                }.joined()
        }
    }
}

enum AnswersFixtures {
    static func edits(
        _ reasoning: AnswerEdits.Reasoning = .keep, dropsLogprobs: Bool = false,
        canary: String? = nil, dropsUsageChunk: Bool = false
    ) -> AnswerEdits {
        var edits = AnswerEdits()
        edits.reasoning = reasoning
        edits.dropsLogprobs = dropsLogprobs
        edits.canary = canary.map { Array($0.utf8) }
        edits.dropsUsageChunk = dropsUsageChunk
        return edits
    }

    static func json(_ value: Any) -> [UInt8] {
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .fragmentsAllowed]
        return Array(try! JSONSerialization.data(withJSONObject: value, options: options))
    }

    static func parse(_ bytes: [UInt8]) -> [String: Any]? {
        (try? JSONSerialization.jsonObject(with: Data(bytes))) as? [String: Any]
    }

    /// One form of a value, for comparing.
    static func canonical(_ value: Any?) -> String {
        value.map { String(decoding: json($0), as: UTF8.self) } ?? "absent"
    }

    /// All events that come out of a stream.
    static func run(
        _ events: [StreamEvent], _ api: APIKind, _ edits: AnswerEdits
    ) -> [StreamEvent] {
        var editor = StreamEditor(api: api, edits: edits)
        var output: [StreamEvent] = []
        for event in events {
            switch editor.feed(name: event.name, data: event.data) {
            case .unchanged: output.append(event)
            case .replaced(let events): output += events
            }
        }
        return output + editor.end()
    }

    /// Events from lines: `name|data`, or only data.
    static func events(_ text: String) -> [StreamEvent] {
        text.split(separator: "\n").map { line in
            guard let bar = line.firstIndex(of: "|"), !line.hasPrefix("{") else {
                return StreamEvent(name: [], data: Array(line.utf8))
            }
            return StreamEvent(
                name: Array(line[..<bar].utf8), data: Array(line[line.index(after: bar)...].utf8))
        }
    }

    static func text(_ events: [StreamEvent]) -> String {
        events.map { event in
            let data = String(decoding: event.data, as: UTF8.self)
            return event.name.isEmpty
                ? data : String(decoding: event.name, as: UTF8.self) + "|" + data
        }.joined(separator: "\n")
    }
}
