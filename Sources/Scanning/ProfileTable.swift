import Detection
import Exchanges
import Sketches

/// Profiles found by account bytes, without making a string for an account that is there already.
package struct ProfileTable: Sendable {
    /// The profiles, in order of arrival.
    package private(set) var profiles: ContiguousArray<AccountProfile> = []
    private var indices: [UInt64: Int] = [:]

    /// No accounts yet.
    package init() {}

    /// Adds an exchange to its account's profile.
    mutating func add(_ exchange: Exchange, _ signals: ExchangeSignals, keepText: Bool) {
        let index = slot(for: exchange.account.id)
        profiles[index].add(exchange, signals, keepText: keepText)
    }

    private mutating func slot(for account: ByteView) -> Int {
        var key = Hash64.bytes(account.base, count: account.count, seed: 0x5717)
        // Two accounts with one 64-bit hash are probed apart, so that no collision can mix them.
        while let index = indices[key] {
            if Self.equal(profiles[index].account, account) { return index }
            key &+= 1
        }
        indices[key] = profiles.count
        profiles.append(AccountProfile(account: account.string))
        return profiles.count - 1
    }

    private static func equal(_ name: String, _ bytes: ByteView) -> Bool {
        let utf8 = name.utf8
        guard utf8.count == bytes.count else { return false }
        return utf8.withContiguousStorageIfAvailable { storage in
            storage.elementsEqual(bytes.buffer)
        } ?? utf8.elementsEqual(bytes.buffer)
    }

    /// Adds all profiles of another table.
    package mutating func merge(_ other: ProfileTable) { merge(other.profiles) }

    /// Adds profiles of different accounts.
    package mutating func merge(_ others: some Sequence<AccountProfile>) {
        for profile in others {
            var name = profile.account
            let index = name.withUTF8 { slot(for: ByteView(base: $0.baseAddress, count: $0.count)) }
            profiles[index].merge(profile)
        }
    }
}
