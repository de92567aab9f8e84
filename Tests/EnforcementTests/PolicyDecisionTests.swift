import Testing

@testable import Enforcement

@Suite struct PolicyDecisionTests {
    private typealias Fixtures = PolicyFixtures

    /// A policy of one rule.
    private static func rule(when: String, do action: String, more: String = "") throws -> Policy {
        try PolicyFixtures.policy("rules:\n  - {id: r, when: \(when), do: \(action)\(more)}\n")
    }

    static let conditions: [(when: String, holds: Bool)] = [
        ("{verdict: distillation}", true), ("{verdict: [suspicious, inconclusive]}", false),
        ("{verdict: [suspicious, distillation]}", true), ("{score: 0.99}", true),
        ("{score: 0.991}", false), ("{plan: [free, trial]}", true), ("{plan: pro}", false),
        ("{country: [sg]}", true), ("{country: [DE]}", true), ("{country: [US]}", false),
        ("{nationality: FR}", true), ("{nationality: SG}", false), ("{organization: org_2}", true),
        ("{organization: org}", false), ("{account: acct_9}", true), ("{account: acct_}", false),
        ("{campaign: C-0001}", true), ("{campaign: C-0002}", false),
        ("{indicator: [x, shared_template]}", true), ("{indicator: template}", false),
        ("{signal: [elicitation, coding]}", true), ("{signal: rubric_grading}", false),
        ("{model: 'm-*'}", true), ("{model: ['x', '*-2026-??-20']}", true),
        ("{model: 'm-large'}", false), ("{endpoint: /v1/messages}", true),
        ("{endpoint: /v1/chat/completions}", false), ("{contract: standard}", true),
        ("{contract: zdr}", false), ("{verdict: distillation, plan: free, model: 'm-*'}", true),
        ("{verdict: distillation, plan: pro}", false),
    ]

    @Test(arguments: conditions)
    func `a condition holds for its values only`(when: String, holds: Bool) throws {
        let policy = try Self.rule(when: when, do: "log")
        let subject = Fixtures.subject(nationality: "FR", clientCountry: "DE", signals: 16)
        #expect(policy.decision(for: subject).gate == (holds ? .log : .allow))
    }

    @Test(arguments: [
        "{verdict: inconclusive}", "{score: 0}", "{campaign: C-0001}", "{indicator: a}",
    ])
    func `an account that was never judged has no finding to match`(when: String) throws {
        let policy = try Self.rule(when: when, do: "block")
        #expect(policy.decision(for: Fixtures.subject(finding: nil)).gate == .allow)
    }

    @Test func `facts that are not known match nothing`() throws {
        let subject = Fixtures.subject(
            finding: Fixtures.finding(campaign: nil), country: nil, plan: nil)
        for when in ["{plan: free}", "{country: SG}", "{campaign: C-0001}", "{nationality: SG}"] {
            let policy = try Self.rule(when: when, do: "block")
            #expect(policy.decision(for: subject).gate == .allow, "\(when)")
        }
    }

    @Test func `all rules that match apply and the most severe gate wins`() throws {
        let policy = try Fixtures.policy(
            """
            appeal: Write to us.
            rules:
              - {id: a, when: {plan: free}, do: [log, strip_reasoning, {reduce: {max_tokens: 512}}]}
              - {id: b, when: {verdict: distillation}, do: [block, {reduce: {max_tokens: 256}}]}
              - {id: c, when: {plan: pro}, do: drop_logprobs}
              - {id: d, when: {plan: free}, do: [challenge, {cap_reasoning: {tokens: 2048}}]}
              - {id: e, when: {plan: free}, do: [{cap_reasoning: {effort: low}}, {watermark: {candidates: 4}}]}
              - {id: f, when: {plan: free}, do: block}
              - {id: g, when: {plan: free}, do: allow}
            """)
        let decision = policy.decision(for: Fixtures.subject())
        #expect(decision.gate == .block(.rule("b")))
        #expect(decision.matched == ["a", "b", "d", "e", "f", "g"])
        #expect(decision.changes.kinds == [.stripReasoning, .reduce, .capReasoning, .watermark])
        #expect(decision.changes.maximumTokens == 256)
        #expect(decision.changes.reasoningTokens == 2_048)
        #expect(decision.changes.reasoningEffort == .low)
        #expect(decision.changes.candidates == 4)
        #expect(decision.appeal == "Write to us.")
        #expect(decision.shadowed == Decision.Measures())
        #expect(decision.pendingApprovals.isEmpty)
    }

    @Test func `of two throttles the stricter holds whatever their order`() throws {
        let slow = "{throttle: {requests: 100, per: hour}}"
        let fast = "{throttle: {requests: 10, per: minute, hard: true}}"
        for actions in [[slow, fast], [fast, slow]] {
            let policy = try Self.rule(
                when: "{plan: free}", do: "[\(actions.joined(separator: ", "))]")
            let rate = ThrottleRate(requests: 100, per: Fixtures.hour, hard: false)
            #expect(policy.decision(for: Fixtures.subject()).gate == .throttle(rate))
        }
    }

