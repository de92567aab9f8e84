import Exchanges
import Sketches

/// What is known of an account's sign-up. Empty strings are unknown.
///
/// Where an account's exchanges disagree, the value that sorts first is kept, so that merging does not depend on order.
public struct SignupFacts: Equatable, Sendable {
    /// When the account was made, microseconds since 1970; the earliest of several.
    public internal(set) var createdMicroseconds: Int64?
    /// The customer organisation.
    public internal(set) var organization = ""
    /// Domain of the sign-up address.
    public internal(set) var emailDomain = ""
    /// Country code.
    public internal(set) var country = ""
    /// Payment instrument.
    public internal(set) var payment = ""
    /// Price plan.
    public internal(set) var plan = ""
    /// Sign-up path.
    public internal(set) var signupPath = ""
    /// Phone number's fingerprint; only from an account table.
    public internal(set) var phone = ""
    /// Whether the provider marked the account as trusted; only from an account table.
    public internal(set) var trusted = false
    /// Hash of the last facts read, to skip the same ones; not part of the value.
    private var lastSeen: UInt64 = 0

    /// Nothing known.
    public init() {}

    /// Equal facts, whatever was read last.
    public static func == (a: Self, b: Self) -> Bool {
        a.createdMicroseconds == b.createdMicroseconds && a.organization == b.organization
            && a.emailDomain == b.emailDomain && a.country == b.country && a.payment == b.payment
            && a.plan == b.plan && a.signupPath == b.signupPath && a.phone == b.phone
            && a.trusted == b.trusted
    }

    /// A hash of facts, to tell the same ones.
    static func hash(_ facts: AccountFacts) -> UInt64 {
        var hash = UInt64(bitPattern: facts.created?.microseconds ?? -1)
        func mixIn(_ view: ByteView) {
            hash = Hash64.bytes(view.base, count: view.count, seed: hash)
        }
        mixIn(facts.organization)
        mixIn(facts.emailDomain)
        mixIn(facts.country)
        mixIn(facts.paymentFingerprint)
        mixIn(facts.plan)
        mixIn(facts.signupPath)
        return hash
    }

    mutating func add(_ facts: AccountFacts) {
        let hash = Self.hash(facts)
        if hash == lastSeen { return }
        lastSeen = hash
        Self.keepFirst(facts.created?.microseconds, in: &createdMicroseconds)
        Self.keepFirst(Self.clip(facts.organization), in: &organization)
        Self.keepFirst(Self.clip(facts.emailDomain), in: &emailDomain)
        Self.keepFirst(Self.clip(facts.country), in: &country)
        Self.keepFirst(Self.clip(facts.paymentFingerprint), in: &payment)
        Self.keepFirst(Self.clip(facts.plan), in: &plan)
        Self.keepFirst(Self.clip(facts.signupPath), in: &signupPath)
    }

    private static func clip(_ view: ByteView) -> String {
        AccountProfile.clipped(view, to: AccountProfile.nameLimit)
    }

    private static func keepFirst(_ value: String, in kept: inout String) {
        // By bytes: Swift's order takes canonically equivalent strings for equal.
        if !value.isEmpty, kept.isEmpty || value.utf8.lexicographicallyPrecedes(kept.utf8) {
            kept = value
        }
    }

    private static func keepFirst(_ value: Int64?, in kept: inout Int64?) {
        if let value { kept = min(kept ?? value, value) }
    }

    mutating func merge(_ other: SignupFacts) {
        Self.keepFirst(other.createdMicroseconds, in: &createdMicroseconds)
        Self.keepFirst(other.organization, in: &organization)
        Self.keepFirst(other.emailDomain, in: &emailDomain)
        Self.keepFirst(other.country, in: &country)
        Self.keepFirst(other.payment, in: &payment)
        Self.keepFirst(other.plan, in: &plan)
        Self.keepFirst(other.signupPath, in: &signupPath)
        Self.keepFirst(other.phone, in: &phone)
        trusted = trusted || other.trusted
    }

    /// Serialises the facts.
    func write(to writer: inout ByteWriter) {
        writer.varint((createdMicroseconds == nil ? 0 : 1) | (trusted ? 2 : 0))
        if let createdMicroseconds { writer.signed(createdMicroseconds) }
        for text in [organization, emailDomain, country, payment, plan, signupPath, phone] {
            writer.string(text)
        }
    }

    init(from reader: inout ByteReader) throws(ByteCodingError) {
        let flags = try reader.varint()
        trusted = flags & 2 != 0
        if flags & 1 != 0 { createdMicroseconds = try reader.signed() }
        let limit = AccountProfile.nameLimit
        organization = try reader.string(limit: limit)
        emailDomain = try reader.string(limit: limit)
        country = try reader.string(limit: limit)
        payment = try reader.string(limit: limit)
        plan = try reader.string(limit: limit)
        signupPath = try reader.string(limit: limit)
        phone = try reader.string(limit: limit)
    }
}

extension AccountProfile {
    /// Adds what an account table says of this account. A table's values win over those found in exchanges.
    public mutating func join(_ record: AccountRecord) {
        func clip(_ text: String) -> String {
            var copy = text
            return copy.withUTF8 {
                Self.clipped(ByteView(base: $0.baseAddress, count: $0.count), to: Self.nameLimit)
            }
        }
        if let created = record.created { facts.createdMicroseconds = created.microseconds }
        if !record.organization.isEmpty { facts.organization = clip(record.organization) }
        if !record.emailDomain.isEmpty { facts.emailDomain = clip(record.emailDomain) }
        if !record.country.isEmpty { facts.country = clip(record.country) }
        if !record.paymentFingerprint.isEmpty { facts.payment = clip(record.paymentFingerprint) }
        if !record.plan.isEmpty { facts.plan = clip(record.plan) }
        if !record.signupPath.isEmpty { facts.signupPath = clip(record.signupPath) }
        if !record.phoneFingerprint.isEmpty { facts.phone = clip(record.phoneFingerprint) }
        facts.trusted = facts.trusted || record.trusted
    }
}
