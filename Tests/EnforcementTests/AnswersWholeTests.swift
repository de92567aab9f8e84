import Testing

@testable import Enforcement

@Suite struct AnswersWholeTests {
    struct Golden: CustomTestStringConvertible, Sendable {
        let name: String
        let api: APIKind
        let edits: AnswerEdits
        let input: String
        /// `nil` where nothing changes.
        let output: String?
        var testDescription: String { "\(api) \(name)" }
    }

    private static func edits(
        _ reasoning: AnswerEdits.Reasoning = .keep, dropsLogprobs: Bool = false,
        canary: String? = nil
    ) -> AnswerEdits {
        AnswersFixtures.edits(reasoning, dropsLogprobs: dropsLogprobs, canary: canary)
    }

    static let chat: [Golden] = [
        Golden(
            name: "strip", api: .chatCompletions, edits: edits(.strip),
            input:
                #"{"id": "c", "n": 1.50e3 ,"choices":[{"index":0,"message":{"role":"assistant", "reasoning_content":"r", "content":"hi","reasoning":"r","reasoning_details":[{"x":1}],"thinking_blocks":[]},"logprobs":{"content":[]},"finish_reason":"stop"}],"usage":{"completion_tokens_details":{"reasoning_tokens":7}}}"#,
            output:
                #"{"id": "c", "n": 1.50e3 ,"choices":[{"index":0,"message":{"role":"assistant", "content":"hi"},"logprobs":{"content":[]},"finish_reason":"stop"}],"usage":{"completion_tokens_details":{"reasoning_tokens":7}}}"#
        ),
        Golden(
            name: "strip first and only", api: .chatCompletions, edits: edits(.strip),
            input:
                #"{"choices":[{"message":{ "reasoning":"r" , "content":null}},{"message":{ "reasoning":"r" }},{"message":{"r\u0065asoning":"r","content":"x"}}]}"#,
            output:
                #"{"choices":[{"message":{ "content":null}},{"message":{  }},{"message":{"content":"x"}}]}"#
        ),
        Golden(
            name: "summarise", api: .chatCompletions, edits: edits(.summarise),
            input:
                #"{"choices":[{"message":{"content":"5","reasoning_content":"Let me \"see\". Then more.\n\nTwo and three.\nFive.","reasoning_details":[1]}}]}"#,
            output:
                #"{"choices":[{"message":{"content":"5","reasoning_content":"Let me \"see\". (3 steps)"}}]}"#
        ),
        Golden(
            name: "summarise what is no text", api: .chatCompletions, edits: edits(.summarise),
            input:
                #"{"choices":[{"message":{"reasoning":null,"content":"5"}},{"message":{"reasoning":{"a":1},"content":"5"}},{"message":{"reasoning":" \n","content":"5"}}]}"#,
            output:
                #"{"choices":[{"message":{"reasoning":null,"content":"5"}},{"message":{"content":"5"}},{"message":{"content":"5"}}]}"#
        ),
        Golden(
            name: "logprobs", api: .chatCompletions, edits: edits(dropsLogprobs: true),
            input:
                #"{"choices":[{"logprobs":{"content":[{"token":"a","logprob":-0.1,"top_logprobs":[]}]},"message":{"content":"a"}},{"logprobs":null,"message":{"content":"a"}}]}"#,
            output:
                #"{"choices":[{"logprobs":null,"message":{"content":"a"}},{"logprobs":null,"message":{"content":"a"}}]}"#
        ),
        Golden(
            name: "canary", api: .chatCompletions, edits: edits(canary: "say \"x\""),
            input:
                #"{"choices":[{"message":{"content":"hi","tool_calls":[]}},{"message":{"content":null}},{"message":{"content":""}},{"message":{"content":"hi","tool_calls":[{"id":"t"}]}}]}"#,
            output:
                #"{"choices":[{"message":{"content":"hi\n\nsay \"x\"","tool_calls":[]}},{"message":{"content":null}},{"message":{"content":""}},{"message":{"content":"hi","tool_calls":[{"id":"t"}]}}]}"#
        ),
        Golden(
            name: "nothing to do", api: .chatCompletions,
            edits: edits(.strip, dropsLogprobs: true),
            input: #"{"choices":[{"message":{"content":"reasoning"},"logprobs":null}]}"#,
            output: nil),
    ]

