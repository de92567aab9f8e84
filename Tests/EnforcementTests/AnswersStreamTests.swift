import Testing

@testable import Enforcement

@Suite struct AnswersStreamTests {
    struct Golden: CustomTestStringConvertible, Sendable {
        let name: String
        let api: APIKind
        let edits: AnswerEdits
        let input: String
        let output: String
        var testDescription: String { "\(api) \(name)" }
    }

    private static func edits(
        _ reasoning: AnswerEdits.Reasoning = .keep, dropsLogprobs: Bool = false,
        canary: String? = nil, dropsUsageChunk: Bool = false
    ) -> AnswerEdits {
        AnswersFixtures.edits(
            reasoning, dropsLogprobs: dropsLogprobs, canary: canary,
            dropsUsageChunk: dropsUsageChunk)
    }

    static let chatInput = """
        {"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}
        {"id":"c","choices":[{"index":0,"delta":{"reasoning_content":"I th"},"finish_reason":null}]}
        {"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":null,"reasoning_content":"ink. So"},"finish_reason":null}]}
        {"id":"c","choices":[{"index":0,"delta":{"content":"Hi"},"logprobs":{"content":[{"token":"Hi"}]},"finish_reason":null}]}
        {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}
        {"id":"c","choices":[],"usage":{"total_tokens":9}}
        [DONE]
        """

    static let chat: [Golden] = [
        Golden(
            name: "strip", api: .chatCompletions, edits: edits(.strip), input: chatInput,
            output: """
                {"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}
                {"id":"c","choices":[{"index":0,"delta":{"content":"Hi"},"logprobs":{"content":[{"token":"Hi"}]},"finish_reason":null}]}
                {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}
                {"id":"c","choices":[],"usage":{"total_tokens":9}}
                [DONE]
                """),
        Golden(
            name: "summarise, logprobs, canary, usage", api: .chatCompletions,
            edits: edits(.summarise, dropsLogprobs: true, canary: "c", dropsUsageChunk: true),
            input: chatInput,
            output: """
                {"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}
                {"id":"c","choices":[{"index":0,"delta":{"reasoning_content":"I think. (1 step)"},"logprobs":null,"finish_reason":null}]}
                {"id":"c","choices":[{"index":0,"delta":{"content":"Hi"},"logprobs":null,"finish_reason":null}]}
                {"id":"c","choices":[{"index":0,"delta":{"content":"\\n\\nc"},"logprobs":null,"finish_reason":null}]}
                {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}
                [DONE]
                """),
        Golden(
            name: "only reasoning, stripped", api: .chatCompletions, edits: edits(.strip),
            input: """
                {"choices":[{"index":0,"delta":{"role":"assistant","reasoning":"r"},"finish_reason":null}],"usage":null}
                {"choices":[{"index":0,"delta":{"reasoning":"r"},"finish_reason":"length"}],"usage":{"x":1}}
                """,
            output: """
                {"choices":[{"index":0,"delta":{"role":"assistant"},"finish_reason":null}],"usage":null}
                {"choices":[{"index":0,"delta":{},"finish_reason":"length"}],"usage":{"x":1}}
                """),
        Golden(
            name: "cut in its reasoning, summarised", api: .chatCompletions,
            edits: edits(.summarise),
            input: """
                {"choices":[{"index":0,"delta":{"reasoning":"A."},"finish_reason":null}],"usage":{"x":1}}
                """,
            output: """
                {"choices":[],"usage":{"x":1}}
                {"choices":[{"index":0,"delta":{"reasoning":"A. (1 step)"},"logprobs":null,"finish_reason":null}]}
                """),
        Golden(
            name: "two choices in a chunk", api: .chatCompletions, edits: edits(.strip),
            input: """
                {"choices":[{"index":0,"delta":{"reasoning":"A"},"finish_reason":null},{"index":1,"delta":{"content":"b"},"finish_reason":null}]}
                """,
            output: """
                {"choices":[{"index":1,"delta":{"content":"b"},"finish_reason":null}]}
                """),
        Golden(
            name: "an error", api: .chatCompletions,
            edits: edits(.strip, dropsLogprobs: true, canary: "c", dropsUsageChunk: true),
            input: """
                {"error":{"message":"reasoning"}}
                not json
                {"choices":[{"delta":{"reasoning":"cut
                """,
            output: """
                {"error":{"message":"reasoning"}}
                not json
                {"choices":[{"delta":{"reasoning":"cut
                """),
        Golden(
            name: "logprobs and canary", api: .completions,
            edits: edits(dropsLogprobs: true, canary: "c"),
            input: """
                {"choices":[{"index":0,"text":"a","logprobs":{"tokens":["a"]},"finish_reason":null}]}
                {"choices":[{"index":0,"text":"","logprobs":null,"finish_reason":"stop"}],"usage":null}
                [DONE]
                """,
            output: """
                {"choices":[{"index":0,"text":"a","logprobs":null,"finish_reason":null}]}
                {"choices":[{"index":0,"text":"\\n\\nc","logprobs":null,"finish_reason":null}],"usage":null}
                {"choices":[{"index":0,"text":"","logprobs":null,"finish_reason":"stop"}],"usage":null}
                [DONE]
                """),
    ]

