import CLeiden
import Synchronization

/// A weighted link between two accounts, by position.
struct WeightedLink {
    var first: Int
    var second: Int
    var weight: Double
}

/// A graph's communities at several resolutions, found again around what is taken out of it.
struct Graph {
    /// 1 is plain modularity; larger values give smaller communities.
    let resolutions: [Double]
    /// For each resolution the community of each account; -1 for those without links.
    private var memberships: [[Int32]] = []
    /// Sum of all weights at first: what modularity compares with stays the same when a part is gone through again.
    private var total = 0.0

    init(resolutions: [Double]) { self.resolutions = resolutions }

    /// Communities of two accounts or more, each sorted.
    ///
    /// - Parameters:
    ///   - links: each pair at most once; the order decides ties, so it must not depend on threads.
    ///   - lost: accounts that were taken out since the last call; from then on only communities that had some of them
    ///     are looked at.
    ///   - excluded: by position; gives the number of accounts.
    mutating func communities(
        _ links: [WeightedLink], lost: [Int], _ excluded: [Bool]
    ) -> [[Int]] {
        let isFirst = memberships.isEmpty
        if isFirst {
            total = links.reduce(0) { $0 + $1.weight }
            memberships = resolutions.map { _ in [Int32](repeating: -1, count: excluded.count) }
        }
        var found: [[Int]] = []
        for (index, resolution) in resolutions.enumerated() {
            let before = memberships[index]
            let touched = Set(lost.map { before[$0] })
            let own =
                isFirst
                ? links
                : links.filter {
                    touched.contains(before[$0.first]) && touched.contains(before[$0.second])
                }
            let part = Communities.leiden(own, total: total, resolution: resolution)
            let offset = (before.max() ?? -1) + 1
            var groups: [Int32: [Int]] = [:]
            for (account, community) in part {
                memberships[index][account] = community + offset
                groups[community, default: []].append(account)
            }
            found += groups.sorted { $0.key < $1.key }.map(\.value)
        }
        return found
    }
}

/// Community detection by igraph's Leiden algorithm (V. Traag et al., "From Louvain to Leiden", Sci. Rep. 9, 2019,
/// doi:10.1038/s41598-019-41695-z), with modularity as the objective.
enum Communities {
    /// igraph draws from one generator for the whole process; seeding and use must not be interleaved.
    private static let lock = Mutex(())
    /// Any constant: it only makes ties fall the same way in every run.
    private static let seed: UInt64 = 20_260_422

    /// The community of each account that has a link, accounts ascending; none when igraph cannot get memory.
    ///
    /// - Parameter total: sum of the weights of the whole graph that `links` are a part of.
    static func leiden(
        _ links: [WeightedLink], total: Double, resolution: Double
    ) -> [(account: Int, community: Int32)] {
        guard !links.isEmpty, total > 0 else { return [] }
        // Only accounts with links take part: most have none.
        let largest = links.reduce(0) { max($0, $1.second, $1.first) }
        var numbers = [UInt32](repeating: .max, count: largest + 1)
        for link in links {
            numbers[link.first] = 0
            numbers[link.second] = 0
        }
        var accounts: [Int] = []
        for account in numbers.indices where numbers[account] == 0 {
            numbers[account] = UInt32(accounts.count)
            accounts.append(account)
        }
        var membership = [UInt32](repeating: 0, count: accounts.count)
        let status = lock.withLock { _ in
            sw_leiden(
                accounts.count, links.count, links.map { numbers[$0.first] },
                links.map { numbers[$0.second] }, links.map(\.weight),
                resolution / (2 * total), seed, &membership)
        }
        guard status == 0 else { return [] }
        return zip(accounts, membership).map { ($0, Int32($1)) }
    }
}
