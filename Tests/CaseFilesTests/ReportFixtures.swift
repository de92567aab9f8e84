import CaseFiles
import Detection

/// Made-up judgements; no numbers of real traffic.
enum ReportFixtures {
    /// 22 April 2026, 00:00 UTC, in seconds.
    static let start: Int64 = 1_776_816_000

    /// A small generator with a fixed seed, so that fixtures never change.
    struct Sequence: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    static func micro(hours: Int64) -> Int64 { (start + hours * 3600) * 1_000_000 }

    /// Two accused campaigns, a suspicious one, three cleared look-alikes, and bad records.
    static func rich() -> (Judgement, ReportContext) {
        let first = campaign(
            "C-0001", accounts: 1204, exchanges: 412_380, hours: 44 * 24, seed: 7)
        var second = campaign("C-0002", accounts: 86, exchanges: 23_911, hours: 9 * 24, seed: 11)
        second.indicators = [
            Indicator(
                name: "signature_replay", value: 41, threshold: 1, unit: "blocks", pValue: nil,
                exchangeIDs: ["req_88213", "req_88219"]),
            Indicator(
                name: "failover", value: 0.82, threshold: 0.5, unit: "share of lost volume",
                pValue: 0.0004, exchangeIDs: []),
            Indicator(
                name: "a_sign_of_next_year", value: 3, threshold: 2, unit: "", pValue: 0.02,
                exchangeIDs: []),
        ]
        second.relations = [
            CampaignRelation(
                campaign: "C-0001", kind: "failover",
                reason:
                    "Rose within six hours of the day on which most of its accounts went quiet, "
                    + "with the same system prompt.")
        ]
        second.listPriceUSD = nil
        var third = campaign("C-0003", accounts: 31, exchanges: 5_120, hours: 21 * 24, seed: 13)
        third.verdict = .suspicious
        third.pValue = 0.021
        third.qValue = 0.064
        third.firstFlaggedMicroseconds = nil
        third.exchangesBeforeFlag = 0
        third.explanations[1] = InnocentExplanation(
            name: "one_tool", statement: "Strangers use one public tool or plug-in.",
            pValue: 0.31, rejected: false,
            reason:
                "The accounts share a template and client, but each has hours and topics of its "
                + "own, as the users of a tool have.")
        var judgement = Judgement(
            accounts: [], campaigns: [third, first, second], cleared: cleared(),
            unavailable: [
                "No client addresses in 2 of 3 inputs: shared networks could not be measured there.",
                "No account table: sign-up time, payment and e-mail domain are unknown.",
            ], fdr: 0.01, groupsTested: 212)
        judgement.accounts = verdicts(of: judgement, noFinding: 18_412, inconclusive: 2_306)
        return (judgement, context(judgement))
    }

    /// The rich scan with its second campaign set aside, and an entry that has expired.
    static func suppressed(
        who: String = "A. Person, trust team", why: String = "Licensed partner, contract 17"
    ) -> (Judgement, ReportContext) {
        var (judgement, context) = rich()
        let group = judgement.campaigns.remove(at: 2)
        judgement.suppressed = [
            SuppressedGroup(
                group: group,
                suppression: Suppression(who: who, why: why, until: "2026-12-31", isMatched: true),
                matchedMembers: 80)
        ]
        judgement.suppressionUse = [("2026-12-31", 80), ("2025-12-31", 3), ("2027-12-31", 0)]
            .enumerated().map { index, entry in
                SuppressionUse(
                    entry: SuppressionEntry(
                        who: who, why: why, until: entry.0, endMicroseconds: 0,
                        line: 1 + 5 * index),
                    isExpired: index == 1, matchedAccounts: entry.1,
                    suppressedAccounts: index == 0 ? 80 : 0)
            }
        context.settings.append(.init(name: "suppress", value: "trusted.yaml"))
        return (judgement, context)
    }

    /// Nothing found in sound data.
    static func empty() -> (Judgement, ReportContext) {
        var judgement = Judgement(
            accounts: [], campaigns: [], cleared: [], unavailable: [], fdr: 0.01, groupsTested: 14)
        judgement.accounts = verdicts(of: judgement, noFinding: 900, inconclusive: 120)
        return (judgement, context(judgement))
    }