    static let messageInput = """
        message_start|{"type":"message_start","message":{"content":[]}}
        content_block_start|{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}
        ping|{"type":"ping"}
        content_block_delta|{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"One.\\nTwo"}}
        content_block_delta|{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}
        content_block_stop|{"type":"content_block_stop","index":0}
        content_block_start|{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"d"}}
        content_block_stop|{"type":"content_block_stop","index":1}
        content_block_start|{"type":"content_block_start","index":2,"content_block":{"type":"text","text":""}}
        content_block_delta|{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"Hi"}}
        content_block_stop|{"type":"content_block_stop","index":2}
        message_delta|{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}
        message_stop|{"type":"message_stop"}
        """

    static let messages: [Golden] = [
        Golden(
            name: "strip", api: .messages, edits: edits(.strip), input: messageInput,
            output: """
                message_start|{"type":"message_start","message":{"content":[]}}
                ping|{"type":"ping"}
                content_block_start|{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}
                content_block_delta|{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}
                content_block_stop|{"type":"content_block_stop","index":0}
                message_delta|{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}
                message_stop|{"type":"message_stop"}
                """),
        Golden(
            name: "summarise and canary", api: .messages, edits: edits(.summarise, canary: "c"),
            input: messageInput,
            output: """
                message_start|{"type":"message_start","message":{"content":[]}}
                ping|{"type":"ping"}
                content_block_start|{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}
                content_block_delta|{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"One. (2 steps)"}}
                content_block_stop|{"type":"content_block_stop","index":0}
                content_block_start|{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}
                content_block_delta|{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hi"}}
                content_block_delta|{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"\\n\\nc"}}
                content_block_stop|{"type":"content_block_stop","index":1}
                message_delta|{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}
                message_stop|{"type":"message_stop"}
                """),
        Golden(
            name: "no canary before a tool", api: .messages, edits: edits(canary: "c"),
            input: """
                content_block_start|{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"x"}}
                content_block_stop|{"type":"content_block_stop","index":0}
                content_block_start|{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","input":{}}}
                content_block_stop|{"type":"content_block_stop","index":1}
                message_delta|{"type":"message_delta","delta":{"stop_reason":"tool_use"}}
                """,
            output: """
                content_block_start|{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"x"}}
                content_block_stop|{"type":"content_block_stop","index":0}
                content_block_start|{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","input":{}}}
                content_block_stop|{"type":"content_block_stop","index":1}
                message_delta|{"type":"message_delta","delta":{"stop_reason":"tool_use"}}
                """),
    ]

