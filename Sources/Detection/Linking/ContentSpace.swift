import CNative
import Sketches

/// Accounts as points by what they ask: one coordinate a content bin, comparable between accounts.
///
/// A coordinate is the square root of the share of the account's exchanges with a word of that bin, less the
/// population's mean, over the population's standard deviation. The root makes sampling noise nearly equal in all bins
/// (the Hellinger transform); the rest takes out what everybody's prompts have in common.
///
/// A point takes a byte a coordinate: 127 steps up to its own largest one, which moves a cosine by less than a hundredth.
struct ContentSpace: Sendable {
    /// For each account its row, or -1 if it has too little text.
    private let rowOf: ContiguousArray<Int32>
    /// Rows of `ContentBins.count` coordinates, end to end.
    private let codes: ContiguousArray<Int8>
    /// What a row's codes are multiplied by to have unit length.
    private let scales: ContiguousArray<Float>

    /// Exchanges with text from which an account's content is worth comparing.
    static let minimumExchanges = 8

    /// Roots of shares, before they are centred.
    struct Rows: Sendable {
        /// For each account its row, or -1.
        fileprivate var rowOf: ContiguousArray<Int32>
        /// Roots in steps of 1 / 180: two words of one exchange may share a bin.
        fileprivate var codes: ContiguousArray<UInt8> = []
        fileprivate var sums = [Double](repeating: 0, count: ContentBins.count)
        fileprivate var squares = [Double](repeating: 0, count: ContentBins.count)
        private var shareSums = [Double](repeating: 0, count: ContentBins.count)
        fileprivate var count = 0.0
        fileprivate static let step: Float = 1 / 180

        init(accounts: Int) { rowOf = ContiguousArray(repeating: -1, count: accounts) }

        /// Adds an account's row if it has text enough.
        mutating func add(_ profile: AccountProfile, at account: Int) {
            while rowOf.count <= account { rowOf.append(-1) }
            guard profile.withText >= UInt64(ContentSpace.minimumExchanges) else { return }
            rowOf[account] = Int32(count)
            count += 1
            let total = Float(profile.withText)
            let start = codes.count
            codes.append(contentsOf: repeatElement(0, count: ContentBins.count))
            for (bin, value) in profile.content.enumerated() where value > 0 {
                let root = min((Float(value) / total).squareRoot(), 255 * Self.step)
                codes[start + bin] = UInt8((root / Self.step).rounded())
                sums[bin] += Double(root)
                squares[bin] += Double(root * root)
                shareSums[bin] += min(1, Double(value) / Double(profile.withText))
            }
        }

        /// Adds the rows of accounts from `first` on.
        mutating func append(_ other: Rows, at first: Int) {
            let before = Int32(count)
            for (position, row) in other.rowOf.enumerated() where row >= 0 {
                rowOf[first + position] = row + before
            }
            codes.append(contentsOf: other.codes)
            count += other.count
            for bin in sums.indices {
                sums[bin] += other.sums[bin]
                squares[bin] += other.squares[bin]
                shareSums[bin] += other.shareSums[bin]
            }
        }

        /// How often each content bin occurs in an exchange of an average account, 0...1.
        var shares: [Double] { shareSums.map { $0 / max(1, count) } }
    }

    init(_ rows: Rows, threads: Int) {
        let d = ContentBins.count
        var means = [Float](repeating: 0, count: d)
        var weights = [Float](repeating: 0, count: d)
        for bin in 0..<d {
            let mean = rows.sums[bin] / max(1, rows.count)
            let variance = max(0, rows.squares[bin] / max(1, rows.count) - mean * mean)
            means[bin] = Float(mean)
            // 0.05 keeps bins that hardly vary from being blown up into noise.
            weights[bin] = Float(1 / (variance.squareRoot() + 0.05))
        }
        let count = rows.codes.count / d
        let (middle, weight) = (means, weights)
        let starts = Array(stride(from: 0, to: count, by: 1024))
        let made = concurrentMap(starts, threads: threads) { start in
            Self.centred(rows, start..<min(start + 1024, count), middle, weight)
        }
        var codes: ContiguousArray<Int8> = []
        codes.reserveCapacity(rows.codes.count)
        var scales: ContiguousArray<Float> = []
        scales.reserveCapacity(count)
        for own in made {
            codes.append(contentsOf: own.codes)
            scales.append(contentsOf: own.scales)
        }
        rowOf = rows.rowOf
        self.codes = codes
        self.scales = scales
    }

