/// The keys that are known at one moment. Immutable: event loops read it without locks while a later one is built.
public struct KeyRing: Sendable {
    /// A key as the store has it.
    public struct Entry: Sendable {
        /// The key's public name.
        public let identifier: KeyIdentifier
        /// The digest of its whole text.
        public let digest: KeyDigest
        /// On whose behalf it speaks.
        public let principal: Principal
        /// From when on it is refused as expired, in microseconds since 1970 UTC.
        public let expires: Int64?
        /// From when on it is refused as revoked, in microseconds since 1970 UTC. May lie ahead: a rotated key's grace.
        public let revoked: Int64?

        /// An entry with these fields.
        public init(
            identifier: KeyIdentifier, digest: KeyDigest, principal: Principal,
            expires: Int64? = nil,
            revoked: Int64? = nil
        ) {
            self.identifier = identifier
            self.digest = digest
            self.principal = principal
            self.expires = expires
            self.revoked = revoked
        }
    }

    /// Why a key was refused. The client is told none of it; the log and the metrics are.
    public enum Refusal: String, Error, Sendable, CaseIterable {
        /// What was presented has not the form of a key.
        case malformed
        /// No key has this name.
        case unknown
        /// A key has this name, and another secret.
        case mismatch
        /// The key was good until a time that is past.
        case expired
        /// The key was revoked.
        case revoked
    }

    private let entries: [KeyIdentifier: Entry]

    /// What a presented key is compared with when none has its name, so that both cases take the same work. It is the
    /// digest of nothing anybody can present: 32 bytes of zero, and refused even if it were met.
    private static let nobody = KeyDigest { _ in }

    /// A ring of these keys; of two with the same name the later one counts.
    public init(_ entries: some Sequence<Entry> = EmptyCollection()) {
        self.entries = Dictionary(entries.map { ($0.identifier, $0) }) { _, later in later }
    }

    private init(entries: [KeyIdentifier: Entry]) { self.entries = entries }

    /// How many keys there are, those expired and revoked included.
    public var count: Int { entries.count }

    /// The entry of a name.
    public subscript(identifier: KeyIdentifier) -> Entry? { entries[identifier] }

    /// A ring with these keys added or put in place of those with the same names. This one stays as it is.
    public func updating(_ changed: some Sequence<Entry>) -> KeyRing {
        var entries = entries
        for entry in changed { entries[entry.identifier] = entry }
        return KeyRing(entries: entries)
    }

    /// A ring without these keys.
    public func removing(_ identifiers: some Sequence<KeyIdentifier>) -> KeyRing {
        var entries = entries
        for identifier in identifiers { entries[identifier] = nil }
        return KeyRing(entries: entries)
    }

    /// Finds on whose behalf a presented key speaks.
    ///
    /// The name in the key only finds the candidate; the digest of all its bytes decides. Whatever has the form of a key
    /// costs one HMAC and one comparison in constant time, whether it is known or not, about a microsecond. What has
    /// not the form costs a look at 63 bytes at most.
    public func authenticate(
        _ presented: UnsafeRawBufferPointer, pepper: KeyPepper, nowMicroseconds: Int64
    ) -> Result<Principal, Refusal> {
        authenticate(presented, pepper: pepper, nowMicroseconds: nowMicroseconds, areEqual: ==)
    }

    /// The same with the comparison given, so that a test can count how often it is asked and with what.
    @inline(__always)
    func authenticate(
        _ presented: UnsafeRawBufferPointer, pepper: KeyPepper, nowMicroseconds now: Int64,
        areEqual: (KeyDigest, KeyDigest) -> Bool
    ) -> Result<Principal, Refusal> {
        guard let identifier = APIKey.identifier(in: presented),
            let digest = pepper.digest(of: presented)
        else { return .failure(.malformed) }
        let entry = entries[identifier]
        let same = areEqual(digest, entry?.digest ?? Self.nobody)
        guard let entry else { return .failure(.unknown) }
        guard same else { return .failure(.mismatch) }
        if let revoked = entry.revoked, now >= revoked { return .failure(.revoked) }
        if let expires = entry.expires, now >= expires { return .failure(.expired) }
        return .success(entry.principal)
    }
}
