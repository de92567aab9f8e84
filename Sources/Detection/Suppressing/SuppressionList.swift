/// Why a finding is not acted on: the entry that stands for it.
public struct Suppression: Sendable, Equatable {
    /// Who decided.
    public let who: String
    /// Why.
    public let why: String
    /// Until when, as written.
    public let until: String
    /// For an account, whether an entry matches it; false for a member that is covered by the rest of its group only.
    public let isMatched: Bool

    /// Makes a reason.
    public init(who: String, why: String, until: String, isMatched: Bool) {
        self.who = who
        self.why = why
        self.until = until
        self.isMatched = isMatched
    }
}

/// A finding that nobody is to act on: the group as it was measured, and why.
public struct SuppressedGroup: Sendable {
    /// The group, with the verdict that was measured.
    public let group: JudgedGroup
    /// The entry that matches most of its members.
    public let suppression: Suppression
    /// Members that an entry in force matches.
    public let matchedMembers: Int

    /// Makes a suppressed finding.
    public init(group: JudgedGroup, suppression: Suppression, matchedMembers: Int) {
        self.group = group
        self.suppression = suppression
        self.matchedMembers = matchedMembers
    }
}

/// What became of one entry in a scan.
public struct SuppressionUse: Sendable {
    /// The entry.
    public let entry: SuppressionEntry
    /// Whether it had ended by the scan's last exchange; then it suppresses nothing.
    public let isExpired: Bool
    /// Accounts of the scan that it matches, accused or not.
    public let matchedAccounts: Int
    /// Accounts of suppressed findings that it matches.
    public let suppressedAccounts: Int

    /// Makes a use.
    public init(
        entry: SuppressionEntry, isExpired: Bool, matchedAccounts: Int, suppressedAccounts: Int
    ) {
        self.entry = entry
        self.isExpired = isExpired
        self.matchedAccounts = matchedAccounts
        self.suppressedAccounts = suppressedAccounts
    }
}

/// Decisions of people about trusted customers and known benchmarks.
///
/// Applied to a finished judgement: tests, bounds and the other findings are what they would be without the list.
public struct SuppressionList: Sendable {
    /// Share of a group's members that entries must match before its finding is suppressed. Below it the group stays
    /// accused as a whole: a campaign with some trusted accounts in it is a campaign.
    public static let shareOfMembers = 0.8

    private let entries: [SuppressionEntry]

    /// A list of entries, in the order in which they are written.
    public init(_ entries: [SuppressionEntry]) {
        self.entries = entries
    }

    /// The judgement with what the entries cover moved to `suppressed`.
    ///
    /// An entry holds when it has not ended at the last exchange of `profiles`, which must be those that were judged. An
    /// account of a suppressed finding has the verdict `noFinding`, and what was measured beside it.
    public func applied(to judgement: Judgement, _ profiles: ProfileSet) -> Judgement {
        let now = profiles.times?.last ?? .min
        // For each account the entries that match it, expired ones too.
        var matches: [String: [Int]] = [:]
        var counts = [Int](repeating: 0, count: entries.count)
        for profile in profiles {
            let own = entries.indices.filter { entries[$0].matches(profile) }
            if own.isEmpty { continue }
            matches[profile.account] = own
            for index in own { counts[index] += 1 }
        }
        func inForce(_ account: String) -> [Int] {
            (matches[account] ?? []).filter { entries[$0].endMicroseconds > now }
        }

        var result = judgement
        result.campaigns = []
        var suppressedAs: [String: Suppression] = [:]
        var used = [Int](repeating: 0, count: entries.count)
        for group in judgement.campaigns {
            let covering = group.members.map { inForce($0.account) }
            let covered = covering.count { !$0.isEmpty }
            guard Double(covered) >= Self.shareOfMembers * Double(group.members.count),
                let main = Self.most(covering)
            else {
                result.campaigns.append(group)
                continue
            }
            result.suppressed.append(
                SuppressedGroup(
                    group: group, suppression: reason(main, isMatched: true),
                    matchedMembers: covered))
            for (member, own) in zip(group.members, covering) {
                suppressedAs[member.account] = reason(own.first ?? main, isMatched: !own.isEmpty)
                for index in own { used[index] += 1 }
            }
        }
        result.accounts = judgement.accounts.map { account in
            suppressedAs[account.account].map(account.suppressed) ?? account
        }
        result.suppressionUse = entries.indices.map { index in
            SuppressionUse(
                entry: entries[index], isExpired: entries[index].endMicroseconds <= now,
                matchedAccounts: counts[index], suppressedAccounts: used[index])
        }
        return result
    }

    private func reason(_ index: Int, isMatched: Bool) -> Suppression {
        let entry = entries[index]
        return Suppression(
            who: entry.who, why: entry.why, until: entry.until, isMatched: isMatched)
    }

    /// The entry that matches most members; the first of several.
    private static func most(_ covering: [[Int]]) -> Int? {
        var counts: [Int: Int] = [:]
        for own in covering { for index in own { counts[index, default: 0] += 1 } }
        return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    }
}