    /// Nothing read at all.
    static func noData() -> (Judgement, ReportContext) {
        (
            Judgement(
                accounts: [], campaigns: [], cleared: [], unavailable: [], fdr: 0.01,
                groupsTested: 0),
            ReportContext(title: "Empty folder", version: "0.1.0")
        )
    }

    /// Too little data for every account.
    static func inconclusive() -> (Judgement, ReportContext) {
        var judgement = Judgement(
            accounts: [], campaigns: [], cleared: [], unavailable: [], fdr: 0.05, groupsTested: 0)
        judgement.accounts = verdicts(of: judgement, noFinding: 0, inconclusive: 12)
        return (judgement, context(judgement))
    }

    /// A campaign whose every string tries to break or deceive the page.
    static func hostile() -> (Judgement, ReportContext) {
        let strings = [
            "<script>alert(1)</script>", "</style><img src=x onerror=alert(1)>",
            "</title></svg>\"' onmouseover=\"alert(1)", "a\u{202E}gpj.exe",
            "\u{0}\u{7}\u{1B}[31m\r\n",
            "]]>--><!--", "&amp;&lt;", "\u{FFFE}\u{FEFF}\u{200B}\u{E0041}\u{85}\u{2028}",
            String(repeating: "long-", count: 2048),
            "e" + String(repeating: "\u{301}", count: 5000),
            "", "../../etc/passwd", "javascript:alert(1)", "\u{5D0}\u{5D1}\u{5D2} 123",
        ]
        func string(_ index: Int) -> String { strings[index % strings.count] }
        var group = JudgedGroup(id: "C\"><script>", verdict: .distillation)
        group.pValue = .nan
        group.qValue = -1
        group.exchanges = .max
        group.outputTokens = .max
        group.inputTokens = .min
        group.listPriceUSD = .infinity
        group.firstMicroseconds = micro(hours: 0)
        group.lastMicroseconds = micro(hours: -1)
        group.members = strings.map {
            GroupMember(
                account: $0, exchanges: 3, firstMicroseconds: micro(hours: 0),
                lastMicroseconds: micro(hours: 5), createdMicroseconds: -1)
        }
        group.links = strings.indices.dropFirst().map {
            MemberLink(
                first: 0, second: $0, kinds: $0 == 3 ? [] : [string($0)],
                weight: $0 == 2 ? .nan : Double($0))
        }
        group.links.append(MemberLink(first: 5, second: 9999, kinds: ["content"], weight: 1))
        group.links.append(MemberLink(first: -1, second: 2, kinds: ["content"], weight: .infinity))
        group.sharedArtefacts = strings.map {
            SharedArtefact(kind: $0, value: $0, accounts: 1, accountsInScan: 1)
        }
        group.indicators = strings.map {
            Indicator(
                name: $0, value: .infinity, threshold: .nan, unit: $0, pValue: 0, exchangeIDs: [$0])
        }
        group.explanations = strings.map {
            InnocentExplanation(name: $0, statement: $0, pValue: 2, rejected: true, reason: $0)
        }
        group.capabilities = strings.map { CapabilityShare(name: $0, share: 1.5) }
        group.capabilities.append(CapabilityShare(name: "none", share: .nan))
        group.relations = strings.map { CampaignRelation(campaign: $0, kind: $0, reason: $0) }
        group.relations.append(
            CampaignRelation(campaign: group.id, kind: "failover", reason: "Self."))
        group.examples = strings.map {
            ExampleExchange(
                id: $0, account: $0, timeMicroseconds: micro(hours: 1), model: $0, preview: $0,
                isText: true)
        }
        group.timeline = [
            TimelinePoint(startSeconds: start + 3600, exchanges: 0, accounts: -1),
            TimelinePoint(startSeconds: start, exchanges: 2, accounts: 1),
        ]
        group.timelineStepSeconds = 0
        group.firstFlaggedMicroseconds = micro(hours: 100)
        group.resembles = strings[0]
        var clearedGroup = group
        clearedGroup.id = "</details>"
        clearedGroup.verdict = .noFinding
        var judgement = Judgement(
            accounts: [], campaigns: [group, group], cleared: [clearedGroup], unavailable: strings,
            fdr: 0.01, groupsTested: 2)
        judgement.accounts = verdicts(of: judgement, noFinding: 1, inconclusive: 1)
        var context = context(judgement)
        context.title = strings.joined()
        context.inputs = strings.map {
            .init(name: $0, format: $0, bytes: .max, exchanges: 1, digest: $0)
        }
        context.badRecords = strings.map {
            .init(reason: $0, count: 1, firstFile: $0, byteOffset: 0)
        }
        context.settings = strings.map { .init(name: $0, value: $0) }
        context.calibration = strings.map { .init(name: $0, value: $0, explanation: $0) }
        return (judgement, context)
    }

