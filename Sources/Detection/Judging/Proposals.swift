import Sketches

#if canImport(Glibc)
    import Glibc
#endif

/// Proposes groups of accounts from links, without comparing all pairs.
///
/// Groups are proposed on content and artefacts and tested on what had no part in proposing them: volumes, sign-ups,
/// onsets, payment. More proposals than campaigns is fine; the false-discovery bound counts them all.
///
/// Groups are proposed anew each time a campaign was found and taken out. What the campaign had no part in stays as it was,
/// so only its neighbourhood is gone through again.
struct Proposals {
    let population: Population
    /// Accounts to leave out, by position: those of campaigns that were found already.
    private var excluded: [Bool]
    /// Nearest accounts in content, by position.
    private(set) var neighbours: [[ContentSpace.Neighbour]]
    /// Whether groups were proposed already.
    private var isLater = false
    private let threshold: Float
    private var content: Graph
    private var combined: Graph

    init(population: Population) {
        self.population = population
        excluded = [Bool](repeating: false, count: population.count)
        neighbours = population.content.neighbours(
            tables: Self.tables, window: Self.window, keep: Self.kept,
            excluded: excluded, threads: population.threads)
        threshold = Self.threshold(population)
        content = Graph(resolutions: [0.5, 1.5, 5])
        combined = Graph(resolutions: [0.5, 2])
    }

    /// Smallest group worth testing.
    static let minimumMembers = 5
    /// Nearest neighbours kept for each account, and how they are looked for.
    private static let kept = 12
    private static let tables = 24
    private static let window = 6
    /// A value that more accounts than this share of all show is nobody's artefact.
    private static let commonShare = 0.25
    /// Exchanges below which what an account shares with others, but for payment, addresses and the like, is as likely
    /// chance.
    private static let linkedExchanges = 8.0

    /// What is proposed at once: each group sorted, and groups of a kind in order of their members.
    struct Groups {
        /// Communities of alike accounts.
        var broad: [[Int]]
        /// The accounts that show one thing.
        var narrow: [[Int]]
    }

    /// Proposals from what is left.
    ///
    /// - Parameter taken: accounts to leave out, by position, those left out before among them.
    mutating func next(without taken: [Bool]) -> Groups {
        let lost = isLater ? taken.indices.filter { taken[$0] && !excluded[$0] } : []
        excluded = taken
        if isLater { renewNeighbours(lost) }
        let links = contentLinks()
        var groups = Set<[Int]>()
        for group in content.communities(links, lost: lost, excluded).compactMap(core) {
            groups.insert(group)
            // A few bystanders can hide a small campaign; those with one client, parameters or mail are tried alone.
            for part in parts(of: group) { groups.insert(part) }
        }
        let all = merge(links + artefactLinks())
        if !isLater, all.count > Self.manyLinks { combined = Graph(resolutions: [1]) }
        for group in combined.communities(all, lost: lost, excluded).compactMap(core) {
            groups.insert(group)
        }
        let narrow = Set(artefactGroups(lost: lost)).subtracting(groups)
        isLater = true
        return Groups(
            broad: groups.sorted { $0.lexicographicallyPrecedes($1) },
            narrow: NearlyEqual.once(narrow))
    }

    /// Looks again for neighbours of accounts that have lost some.
    private mutating func renewNeighbours(_ lost: [Int]) {
        var isLost = [Bool](repeating: false, count: population.count)
        for account in lost {
            isLost[account] = true
            neighbours[account] = []
        }
        let bereft = neighbours.indices.filter { account in
            neighbours[account].contains { isLost[Int($0.other)] }
        }
        let found = population.content.neighbours(
            tables: Self.tables, window: Self.window, keep: Self.kept, excluded: excluded,
            only: bereft, threads: population.threads)
        for account in bereft { neighbours[account] = found[account] }
    }

    /// Links between neighbours in content, weighted by their cosine above what unrelated accounts have.
    func contentLinks() -> [WeightedLink] {
        var links: [WeightedLink] = []
        for (account, own) in neighbours.enumerated() {
            for neighbour in own where neighbour.cosine > threshold {
                // Each pair once, also when only one of the two counts the other among its nearest.
                let other = Int(neighbour.other)
                let mutual = neighbours[other].contains { $0.other == Int32(account) }
                if account < other || !mutual {
                    links.append(
                        WeightedLink(
                            first: min(account, other), second: max(account, other),
                            weight: Double(neighbour.cosine) * (mutual ? 1 : 0.5)))
                }
            }
        }
        return links.sorted { ($0.first, $0.second) < ($1.first, $1.second) }
    }

    /// The cosine that one in some hundred unrelated pairs exceeds: median and spread of pairs drawn by hash.
    private static func threshold(_ population: Population) -> Float {
        let usable = (0..<population.count).filter { population.content.has($0) }
        guard usable.count >= 10 else { return 0.3 }
        var values: [Double] = []
        for draw in 0..<2000 {
            let hash = Hash64.mix(UInt64(draw) &+ 77)
            let a = usable[Int(hash % UInt64(usable.count))]
            let b = usable[Int((hash >> 32) % UInt64(usable.count))]
            if a != b { values.append(Double(population.content.cosine(a, b))) }
        }
        return Float(max(0.15, Statistics.median(values) + 3 * Statistics.robustScale(values)))
    }

