/// What the last judging said of an account.
package enum PolicyVerdict: String, CaseIterable, Sendable {
    case distillation
    case suspicious
    case noFinding = "no_finding"
    case inconclusive

    /// The verdict's bit in a condition.
    var bit: UInt8 {
        switch self {
        case .distillation: 1
        case .suspicious: 2
        case .noFinding: 4
        case .inconclusive: 8
        }
    }
}

/// What is known of an account, made once for it and shared by its requests.
package final class AccountFacts: Sendable {
    package let id: String
    package let organization: String?
    package let plan: String?
    package let contract: String?
    package let country: CountryCode?
    package let nationality: CountryCode?

    package init(
        id: String, organization: String? = nil, plan: String? = nil, contract: String? = nil,
        country: CountryCode? = nil, nationality: CountryCode? = nil
    ) {
        self.id = id
        self.organization = organization
        self.plan = plan
        self.contract = contract
        self.country = country
        self.nationality = nationality
    }
}

/// What the last judging found on an account, made once a judging and shared by the account's requests.
package final class AccountFinding: Sendable {
    package let verdict: PolicyVerdict
    /// In 0...1.
    package let score: Double
    package let campaign: String?
    package let indicators: [String]
    /// When the verdict was first given, in microseconds since 1970 UTC. Stages and expiry count from here.
    package let since: Int64

    package init(
        verdict: PolicyVerdict, score: Double, campaign: String? = nil, indicators: [String] = [],
        since: Int64
    ) {
        self.verdict = verdict
        self.score = score
        self.campaign = campaign
        self.indicators = indicators
        self.since = since
    }
}

/// One row of the switches by which people close the service to countries at once.
package struct RegionSwitch: Hashable, Sendable {
    package let id: String
    package let countries: CountrySet
    package let nationalities: CountrySet
    package let on: Bool

    package init(id: String, countries: CountrySet, nationalities: CountrySet, on: Bool) {
        self.id = id
        self.countries = countries
        self.nationalities = nationalities
        self.on = on
    }
}

/// What people have decided, as read from the store; one snapshot serves many requests.
package final class PolicyOrders: Sendable {
    /// Identifiers of ``PendingApproval`` that were approved.
    package let approved: Set<String>
    /// Ids of campaigns that a person has blocked.
    package let blockedCampaigns: Set<String>
    /// The switches that are on.
    package let switches: [RegionSwitch]

    package static let none = PolicyOrders()

    package init(
        approved: Set<String> = [], blockedCampaigns: Set<String> = [],
        switches: [RegionSwitch] = []
    ) {
        self.approved = approved
        self.blockedCampaigns = blockedCampaigns
        self.switches = switches.filter(\.on)
    }
}

/// One request, as far as a policy looks at it.
package struct PolicySubject: Sendable {
    package var account: AccountFacts
    /// `nil` before the first judging that saw the account.
    package var finding: AccountFinding?
    package var orders: PolicyOrders
    package var model: String
    /// The request's path, such as `/v1/messages`.
    package var endpoint: String
    /// The bits of the signals seen in the prompt, as given to ``Policy/parse(yaml:path:signals:readFile:)``.
    package var signals: UInt32
    /// Where the request came from, when that is known.
    package var clientCountry: CountryCode?
    /// Microseconds since 1970 UTC.
    package var now: Int64

    package init(
        account: AccountFacts, finding: AccountFinding?, orders: PolicyOrders, model: String,
        endpoint: String, signals: UInt32, clientCountry: CountryCode?, now: Int64
    ) {
        self.account = account
        self.finding = finding
        self.orders = orders
        self.model = model
        self.endpoint = endpoint
        self.signals = signals
        self.clientCountry = clientCountry
        self.now = now
    }

    /// What a measure applies to: the campaign where there is one, else the account.
    var scope: (kind: String, id: String) {
        if let campaign = finding?.campaign { return ("campaign", campaign) }
        return ("account", account.id)
    }
}
