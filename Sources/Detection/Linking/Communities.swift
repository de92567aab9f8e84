import CLeiden
import Synchronization

/// A weighted link between two accounts, by position.
struct WeightedLink {
    var first: Int
    var second: Int
    var weight: Double
}

/// Community detection by igraph's Leiden algorithm (V. Traag et al., "From Louvain to Leiden", Sci. Rep. 9, 2019,
/// doi:10.1038/s41598-019-41695-z), with modularity as the objective.
enum Communities {
    /// igraph draws from one generator for the whole process; seeding and use must not be interleaved.
    private static let lock = Mutex(())
    /// Any constant: it only makes ties fall the same way in every run.
    private static let seed: UInt64 = 20_260_422

    /// The community of each of `count` nodes.
    ///
    /// - Parameters:
    ///   - links: each pair at most once; the order decides ties, so it must not depend on threads.
    ///   - resolution: 1 is plain modularity; larger values give smaller communities.
    /// - Returns: community numbers, or each node alone when igraph cannot get memory.
    static func leiden(count: Int, links: [WeightedLink], resolution: Double) -> [Int] {
        guard count > 0, !links.isEmpty else { return Array(0..<count) }
        var membership = (0..<UInt32(count)).map { $0 }
        _ = lock.withLock { _ in
            sw_leiden(
                count, links.count, links.map { UInt32($0.first) }, links.map { UInt32($0.second) },
                links.map(\.weight), resolution, seed, &membership)
        }
        return membership.map(Int.init)
    }
}