    @Test func `shadow is decided and not done`() throws {
        let policy = try Self.rule(
            when: "{plan: free}", do: "[log, {shadow: [block, strip_reasoning]}]")
        let decision = policy.decision(for: Fixtures.subject())
        #expect(decision.gate == .log)
        #expect(decision.changes.isEmpty)
        #expect(decision.shadowed.gate == .block(.rule("r")))
        #expect(decision.shadowed.changes.kinds == .stripReasoning)
    }

    @Test func `a dry run does nothing and says what it would have done`() throws {
        let policy = try Fixtures.policy(
            """
            dry_run: true
            rules:
              - {id: a, when: {plan: free}, do: [block, canary]}
              - {id: b, when: {plan: free}, do: log, approval: required}
            regions: [{id: us, countries: [US], do: block}]
            canaries: canaries.txt
            """)
        let decision = policy.decision(for: Fixtures.subject())
        #expect(decision.measures == Decision.Measures())
        #expect(decision.shadowed.gate == .block(.rule("a")))
        #expect(decision.shadowed.rules == ["a"])
        #expect(decision.shadowed.changes.canary != nil)
        #expect(decision.pendingApprovals.isEmpty)
        // Regions and orders of people are no part of the rehearsal.
        let blocked = policy.decision(
            for: Fixtures.subject(blockedCampaigns: ["C-0001"], clientCountry: "US"))
        #expect(blocked.gate == .block(.region("us")))
        #expect(blocked.matched == ["region:us", "campaign:C-0001"])
    }

    @Test func `a campaign that a person blocked is blocked`() throws {
        let policy = try Fixtures.policy("rules: []")
        let subject = Fixtures.subject(blockedCampaigns: ["C-0001", "C-0002"])
        #expect(policy.decision(for: subject).gate == .block(.campaign("C-0001")))
        let other = Fixtures.subject(blockedCampaigns: ["C-0002"])
        #expect(policy.decision(for: other).gate == .allow)
    }

    // MARK: Time

    static let staged = """
        rules:
          - id: staged
            when: {verdict: distillation}
            stages:
              - {after: 10m, do: log}
              - {after: 1h, do: {throttle: {requests: 5, per: minute, hard: true}}}
              - {after: 24h, do: challenge, approval: required}
              - {after: 48h, do: block}
        """
    static let throttle = Gate.throttle(ThrottleRate(requests: 5, per: 60_000_000, hard: true))
    static let approval = "staged/2/campaign/C-0001"

    static let stages: [(after: Int64, approved: Set<String>, gate: Gate, pending: [String])] = [
        (-PolicyFixtures.hour, [], .allow, []), (0, [], .allow, []),
        (599_999_999, [], .allow, []), (600_000_000, [], .log, []),
        (PolicyFixtures.hour - 1, [], .log, []), (PolicyFixtures.hour, [], throttle, []),
        (PolicyFixtures.day - 1, [], throttle, []),
        (PolicyFixtures.day, [], throttle, [approval]),
        (PolicyFixtures.day, ["staged/2/account/acct_9"], throttle, [approval]),
        (PolicyFixtures.day, [approval], .challenge, []),
        // A stage is not skipped by waiting for the next.
        (3 * PolicyFixtures.day, [], throttle, [approval]),
        (3 * PolicyFixtures.day, [approval], .block(.rule("staged")), []),
    ]

    @Test(arguments: stages)
    func `stages follow the time since the finding`(
        after: Int64, approved: Set<String>, gate: Gate, pending: [String]
    ) throws {
        let policy = try Fixtures.policy(Self.staged)
        let decision = policy.decision(for: Fixtures.subject(after: after, approved: approved))
        #expect(decision.gate == gate)
        #expect(decision.pendingApprovals.map(\.id) == pending)
        #expect(decision.matched == (gate == .allow ? [] : ["staged"]))
    }