    static let responseInput = """
        response.created|{"type":"response.created","sequence_number":0,"response":{"output":[]}}
        response.output_item.added|{"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":{"id":"rs","type":"reasoning","summary":[]}}
        response.reasoning_text.delta|{"type":"response.reasoning_text.delta","sequence_number":2,"output_index":0,"item_id":"rs","content_index":0,"delta":"A."}
        response.output_item.done|{"type":"response.output_item.done","sequence_number":3,"output_index":0,"item":{"id":"rs","type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"A."}],"encrypted_content":"e"}}
        response.output_item.added|{"type":"response.output_item.added","sequence_number":4,"output_index":1,"item":{"id":"m","type":"message","content":[]}}
        response.content_part.added|{"type":"response.content_part.added","sequence_number":5,"output_index":1,"item_id":"m","content_index":0,"part":{"type":"output_text","text":"","logprobs":[]}}
        response.output_text.delta|{"type":"response.output_text.delta","sequence_number":6,"output_index":1,"item_id":"m","content_index":0,"delta":"Hi","logprobs":[{"token":"Hi"}]}
        response.output_text.done|{"type":"response.output_text.done","sequence_number":7,"output_index":1,"item_id":"m","content_index":0,"text":"Hi","logprobs":[{"token":"Hi"}]}
        response.content_part.done|{"type":"response.content_part.done","sequence_number":8,"output_index":1,"item_id":"m","content_index":0,"part":{"type":"output_text","text":"Hi","logprobs":[{"token":"Hi"}]}}
        response.output_item.done|{"type":"response.output_item.done","sequence_number":9,"output_index":1,"item":{"id":"m","type":"message","content":[{"type":"output_text","text":"Hi","logprobs":[{"token":"Hi"}]}]}}
        response.completed|{"type":"response.completed","sequence_number":10,"response":{"output":[{"id":"rs","type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"A."}],"encrypted_content":"e"},{"id":"m","type":"message","content":[{"type":"output_text","text":"Hi","logprobs":[{"token":"Hi"}]}]}],"usage":{"total_tokens":3}}}
        """

