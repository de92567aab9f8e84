import Enforcement
import Foundation
import Store

/// Why an operator's wish cannot be carried out.
public enum OperationError: Error, CustomStringConvertible {
    /// There is no such thing.
    case unknown(String)
    /// What was given cannot be used.
    case invalid(String)
    /// The store refused, or cannot be reached.
    case store(StoreError)

    /// For a reader.
    public var description: String {
        switch self {
        case .unknown(let text), .invalid(let text): text
        case .store(let error): "\(error)"
        }
    }
}

/// What operators can do, by command line or over the admin listener. Each change is in the store, with its entry in the
/// audit, when the call returns; gateways have it within a second.
public struct Operations: Sendable {
    let store: Store
    let pepper: KeyPepper

    /// Opens the store that the settings name.
    public init(settings: GatewaySettings) throws {
        try FileManager.default.createDirectory(
            atPath: settings.state, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        store = try Store(url: settings.store)
        pepper = try KeyPepper(path: settings.pepperFile)
        try PepperCheck.run(store, pepper)
    }

    init(store: Store, pepper: KeyPepper) {
        self.store = store
        self.pepper = pepper
    }

    private func stored<R>(_ body: () throws(StoreError) -> R) throws(OperationError) -> R {
        do throws(StoreError) { return try body() } catch { throw .store(error) }
    }

    private var now: Int64 { Moment.nowMicroseconds() }

    // MARK: Keys

    /// A key as it is shown once, when it is made.
    public struct NewKey: Encodable, Sendable {
        /// The public part.
        public let id: String
        /// All of it: what a client sends. It cannot be shown again.
        public let key: String
        /// Who is billed.
        public let account: String
    }

    /// A key as it is listed.
    public struct KeyListing: Encodable, Sendable {
        let id: String
        let account: String
        let name: String
        let created: String
        let expires: String?
        let revoked: String?
        let replacedBy: String?
        let isValid: Bool
    }

    private func newKey(
        _ account: String, _ name: String, _ expires: Int64?
    ) throws(OperationError) -> (row: KeyRow, shown: NewKey) {
        do throws(KeyError) {
            let (id, text) = try APIKey.generate()
            let row = KeyRow(
                id: id, digest: try pepper.digest(of: text).bytes, account: account, name: name,
                created: now, expires: expires)
            return (row, NewKey(id: id, key: text, account: account))
        } catch {
            throw .invalid("no key could be made: \(error)")
        }
    }

    /// Makes a key.
    public func createKey(
        account: String, name: String = "", organization: String? = nil, plan: String? = nil,
        expiresSeconds: Double? = nil, actor: String
    ) throws(OperationError) -> NewKey {
        guard !account.isEmpty, account.utf8.count <= 256 else {
            throw .invalid("an account's name has 1 to 256 bytes")
        }
        let known = try stored { () throws(StoreError) in try store.account(id: account) }
        if known == nil || organization != nil || plan != nil {
            var row = known ?? AccountRow(id: account)
            if let organization { row.organization = organization }
            if let plan { row.plan = plan }
            if row != known {
                try stored { () throws(StoreError) in try store.put(row, actor: actor, at: now) }
            }
        }
        let expires = expiresSeconds.map { now + Int64($0 * 1_000_000) }
        let key = try newKey(account, name, expires)
        try stored { () throws(StoreError) in try store.insert(key.row, actor: actor) }
        return key.shown
    }

    /// All keys of an account, without their secrets.
    public func keys(account: String?) throws(OperationError) -> [KeyListing] {
        let rows = try stored { () throws(StoreError) in
            if let account { return try store.keys(account: account) }
            return try store.keys(changedAfter: 0)
        }
        let now = now
        return rows.sorted { ($0.account, $0.created) < ($1.account, $1.created) }.map { row in
            KeyListing(
                id: row.id, account: row.account, name: row.name, created: Self.time(row.created),
                expires: row.expires.map(Self.time), revoked: row.revoked.map(Self.time),
                replacedBy: row.replacedBy,
                isValid: row.revoked == nil && row.expires.map { now < $0 } ?? true)
        }
    }

    /// Makes a key's successor. The old one works for a while longer.
    public func rotateKey(
        _ id: String, graceSeconds: Double, actor: String
    ) throws(OperationError) -> NewKey {
        guard let old = try stored({ () throws(StoreError) in try store.key(id: id) }) else {
            throw .unknown("there is no key '\(id)'; 'key list' shows them")
        }
        let key = try newKey(old.account, old.name, nil)
        try stored { () throws(StoreError) in
            try store.rotate(
                id, to: key.row, oldExpires: now + Int64(graceSeconds * 1_000_000), actor: actor)
        }
        return key.shown
    }

    /// Ends a key at once.
    public func revokeKey(_ id: String, actor: String) throws(OperationError) {
        let isKnown = try stored { () throws(StoreError) in
            try store.revoke(id: id, at: now, actor: actor)
        }
        if !isKnown { throw .unknown("there is no key '\(id)'; 'key list' shows them") }
    }

    // MARK: Accounts

    /// What is known of an account.
    public struct Account: Codable, Sendable {
        /// The customer organisation or team.
        public var organization: String?
        /// The price plan.
        public var plan: String?
        /// ISO 3166 code.
        public var country: String?
        /// ISO 3166 code of its owner's nationality.
        public var nationality: String?
        /// The contract it is under.
        public var contract: String?
        /// RFC 3339.
        public var created: String?
        /// The domain of its address.
        public var emailDomain: String?
        /// Its payment instrument, opaque.
        public var paymentFingerprint: String?
        /// How it signed up.
        public var signupPath: String?
        /// Whether people vouch for it.
        public var trusted: Bool?

        /// Nothing known.
        public init() {}
    }

    /// An account with what was found of it.
    public struct AccountListing: Encodable, Sendable {
        let id: String
        let facts: Account
        let verdict: String?
        let score: Double?
        let campaign: String?
        let since: String?
        let indicators: [String]
    }

    /// Changes what is known of an account; what is not given stays.
    public func setAccount(
        _ id: String, _ facts: Account, actor: String
    ) throws(OperationError) {
        guard !id.isEmpty, id.utf8.count <= 256 else {
            throw .invalid("an account's name has 1 to 256 bytes")
        }
        var row =
            try stored { () throws(StoreError) in try store.account(id: id) } ?? AccountRow(id: id)
        for (name, code) in [("country", facts.country), ("nationality", facts.nationality)] {
            if let code, !code.isEmpty, code.utf8.count != 2 {
                throw .invalid("\(name) '\(code)' is no ISO 3166 code of two letters")
            }
        }
        row.organization = facts.organization ?? row.organization
        row.plan = facts.plan ?? row.plan
        row.country = facts.country?.uppercased() ?? row.country
        row.nationality = facts.nationality?.uppercased() ?? row.nationality
        row.contract = facts.contract ?? row.contract
        row.emailDomain = facts.emailDomain ?? row.emailDomain
        row.paymentFingerprint = facts.paymentFingerprint ?? row.paymentFingerprint
        row.signupPath = facts.signupPath ?? row.signupPath
        row.trusted = facts.trusted ?? row.trusted
        if let created = facts.created {
            guard let time = Self.microseconds(created) else {
                throw .invalid("created '\(created)' is no time such as 2026-04-20T10:00:00Z")
            }
            row.created = time
        }
        let changed = row
        try stored { () throws(StoreError) in try store.put(changed, actor: actor, at: now) }
    }

    /// What is known and found of an account.
    public func account(_ id: String) throws(OperationError) -> AccountListing {
        let row = try stored { () throws(StoreError) in try store.account(id: id) }
        let verdict = try stored { () throws(StoreError) in try store.verdict(account: id) }
        guard row != nil || verdict != nil else { throw .unknown("there is no account '\(id)'") }
        var facts = Account()
        if let row {
            facts.organization = row.organization
            facts.plan = row.plan
            facts.country = row.country
            facts.nationality = row.nationality
            facts.contract = row.contract
            facts.created = row.created.map(Self.time)
            facts.emailDomain = row.emailDomain
            facts.paymentFingerprint = row.paymentFingerprint
            facts.signupPath = row.signupPath
            facts.trusted = row.trusted
        }
        return AccountListing(
            id: id, facts: facts, verdict: verdict?.verdict, score: verdict?.score,
            campaign: verdict?.campaign, since: verdict.map { Self.time($0.since) },
            indicators: verdict.map { IndicatorNames.read($0.indicators) } ?? [])
    }

    // MARK: Campaigns

    /// A campaign as it is listed.
    public struct CampaignListing: Encodable, Sendable {
        let id: String
        let verdict: String
        let accounts: Int
        let exchanges: Int64
        let qValue: Double
        let since: String
        let ended: String?
        let isBlocked: Bool
    }

    /// Campaigns that were found.
    public func campaigns() throws(OperationError) -> [CampaignListing] {
        let rows = try stored { () throws(StoreError) in try store.campaigns() }
        let blocks = try stored { () throws(StoreError) in try store.blocks(changedAfter: 0) }
        let now = now
        let blocked = Set(
            blocks.filter { $0.lifted == nil && $0.expires.map { now < $0 } ?? true }
                .map(\.campaign))
        return rows.map { row in
            CampaignListing(
                id: row.id, verdict: row.verdict, accounts: row.members, exchanges: row.exchanges,
                qValue: row.qValue, since: Self.time(row.since), ended: row.ended.map(Self.time),
                isBlocked: blocked.contains(row.id))
        }
    }

    /// Blocks all accounts of a campaign in one step.
    /// - Returns: how many.
    public func block(
        campaign: String, by: String, reason: String, expiresSeconds: Double?
    ) throws(OperationError) -> Int {
        try named(by)
        let expires = expiresSeconds.map { now + Int64($0 * 1_000_000) }
        return try stored { () throws(StoreError) in
            try store.block(campaign: campaign, by: by, reason: reason, at: now, expires: expires)
        }
    }

    /// Lets them in again.
    public func unblock(campaign: String, by: String, reason: String) throws(OperationError) -> Int
    {
        try named(by)
        return try stored { () throws(StoreError) in
            try store.unblock(campaign: campaign, by: by, reason: reason, at: now)
        }
    }

    private func named(_ by: String) throws(OperationError) {
        if by.isEmpty { throw .invalid("say who decides this ('by')") }
    }

    // MARK: Approvals

    /// A step that waits, or waited, for approval.
    public struct ApprovalListing: Encodable, Sendable {
        let id: String
        let rule: String
        let stage: Int
        let scope: String
        let subject: String
        let action: String
        let requested: String
        let decision: String
        let by: String
        let note: String
    }

    /// Steps of rules, those that wait first.
    public func approvals() throws(OperationError) -> [ApprovalListing] {
        let rows = try stored { () throws(StoreError) in try store.approvals(changedAfter: 0) }
        return rows.map { row in
            ApprovalListing(
                id: row.id, rule: row.rule, stage: row.stage, scope: row.scope,
                subject: row.subject, action: row.action, requested: Self.time(row.requested),
                decision: row.decision, by: row.by, note: row.note)
        }.sorted { a, b in
            (a.decision == "pending" ? 0 : 1, a.requested) < (
                b.decision == "pending" ? 0 : 1, b.requested
            )
        }
    }

    /// Decides on a step, once.
    public func decide(
        approval id: String, approve: Bool, by: String, note: String
    ) throws(OperationError) {
        try named(by)
        try stored { () throws(StoreError) in
            try store.decide(
                id: id, decision: approve ? .approved : .denied, by: by, note: note, at: now)
        }
    }

    // MARK: Switches

    /// A kill switch.
    public struct Switch: Encodable, Sendable {
        let id: String
        let countries: [String]
        let nationalities: [String]
        let on: Bool
        let by: String
        let reason: String
        let at: String
        let revision: Int64
    }

    /// When a gateway put a switch into force.
    public struct Proof: Encodable, Sendable {
        let id: String
        let revision: Int64
        let gateway: String
        let inForce: String
    }

    /// Throws a switch.
    /// - Returns: the revision that gateways acknowledge.
    public func setSwitch(
        _ id: String, countries: [String], nationalities: [String], on: Bool, by: String,
        reason: String
    ) throws(OperationError) -> Switch {
        try named(by)
        guard !id.isEmpty, id.utf8.count <= 128 else {
            throw .invalid("a switch's name has 1 to 128 bytes")
        }
        for code in countries + nationalities
        where code.utf8.count != 2
            || !code.utf8.allSatisfy({ ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x7A })
        {
            throw .invalid("'\(code)' is no ISO 3166 code of two letters")
        }
        if on, countries.isEmpty, nationalities.isEmpty {
            throw .invalid("the switch names no country and no nationality")
        }
        var row = SwitchRow(
            id: id, countries: countries.map { $0.uppercased() },
            nationalities: nationalities.map { $0.uppercased() }, on: on, by: by, reason: reason,
            at: now)
        let unwritten = row
        row.revision = try stored { () throws(StoreError) in try store.put(unwritten) }
        return listing(row)
    }

    private func listing(_ row: SwitchRow) -> Switch {
        Switch(
            id: row.id, countries: row.countries, nationalities: row.nationalities, on: row.on,
            by: row.by, reason: row.reason, at: Self.time(row.at), revision: row.revision)
    }

    /// All switches.
    public func switches() throws(OperationError) -> [Switch] {
        try stored { () throws(StoreError) in try store.switches(changedAfter: 0) }.map(listing)
    }

    /// When each gateway put each state of a switch into force.
    public func proofs(of id: String) throws(OperationError) -> [Proof] {
        try stored { () throws(StoreError) in try store.proofs(switch: id) }.map {
            Proof(
                id: $0.switchID, revision: $0.revision, gateway: $0.gateway,
                inForce: Self.time($0.inForce))
        }
    }

    // MARK: Audit

    /// An entry of the audit.
    public struct AuditListing: Encodable, Sendable {
        let number: Int64
        let at: String
        let kind: String
        let actor: String
        let subject: String
        let detail: String
        let digest: String
    }

    /// Entries after a number, in order.
    public func audit(after number: Int64, limit: Int) throws(OperationError) -> [AuditListing] {
        try stored { () throws(StoreError) in try store.audit(after: number, limit: limit) }.map {
            AuditListing(
                number: $0.number, at: Self.time($0.at), kind: $0.kind, actor: $0.actor,
                subject: $0.subject, detail: $0.detail,
                digest: $0.digest.map { byte in
                    (byte < 16 ? "0" : "") + String(byte, radix: 16)
                }.joined())
        }
    }

    /// Goes over the whole chain of the audit.
    /// - Returns: what is wrong with it; `nil` for nothing.
    public func verifyAudit() throws(OperationError) -> String? {
        try stored { () throws(StoreError) in try store.verifyAudit() }.map { "\($0)" }
    }

    // MARK: Times

    static func time(_ microseconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(microseconds) / 1_000_000).formatted(
            Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    static func microseconds(_ text: String) -> Int64? {
        let plain = try? Date(text, strategy: Date.ISO8601FormatStyle())
        let precise = try? Date(
            text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        return (plain ?? precise).map { Int64($0.timeIntervalSince1970 * 1_000_000) }
    }

    /// JSON with names in snake case.
    public static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}

extension Operations {
    /// A gateway that shares the store.
    public struct GatewayListing: Encodable, Sendable {
        let id: String
        let version: String
        let address: String
        let started: String
        let seen: String
        let isAlive: Bool
    }

    /// All gateways that were ever seen; one is alive that was seen within the last 30 seconds.
    public func gateways(now: Int64) throws(OperationError) -> [GatewayListing] {
        let rows: [GatewayRow]
        do throws(StoreError) { rows = try store.gateways() } catch { throw .store(error) }
        return rows.map {
            GatewayListing(
                id: $0.id, version: $0.version, address: $0.address,
                started: Self.time($0.started), seen: Self.time($0.seen),
                isAlive: now - $0.seen < 30_000_000)
        }
    }
}
