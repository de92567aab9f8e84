import Enforcement
import Exchanges
import Store

/// What a worker knows of an account: facts of its sign-up, what was found of it, and what follows for its requests.
final class AccountState {
    let id: String
    private(set) var row: AccountRow?
    /// The same for the policy.
    private(set) var facts: Enforcement.AccountFacts
    /// What was found; `nil` before the first judgement.
    private(set) var verdict: VerdictRow?
    private(set) var finding: AccountFinding?
    /// The blocked campaign that it belongs to.
    var block: BlockedAccount?
    /// The account as the exchange log has it: a JSON object.
    private(set) var logged: [UInt8] = []
    /// Open requests, so that they can be ended when the account is blocked.
    var openTurns = 0

    init(id: String) {
        self.id = id
        facts = Enforcement.AccountFacts(id: id)
        logged = Self.logged(id, nil)
    }

    func update(_ row: AccountRow) {
        self.row = row
        func given(_ text: String) -> String? { text.isEmpty ? nil : text }
        facts = Enforcement.AccountFacts(
            id: id, organization: given(row.organization), plan: given(row.plan),
            contract: given(row.contract), country: CountryCode(row.country),
            nationality: CountryCode(row.nationality))
        logged = Self.logged(id, row)
    }

    func update(_ verdict: VerdictRow) {
        self.verdict = verdict
        finding = AccountFinding(
            verdict: PolicyVerdict(rawValue: verdict.verdict) ?? .inconclusive,
            score: verdict.score, campaign: verdict.campaign,
            indicators: IndicatorNames.read(verdict.indicators), since: verdict.since)
    }

    private static func logged(_ id: String, _ row: AccountRow?) -> [UInt8] {
        var writer = RecordWriter()
        writer.literal("{\"id\":")
        writer.string(id)
        if let row {
            func add(_ name: StaticString, _ value: String) {
                guard !value.isEmpty else { return }
                writer.literal(name)
                writer.string(value)
            }
            if let created = row.created {
                writer.literal(",\"created\":")
                writer.time(EventTime(microseconds: created))
            }
            add(",\"organization\":", row.organization)
            add(",\"email_domain\":", row.emailDomain)
            add(",\"country\":", row.country)
            add(",\"payment_fingerprint\":", row.paymentFingerprint)
            add(",\"plan\":", row.plan)
            add(",\"signup_path\":", row.signupPath)
        }
        writer.literal("}")
        return writer.bytes
    }
}

/// What a worker knows of a key and of what its requests are measured against.
final class KeyState {
    let id: String
    let account: String
    /// Made anew when the campaign or the limits change.
    var budget: BudgetSubject?
    /// The campaign and plan that `budget` was made for.
    var budgetCampaign: String?

    init(id: String, account: String) {
        self.id = id
        self.account = account
    }
}

/// The names in a verdict's list of indicators.
enum IndicatorNames {
    /// Writes what the store keeps of indicators.
    static func write(_ names: [String]) -> String {
        "[" + names.map(APIError.quoted).joined(separator: ",") + "]"
    }

    /// Reads it back; names are plain words.
    static func read(_ text: String) -> [String] {
        text.split { "[]\", ".contains($0) }.map(String.init)
    }
}
