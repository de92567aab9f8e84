import Sketches

/// A kind of thing that accounts can share. The raw value is the name in outputs.
enum ArtefactKind: String, CaseIterable {
    case payment = "payment_fingerprint"
    case phone = "phone_fingerprint"
    case organization = "organization"
    case emailDomain = "email_domain"
    case address = "ip"
    case network = "ip_network"
    case tls = "tls_fingerprint"
    case userAgent = "user_agent"
    case parameters = "parameter_fingerprint"
    case system = "system_prompt"
    case prefix = "prefix_block"
    case suffix = "suffix_block"
    case skeleton = "template_skeleton"
    case shingle = "text_block"
    case signature = "reasoning_signature"
    case prompt = "prompt"

    /// Its place among all kinds.
    var position: Int { Self.positions[self]! }

    private static let positions = Dictionary(
        uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })

    /// Whether the value can be shown: not derived from text that was sent.
    var isShowable: Bool {
        switch self {
        case .parameters, .system, .prefix, .suffix, .skeleton, .shingle, .signature, .prompt: false
        default: true
        }
    }

    /// Whether it is the text of prompts that is shared.
    var isText: Bool {
        switch self {
        case .system, .prefix, .suffix, .skeleton, .shingle: true
        default: false
        }
    }

    /// Whether it says who stands behind an account, rather than what the account asks.
    var isIdentity: Bool {
        switch self {
        case .payment, .phone, .address, .network: true
        default: false
        }
    }
}

/// An inverted index: for each kind, the accounts that show each value that two or more of them show.
///
/// What one account alone shows links nothing, and most values are of that sort, so they are left out.
struct ArtefactIndex: Sendable {
    /// Share of an account's sampled exchanges from which a text artefact counts as the account's.
    static let textShare = 0.1

    /// The values of one kind that several accounts show, ascending, each with its accounts, ascending.
    struct Postings: Sendable {
        private(set) var keys: [UInt64] = []
        private var ends: [Int] = []
        private var holders: [Int32] = []

        /// Number of values.
        var count: Int { keys.count }

        /// The accounts of the value at a position.
        func accounts(at position: Int) -> ArraySlice<Int32> {
            holders[(position == 0 ? 0 : ends[position - 1])..<ends[position]]
        }

        /// The accounts that show `key`; none if fewer than two do.
        func accounts(_ key: UInt64) -> ArraySlice<Int32> {
            let position = Statistics.lowerBound(keys, key)
            return position < keys.count && keys[position] == key ? accounts(at: position) : []
        }

        /// - Parameter pairs: values with accounts, accounts ascending among equal values.
        fileprivate init(_ pairs: [Pair]) {
            let pairs = pairs.sorted {
                $0.key != $1.key ? $0.key < $1.key : $0.account < $1.account
            }
            var index = 0
            while index < pairs.count {
                let start = holders.count
                var end = index
                while end < pairs.count, pairs[end].key == pairs[index].key {
                    if holders.count == start || holders[holders.count - 1] != pairs[end].account {
                        holders.append(pairs[end].account)
                    }
                    end += 1
                }
                if holders.count - start >= 2 {
                    keys.append(pairs[index].key)
                    ends.append(holders.count)
                } else {
                    holders.removeSubrange(start...)
                }
                index = end
            }
        }
    }

    fileprivate struct Pair: Sendable {
        let key: UInt64
        let account: Int32
    }

    /// Every value with every account that shows it, as they come.
    struct Pairs: Sendable {
        fileprivate var pairs = [[Pair]](repeating: [], count: ArtefactKind.allCases.count)

        mutating func append(_ other: Pairs) {
            for kind in pairs.indices { pairs[kind].append(contentsOf: other.pairs[kind]) }
        }

        mutating func add(_ profile: AccountProfile, at account: Int) {
            for (index, kind) in ArtefactKind.allCases.enumerated() {
                for key in ArtefactIndex.allKeys(kind, profile) {
                    pairs[index].append(Pair(key: key, account: Int32(account)))
                }
            }
        }
    }

    private let postings: [Postings]
    private let profiles: ProfileSet