    /// Sixty campaigns, of which the first has 25,000 accounts, and a hundred cleared groups.
    static func huge() -> (Judgement, ReportContext) {
        var campaigns = [
            campaign("C-0001", accounts: 25_000, exchanges: 28_800_000, hours: 45 * 24, seed: 3)
        ]
        for index in 2...60 {
            let digits = index < 10 ? "000\(index)" : "00\(index)"
            campaigns.append(
                campaign("C-\(digits)", accounts: 300, exchanges: 40_000, hours: 480, seed: 5))
        }
        let lookAlikes = (0..<40).flatMap { _ in cleared() }
        var judgement = Judgement(
            accounts: [], campaigns: campaigns, cleared: lookAlikes, unavailable: [], fdr: 0.01,
            groupsTested: 400)
        judgement.accounts = verdicts(of: judgement, noFinding: 1000, inconclusive: 0)
        return (judgement, context(judgement))
    }

    private static func campaign(
        _ id: String, accounts: Int, exchanges: Int, hours: Int64, seed: UInt64
    ) -> JudgedGroup {
        var random = Sequence(state: seed)
        var group = JudgedGroup(id: id, verdict: .distillation)
        let offset = Int64(seed % 7) * 40
        group.pValue = 3.1e-9
        group.qValue = 4.0e-7
        group.exchanges = exchanges
        group.firstMicroseconds = micro(hours: offset)
        group.lastMicroseconds = micro(hours: offset + hours)
        group.members = (0..<accounts).map { index in
            let from = offset + Int64.random(in: 0..<max(1, hours / 4), using: &random)
            return GroupMember(
                account: "acct_\(id.dropFirst(2))_\(100_000 + index * 37)",
                exchanges: exchanges / accounts + Int.random(in: 0..<30, using: &random),
                firstMicroseconds: micro(hours: from),
                lastMicroseconds: micro(hours: offset + hours - Int64(index % 20)),
                createdMicroseconds: index % 9 == 0 ? nil : micro(hours: from - 30))
        }
        let kinds = [
            ["content", "template"], ["system_prompt"], ["timing", "content"], ["payment"],
            ["ip_network"],
        ]
        let hubs = max(2, min(accounts, 150) / 18)
        for index in 0..<min(accounts, 400) {
            for _ in 0..<2 {
                let cluster = index % hubs
                let other =
                    cluster + hubs
                    * Int.random(in: 0..<max(1, min(accounts, 400) / hubs), using: &random)
                guard other != index, other < accounts else { continue }
                group.links.append(
                    MemberLink(
                        first: min(index, other), second: max(index, other),
                        kinds: kinds[
                            index % 11 == 0
                                ? Int.random(in: 0..<5, using: &random) : cluster % kinds.count],
                        weight: Double.random(in: 4..<30, using: &random)))
            }
        }
        group.sharedArtefacts = [
            SharedArtefact(
                kind: "system_prompt", value: "9c1f0a77e24b18d3", accounts: accounts * 9 / 10,
                accountsInScan: accounts * 9 / 10 + 1),
            SharedArtefact(
                kind: "prefix_block", value: "5e20b1c4aa907f12", accounts: accounts,
                accountsInScan: accounts),
            SharedArtefact(
                kind: "payment_fingerprint", value: "pm_77", accounts: accounts / 5,
                accountsInScan: accounts / 5 + 2),
            SharedArtefact(
                kind: "ip_network", value: "203.0.113.0/24", accounts: accounts / 3,
                accountsInScan: accounts / 2),
        ]
        group.indicators = indicators
        group.explanations = explanations
        group.capabilities = [
            CapabilityShare(name: "coding", share: 0.62),
            CapabilityShare(name: "agentic", share: 0.41),
            CapabilityShare(name: "reasoning", share: 0.38),
            CapabilityShare(name: "grading", share: 0.07),
            CapabilityShare(name: "translation", share: 0.0004),
        ]
        group.inputTokens = Int64(exchanges) * 312
        group.outputTokens = Int64(exchanges) * 1_471
        group.reasoningTokens = Int64(exchanges) * 604
        group.listPriceUSD = Double(exchanges) * 0.0231
        group.timeline = (0..<hours).map { hour in
            let ramp = min(1, Double(hour) / Double(max(1, hours / 3)))
            let level = Double(exchanges) / Double(hours) * (0.25 + ramp)
            return TimelinePoint(
                startSeconds: start + (offset + hour) * 3600,
                exchanges: Int(level * Double.random(in: 0.6..<1.3, using: &random)),
                accounts: Int(Double(accounts) * (0.2 + 0.7 * ramp)))
        }
        group.firstFlaggedMicroseconds = micro(hours: offset + hours / 6)
        group.exchangesBeforeFlag = exchanges / 17
        group.examples = (0..<3).map { index in
            ExampleExchange(
                id: "req_\(seed)\(index)0417", account: group.members[index].account,
                timeMicroseconds: micro(hours: offset + Int64(index) * 9), model: "m-large",
                preview: "Xxx xxx xx xxxxxx xxxxxxxx. Xxxxxxxxxx xxx xxxxxxxxx xxxxxx xxx xxxxxx, "
                    + "xxxx xx xxxx.\n\nXxxx 00: xxxxx_xxxxx(xxxx: \"xxxxx\") -> xxxx[0]\n"
                    + "Xxxxx xxxx xxxxxxxxx xx <xxxxxxxx> xxxx.",
                isText: false)
        }
        return group
    }

