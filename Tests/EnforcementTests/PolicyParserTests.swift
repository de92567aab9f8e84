import Testing

@testable import Enforcement

@Suite struct PolicyParserTests {
    static let full = """
        dry_run: false
        appeal: "Write to appeals@example.com and quote the request id."
        rules:
          - id: harvesters
            when: {verdict: distillation}
            do: block
          - id: doubtful
            when: {verdict: [suspicious], score: 0.8, plan: [free], country: [SG], organization: [o], account: [a], campaign: [C-1], indicator: [shared_template], signal: [elicitation], model: ["m-*"], endpoint: [/v1/messages], contract: [c], nationality: SG}
            do: [strip_reasoning, drop_logprobs, {throttle: {requests: 10, per: minute, hard: false}}]
            expires: 7d
            approval: required
          - id: staged
            when: {verdict: distillation}
            stages:
              - {after: 0s, do: log}
              - {after: 1h, do: {throttle: {requests: 5, per: minute, hard: true}}}
              - {after: 24h, do: block, approval: required}
          - id: mixed
            when: {model: "*"}
            do: [allow, log, challenge, summarise_reasoning, canary, {cap_reasoning: {tokens: 1024, effort: low}}, {watermark: {candidates: 4}}, {reduce: {max_tokens: 512}}, {shadow: block}]
            until: 2026-12-31
        regions:
          - {id: sanctioned, countries: [CU, IR], nationalities: [], do: block}
        canaries: canaries.txt
        """