    /// - Parameter profiles: those that the pairs were taken from, to look up names.
    init(_ pairs: Pairs, profiles: ProfileSet, threads: Int) {
        self.profiles = profiles
        postings = concurrentMap(pairs.pairs, threads: threads) { Postings($0) }
    }

    /// The values of a kind.
    subscript(kind: ArtefactKind) -> Postings { postings[kind.position] }

    /// The accounts that show a value; none if fewer than two do.
    func accounts(_ kind: ArtefactKind, _ key: UInt64) -> ArraySlice<Int32> {
        self[kind].accounts(key)
    }

    /// What the value of a kind that can be shown is, as the account at a position shows it.
    func name(_ kind: ArtefactKind, _ key: UInt64, shownBy account: Int) -> String {
        let profile = profiles[account]
        let sketch: CountedBottomK
        switch kind {
        case .payment: return profile.facts.payment
        case .phone: return profile.facts.phone
        case .organization: return profile.facts.organization
        case .emailDomain: return profile.facts.emailDomain
        case .address: sketch = profile.addresses
        case .network: sketch = profile.networks
        case .tls: sketch = profile.tlsFingerprints
        case .userAgent: sketch = profile.userAgents
        default: return ""
        }
        return sketch.entries.first { $0.key == key }?.name ?? ""
    }

    /// The keys of one account for any kind.
    static func allKeys(_ kind: ArtefactKind, _ profile: AccountProfile) -> [UInt64] {
        switch kind {
        case .organization:
            return profile.facts.organization.isEmpty
                ? [] : [Hash64.string(profile.facts.organization)]
        case .tls: return profile.tlsFingerprints.entries.map(\.key)
        case .prompt: return profile.prompts.entries.map(\.key)
        case .system: return recurrent(profile) { [$0.system] }
        case .prefix: return recurrent(profile) { [UInt64($0.prefix)] }
        case .suffix: return recurrent(profile) { [UInt64($0.suffix)] }
        case .skeleton: return recurrent(profile) { $0.words >= 8 ? [UInt64($0.skeleton)] : [] }
        case .shingle:
            return recurrent(profile) { sample in (0..<4).map { UInt64(sample.shingles[$0]) } }
        default: return keys(kind, profile)
        }
    }

    /// The keys of one account for a kind that is not taken from its sampled prompts; none for other kinds.
    static func keys(_ kind: ArtefactKind, _ profile: AccountProfile) -> [UInt64] {
        func fact(_ value: String) -> [UInt64] { value.isEmpty ? [] : [Hash64.string(value)] }
        switch kind {
        case .payment: return fact(profile.facts.payment)
        case .phone: return fact(profile.facts.phone)
        case .address: return profile.addresses.entries.map(\.key)
        case .network: return profile.networks.entries.map(\.key)
        case .emailDomain: return fact(profile.facts.emailDomain)
        case .userAgent: return profile.userAgents.entries.map(\.key)
        case .parameters: return profile.parameters.entries.map(\.key)
        case .signature:
            return Set(
                (profile.presentedSignatures.entries + profile.issuedSignatures.entries).map(\.key)
            ).sorted()
        default: return []
        }
    }

    /// Text artefacts that recur in an account's sample: in at least two exchanges and a tenth of them, or in the only
    /// exchanges of an account that has fewer than four.
    private static func recurrent(
        _ profile: AccountProfile, _ keys: (borrowing SampledExchange) -> [UInt64]
    ) -> [UInt64] {
        let least =
            profile.samples.count < 4 ? 1 : max(2, Int(Double(profile.samples.count) * textShare))
        var seen: [UInt64] = []
        for index in profile.samples.indices {
            let own = keys(profile.samples[index])
            for (place, key) in own.enumerated()
            where key != 0 && !own[..<place].contains(key) { seen.append(key) }
        }
        seen.sort()
        var result: [UInt64] = []
        var index = 0
        while index < seen.count {
            var end = index + 1
            while end < seen.count, seen[end] == seen[index] { end += 1 }
            if end - index >= least { result.append(seen[index]) }
            index = end
        }
        return result
    }
}