    private static func centred(
        _ rows: Rows, _ range: Range<Int>, _ means: [Float], _ weights: [Float]
    ) -> (codes: ContiguousArray<Int8>, scales: ContiguousArray<Float>) {
        let d = ContentBins.count
        var codes: ContiguousArray<Int8> = []
        codes.reserveCapacity(range.count * d)
        var scales: ContiguousArray<Float> = []
        var row = [Float](repeating: 0, count: d)
        for index in range {
            var largest: Float = 0
            for bin in 0..<d {
                let root = Float(rows.codes[index * d + bin]) * Rows.step
                row[bin] = (root - means[bin]) * weights[bin]
                largest = max(largest, abs(row[bin]))
            }
            let factor = largest > 0 ? 127 / largest : 0
            var norm: Float = 0
            for bin in 0..<d {
                let code = (row[bin] * factor).rounded()
                norm += code * code
                codes.append(Int8(code))
            }
            scales.append(norm > 0 ? 1 / norm.squareRoot() : 0)
        }
        return (codes, scales)
    }

    /// Whether an account has text enough to be compared.
    func has(_ account: Int) -> Bool { rowOf[account] >= 0 }

    /// Cosine of two accounts, -1...1; zero when either has too little text.
    func cosine(_ a: Int, _ b: Int) -> Float {
        let (x, y) = (Int(rowOf[a]), Int(rowOf[b]))
        if x < 0 || y < 0 { return 0 }
        return codes.withUnsafeBufferPointer { codes in
            Self.dot(
                codes.baseAddress! + x * ContentBins.count,
                codes.baseAddress! + y * ContentBins.count)
        } * scales[x] * scales[y]
    }

    @inline(__always)
    private static func dot(_ x: UnsafePointer<Int8>, _ y: UnsafePointer<Int8>) -> Float {
        Float(sw_dot_bytes(x, y, ContentBins.count))
    }

    /// Cosine of an account and a point of unit length; zero when the account has too little text.
    func cosine(_ account: Int, to point: [Float]) -> Float {
        let row = Int(rowOf[account])
        if row < 0 { return 0 }
        return codes.withUnsafeBufferPointer { codes in
            let x = codes.baseAddress! + row * ContentBins.count
            return point.withUnsafeBufferPointer { y in
                var sums = SIMD8<Float>(repeating: 0)
                var index = 0
                while index < ContentBins.count {
                    let u = SIMD8<Float>(
                        UnsafeRawPointer(x + index).loadUnaligned(as: SIMD8<Int8>.self))
                    let v = UnsafeRawPointer(y.baseAddress! + index).loadUnaligned(
                        as: SIMD8<Float>.self)
                    sums += u * v
                    index += 8
                }
                return sums.sum()
            }
        } * scales[row]
    }

    /// Cosine of two points of unit length.
    static func dot(_ a: [Float], _ b: [Float]) -> Float {
        var sum: Float = 0
        for index in a.indices { sum += a[index] * b[index] }
        return sum
    }

    /// Unit-length mean of some accounts' points.
    func centroid(of members: [Int]) -> [Float] {
        let d = ContentBins.count
        var sum = [Float](repeating: 0, count: d)
        codes.withUnsafeBufferPointer { codes in
            sum.withUnsafeMutableBufferPointer { sum in
                for member in members where rowOf[member] >= 0 {
                    let row = Int(rowOf[member])
                    let scale = scales[row]
                    let x = codes.baseAddress! + row * d
                    for bin in 0..<d { sum[bin] += Float(x[bin]) * scale }
                }
            }
        }
        let norm = Self.dot(sum, sum).squareRoot()
        return norm > 0 ? sum.map { $0 / norm } : sum
    }

    /// Nearest neighbours.
    struct Neighbour: Sendable {
        var other: Int32
        var cosine: Float

        static func precedes(_ a: Neighbour, _ b: Neighbour) -> Bool {
            a.cosine != b.cosine ? a.cosine > b.cosine : a.other < b.other
        }
    }

