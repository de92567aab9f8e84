import Exchanges
import Sketches

/// One decision of a person not to act on what is found about certain accounts: a trusted organisation, a known
/// benchmark.
///
/// An account matches when every kind of criterion that the entry gives matches it, and a kind matches when one of its
/// values does. Prompt artefacts must show in at least `shareOfExchanges` of the account's exchanges.
public struct SuppressionEntry: Sendable, Equatable {
    /// Share of an account's exchanges that must show a system prompt, a prefix or a known prompt, 0...1. A customer runs a
    /// benchmark from keys that do little else; four fifths leave room for trials by hand.
    public static let shareOfExchanges = 0.8

    /// Organisations as the logs or the account table name them.
    public var organizations: Set<String> = []
    /// Account identifiers.
    public var accounts: Set<String> = []
    /// Domains of sign-up addresses, in lower case.
    public var emailDomains: Set<String> = []
    /// Payment instruments.
    public var payments: Set<String> = []
    /// Hashes of system prompts; see `PromptHash.text`.
    public var systemPrompts: Set<UInt64> = []
    /// Hashes of prompts' first eight words; see `PromptHash.prefix`.
    public var prefixes: Set<UInt32> = []
    /// Hashes of whole prompts; see `PromptHash.text`.
    public var prompts: Set<UInt64> = []

    /// Who decided.
    public let who: String
    /// Why.
    public let why: String
    /// The last day or moment on which the decision holds, as written.
    public let until: String
    /// The first moment at which it no longer holds, microseconds since 1970.
    public let endMicroseconds: Int64
    /// Where it is written: a line of the list, from 1.
    public let line: Int

    /// An entry that matches nothing yet.
    public init(who: String, why: String, until: String, endMicroseconds: Int64, line: Int) {
        self.who = who
        self.why = why
        self.until = until
        self.endMicroseconds = endMicroseconds
        self.line = line
    }

    /// Whether the account of `profile` is one of those meant.
    public func matches(_ profile: AccountProfile) -> Bool {
        let facts = profile.facts
        let named: [(Set<String>, String)] = [
            (accounts, profile.account), (organizations, facts.organization),
            (emailDomains, facts.emailDomain.lowercased()), (payments, facts.payment),
        ]
        var isRestricted = false
        for (wanted, value) in named where !wanted.isEmpty {
            guard !value.isEmpty, wanted.contains(value) else { return false }
            isRestricted = true
        }
        if !systemPrompts.isEmpty {
            let count = profile.systems.entries.reduce(0.0) {
                $0 + (systemPrompts.contains($1.key) ? Double($1.count) : 0)
            }
            guard count >= Self.shareOfExchanges * Double(max(1, profile.exchanges)) else {
                return false
            }
            isRestricted = true
        }
        let sample = profile.samples
        let needed = Self.shareOfExchanges * Double(max(1, sample.count))
        if !prefixes.isEmpty {
            guard Double(sample.count { prefixes.contains($0.prefix) }) >= needed else {
                return false
            }
            isRestricted = true
        }
        if !prompts.isEmpty {
            guard Double(sample.count { prompts.contains($0.prompt) }) >= needed else {
                return false
            }
            isRestricted = true
        }
        return isRestricted
    }

    /// A value as profiles keep it: cut to the longest name they hold.
    public static func asKept(_ value: String) -> String {
        var copy = value
        return copy.withUTF8 {
            AccountProfile.clipped(
                ByteView(base: $0.baseAddress, count: $0.count), to: AccountProfile.nameLimit)
        }
    }
}

/// Hashes of text as profiles hold them, to compare them with text that a person gives.
public enum PromptHash {
    /// The hash of a prompt, or of a system prompt, that is sent as one block of text.
    public static func text(_ text: String) -> UInt64 {
        var copy = text
        return copy.withUTF8 { Hash64.bytes($0.baseAddress, count: $0.count, seed: 1) }
    }

    /// The hash of the first eight words; `nil` when there are fewer. Case and the digits' values do not count.
    public static func prefix(_ text: String) -> UInt32? {
        var sketcher = TextSketcher()
        var copy = text
        copy.withUTF8 { sketcher.add($0) }
        let prefix = sketcher.finish().prefix
        return prefix == 0 ? nil : prefix
    }
}
