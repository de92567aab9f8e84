/// What is known of an account. An empty text is "not known".
public struct AccountRow: Sendable, Equatable {
    /// The account.
    public var id: String
    /// The organization it belongs to.
    public var organization: String
    /// What it pays for.
    public var plan: String
    /// Where it is, as an ISO 3166-1 code of two letters.
    public var country: String
    /// The nationality of its owner, as an ISO 3166-1 code of two letters.
    public var nationality: String
    /// The contract it is under.
    public var contract: String
    /// When it was made.
    public var created: Int64?
    /// The domain of its owner's e-mail address.
    public var emailDomain: String
    /// A digest of its means of payment, equal for equal means.
    public var paymentFingerprint: String
    /// How it came.
    public var signupPath: String
    /// Whether nothing is done against it.
    public var trusted: Bool
    /// The change that wrote this row; the store gives it.
    public var revision: Int64

    /// A row with these values; the store ignores `revision` when it writes.
    public init(
        id: String, organization: String = "", plan: String = "", country: String = "",
        nationality: String = "", contract: String = "", created: Int64? = nil,
        emailDomain: String = "", paymentFingerprint: String = "", signupPath: String = "",
        trusted: Bool = false, revision: Int64 = 0
    ) {
        self.id = id
        self.organization = organization
        self.plan = plan
        self.country = country
        self.nationality = nationality
        self.contract = contract
        self.created = created
        self.emailDomain = emailDomain
        self.paymentFingerprint = paymentFingerprint
        self.signupPath = signupPath
        self.trusted = trusted
        self.revision = revision
    }
}

extension AccountRow: StoredRow {
    static let table = "accounts"
    static let columns = [
        "id", "organization", "plan", "country", "nationality", "contract", "created",
        "email_domain", "payment_fingerprint", "signup_path", "trusted", "revision",
    ]
    static let key = ["id"]

    init(row: inout SQLRow) throws(StoreError) {
        id = try row.text()
        organization = try row.text()
        plan = try row.text()
        country = try row.text()
        nationality = try row.text()
        contract = try row.text()
        created = try row.optionalInteger()
        emailDomain = try row.text()
        paymentFingerprint = try row.text()
        signupPath = try row.text()
        trusted = try row.bool()
        revision = try row.integer()
    }

    var values: [SQLValue] {
        [
            .text(id), .text(organization), .text(plan), .text(country), .text(nationality),
            .text(contract), SQLValue(created), .text(emailDomain), .text(paymentFingerprint),
            .text(signupPath), SQLValue(trusted), .integer(revision),
        ]
    }
}

extension Store {
    /// Adds an account, or replaces what was known of it.
    ///
    /// - Parameter actor: who does it, for the audit.
    public func put(_ account: AccountRow, actor: String, at time: Int64) throws(StoreError) {
        try change { change throws(StoreError) in
            var account = account
            account.revision = try change.next(.accounts)
            try change.session.put(account)
            try change.audit(
                "account.put", actor: actor, subject: account.id,
                [
                    "organization": .text(account.organization), "plan": .text(account.plan),
                    "country": .text(account.country), "nationality": .text(account.nationality),
                    "contract": .text(account.contract), "created": JSONText(account.created),
                    "email_domain": .text(account.emailDomain),
                    "payment_fingerprint": .text(account.paymentFingerprint),
                    "signup_path": .text(account.signupPath), "trusted": .bool(account.trusted),
                ], at: time)
        }
    }

    /// An account, or `nil` when nothing is known of it.
    public func account(id: String) throws(StoreError) -> AccountRow? {
        try database.read { session throws(StoreError) in
            try session.fetch(AccountRow.self, id: id)
        }
    }

    /// A page of the accounts that were changed after a revision, in the order of their revisions.
    ///
    /// The next page is after the last row's revision.
    public func accounts(
        changedAfter revision: Int64, limit: Int
    ) throws(StoreError) -> [AccountRow] {
        try database.read { session throws(StoreError) in
            try session.fetch(AccountRow.self, changedAfter: revision, limit: limit)
        }
    }
}
