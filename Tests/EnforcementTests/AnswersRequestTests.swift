import Testing

@testable import Enforcement

@Suite struct AnswersRequestTests {
    private static func changes(
        _ kinds: AnswerChanges.Kinds, tokens: Int? = nil, effort: ReasoningEffort? = nil,
        maximum: Int? = nil
    ) -> AnswerChanges {
        var changes = AnswerChanges()
        changes.kinds = kinds
        changes.reasoningTokens = tokens
        changes.reasoningEffort = effort
        changes.maximumTokens = maximum
        return changes
    }

    static let logprobs = changes(.dropLogprobs)
    static let cap = changes(.capReasoning, tokens: 2_000, effort: .low)
    static let reduce = changes(.reduce, maximum: 512)
    static let strip = changes(.stripReasoning)

    struct Golden: CustomTestStringConvertible, Sendable {
        let api: APIKind
        let changes: AnswerChanges
        let input: String
        let output: String?
        init(_ api: APIKind, _ changes: AnswerChanges, _ input: String, _ output: String?) {
            (self.api, self.changes, self.input, self.output) = (api, changes, input, output)
        }
        var testDescription: String { "\(api) \(input)" }
    }

    static let goldens: [Golden] = [
        Golden(
            .chatCompletions, logprobs,
            #"{"model":"m", "logprobs":true, "top_logprobs":5, "messages":[{"logprobs":1}], "logprobs":true }"#,
            #"{"model":"m", "messages":[{"logprobs":1}] }"#),
        Golden(
            .chatCompletions, logprobs, #"{"log\u0070robs":true,"a":1,"\u0074op_logprobs":2}"#,
            #"{"a":1}"#),
        Golden(.chatCompletions, logprobs, #"{"logprobs":true}"#, "{}"),
        Golden(.chatCompletions, logprobs, "\u{FEFF}{\"logprobs\":true}", "\u{FEFF}{}"),
        Golden(.chatCompletions, logprobs, #"{"model":"logprobs"}"#, nil),
        Golden(.completions, logprobs, #"{"logprobs":5,"prompt":"x"}"#, #"{"prompt":"x"}"#),
        Golden(
            .responses, logprobs,
            #"{"include":["message.output_text.logprobs","reasoning.encrypted_content"],"top_logprobs":3}"#,
            #"{"include":["reasoning.encrypted_content"]}"#),
        Golden(
            .responses, strip,
            #"{"include":["reasoning.encrypted_content"],"reasoning":{"effort":"high","summary":"auto"}}"#,
            #"{"include":[],"reasoning":{"effort":"high"}}"#),
        Golden(
            .responses, changes(.summariseReasoning),
            #"{"include":["reasoning.encrypted_content"],"reasoning":{"summary":"auto"}}"#,
            #"{"include":[],"reasoning":{"summary":"auto"}}"#),
        Golden(
            .responses, cap, #"{"reasoning":{"effort":"medium"}}"#,
            #"{"reasoning":{"effort":"low"}}"#),
        Golden(.responses, cap, #"{"reasoning":{"effort":"minimal"}}"#, nil),
        Golden(
            .chatCompletions, cap, #"{"reasoning_effort":"ultra","reasoning":{"max_tokens":9000}}"#,
            #"{"reasoning_effort":"low","reasoning":{"max_tokens":2000}}"#),
        Golden(.chatCompletions, cap, #"{"reasoning_effort":"none"}"#, nil),
        Golden(.chatCompletions, cap, #"{"reasoning_effort":null}"#, nil),
        Golden(
            .messages, cap,
            #"{"max_tokens":20000,"thinking":{"type":"enabled","budget_tokens":16000},"output_config":{"effort":"max"}}"#,
            #"{"max_tokens":20000,"thinking":{"type":"enabled","budget_tokens":2000},"output_config":{"effort":"low"}}"#
        ),
        Golden(
            .messages, changes(.capReasoning, tokens: 10),
            #"{"max_tokens":2048,"thinking":{"type":"enabled","budget_tokens":2000}}"#,
            #"{"max_tokens":2048,"thinking":{"type":"enabled","budget_tokens":1024}}"#),
        Golden(
            .messages, changes([.capReasoning, .reduce], tokens: 2_000, maximum: 512),
            #"{"max_tokens":20000,"thinking":{"type":"enabled","budget_tokens":16000}}"#,
            #"{"max_tokens":2512,"thinking":{"type":"enabled","budget_tokens":2000}}"#),
        Golden(
            .messages, changes(.summariseReasoning),
            #"{"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"t (1 step)","signature":""},{"type":"thinking","thinking":"t","signature":"s"},{"type":"tool_use"}]},{"content":"thinking"}]}"#,
            #"{"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"},{"type":"tool_use"}]},{"content":"thinking"}]}"#
        ),
        Golden(.messages, reduce, #"{"max_tokens":1e9}"#, #"{"max_tokens":512}"#),
        Golden(.messages, reduce, #"{"max_tokens":512}"#, nil),
        Golden(
            .chatCompletions, reduce, #"{"max_tokens":null, "max_completion_tokens": 4096 }"#,
            #"{"max_tokens":null, "max_completion_tokens": 512 }"#),
        Golden(
            .chatCompletions, reduce, #"{"max_completion_tokens":null}"#,
            #"{"max_completion_tokens":512}"#),
        Golden(.chatCompletions, reduce, #"{}"#, #"{"max_completion_tokens":512}"#),
        Golden(
            .chatCompletions, reduce, #"{ "a":1 }"#, #"{ "a":1,"max_completion_tokens":512 }"#),
        Golden(.responses, reduce, #"{"a":[]}"#, #"{"a":[],"max_output_tokens":512}"#),
        Golden(.completions, reduce, #"{"max_tokens":16}"#, nil),
        Golden(.chatCompletions, reduce, #"{"max_tokens":"9"}"#, nil),
        Golden(.other, reduce, #"{}"#, nil), Golden(.chatCompletions, reduce, #"[]"#, nil),
        Golden(.chatCompletions, reduce, #"{"a":1"#, nil),
    ]

    @Test(arguments: goldens)
    func `a request is edited to the byte`(golden: Golden) {
        let edited = RequestChanges(golden.changes).apply(
            to: Array(golden.input.utf8), api: golden.api)
        #expect(edited.map { String(decoding: $0, as: UTF8.self) } == golden.output)
    }

    static let streams: [(input: String, output: String?)] = [
        (#"{"stream":true}"#, #"{"stream":true,"stream_options":{"include_usage":true}}"#),
        (
            #"{"stream":true,"stream_options":null}"#,
            #"{"stream":true,"stream_options":{"include_usage":true}}"#
        ),
        (
            #"{"stream":true,"stream_options":{}}"#,
            #"{"stream":true,"stream_options":{"include_usage":true}}"#
        ),
        (
            #"{"stream_options":{"x":1},"stream":true}"#,
            #"{"stream_options":{"x":1,"include_usage":true},"stream":true}"#
        ),
        (
            #"{"stream":true,"stream_options":{"include_usage":false}}"#,
            #"{"stream":true,"stream_options":{"include_usage":true}}"#
        ),
        (#"{"stream":true,"stream_options":{"include_usage":true}}"#, nil),
        (#"{"stream":false}"#, nil), (#"{"messages":[{"stream":true}]}"#, nil), ("[1]", nil),
    ]

    @Test(arguments: streams)
    func `usage is asked for where it is not`(input: String, output: String?) {
        let edited = RequestChanges.ensureUsage(Array(input.utf8))
        #expect(edited.map { String(decoding: $0, as: UTF8.self) } == output)
    }
}