    @Test func `an approval is for the campaign, and for the account where there is none`() throws {
        let policy = try Self.rule(
            when: "{verdict: distillation}", do: "[block, {shadow: canary}]",
            more: ", approval: required}\ncanaries: canaries.txt #")
        let decision = policy.decision(for: Fixtures.subject())
        #expect(decision.gate == .allow)
        #expect(decision.matched == [])
        #expect(
            decision.pendingApprovals == [
                PendingApproval(
                    id: "r/0/campaign/C-0001", rule: "r", stage: 0, scope: "campaign",
                    subject: "C-0001", action: "block, shadow canary")
            ])
        let alone = Fixtures.subject(
            finding: Fixtures.finding(campaign: nil), approved: ["r/0/account/acct_9"])
        #expect(policy.decision(for: alone).gate == .block(.rule("r")))
    }

    @Test func `a rule ends at its time`() throws {
        let expires = try Self.rule(when: "{score: 0.5}", do: "block", more: ", expires: 7d")
        let until = try Self.rule(
            when: "{score: 0.5}", do: "block, approval: required", more: ", until: 2026-12-31")
        #expect(
            expires.decision(for: Fixtures.subject(after: 7 * Fixtures.day - 1)).gate
                == .block(.rule("r")))
        #expect(
            expires.decision(for: Fixtures.subject(after: 7 * Fixtures.day)).gate == .allow)
        let end: Int64 = 1_798_761_600_000_000
        let before = until.decision(for: Fixtures.subject(after: end - 1 - Fixtures.since))
        #expect(before.pendingApprovals.count == 1)
        let after = until.decision(for: Fixtures.subject(after: end - Fixtures.since))
        #expect(after.pendingApprovals.isEmpty)
    }

    // MARK: Regions

    static let regions:
        [(country: String?, nationality: String?, client: String?, isBlocked: Bool)] = [
            ("CU", nil, nil, true), (nil, "KP", nil, true), (nil, nil, "CU", true),
            ("KP", nil, "KP", false), (nil, "CU", nil, false), (nil, nil, nil, false),
            ("US", "US", "US", false),
        ]

    @Test(arguments: regions)
    func `regions look at account, nationality and client`(
        country: String?, nationality: String?, client: String?, isBlocked: Bool
    ) throws {
        let rule = "{id: z, countries: [CU, IR], nationalities: [KP], do: block}"
        let policy = try Fixtures.policy("regions: [\(rule)]")
        let subject = Fixtures.subject(
            finding: nil, country: country, nationality: nationality, clientCountry: client)
        #expect(policy.decision(for: subject).gate == (isBlocked ? .block(.region("z")) : .allow))
        let thrown = RegionSwitch(
            id: "s", countries: CountrySet(["CU", "IR"].compactMap { CountryCode($0) }),
            nationalities: CountrySet(["KP"].compactMap { CountryCode($0) }), on: true)
        let off = RegionSwitch(
            id: "s", countries: thrown.countries, nationalities: thrown.nationalities, on: false)
        let empty = try Fixtures.policy("rules: []")
        var switched = subject
        switched.orders = PolicyOrders(switches: [thrown])
        #expect(empty.decision(for: switched).gate == (isBlocked ? .block(.region("s")) : .allow))
        switched.orders = PolicyOrders(switches: [off])
        #expect(empty.decision(for: switched).gate == .allow)
    }

    @Test func `regions are rehearsed only where the policy says so`() throws {
        let policy = try Fixtures.policy(
            "regions_dry_run: true\nregions: [{id: z, countries: [CU], do: block}]")
        let decision = policy.decision(for: Fixtures.subject(country: "CU"))
        #expect(decision.gate == .allow)
        #expect(decision.shadowed.gate == .block(.region("z")))
    }

    @Test func `a region outweighs a rule as the reason`() throws {
        let policy = try Fixtures.policy(
            """
            rules: [{id: a, when: {plan: free}, do: block}]
            regions: [{id: z, countries: [SG], do: block}]
            """)
        #expect(policy.decision(for: Fixtures.subject()).gate == .block(.region("z")))
    }

    @Test func `a subject always gets the same canary`() throws {
        let policy = try Self.rule(
            when: "{verdict: distillation}", do: "canary", more: "}\ncanaries: canaries.txt #")
        let ids = (0..<64).map { "C-\($0)" }
        let texts = ids.map { id in
            policy.decision(for: Fixtures.subject(finding: Fixtures.finding(campaign: id)))
                .changes.canary
        }
        #expect(Set(texts) == ["blue heron", "old mill"])
        #expect(texts == ids.map { policy.canary(for: $0) })
    }
}

@Suite struct PolicyGlobTests {
    static let cases: [(pattern: String, text: String, matches: Bool)] = [
        ("gpt-*", "gpt-4o", true), ("gpt-*", "gpt-", true), ("gpt-*", "xgpt-4", false),
        ("*", "", true), ("", "", true), ("", "a", false), ("a?c", "abc", true),
        ("a?c", "ac", false), ("*b*b*", "abab", true), ("*b*b*", "aab", false),
        ("**a", "bca", true), ("m-large", "m-large", true), ("m-large", "m-large2", false),
        ("*-mini", "a-very-long-name-of-a-model-mini", true), ("a*", "A", false),
        ("*aaab", String(repeating: "a", count: 200), false),
    ]

    @Test(arguments: cases)
    func `a pattern matches the whole text`(pattern: String, text: String, matches: Bool) {
        #expect(GlobPattern(pattern).matches(text) == matches)
    }

    @Test func `country codes keep their letters`() {
        #expect(CountryCode("sg")?.description == "SG")
        #expect(CountryCode("ZZ")?.description == "ZZ")
        for text in ["", "S", "SGP", "S1", "é"] { #expect(CountryCode(text) == nil, "\(text)") }
        var set = CountrySet()
        #expect(!set.contains(CountryCode("AA")))
        set.insert(CountryCode("AA")!)
        set.insert(CountryCode("ZZ")!)
        #expect(set.contains(CountryCode("AA")) && set.contains(CountryCode("zz")))
        #expect(!set.contains(CountryCode("AB")) && !set.contains(nil))
    }
}