    static let responses: [Golden] = [
        Golden(
            name: "strip, logprobs", api: .responses, edits: edits(.strip, dropsLogprobs: true),
            input: responseInput,
            output: """
                response.created|{"type":"response.created","sequence_number":0,"response":{"output":[]}}
                response.output_item.added|{"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":{"id":"m","type":"message","content":[]}}
                response.content_part.added|{"type":"response.content_part.added","sequence_number":2,"output_index":0,"item_id":"m","content_index":0,"part":{"type":"output_text","text":"","logprobs":[]}}
                response.output_text.delta|{"type":"response.output_text.delta","sequence_number":3,"output_index":0,"item_id":"m","content_index":0,"delta":"Hi","logprobs":[]}
                response.output_text.done|{"type":"response.output_text.done","sequence_number":4,"output_index":0,"item_id":"m","content_index":0,"text":"Hi","logprobs":[]}
                response.content_part.done|{"type":"response.content_part.done","sequence_number":5,"output_index":0,"item_id":"m","content_index":0,"part":{"type":"output_text","text":"Hi","logprobs":[]}}
                response.output_item.done|{"type":"response.output_item.done","sequence_number":6,"output_index":0,"item":{"id":"m","type":"message","content":[{"type":"output_text","text":"Hi","logprobs":[]}]}}
                response.completed|{"type":"response.completed","sequence_number":7,"response":{"output":[{"id":"m","type":"message","content":[{"type":"output_text","text":"Hi","logprobs":[]}]}],"usage":{"total_tokens":3}}}
                """),
        Golden(
            name: "summarise and canary", api: .responses,
            edits: edits(.summarise, dropsLogprobs: true, canary: "c"), input: responseInput,
            output: """
                response.created|{"type":"response.created","sequence_number":0,"response":{"output":[]}}
                response.output_item.added|{"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":{"id":"rs","type":"reasoning","summary":[]}}
                response.reasoning_summary_part.added|{"type":"response.reasoning_summary_part.added","sequence_number":2,"item_id":"rs","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":""}}
                response.reasoning_summary_text.delta|{"type":"response.reasoning_summary_text.delta","sequence_number":3,"item_id":"rs","output_index":0,"summary_index":0,"delta":"A. (1 step)"}
                response.reasoning_summary_text.done|{"type":"response.reasoning_summary_text.done","sequence_number":4,"item_id":"rs","output_index":0,"summary_index":0,"text":"A. (1 step)"}
                response.reasoning_summary_part.done|{"type":"response.reasoning_summary_part.done","sequence_number":5,"item_id":"rs","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":"A. (1 step)"}}
                response.output_item.done|{"type":"response.output_item.done","sequence_number":6,"output_index":0,"item":{"id":"rs","type":"reasoning","summary":[{"type":"summary_text","text":"A. (1 step)"}]}}
                response.output_item.added|{"type":"response.output_item.added","sequence_number":7,"output_index":1,"item":{"id":"m","type":"message","content":[]}}
                response.content_part.added|{"type":"response.content_part.added","sequence_number":8,"output_index":1,"item_id":"m","content_index":0,"part":{"type":"output_text","text":"","logprobs":[]}}
                response.output_text.delta|{"type":"response.output_text.delta","sequence_number":9,"output_index":1,"item_id":"m","content_index":0,"delta":"Hi","logprobs":[]}
                response.output_text.delta|{"type":"response.output_text.delta","sequence_number":10,"item_id":"m","content_index":0,"output_index":1,"delta":"\\n\\nc","logprobs":[]}
                response.output_text.done|{"type":"response.output_text.done","sequence_number":11,"output_index":1,"item_id":"m","content_index":0,"text":"Hi\\n\\nc","logprobs":[]}
                response.content_part.done|{"type":"response.content_part.done","sequence_number":12,"output_index":1,"item_id":"m","content_index":0,"part":{"type":"output_text","text":"Hi\\n\\nc","logprobs":[]}}
                response.output_item.done|{"type":"response.output_item.done","sequence_number":13,"output_index":1,"item":{"id":"m","type":"message","content":[{"type":"output_text","text":"Hi\\n\\nc","logprobs":[]}]}}
                response.completed|{"type":"response.completed","sequence_number":14,"response":{"output":[{"id":"rs","type":"reasoning","summary":[{"type":"summary_text","text":"A. (1 step)"}]},{"id":"m","type":"message","content":[{"type":"output_text","text":"Hi\\n\\nc","logprobs":[]}]}],"usage":{"total_tokens":3}}}
                """),
    ]

    @Test(arguments: chat + messages + responses)
    func `a stream is edited to the byte`(golden: Golden) {
        let edited = AnswersFixtures.run(
            AnswersFixtures.events(golden.input), golden.api, golden.edits)
        #expect(AnswersFixtures.text(edited) == golden.output)
    }

    @Test(arguments: [
        (APIKind.chatCompletions, chatInput), (.messages, messageInput),
        (.responses, responseInput),
    ])
    func `without edits every event goes on as it came`(api: APIKind, input: String) {
        var editor = StreamEditor(api: api, edits: AnswerEdits())
        for event in AnswersFixtures.events(input) {
            #expect(editor.feed(name: event.name, data: event.data) == .unchanged)
        }
        #expect(editor.end() == [])
    }

    @Test(arguments: chat + messages + responses)
    func `a stream that is cut anywhere lets nothing through`(golden: Golden) {
        let events = AnswersFixtures.events(golden.input)
        for count in 0...events.count {
            let edited = AnswersFixtures.run(Array(events.prefix(count)), golden.api, golden.edits)
            // What was edited stays so: a cut stream is the beginning of the whole one, but for what was held.
            let whole = AnswersFixtures.run(events, golden.api, golden.edits)
            let common = zip(edited, whole).prefix { $0 == $1 }.count
            #expect(common >= edited.count - 3, "\(golden.name) cut after \(count)")
            #expect(!AnswersFixtures.text(edited).contains("encrypted_content"))
        }
    }
}