    private static let indicators = [
        Indicator(
            name: "shared_template", value: 0.93, threshold: 0.2, unit: "share of exchanges",
            pValue: 1e-7, exchangeIDs: ["req_10417", "req_10432", "req_11871"]),
        Indicator(
            name: "content_exchangeable", value: 0.0121, threshold: 0.05,
            unit: "bits per exchange", pValue: 3.1e-9, exchangeIDs: []),
        Indicator(
            name: "partition_without_replacement", value: 0.041, threshold: 0.5,
            unit: "share of the overlap expected", pValue: 2.2e-12,
            exchangeIDs: ["req_10417"]),
        Indicator(
            name: "equal_volumes", value: 0.18, threshold: 0.6, unit: "Gini coefficient",
            pValue: 0.00072, exchangeIDs: []),
        Indicator(
            name: "no_idle_hours", value: 24, threshold: 22, unit: "hours of the day",
            pValue: nil, exchangeIDs: []),
    ]

    private static let explanations = [
        InnocentExplanation(
            name: "independent_people", statement: "Independent people who happen to ask alike.",
            pValue: 3.1e-9, rejected: true,
            reason: "Prompts of different accounts differ no more than prompts of one account. In "
                + "ten thousand draws of strangers none came close."),
        InnocentExplanation(
            name: "one_tool", statement: "Strangers use one public tool or plug-in.", pValue: 2e-10,
            rejected: true,
            reason:
                "Users of one tool share its template but keep their own hours and topics; these "
                + "accounts have neither."),
        InnocentExplanation(
            name: "one_company", statement: "One company with many seats.", pValue: nil,
            rejected: true,
            reason: "The accounts sit on 61 networks in 14 countries and belong to no organisation."
        ),
    ]