    /// For each account those of similar content, found without comparing all pairs: locality-sensitive hashing by random
    /// hyperplanes (M. Charikar, STOC 2002, doi:10.1145/509907.509965), `tables` times; accounts are sorted by
    /// signature and compared with their `window` next ones. O(n (tables log n + tables window)).
    ///
    /// - Parameters:
    ///   - excluded: accounts that are nobody's neighbour, by position.
    ///   - only: accounts whose neighbours are wanted; all if not given.
    func neighbours(
        tables: Int, window: Int, keep: Int, excluded: [Bool], only: [Int]? = nil, threads: Int
    ) -> [[Neighbour]] {
        var result = [[Neighbour]](repeating: [], count: rowOf.count)
        if let only, only.isEmpty { return result }
        let accounts = rowOf.indices.filter { rowOf[$0] >= 0 && !excluded[$0] }
        var isWanted = [Bool](repeating: only == nil, count: rowOf.count)
        for account in only ?? [] { isWanted[account] = true }
        let wanted = accounts.indices.filter { isWanted[accounts[$0]] }
        // In each table the order of all accounts, and each account's place in it.
        let orders = concurrentMap(Array(0..<tables), threads: threads) { table in
            order(of: accounts, table: table)
        }
        let starts = Array(stride(from: 0, to: wanted.count, by: 1024))
        let found = concurrentMap(starts, threads: threads) { start in
            wanted[start..<min(start + 1024, wanted.count)].map { own in
                var best: [Neighbour] = []
                best.reserveCapacity(keep + 1)
                for order in orders {
                    let place = Int(order.places[own])
                    let range = max(0, place - window)...min(accounts.count - 1, place + window)
                    for other in range where other != place {
                        let account = accounts[Int(order.order[other])]
                        if best.contains(where: { $0.other == Int32(account) }) { continue }
                        let next = Neighbour(
                            other: Int32(account), cosine: cosine(accounts[own], account))
                        if best.count == keep, !Neighbour.precedes(next, best[keep - 1]) {
                            continue
                        }
                        var position = best.count
                        while position > 0, Neighbour.precedes(next, best[position - 1]) {
                            position -= 1
                        }
                        best.insert(next, at: position)
                        if best.count > keep { best.removeLast() }
                    }
                }
                return best
            }
        }
        for (start, own) in zip(starts, found) {
            for (offset, best) in own.enumerated() {
                result[accounts[wanted[start + offset]]] = best
            }
        }
        return result
    }

    private func order(of accounts: [Int], table: Int) -> (order: [Int32], places: [Int32]) {
        let planes = Self.planes(table: table)
        var keyed: [(key: UInt64, own: Int32)] = []
        keyed.reserveCapacity(accounts.count)
        for (own, account) in accounts.enumerated() {
            let tie = Hash64.mix(UInt64(account) << 8 | UInt64(table)) >> 16
            keyed.append((signature(account, planes) << 48 | tie, Int32(own)))
        }
        keyed.sort { $0.key < $1.key }
        var places = [Int32](repeating: 0, count: accounts.count)
        for (place, entry) in keyed.enumerated() { places[Int(entry.own)] = Int32(place) }
        return (keyed.map(\.own), places)
    }

    private static let planesPerTable = 12
    private static let entriesPerPlane = 96

    /// Sparse random planes: bins and signs, drawn from a hash so that they are the same in every run.
    private static func planes(table: Int) -> [[(bin: Int, sign: Int32)]] {
        (0..<planesPerTable).map { plane in
            (0..<entriesPerPlane).map { entry in
                let hash = Hash64.mix(UInt64(table) << 40 | UInt64(plane) << 20 | UInt64(entry))
                return (Int(hash % UInt64(ContentBins.count)), hash >> 63 == 0 ? 1 : -1)
            }
        }
    }

    private func signature(_ account: Int, _ planes: [[(bin: Int, sign: Int32)]]) -> UInt64 {
        codes.withUnsafeBufferPointer { codes in
            let row = codes.baseAddress! + Int(rowOf[account]) * ContentBins.count
            var bits: UInt64 = 0
            for plane in planes {
                var sum: Int32 = 0
                for entry in plane { sum &+= Int32(row[entry.bin]) &* entry.sign }
                bits = bits << 1 | (sum > 0 ? 1 : 0)
            }
            return bits
        }
    }
}
