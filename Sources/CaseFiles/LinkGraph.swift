import Detection

/// The part of a group's links that is drawn, laid out in a box of `width` times `height`.
///
/// A force layout after Fruchterman and Reingold (doi:10.1002/spe.4380211102) with a fixed start and a fixed number of
/// rounds. It uses only the four operations and square roots, so every machine computes the same picture. Time is
/// `rounds` times the square of `nodeLimit`.
struct LinkGraph {
    /// Accounts drawn at most.
    static let nodeLimit = 150
    /// Links drawn at most.
    static let edgeLimit = 600
    static let width = 720.0
    static let height = 420.0
    private static let rounds = 120
    private static let margin = 18.0

    /// A drawn account.
    struct Node {
        let member: GroupMember
        var x: Double
        var y: Double
        let radius: Double
    }

    /// A drawn link, by position in `nodes`.
    struct Edge {
        let first: Int
        let second: Int
        /// The first of the link's kinds, by which it is coloured.
        let kind: String
        let weight: Double
    }

    private(set) var nodes: [Node]
    let edges: [Edge]
    /// Kinds of the drawn links with their numbers, most frequent first.
    let kinds: [(kind: String, links: Int)]

    /// Chooses the best-linked members and lays them out. Links that point nowhere are left out.
    init(_ group: JudgedGroup) {
        let members = group.members
        let links = group.links.filter {
            $0.first != $0.second && members.indices.contains($0.first)
                && members.indices.contains($0.second)
        }
        let chosen = Self.choose(links)
        let position = Dictionary(uniqueKeysWithValues: zip(chosen, chosen.indices))
        var edges: [Edge] = []
        for link in links.sorted(by: Self.isStronger) where edges.count < Self.edgeLimit {
            guard let first = position[link.first], let second = position[link.second] else {
                continue
            }
            edges.append(
                Edge(
                    first: first, second: second, kind: link.kinds.first ?? "unknown",
                    weight: link.weight.isFinite ? max(0, link.weight) : 0))
        }
        var counts: [String: Int] = [:]
        for edge in edges { counts[edge.kind, default: 0] += 1 }
        kinds = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { (kind: $0.key, links: $0.value) }
        self.edges = edges
        let most = Double(chosen.map { members[$0].exchanges }.max() ?? 1)
        nodes = chosen.map { index in
            let share = Double(max(0, members[index].exchanges)) / max(1, most)
            return Node(member: members[index], x: 0, y: 0, radius: 2.5 + 4 * share.squareRoot())
        }
        layOut()
    }

    /// The members to draw: the one with the strongest link, then again and again the one most strongly linked to
    /// those chosen, so that the drawing shows whole neighbourhoods and not scattered pairs.
    private static func choose(_ links: [MemberLink]) -> [Int] {
        let sorted = links.sorted(by: isStronger)
        var neighbours: [Int: [Int]] = [:]
        for (rank, link) in sorted.enumerated() {
            neighbours[link.first, default: []].append(rank)
            neighbours[link.second, default: []].append(rank)
        }
        var chosen: [Int] = []
        var isChosen: Set<Int> = []
        // Ranks of links that lead from a chosen member, and the next rank to start a new part from.
        var frontier: Set<Int> = []
        var next = 0
        while chosen.count < nodeLimit {
            let rank: Int
            if let strongest = frontier.min() {
                rank = strongest
                frontier.remove(strongest)
            } else if next < sorted.count {
                rank = next
                next += 1
            } else {
                break
            }
            for member in [sorted[rank].first, sorted[rank].second]
            where chosen.count < nodeLimit && isChosen.insert(member).inserted {
                chosen.append(member)
                frontier.formUnion(neighbours[member] ?? [])
            }
        }
        return chosen
    }

    private static func isStronger(_ a: MemberLink, _ b: MemberLink) -> Bool {
        // A weight that is not a number counts as none, so that the order stays total.
        let (first, second) = (a.weight.isNaN ? 0 : a.weight, b.weight.isNaN ? 0 : b.weight)
        if first != second { return first > second }
        return (a.first, a.second) < (b.first, b.second)
    }