    private static func cleared() -> [JudgedGroup] {
        let kinds: [(String, String, String)] = [
            (
                "hundreds of strangers who use one open-source tool",
                "Strangers use one public tool or plug-in.",
                "They share template, system prompt and client, but each account has hours and topics "
                    + "of its own."
            ),
            (
                "a classroom working through the same exercises",
                "A class or course with the same tasks.",
                "The accounts repeat the same tasks instead of sharing them out, all in one week."
            ),
            (
                "a company behind one network", "One company with many seats.",
                "One organisation, one payment, office hours, and a topic per person."
            ),
        ]
        return kinds.enumerated().map { index, kind in
            var group = JudgedGroup(id: "G-000\(index + 1)", verdict: .noFinding)
            group.pValue = 0.44
            group.qValue = 0.71
            group.exchanges = 8_210 / (index + 1)
            group.firstMicroseconds = micro(hours: 5)
            group.lastMicroseconds = micro(hours: 700)
            group.members = (0..<(240 / (index + 1))).map {
                GroupMember(
                    account: "user_\(index)_\($0)", exchanges: 10 + $0 % 7,
                    firstMicroseconds: micro(hours: 5), lastMicroseconds: micro(hours: 700),
                    createdMicroseconds: nil)
            }
            group.resembles = kind.0
            group.indicators = [indicators[0]]
            group.explanations = [
                InnocentExplanation(
                    name: "x", statement: kind.1, pValue: 0.44, rejected: false, reason: kind.2),
                explanations[0],
            ]
            return group
        }
    }

    private static func verdicts(
        of judgement: Judgement, noFinding: Int, inconclusive: Int
    ) -> [AccountVerdict] {
        var result: [AccountVerdict] = []
        for group in judgement.campaigns {
            for (index, member) in group.members.enumerated() {
                let isAccused = group.verdict == .distillation
                result.append(
                    AccountVerdict(
                        account: member.account, verdict: group.verdict,
                        score: isAccused ? 0.998 : 0.7, pValue: group.pValue,
                        qValue: group.qValue, campaign: group.id, exchanges: member.exchanges,
                        firstFlaggedMicroseconds: group.firstFlaggedMicroseconds,
                        exchangesBeforeFlag: isAccused ? index % 31 : nil, indicators: []))
            }
        }
        for index in 0..<(noFinding + inconclusive) {
            result.append(
                AccountVerdict(
                    account: "other_\(index)",
                    verdict: index < noFinding ? .noFinding : .inconclusive, score: 0.1, pValue: 1,
                    qValue: 1, campaign: nil, exchanges: 9, firstFlaggedMicroseconds: nil,
                    exchangesBeforeFlag: nil, indicators: []))
        }
        return result
    }

    private static func context(_ judgement: Judgement) -> ReportContext {
        var context = ReportContext(title: "API logs, 22 April to 5 June 2026", version: "0.1.0")
        context.firstMicroseconds = micro(hours: 0)
        context.lastMicroseconds = micro(hours: 46 * 24)
        context.accounts = judgement.accounts.count
        context.exchanges = judgement.accounts.reduce(0) { $0 + $1.exchanges } * 3
        context.bytesRead = 48_213_441_902
        context.inputs = [
            .init(
                name: "logs/gateway-2026-04.jsonl.zst", format: "stillwatch", bytes: 31_882_114_002,
                exchanges: 1_204_331,
                digest: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
            .init(
                name: "logs/litellm-2026-05.jsonl.gz", format: "litellm", bytes: 16_331_327_900,
                exchanges: 402_118,
                digest: "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"),
        ]
        context.badRecords = [
            .init(
                reason: "truncated", count: 1, firstFile: "logs/litellm-2026-05.jsonl.gz",
                byteOffset: 16_331_327_114),
            .init(
                reason: "missing_field", count: 1_207, firstFile: "logs/gateway-2026-04.jsonl.zst",
                byteOffset: 88_123),
        ]
        context.ignoredRecords = 5_113
        context.settings = [
            .init(name: "fdr", value: "0.01"), .init(name: "max-bad", value: "1 %"),
            .init(name: "accounts", value: "none"),
        ]
        context.calibration = [
            .init(
                name: "Innocent groups simulated", value: "10,000",
                explanation:
                    "Groups of the same sizes drawn from this scan's own unaccused accounts."),
            .init(
                name: "False accusations among them", value: "7 of 1,000",
                explanation: "The measured share at a bound of 1 %; it should not exceed it."),
        ]
        return context
    }
}
