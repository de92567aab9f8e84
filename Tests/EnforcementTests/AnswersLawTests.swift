import Testing

@testable import Enforcement

/// What holds for every answer: the stream is the whole, nothing leaks, nothing else changes, nothing crashes.
@Suite struct AnswersLawTests {
    private typealias Model = AnswersModel

    static let apis: [APIKind] = [.chatCompletions, .messages, .responses]
    static let allEdits: [AnswerEdits] = [.keep, .summarise, .strip].flatMap { reasoning in
        [(false, nil), (true, "c\"1"), (true, nil), (false, "c")].map { drops, canary in
            AnswersFixtures.edits(reasoning, dropsLogprobs: drops, canary: canary)
        }
    }

    private static func answer(
        _ api: APIKind, _ random: inout AnswersRandom
    ) -> (whole: Model.Object, events: [StreamEvent]) {
        switch api {
        case .messages: Model.message(&random)
        case .responses: Model.response(&random)
        default: Model.chat(&random)
        }
    }

    private static func assembled(_ api: APIKind, _ events: [StreamEvent]) -> Model.Object? {
        switch api {
        case .messages: Model.assembleMessage(events)
        case .responses: Model.assembleResponse(events)
        default: Model.assembleChat(events)
        }
    }

    @Test(arguments: apis, allEdits)
    func `the edited stream is the edited whole`(api: APIKind, edits: AnswerEdits) throws {
        for seed in UInt64(1)...150 {
            var random = AnswersRandom(seed: seed)
            let (whole, events) = Self.answer(api, &random)
            let bytes = AnswersFixtures.json(whole)
            let edited = AnswerEditor(api: api, edits: edits).edit(bytes) ?? bytes
            let stream = AnswersFixtures.run(events, api, edits)
            let expected = try #require(AnswersFixtures.parse(edited), "seed \(seed)")
            try #require(
                AnswersFixtures.canonical(Self.assembled(api, stream))
                    == AnswersFixtures.canonical(expected),
                "seed \(seed): \(AnswersFixtures.text(stream))")
            let text = AnswersFixtures.text(stream) + String(decoding: edited, as: UTF8.self)
            if edits.reasoning == .strip {
                try #require(!text.contains(Model.reasoningMark), "seed \(seed): \(text)")
            }
            if edits.dropsLogprobs {
                try #require(!text.contains(Model.logprobMark), "seed \(seed): \(text)")
            }
        }
    }

    @Test(arguments: apis)
    func `without edits nothing changes, and edits change nothing twice`(api: APIKind) throws {
        for seed in UInt64(1)...200 {
            var random = AnswersRandom(seed: seed)
            let bytes = AnswersFixtures.json(Self.answer(api, &random).whole)
            try #require(AnswerEditor(api: api, edits: AnswerEdits()).edit(bytes) == nil)
            let editor = AnswerEditor(
                api: api, edits: AnswersFixtures.edits(.strip, dropsLogprobs: true))
            guard let once = editor.edit(bytes) else { continue }
            try #require(editor.edit(once) == nil, "seed \(seed)")
        }
    }

    @Test(arguments: apis)
    func `broken bytes never crash and valid ones stay valid`(api: APIKind) throws {
        let editors = Self.allEdits.map { AnswerEditor(api: api, edits: $0) }
        var changes = AnswerChanges()
        changes.kinds = [.stripReasoning, .dropLogprobs, .capReasoning, .reduce]
        changes.reasoningEffort = .low
        changes.reasoningTokens = 100
        changes.maximumTokens = 100
        for seed in UInt64(1)...400 {
            var random = AnswersRandom(seed: seed)
            let (whole, events) = Self.answer(api, &random)
            var bytes = AnswersFixtures.json(whole)
            switch random.next() % 3 {
            case 0: bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
            case 1:
                for _ in 0..<3 where !bytes.isEmpty {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = Self.hard(&random)
                }
            default:
                let place = Int.random(in: 0...bytes.count, using: &random)
                bytes.insert(Self.hard(&random), at: place)
            }
            let isValid = bytes.withUnsafeBufferPointer { JSONText($0) != nil }
            let editor = editors.randomElement(using: &random)!
            let outputs = [
                editor.edit(bytes), RequestChanges(changes).apply(to: bytes, api: api),
                RequestChanges.ensureUsage(bytes),
            ]
            for case let output? in outputs {
                try #require(isValid, "seed \(seed)")
                try #require(
                    output.withUnsafeBufferPointer { JSONText($0) != nil }, "seed \(seed)")
            }
            // Events that are broken, doubled, lost or out of order.
            var stream = StreamEditor(api: api, edits: editor.edits)
            var broken = events
            for _ in 0..<3 {
                let index = Int.random(in: 0..<broken.count, using: &random)
                switch random.next() % 4 {
                case 0: broken.append(broken[index])
                case 1 where broken.count > 1: broken.remove(at: index)
                case 2: broken.swapAt(index, 0)
                default:
                    var data = broken[index].data
                    data[Int.random(in: 0..<data.count, using: &random)] = Self.hard(&random)
                    broken[index] = StreamEvent(name: broken[index].name, data: data)
                }
            }
            for event in broken {
                let isValid = event.data.withUnsafeBufferPointer { JSONText($0) != nil }
                guard case .replaced(let events) = stream.feed(name: event.name, data: event.data),
                    isValid
                else { continue }
                for event in events {
                    try #require(
                        event.data.withUnsafeBufferPointer { JSONText($0) != nil },
                        "seed \(seed): \(AnswersFixtures.text([event]))")
                }
            }
            _ = stream.end()
        }
    }

    /// Bytes that mean something in JSON, or nothing anywhere.
    private static func hard(_ random: inout AnswersRandom) -> UInt8 {
        Array("{}[]\",:\\u0-.etn \u{0}".utf8).randomElement(using: &random)!
            | (random.chance(1, in: 9) ? 0x80 : 0)
    }

    static let texts: [(text: String, isValid: Bool)] = [
        ("{}", true), (" [ ] ", true), ("0", true), ("-0.5e+10", true), ("01", false),
        ("1.", false),
        ("-", false), ("1e", false), ("\"\\u12\"", false), ("\"\\u12aF\"", true),
        ("\"\\x\"", false),
        ("\"\t\"", false), ("\"", false), ("\"\\", false), ("{\"a\"}", false),
        ("{\"a\":1,}", false),
        ("[1,]", false), ("[1 2]", false), ("{,}", false), ("tru", false), ("true false", false),
        ("", false), ("  ", false), ("{\"a\" : [ {\"b\":null} , 2 ] }", true), ("{1:2}", false),
        ("[", false), ("{\"a\":", false), ("]", false), ("nul", false), ("\"\u{7f}é\"", true),
        (String(repeating: "[", count: 1_024) + String(repeating: "]", count: 1_024), true),
        (String(repeating: "[", count: 1_025) + String(repeating: "]", count: 1_025), false),
        (String(repeating: "[", count: 1_000_000), false),
    ]

    @Test(arguments: texts)
    func `JSON is what RFC 8259 says`(text: String, isValid: Bool) {
        let result = Array(text.utf8).withUnsafeBufferPointer { JSONText($0) != nil }
        #expect(result == isValid)
    }

    @Test func `strings are unescaped and escaped`() throws {
        let raw = #""a\"\\\/\b\f\n\r\té\u00e9\ud83d\ude00\ud83d\u0041\udc00""#
        Array(raw.utf8).withUnsafeBufferPointer { buffer in
            let text = JSONText(buffer)!
            let string = String(decoding: text.string(text.root), as: UTF8.self)
            #expect(string == "a\"\\/\u{8}\u{c}\n\r\té\u{e9}😀\u{FFFD}A\u{FFFD}")
        }
        let escaped = JSONString.quoted(Array("\"\\\n\r\t\u{1}\u{1f}é/".utf8))
        #expect(String(decoding: escaped, as: UTF8.self) == #""\"\\\n\r\t\u0001\u001fé/""#)
    }
}