    private mutating func layOut() {
        guard nodes.count > 1 else {
            if !nodes.isEmpty { (nodes[0].x, nodes[0].y) = (Self.width / 2, Self.height / 2) }
            return
        }
        var layout = ForceLayout(count: nodes.count)
        let heaviest = max(edges.map(\.weight).max() ?? 1, 1e-9)
        let springs = edges.map {
            ForceLayout.Spring(
                first: $0.first, second: $0.second, strength: 0.35 + 0.65 * $0.weight / heaviest)
        }
        layout.settle(springs, rounds: Self.rounds)
        let x = Self.fitted(layout.x, to: Self.width)
        let y = Self.fitted(layout.y, to: Self.height)
        for index in nodes.indices { (nodes[index].x, nodes[index].y) = (x[index], y[index]) }
    }

    /// Stretches coordinates to a length, less a margin at both ends.
    private static func fitted(_ values: [Double], to length: Double) -> [Double] {
        let (least, most) = (values.min() ?? 0, values.max() ?? 1)
        return values.map {
            margin + ($0 - least) / max(most - least, 1e-9) * (length - 2 * margin)
        }
    }
}

/// Points that push each other away and are held together by springs, in a unit square.
struct ForceLayout {
    /// A pull between two points.
    struct Spring {
        let first: Int
        let second: Int
        /// 0...1
        let strength: Double
    }

    private(set) var x: [Double]
    private(set) var y: [Double]
    /// The distance at which springs and repulsion balance.
    private let spacing: Double

    /// Places points as a sunflower does its seeds: each turns by the golden angle, which spreads any number evenly.
    init(count: Int) {
        let (cosine, sine) = (-0.737_368_878_078_319_9, 0.675_490_294_261_523_8)
        var (turnX, turnY) = (1.0, 0.0)
        x = []
        y = []
        spacing = 1 / Double(max(1, count)).squareRoot()
        for index in 0..<count {
            let radius = 0.5 * ((Double(index) + 0.5) / Double(count)).squareRoot()
            x.append(0.5 + radius * turnX)
            y.append(0.5 + radius * turnY)
            (turnX, turnY) = (turnX * cosine - turnY * sine, turnX * sine + turnY * cosine)
        }
    }

    /// Moves the points, by less in each round.
    mutating func settle(_ springs: [Spring], rounds: Int) {
        for round in 0..<rounds {
            move(springs, step: 0.12 * (1 - Double(round) / Double(rounds)) + 0.002)
        }
    }

    private mutating func move(_ springs: [Spring], step: Double) {
        var forceX = [Double](repeating: 0, count: x.count)
        var forceY = forceX
        let reach = spacing * spacing
        var first = 0
        while first < x.count {
            let (ownX, ownY) = (x[first], y[first])
            // A pull to the middle keeps separate parts together.
            var (sumX, sumY) = ((0.5 - ownX) * 0.9, (0.5 - ownY) * 0.9)
            var second = 0
            while second < x.count {
                let (dx, dy) = (ownX - x[second], ownY - y[second])
                let push = reach / max(dx * dx + dy * dy, 1e-6)
                sumX += dx * push
                sumY += dy * push
                second += 1
            }
            forceX[first] = sumX
            forceY[first] = sumY
            first += 1
        }
        for spring in springs {
            let dx = x[spring.first] - x[spring.second]
            let dy = y[spring.first] - y[spring.second]
            let pull = (dx * dx + dy * dy).squareRoot() / spacing * spring.strength * 0.5
            forceX[spring.first] -= dx * pull
            forceY[spring.first] -= dy * pull
            forceX[spring.second] += dx * pull
            forceY[spring.second] += dy * pull
        }
        for index in x.indices {
            let length = (forceX[index] * forceX[index] + forceY[index] * forceY[index])
                .squareRoot()
            let scale = min(length, step) / max(length, 1e-9)
            x[index] += forceX[index] * scale
            y[index] += forceY[index] * scale
        }
    }
}
