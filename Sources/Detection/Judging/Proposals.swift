import Sketches

/// Proposes groups of accounts from links, without comparing all pairs.
///
/// Groups are proposed on content and artefacts and tested on what had no part in proposing them: volumes, sign-ups,
/// onsets, payment. More proposals than campaigns is fine; the false-discovery bound counts them all.
struct Proposals {
    let population: Population
    /// Accounts to leave out, by position: those of campaigns that were found already.
    let excluded: [Bool]

    init(population: Population, excluded: [Bool]? = nil) {
        self.population = population
        self.excluded = excluded ?? [Bool](repeating: false, count: population.count)
    }

    /// Smallest group worth testing.
    static let minimumMembers = 5
    /// Nearest neighbours kept for each account.
    private static let neighbours = 12
    /// A value that more accounts than this share of all show is nobody's artefact.
    private static let commonShare = 0.25

    /// All proposals, each sorted and no two equal, in order of their members.
    func all() -> [[Int]] {
        var groups = Set<[Int]>()
        let links = contentLinks()
        for resolution in [0.5, 1.5, 5] {
            for group in communities(links, resolution: resolution) {
                groups.insert(group)
                // A few bystanders can hide a small campaign; those with one client, parameters or mail are tried alone.
                for part in parts(of: group) { groups.insert(part) }
            }
        }
        let combined = merge(links + artefactLinks())
        for resolution in [0.5, 2] {
            for group in communities(combined, resolution: resolution) { groups.insert(group) }
        }
        for group in artefactGroups() { groups.insert(group) }
        return groups.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Links between neighbours in content, weighted by their cosine above what unrelated accounts have.
    func contentLinks() -> [WeightedLink] {
        let found = population.content.neighbours(
            tables: 24, window: 6, keep: Self.neighbours, excluded: excluded,
            threads: population.threads)
        let threshold = contentThreshold()
        var links: [WeightedLink] = []
        for (account, neighbours) in found.enumerated() {
            for neighbour in neighbours where neighbour.cosine > threshold {
                // Each pair once, also when only one of the two counts the other among its nearest.
                let other = Int(neighbour.other)
                let mutual = found[other].contains { $0.other == Int32(account) }
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
    private func contentThreshold() -> Float {
        let usable = (0..<population.count).filter {
            population.content.has($0) && !excluded[$0]
        }
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

    /// Links between accounts that share a rare value: each with its next two in the posting list and in a shuffled one,
    /// so that a list of m accounts gives some 4 m links and stays connected.
    private func artefactLinks() -> [WeightedLink] {
        let total = population.count
        var links: [WeightedLink] = []
        for kind in ArtefactKind.allCases where kind != .organization && kind != .emailDomain {
            let postings = population.artefacts[kind]
            for position in 0..<postings.count {
                let accounts = postings.accounts(at: position).map { Int($0) }.filter { !excluded[$0] }
                let count = accounts.count
                guard count >= 2, Double(count) <= max(3, Self.commonShare * Double(total)) else {
                    continue
                }
                // The rarer the value among all accounts, the less two strangers would share it by chance.
                let rarity = max(0.05, 1 - Double(count) / (Self.commonShare * Double(total) + 1))
                let weight = (kind.isIdentity || kind == .signature ? 1 : 0.25) * rarity
                let shuffled = accounts.sorted {
                    Hash64.mix(UInt64($0)) < Hash64.mix(UInt64($1))
                }
                for order in [accounts, shuffled] {
                    for index in 0..<count {
                        for step in 1...2 where index + step < count {
                            let a = order[index]
                            let b = order[index + step]
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
        var weights: [UInt64: Double] = [:]
        let ordered = links.sorted {
            ($0.first, $0.second, $0.weight) < ($1.first, $1.second, $1.weight)
        }
        for link in ordered {
            weights[UInt64(link.first) << 32 | UInt64(link.second), default: 0] += link.weight
        }
        return weights.sorted { $0.key < $1.key }.map {
            WeightedLink(
                first: Int($0.key >> 32), second: Int($0.key & 0xffff_ffff),
                weight: min(2, $0.value))
        }
    }

    private func communities(_ links: [WeightedLink], resolution: Double) -> [[Int]] {
        let membership = Communities.leiden(
            count: population.count, links: links, resolution: resolution)
        var groups: [Int: [Int]] = [:]
        for (account, community) in membership.enumerated() {
            groups[community, default: []].append(account)
        }
        return groups.values.filter { $0.count >= Self.minimumMembers }.map { core(of: $0) }
            .filter { $0.count >= Self.minimumMembers }
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

    /// A community without the members whose content lies far from the others'.
    private func core(of group: [Int]) -> [Int] {
        let centroid = population.content.centroid(of: group)
        let cosines = group.map { Double(population.content.cosine($0, to: centroid)) }
        let middle = Statistics.median(cosines)
        let spread = max(0.03, Statistics.robustScale(cosines))
        return zip(group, cosines).filter { $0.1 > middle - 3 * spread }.map(\.0)
    }

    /// The accounts of each text artefact that is neither too rare nor common.
    private func artefactGroups() -> [[Int]] {
        let total = population.count
        var groups: [[Int]] = []
        for kind in ArtefactKind.allCases
        where kind.isText || kind == .payment || kind == .network || kind == .signature {
            let postings = population.artefacts[kind]
            for position in 0..<postings.count {
                let accounts = postings.accounts(at: position).map { Int($0) }.filter { !excluded[$0] }
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
