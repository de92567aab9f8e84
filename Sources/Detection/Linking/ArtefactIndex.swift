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

/// An inverted index: for each kind, the accounts that show each value. Built in one pass over the profiles.
struct ArtefactIndex {
    struct Posting {
        var accounts: [Int] = []
        var name = ""

        fileprivate mutating func add(_ account: Int, name: String) {
            if accounts.last == account { return }
            accounts.append(account)
            if self.name.isEmpty { self.name = name }
        }
    }

    private(set) var postings: [ArtefactKind: [UInt64: Posting]] = [:]

    /// Share of an account's sampled exchanges from which a text artefact counts as the account's.
    static let textShare = 0.1

    init(_ profiles: [AccountProfile]) {
        for (index, profile) in profiles.enumerated() { add(profile, at: index) }
    }

    private mutating func add(
        _ kind: ArtefactKind, _ key: UInt64, _ account: Int, name: String = ""
    ) {
        postings[kind, default: [:]][key, default: Posting()].add(account, name: name)
    }

    private mutating func add(_ profile: AccountProfile, at index: Int) {
        func fact(_ kind: ArtefactKind, _ value: String) {
            if !value.isEmpty { add(kind, Hash64.string(value), index, name: value) }
        }
        fact(.payment, profile.facts.payment)
        fact(.phone, profile.facts.phone)
        fact(.organization, profile.facts.organization)
        fact(.emailDomain, profile.facts.emailDomain)
        func sketch(_ kind: ArtefactKind, _ sketch: CountedBottomK) {
            for entry in sketch.entries { add(kind, entry.key, index, name: entry.name) }
        }
        sketch(.address, profile.addresses)
        sketch(.network, profile.networks)
        sketch(.tls, profile.tlsFingerprints)
        sketch(.userAgent, profile.userAgents)
        sketch(.parameters, profile.parameters)
        for key in Self.keys(.signature, profile) { add(.signature, key, index) }
        for entry in profile.prompts.entries { add(.prompt, entry.key, index) }
        for (kind, keys) in Self.textKeys(profile) {
            for key in keys { add(kind, key, index) }
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
    static func textKeys(_ profile: AccountProfile) -> [(ArtefactKind, [UInt64])] {
        let least =
            profile.samples.count < 4 ? 1 : max(2, Int(Double(profile.samples.count) * textShare))
        func recurrent(_ keys: (SampledExchange) -> [UInt64]) -> [UInt64] {
            var counts: [UInt64: Int] = [:]
            for sample in profile.samples {
                for key in Set(keys(sample)) where key != 0 { counts[key, default: 0] += 1 }
            }
            return counts.filter { $0.value >= least }.keys.sorted()
        }
        return [
            (.system, recurrent { [$0.system] }),
            (.prefix, recurrent { [UInt64($0.prefix)] }),
            (.suffix, recurrent { [UInt64($0.suffix)] }),
            (.skeleton, recurrent { $0.words >= 8 ? [UInt64($0.skeleton)] : [] }),
            (.shingle, recurrent { sample in (0..<4).map { UInt64(sample.shingles[$0]) } }),
        ]
    }

    /// The accounts that show a value.
    func accounts(_ kind: ArtefactKind, _ key: UInt64) -> [Int] {
        postings[kind]?[key]?.accounts ?? []
    }
}
