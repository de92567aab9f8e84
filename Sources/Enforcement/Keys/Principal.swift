/// On whose behalf a request comes: a key and what is known of its account. Held once for each key.
public final class Principal: Sendable {
    /// The public name of the key.
    public let keyID: String
    /// The account the key belongs to.
    public let account: String
    /// The account's organization; empty when it has none.
    public let organization: String
    /// The account's plan; empty when it has none.
    public let plan: String
    /// The account's country as ISO 3166 alpha-2; empty when unknown.
    public let country: String
    /// The nationality of the account's owner as ISO 3166 alpha-2; empty when unknown.
    public let nationality: String
    /// The contract the account is under; empty when it has none.
    public let contract: String
    /// Whether the operator vouches for the account.
    public let isTrusted: Bool

    /// A principal with these fields.
    public init(
        keyID: String, account: String, organization: String = "", plan: String = "",
        country: String = "",
        nationality: String = "", contract: String = "", isTrusted: Bool = false
    ) {
        self.keyID = keyID
        self.account = account
        self.organization = organization
        self.plan = plan
        self.country = country
        self.nationality = nationality
        self.contract = contract
        self.isTrusted = isTrusted
    }
}