    static let others: [Golden] = [
        Golden(
            name: "logprobs and canary", api: .completions,
            edits: edits(dropsLogprobs: true, canary: "c"),
            input:
                #"{"choices":[{"text":"ab","logprobs":{"tokens":["a"]}},{"text":"","logprobs":null}]}"#,
            output: #"{"choices":[{"text":"ab\n\nc","logprobs":null},{"text":"","logprobs":null}]}"#
        ),
        Golden(
            name: "strip", api: .messages, edits: edits(.strip),
            input:
                #"{"type":"message","content":[{"type":"thinking","thinking":"t","signature":"s"},{"type":"redacted_thinking","data":"d"}, {"type":"text","text":"hi"},{"type":"thinking","thinking":"t"}]}"#,
            output: #"{"type":"message","content":[{"type":"text","text":"hi"}]}"#),
        Golden(
            name: "strip all", api: .messages, edits: edits(.strip),
            input:
                #"{"content":[{"type":"thinking","thinking":"t","signature":"s"}],"stop_reason":"max_tokens"}"#,
            output: #"{"content":[],"stop_reason":"max_tokens"}"#),
        Golden(
            name: "summarise", api: .messages, edits: edits(.summarise),
            input:
                #"{"content":[{"type":"thinking","thinking":"One。Two.","signature":"c2ln"},{"type":"thinking","thinking":"","signature":"s"},{"type":"redacted_thinking","data":"d"},{"type":"text","text":"hi"}]}"#,
            output:
                #"{"content":[{"type":"thinking","thinking":"One。 (1 step)","signature":""},{"type":"text","text":"hi"}]}"#
        ),
        Golden(
            name: "canary", api: .messages, edits: edits(canary: "c"),
            input: #"{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}"#,
            output: #"{"content":[{"type":"text","text":"a"},{"type":"text","text":"b\n\nc"}]}"#),
        Golden(
            name: "no canary behind a tool", api: .messages, edits: edits(canary: "c"),
            input:
                #"{"content":[{"type":"text","text":"a"},{"type":"tool_use","id":"t","input":{}}]}"#,
            output: nil),
        Golden(
            name: "strip", api: .responses, edits: edits(.strip),
            input:
                #"{"reasoning":{"effort":"low"},"output":[{"id":"rs","type":"reasoning","summary":[],"encrypted_content":"e"},{"type":"message","content":[{"type":"output_text","text":"hi","annotations":[],"logprobs":[1]}]}]}"#,
            output:
                #"{"reasoning":{"effort":"low"},"output":[{"type":"message","content":[{"type":"output_text","text":"hi","annotations":[],"logprobs":[1]}]}]}"#
        ),
        Golden(
            name: "summarise", api: .responses, edits: edits(.summarise),
            input:
                #"{"output":[{"id":"rs","type":"reasoning","summary":[{"type":"summary_text","text":"**Own**"}],"content":[{"type":"reasoning_text","text":"First, x. Then"},{"type":"reasoning_text","text":"y"}],"encrypted_content":"e"},{"id":"r2","type":"reasoning","summary":[{"type":"summary_text","text":"**Own**"}]},{"id":"r3","type":"reasoning","summary":[],"encrypted_content":"e"},{"id":"r4","content":[{"text":"A"}],"type":"reasoning"}]}"#,
            output:
                #"{"output":[{"id":"rs","type":"reasoning","summary":[{"type":"summary_text","text":"First, x. (2 steps)"}]},{"id":"r2","type":"reasoning","summary":[{"type":"summary_text","text":"**Own** (1 step)"}]},{"id":"r4","type":"reasoning","summary":[{"type":"summary_text","text":"A (1 step)"}]}]}"#
        ),
        Golden(
            name: "logprobs and canary", api: .responses,
            edits: edits(dropsLogprobs: true, canary: "c"),
            input:
                #"{"output":[{"type":"message","content":[{"type":"output_text","text":"a","logprobs":[{"token":"a"}]},{"type":"output_text","text":"b","logprobs":[]}]}]}"#,
            output:
                #"{"output":[{"type":"message","content":[{"type":"output_text","text":"a","logprobs":[]},{"type":"output_text","text":"b\n\nc","logprobs":[]}]}]}"#
        ),
        Golden(
            name: "left alone", api: .other, edits: edits(.strip, dropsLogprobs: true, canary: "c"),
            input: #"{"content":[{"type":"thinking"}]}"#, output: nil),
    ]

    @Test(arguments: chat + others)
    func `a whole answer is edited to the byte`(golden: Golden) {
        let edited = AnswerEditor(api: golden.api, edits: golden.edits).edit(
            Array(golden.input.utf8))
        #expect(edited.map { String(decoding: $0, as: UTF8.self) } == golden.output)
    }

    @Test func `stripping outweighs summarising`() {
        var changes = AnswerChanges()
        changes.kinds = [.summariseReasoning, .stripReasoning, .canary, .dropLogprobs]
        changes.canary = "c"
        let edits = AnswerEdits(changes)
        #expect(edits.reasoning == .strip && edits.dropsLogprobs && edits.canary == [0x63])
        changes.kinds = .summariseReasoning
        #expect(AnswerEdits(changes) == AnswersFixtures.edits(.summarise))
        #expect(AnswerEdits(AnswerChanges()).isEmpty)
    }

    static let summaries: [(text: String, summary: String)] = [
        ("", ""), (" \n\t ", ""), ("One", "One (1 step)"),
        ("3.14 is pi. Yes", "3.14 is pi. (1 step)"),
        ("\n\n Why? No.\n\nb\r\nc", "Why? (3 steps)"), ("head  \nbody.", "head (2 steps)"),
        ("你好。再见。", "你好。 (1 step)"),
        (String(repeating: "é", count: 300), String(repeating: "é", count: 190) + "… (1 step)"),
        (String(repeating: "a", count: 191), String(repeating: "a", count: 191) + " (1 step)"),
    ]

    @Test(arguments: summaries)
    func `a summary is the first sentence and the steps`(text: String, summary: String) {
        let made = ReasoningSummary(of: Array(text.utf8)).text
        #expect(String(decoding: made, as: UTF8.self) == summary)
        #expect(summary.unicodeScalars.count <= ReasoningSummary.longest)
        var pieces = ReasoningSummary()
        for byte in text.utf8 { pieces.add([byte]) }
        #expect(pieces.text == made)
    }
}