    @Test func `every field of a policy is read`() throws {
        let policy = try PolicyFixtures.policy(Self.full)
        #expect(policy.ruleIDs == ["harvesters", "doubtful", "staged", "mixed"])
        #expect(!policy.isDryRun)
        #expect(policy.canaries == ["blue heron", "old mill"])
        #expect(
            policy.rules[2].stages.map(\.after) == [0, PolicyFixtures.hour, PolicyFixtures.day])
        #expect(policy.rules[1].stages[0].needsApproval)
        #expect(policy.rules[3].stages[0].actions.changes.candidates == 4)
        #expect(policy.rules[3].stages[0].actions.changes.reasoningEffort == .low)
        #expect(policy.rules[3].stages[0].actions.changes.maximumTokens == 512)
        #expect(policy.rules[3].stages[0].shadowed.names == ["block"])
        #expect(policy.regions.map(\.id) == ["sanctioned"])
    }

    /// A rule with these lines after its id.
    private static func rule(_ lines: String...) -> String {
        "rules:\n  - id: r\n" + lines.map { "    \($0)\n" }.joined()
    }

    static let refused: [(yaml: String, message: String)] = [
        ("rule: []\n", ":1: unknown field 'rule'; known are dry_run, regions_dry_run, appeal"),
        (rule("whne: {}"), ":3: unknown field 'whne'; known are id, when, do, stages, expires"),
        (rule("when: {verdit: x}", "do: log"), ":3: unknown field 'verdit'; known are verdict, sc"),
        (rule("when: {verdict: evil}", "do: log"), ":3: 'rules[0].when.verdict' must be one of"),
        (rule("when: {score: 80}", "do: log"), ":3: 'rules[0].when.score' must be a number from 0"),
        (rule("when: {}", "do: log"), ":3: 'rules[0].when' asks nothing, so every request would"),
        (rule("do: log"), ":2: 'rules[0]' has no 'when'; add it"),
        (rule("when: {plan: free}"), ":2: 'rules[0]' has no 'do'; add it"),
        (rule("when: {plan: []}", "do: log"), ":3: 'rules[0].when.plan' is an empty list"),
        (rule("when: {signal: x}", "do: log"), ":3: unknown signal 'x'; known are coding, elic"),
        (rule("when: {country: Cuba}", "do: log"), ":3: 'Cuba' is not a country's two-letter"),
        (rule("when: {plan: a}", "do: blok"), ":4: unknown action 'blok'; known are allow, log"),
        (rule("when: {plan: a}", "do: throttle"), ":4: 'throttle' needs details, such as"),
        (
            rule("when: {plan: a}", "do: {block: 1}"),
            ":4: unknown field 'block'; known are throttle"
        ),
        (rule("when: {plan: a}", "do: {}"), ":4: 'rules[0].do' does nothing"),
        (
            rule("when: {plan: a}", "do: {shadow: {shadow: block}}"),
            ":4: unknown field 'shadow'; known are throttle"
        ),
        (
            rule("when: {plan: a}", "do: {throttle: {requests: 0, per: minute}}"),
            ":4: 'rules[0].do.throttle.requests' must be a whole number from 1"
        ),
        (
            rule("when: {plan: a}", "do: {throttle: {requests: 1, per: week}}"),
            ":4: 'rules[0].do.throttle.per' must be one of second, minute, hour, day"
        ),
        (
            rule("when: {plan: a}", "do: {cap_reasoning: {}}"),
            ":4: 'cap_reasoning' caps nothing; give tokens, effort or both"
        ),
        (
            rule("when: {plan: a}", "do: {watermark: {candidates: 1}}"),
            ":4: 'rules[0].do.watermark.candidates' must be a whole number from 2 to 16"
        ),
        (rule("when: {plan: a}", "do: canary"), ":4: 'canary' needs texts; add 'canaries: FILE'"),
        (
            rule("when: {plan: a}", "do: log", "expires: 7d"),
            ":5: there is no finding to count from; add verdict"
        ),
        (
            rule("when: {score: 0.5}", "do: log", "expires: 7d", "until: 2026-12-31"),
            ":6: a rule has 'expires' or 'until', not both; leave one out"
        ),
        (
            rule("when: {score: 0.5}", "do: log", "approval: yes"),
            ":5: 'rules[0].approval' must be one of required, none"
        ),
        (
            rule("when: {score: 0.5}", "do: log", "stages: [{after: 0s, do: log}]"),
            ":4: a rule with 'stages' has its actions and approvals there"
        ),
        (
            rule(
                "when: {score: 0.5}", "stages:", "  - {after: 1h, do: log}",
                "  - {after: 1h, do: block}"),
            ":6: stages must come in the order of 'after', each later"
        ),
        (rule("when: {score: 0.5}", "stages: []"), ":4: 'rules[0].stages' is an empty list"),
        ("rules:\n  - {id: a/b, when: {plan: a}, do: log}\n", ":2: 'rules[0].id' may hold letters"),
        (
            "rules:\n  - {id: a, when: {plan: a}, do: log}\n  - {id: a, when: {plan: b}, do: log}\n",
            ":3: there is another rule 'a'; ids must differ"
        ),
        ("regions:\n  - {id: a, countries: [], do: block}\n", ":2: region 'a' names no country"),
        (
            "regions:\n  - {id: a, countries: [CU], do: throttle}\n",
            ":2: 'regions[0].do' must be on"
        ),
        ("dry_run: maybe\n", ":1: 'dry_run' must be true or false"),
        ("canaries: none.txt\n", ":1: conf/none.txt holds no text; write one canary a line"),
    ]

    @Test(arguments: refused)
    func `a mistake is refused at its line`(yaml: String, message: String) {
        do {
            _ = try PolicyFixtures.policy(yaml)
            Issue.record("read: \(yaml)")
        } catch {
            #expect("\(error)".hasPrefix("conf/policy.yaml" + message), "\(error)")
        }
    }

    @Test func `a canary file that cannot be read says why`() {
        struct Absent: Error, CustomStringConvertible { let description = "no such file" }
        #expect(
            throws: SettingsError(
                file: "p.yaml", line: 1,
                what: "/x/c.txt cannot be read: no such file; check the path and permissions")
        ) {
            try Policy.parse(yaml: "canaries: /x/c.txt", path: "p.yaml") { _ in throw Absent() }
        }
    }
}