    /// Weak links of one account at most, in the order of the kinds: those that share a course's every prompt are held
    /// together by some of them.
    private static let weakLinks: UInt8 = 32

    /// Longest list of accounts that a value links which says nothing of who is behind an account: what more share is a
    /// matter of taste.
    private static let longestWeakList = 4096

    /// Links from which one resolution has to do: communities take half a minute for ten million.
    private static let manyLinks = 1_500_000

    /// Longest list of accounts in which each is linked to two after it rather than one.
    private static let denseList = 32

    /// Links between accounts that share a rare value: each with its next two, or in a long list its next one, in the
    /// posting list and in a shuffled one, so that a list of m accounts gives 2 m to 4 m links and stays connected.
    private func artefactLinks() -> [WeightedLink] {
        let total = population.count
        let least = log(Self.linkedExchanges)
        var used = [UInt8](repeating: 0, count: total)
        var links: [WeightedLink] = []
        for kind in ArtefactKind.allCases where kind != .organization && kind != .emailDomain {
            let postings = population.artefacts[kind]
            let isStrong = kind.isIdentity || kind == .signature
            // A network alone is shared by strangers too.
            let isOfAll = isStrong && kind != .network
            for position in 0..<postings.count {
                let accounts = postings.accounts(at: position).map { Int($0) }
                    .filter { !excluded[$0] && (isOfAll || population.facts[$0].volume >= least) }
                let count = accounts.count
                guard count >= 2, isStrong || count <= Self.longestWeakList,
                    Double(count) <= max(3, Self.commonShare * Double(total))
                else {
                    continue
                }
                // The rarer the value among all accounts, the less two strangers would share it by chance.
                let rarity = max(0.05, 1 - Double(count) / (Self.commonShare * Double(total) + 1))
                let weight = (isStrong ? 1 : 0.25) * rarity
                let shuffled = accounts.sorted {
                    Hash64.mix(UInt64($0)) < Hash64.mix(UInt64($1))
                }
                let steps = count <= Self.denseList ? 2 : 1
                for order in [accounts, shuffled] {
                    for index in 0..<count {
                        for step in 1...steps where index + step < count {
                            let a = order[index]
                            let b = order[index + step]
                            if !isStrong {
                                guard used[a] < Self.weakLinks, used[b] < Self.weakLinks else {
                                    continue
                                }
                                used[a] += 1
                                used[b] += 1
                            }
                            links.append(
                                WeightedLink(first: min(a, b), second: max(a, b), weight: weight))
                        }
                    }
                }
            }
        }
        return links
    }

    /// One link for each pair, weights added, capped so that many artefacts of one cause cannot drown the rest.
    private func merge(_ links: [WeightedLink]) -> [WeightedLink] {
        let ordered = links.sorted {
            ($0.first, $0.second, $0.weight) < ($1.first, $1.second, $1.weight)
        }
        var merged: [WeightedLink] = []
        for link in ordered {
            if let last = merged.last, last.first == link.first, last.second == link.second {
                merged[merged.count - 1].weight += link.weight
            } else {
                merged.append(link)
            }
        }
        for index in merged.indices { merged[index].weight = min(2, merged[index].weight) }
        return merged
    }

    /// The members of a group that share one client, one parameter fingerprint or one mail domain.
    private func parts(of group: [Int]) -> [[Int]] {
        var found: [[Int]] = []
        for kind in [ArtefactKind.userAgent, .parameters, .emailDomain] {
            found += population.holders(of: kind, among: group).values.filter {
                $0.count >= Self.minimumMembers && $0.count * 4 >= group.count
                    && $0.count < group.count
            }
        }
        return found
    }

    /// A community without the members whose content lies far from the others'; `nil` if too few are left.
    private func core(of group: [Int]) -> [Int]? {
        guard group.count >= Self.minimumMembers else { return nil }
        let centroid = population.content.centroid(of: group)
        let cosines = group.map { Double(population.content.cosine($0, to: centroid)) }
        let middle = Statistics.median(cosines)
        let spread = max(0.03, Statistics.robustScale(cosines))
        let near = zip(group, cosines).filter { $0.1 > middle - 3 * spread }.map(\.0)
        return near.count >= Self.minimumMembers ? near : nil
    }

    /// The accounts of each text artefact that is neither too rare nor common; only of those that lost accounts, if some did.
    private func artefactGroups(lost: [Int]) -> [[Int]] {
        let total = population.count
        var isLost = [Bool](repeating: false, count: total)
        for account in lost { isLost[account] = true }
        var groups: [[Int]] = []
        for kind in ArtefactKind.allCases
        where kind.isText || kind == .payment || kind == .network || kind == .signature {
            let postings = population.artefacts[kind]
            for position in 0..<postings.count {
                let all = postings.accounts(at: position)
                if all.count < 8 || (isLater && !all.contains { isLost[Int($0)] }) { continue }
                let accounts = all.map { Int($0) }.filter { !excluded[$0] }
                if accounts.count >= 8,
                    Double(accounts.count) <= max(8, Self.commonShare * Double(total))
                {
                    groups.append(accounts)
                }
            }
        }
        return groups
    }
}
