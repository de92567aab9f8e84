import Sketches

/// Accounts as points by what they ask: one coordinate a content bin, comparable between accounts.
///
/// A coordinate is the square root of the share of the account's exchanges with a word of that bin, less the
/// population's mean, over the population's standard deviation. The root makes sampling noise nearly equal in all bins
/// (the Hellinger transform); the rest takes out what everybody's prompts have in common.
struct ContentSpace {
    /// Points of unit length, one row of `ContentBins.count` for each account; zero for accounts with too little text.
    let rows: [[Float]]

    /// Exchanges with text from which an account's content is worth comparing.
    static let minimumExchanges = 8

    init(_ profiles: [AccountProfile]) {
        let d = ContentBins.count
        var sums = [Double](repeating: 0, count: d)
        var squares = [Double](repeating: 0, count: d)
        var count = 0.0
        var rows = [[Float]](repeating: [], count: profiles.count)
        for (index, profile) in profiles.enumerated() {
            guard profile.withText >= UInt64(Self.minimumExchanges) else { continue }
            let total = Float(profile.withText)
            var row = [Float](repeating: 0, count: d)
            for (bin, value) in profile.content.enumerated() where value > 0 {
                row[bin] = (Float(value) / total).squareRoot()
                sums[bin] += Double(row[bin])
                squares[bin] += Double(row[bin] * row[bin])
            }
            rows[index] = row
            count += 1
        }
        let means = sums.map { Float($0 / max(1, count)) }
        var scales = [Float](repeating: 0, count: d)
        for bin in 0..<d {
            let mean = sums[bin] / max(1, count)
            let variance = max(0, squares[bin] / max(1, count) - mean * mean)
            // 0.05 keeps bins that hardly vary from being blown up into noise.
            scales[bin] = Float(1 / (variance.squareRoot() + 0.05))
        }
        for index in rows.indices where !rows[index].isEmpty {
            var norm: Float = 0
            for bin in 0..<d {
                let value = (rows[index][bin] - means[bin]) * scales[bin]
                rows[index][bin] = value
                norm += value * value
            }
            let factor = norm > 0 ? 1 / norm.squareRoot() : 0
            for bin in 0..<d { rows[index][bin] *= factor }
        }
        self.rows = rows
    }

    /// Cosine of two accounts, -1...1; zero when either has too little text.
    func cosine(_ a: Int, _ b: Int) -> Float { Self.dot(rows[a], rows[b]) }

    static func dot(_ a: [Float], _ b: [Float]) -> Float {
        guard a.count == b.count else { return 0 }
        return a.withUnsafeBufferPointer { x in
            b.withUnsafeBufferPointer { y in
                // Eight sums at once: without them additions would have to be done one after the other.
                var s = SIMD8<Float>(repeating: 0)
                var index = 0
                while index + 8 <= x.count {
                    let u = UnsafeRawPointer(x.baseAddress! + index).loadUnaligned(
                        as: SIMD8<Float>.self)
                    let v = UnsafeRawPointer(y.baseAddress! + index).loadUnaligned(
                        as: SIMD8<Float>.self)
                    s += u * v
                    index += 8
                }
                return s.sum()
            }
        }
    }

    /// Unit-length mean of some rows.
    func centroid(of members: [Int]) -> [Float] {
        var sum = [Float](repeating: 0, count: ContentBins.count)
        for member in members where !rows[member].isEmpty {
            for bin in sum.indices { sum[bin] += rows[member][bin] }
        }
        let norm = Self.dot(sum, sum).squareRoot()
        return norm > 0 ? sum.map { $0 / norm } : sum
    }

    /// Pairs of accounts with similar content, found without comparing all pairs: locality-sensitive hashing by random
    /// hyperplanes (M. Charikar, STOC 2002, doi:10.1145/509907.509965), `tables` times; accounts are sorted by
    /// signature and compared with their `window` next ones. O(n (tables log n + tables window)).
    ///
    /// - Parameter excluded: accounts that are nobody's neighbour, by position.
    func neighbours(
        tables: Int, window: Int, keep: Int, excluded: [Bool]
    ) -> [[(other: Int, cosine: Float)]] {
        let accounts = rows.indices.filter { !rows[$0].isEmpty && !excluded[$0] }
        var found = [[(other: Int, cosine: Float)]](repeating: [], count: rows.count)
        var seen = Set<UInt64>()
        for table in 0..<tables {
            let planes = Self.planes(table: table)
            var keyed: [(key: UInt64, account: Int)] = []
            keyed.reserveCapacity(accounts.count)
            for account in accounts {
                let tie = Hash64.mix(UInt64(account) << 8 | UInt64(table)) >> 16
                keyed.append((Self.signature(rows[account], planes) << 48 | tie, account))
            }
            keyed.sort { $0.key < $1.key }
            for position in keyed.indices {
                let a = keyed[position].account
                let end = min(keyed.count, position + 1 + window)
                for other in (position + 1)..<max(end, position + 1) {
                    let b = keyed[other].account
                    let pair = UInt64(min(a, b)) << 32 | UInt64(max(a, b))
                    guard seen.insert(pair).inserted else { continue }
                    let value = cosine(a, b)
                    found[a].append((b, value))
                    found[b].append((a, value))
                }
            }
        }
        for index in found.indices {
            found[index].sort {
                $0.cosine != $1.cosine ? $0.cosine > $1.cosine : $0.other < $1.other
            }
            if found[index].count > keep { found[index].removeSubrange(keep...) }
        }
        return found
    }

    private static let planesPerTable = 12
    private static let entriesPerPlane = 96

    /// Sparse random planes: bins and signs, drawn from a hash so that they are the same in every run.
    private static func planes(table: Int) -> [[(bin: Int, sign: Float)]] {
        (0..<planesPerTable).map { plane in
            (0..<entriesPerPlane).map { entry in
                let hash = Hash64.mix(UInt64(table) << 40 | UInt64(plane) << 20 | UInt64(entry))
                return (Int(hash % UInt64(ContentBins.count)), hash >> 63 == 0 ? 1 : -1)
            }
        }
    }

    private static func signature(_ row: [Float], _ planes: [[(bin: Int, sign: Float)]]) -> UInt64 {
        var bits: UInt64 = 0
        for plane in planes {
            var sum: Float = 0
            for entry in plane { sum += row[entry.bin] * entry.sign }
            bits = bits << 1 | (sum > 0 ? 1 : 0)
        }
        return bits
    }
}
