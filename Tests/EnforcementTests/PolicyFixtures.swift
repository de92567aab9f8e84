@testable import Enforcement

/// Times and subjects that policies are tried on.
enum PolicyFixtures {
    static let hour: Int64 = 3_600_000_000
    static let day: Int64 = 24 * hour
    /// When the finding was first made.
    static let since: Int64 = 1_780_000_000_000_000

    static let signals: [String: UInt32] = ["elicitation": 1, "rubric_grading": 2, "coding": 16]

    static func policy(_ yaml: String) throws -> Policy {
        try Policy.parse(yaml: yaml, path: "conf/policy.yaml", signals: signals) { path in
            path == "conf/canaries.txt" ? "blue heron\n\n  \r\nold mill\r\n" : ""
        }
    }

    static func finding(
        _ verdict: PolicyVerdict = .distillation, score: Double = 0.99,
        campaign: String? = "C-0001", indicators: [String] = ["shared_template"]
    ) -> AccountFinding {
        AccountFinding(
            verdict: verdict, score: score, campaign: campaign, indicators: indicators,
            since: since)
    }

    static func subject(
        finding: AccountFinding? = finding(), after: Int64 = 0, approved: Set<String> = [],
        blockedCampaigns: Set<String> = [], switches: [RegionSwitch] = [],
        country: String? = "SG", nationality: String? = nil, clientCountry: String? = nil,
        plan: String? = "free", model: String = "m-large-2026-11-20",
        endpoint: String = "/v1/messages", signals: UInt32 = 0
    ) -> PolicySubject {
        PolicySubject(
            account: AccountFacts(
                id: "acct_9", organization: "org_2", plan: plan, contract: "standard",
                country: country.flatMap { CountryCode($0) },
                nationality: nationality.flatMap { CountryCode($0) }),
            finding: finding,
            orders: PolicyOrders(
                approved: approved, blockedCampaigns: blockedCampaigns, switches: switches),
            model: model, endpoint: endpoint, signals: signals,
            clientCountry: clientCountry.flatMap { CountryCode($0) }, now: since + after)
    }
}
