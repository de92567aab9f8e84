import Detection
import Scanning
import Sketches

/// A campaign that was told of, from round to round: its name stays when those of `campaigns.jsonl` change.
struct FollowedCampaign: Equatable {
    /// What was last told.
    enum Status: UInt64 {
        case suspicious, distillation, merged, cleared, suppressed
    }

    /// Counts from 1; `W-0001` in alerts.
    let number: Int
    var status: Status
    /// Alerts given so far.
    var alerts = 0
    /// Members when last seen.
    var members: Set<String>
    /// Accounts that were named in an alert as accused.
    var told: Set<String> = []

    var name: String {
        let digits = String(number)
        return "W-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    func write(to writer: inout ByteWriter) {
        writer.varint(UInt64(number))
        writer.varint(status.rawValue)
        writer.varint(UInt64(alerts))
        for accounts in [members, told] {
            writer.varint(UInt64(accounts.count))
            for account in accounts.sorted(by: CampaignFollower.precedes) { writer.string(account) }
        }
    }

    init(number: Int, status: Status, members: Set<String>) {
        self.number = number
        self.status = status
        self.members = members
    }

    init(from reader: inout ByteReader) throws(ByteCodingError) {
        func count() throws(ByteCodingError) -> Int {
            try reader.count(limit: WatchState.most, what: "count")
        }
        number = try count()
        let start = reader.offset
        guard let status = Status(rawValue: try reader.varint()) else {
            throw .invalid(what: "status", offset: start)
        }
        self.status = status
        alerts = try count()
        members = []
        for _ in 0..<(try count()) {
            members.insert(try reader.string(limit: WatchState.longest))
        }
        for _ in 0..<(try count()) { told.insert(try reader.string(limit: WatchState.longest)) }
    }
}

/// Follows campaigns from one judgement to the next, and says what is new.
///
/// A group goes on from the campaign it shares most accounts with, if that is at least half of the smaller one.
struct CampaignFollower {
    private(set) var campaigns: [FollowedCampaign]
    private var lines: [String] = []
    private var time: Int64 = 0
    private var vouchedFor: [JudgedGroup] = []

    init(_ campaigns: [FollowedCampaign]) { self.campaigns = campaigns }

    static func precedes(_ a: String, _ b: String) -> Bool {
        a.utf8.lexicographicallyPrecedes(b.utf8)
    }

    /// Takes in the accused and suspicious groups of a round, whose newest exchange was at `timeMicroseconds`.
    ///
    /// - Parameter suppressed: groups whose finding somebody vouches for.
    /// - Returns: alerts, a line of JSON each.
    mutating func follow(
        _ groups: [JudgedGroup], suppressed: [JudgedGroup] = [], timeMicroseconds: Int64
    ) -> [String] {
        vouchedFor = suppressed
        time = timeMicroseconds
        lines = []
        let sets = groups.map { Set($0.members.map(\.account)) }
        let before = matches(sets)
        var after: [Int] = []
        for (group, place) in before.enumerated() {
            after.append(place ?? campaigns.count)
            guard place == nil else { continue }
            campaigns.append(
                FollowedCampaign(
                    number: campaigns.count + 1, status: .cleared, members: sets[group]))
        }
        // What went into another campaign first: its accounts are not new there.
        for place in campaigns.indices where !after.contains(place) {
            end(place, groups, sets, after)
        }
        for (group, place) in after.enumerated() {
            goOn(place, groups[group], sets[group], isNew: before[group] == nil)
        }
        return lines
    }

    /// For each group the place of the campaign it goes on from.
    private func matches(_ sets: [Set<String>]) -> [Int?] {
        var byAccount: [String: [Int]] = [:]
        for (place, campaign) in campaigns.enumerated() {
            for account in campaign.members { byAccount[account, default: []].append(place) }
        }
        var pairs: [(shared: Int, place: Int, group: Int)] = []
        for (group, accounts) in sets.enumerated() {
            var shared: [Int: Int] = [:]
            for account in accounts {
                for place in byAccount[account] ?? [] { shared[place, default: 0] += 1 }
            }
            for (place, count) in shared
            where 2 * count >= min(accounts.count, campaigns[place].members.count) {
                pairs.append((count, place, group))
            }
        }
        pairs.sort { ($1.shared, $0.place, $0.group) < ($0.shared, $1.place, $1.group) }
        var result = [Int?](repeating: nil, count: sets.count)
        var taken: Set<Int> = []
        for pair in pairs where result[pair.group] == nil && taken.insert(pair.place).inserted {
            result[pair.group] = pair.place
        }
        return result
    }

    /// A campaign that no group goes on from: its accounts are in another one now, it is suppressed, or it is cleared.
    private mutating func end(
        _ place: Int, _ groups: [JudgedGroup], _ sets: [Set<String>], _ after: [Int]
    ) {
        let campaign = campaigns[place]
        guard campaign.status == .distillation || campaign.status == .suspicious else { return }
        let isTold = campaign.status == .distillation
        let shared = sets.map { $0.intersection(campaign.members).count }
        if let most = shared.max(), 2 * most >= campaign.members.count,
            let group = shared.firstIndex(of: most)
        {
            campaigns[place].status = .merged
            let heir = after[group]
            if isTold {
                tell(.merged(into: campaigns[heir].name), place, groups[group], new: [])
                campaigns[heir].told.formUnion(campaign.told)
            }
            return
        }
        let vouched = vouchedFor.first { group in
            2 * group.members.count { campaign.members.contains($0.account) }
                >= min(group.members.count, campaign.members.count)
        }
        campaigns[place].status = vouched == nil ? .cleared : .suppressed
        if isTold { tell(vouched == nil ? .cleared : .suppressed, place, vouched, new: []) }
    }

    private mutating func goOn(
        _ place: Int, _ group: JudgedGroup, _ accounts: Set<String>, isNew: Bool
    ) {
        let before = campaigns[place].status
        campaigns[place].members = accounts
        guard group.verdict == .distillation else {
            campaigns[place].status = .suspicious
            if isNew {
                tell(.suspicious, place, group, new: accounts)
            } else if before == .distillation {
                tell(.downgraded, place, group, new: [])
            }
            return
        }
        let new = accounts.subtracting(campaigns[place].told)
        let wasAccused = !campaigns[place].told.isEmpty
        campaigns[place].status = .distillation
        campaigns[place].told.formUnion(accounts)
        if !wasAccused {
            tell(.flagged, place, group, new: new)
        } else if before != .distillation {
            tell(.returned, place, group, new: new)
        } else if !new.isEmpty {
            tell(.grew, place, group, new: new)
        }
    }

    private mutating func tell(
        _ kind: AlertKind, _ place: Int, _ group: JudgedGroup?, new: Set<String>
    ) {
        campaigns[place].alerts += 1
        let alert = Alert(
            kind: kind, campaign: campaigns[place], group: group,
            newAccounts: new.sorted(by: Self.precedes), timeMicroseconds: time)
        lines.append(alert.line)
    }
}
