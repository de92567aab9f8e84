import Exchanges
import Sketches

#if canImport(Glibc)
    import Glibc
#endif

/// All profiles of a scan with what is computed of them once: content points, who shares what, reference draws.
///
/// Profiles are decoded once, a stretch at a time, and what every test reads is kept in columns by position: decoded
/// profiles of a million accounts would not fit into memory, and what is needed of them does.
struct Population {
    /// Less often asked: what a group's members are described with.
    let profiles: ProfileSet
    /// Threads to work with; nothing depends on them.
    let threads: Int
    /// How different independent accounts are taken to be at least.
    let floors: InnocentFloors
    /// Each account's sampled exchanges, by position.
    let samples: ContiguousArray<[SampledSignals]>
    /// Each account's part in any group over the whole scan, by position.
    let parts: ContiguousArray<Pool.Part>
    /// Exchanges by hour, by position.
    let hours: ContiguousArray<TimeHistogram>
    /// Facts of each account, by position.
    let facts: ContiguousArray<Facts>
    /// Names that `Facts.organization` stands for.
    let organizations: [String]
    /// Hashes of prompts in each account's coordinated sample.
    let prompts: KeyColumn
    /// The largest hash up to which that sample holds every prompt.
    let promptReach: ContiguousArray<UInt64>
    /// For kinds that are asked of each account, its keys.
    private let keys: [ArtefactKind: KeyColumn]
    let content: ContentSpace
    /// For each kind of artefact, the accounts that show each value.
    let artefacts: ArtefactIndex
    /// Sorted creation times, in days since 1970, of accounts where it is known.
    let created: [Double]
    /// Sorted times at which accounts became active, in days since 1970.
    let onsets: [Double]
    /// Sorted logarithms of the accounts' exchanges.
    let volumes: [Double]
    /// How often each content bin occurs in an exchange of an average account, 0...1.
    let binShares: [Double]
    /// Share of each content bin in the sampled words of an average account; sums to one.
    let wordFrequencies: [Double]
    /// Self-similarity of each account, by position; not a number where there are too few samples.
    let selfSimilarity: ContiguousArray<Double>
    /// Self-similarity of each account with enough samples, sorted: small values are broad interests.
    let selfSimilarities: [Double]

    /// Number of accounts.
    var count: Int { parts.count }

    /// Microseconds in a day.
    static let day = 86_400_000_000.0

    /// What is asked of each account by itself.
    struct Facts {
        /// Creation time in days since 1970; not a number where unknown.
        var created: Double
        /// Logarithm of the exchanges.
        var volume: Double
        /// The commonest parameter fingerprint; zero without any.
        var parameters: UInt64
        /// Number of the declared organisation, from one on; zero for none.
        var organization: Int32
    }

    init(_ profiles: ProfileSet, floors: InnocentFloors = .shipped, threads: Int = 1) {
        self.profiles = profiles
        self.floors = floors
        self.threads = threads
        let columns = Columns(profiles, threads: threads)
        samples = columns.samples
        parts = columns.parts
        hours = columns.hours
        facts = columns.facts
        organizations = columns.organizations
        prompts = columns.prompts
        promptReach = columns.promptReach
        keys = columns.keys
        content = columns.content
        artefacts = columns.artefacts
        created = facts.lazy.map(\.created).filter { !$0.isNaN }.sorted()
        onsets = parts.map { Double($0.onset) / Self.day }.sorted()
        volumes = facts.map(\.volume).sorted()
        let binShares = columns.binShares
        self.binShares = binShares
        wordFrequencies = columns.wordFrequencies
        let parts = parts
        let starts = Array(stride(from: 0, to: parts.count, by: 4096))
        selfSimilarity = ContiguousArray(
            concurrentMap(starts, threads: threads) { start in
                parts[start..<min(start + 4096, parts.count)].map {
                    ContentKernel.selfSimilarity($0.samples, shares: binShares) ?? .nan
                }
            }.joined())
        selfSimilarities = selfSimilarity.filter { !$0.isNaN }.sorted()
        Memory.giveBack()
    }

    /// The keys of one account for a kind that is not taken from its sampled prompts; none for other kinds.
    func keys(_ kind: ArtefactKind, of account: Int) -> ArraySlice<UInt64> {
        keys[kind]?[account] ?? []
    }

    /// The accounts among `accounts` that show each value of a kind, in their order.
    func holders(of kind: ArtefactKind, among accounts: [Int]) -> [UInt64: [Int]] {
        guard let column = keys[kind] else { return [:] }
        var result: [UInt64: [Int]] = [:]
        for account in accounts {
            for key in column[account] { result[key, default: []].append(account) }
        }
        return result
    }

    /// Accounts that stand for all where a distribution over them is asked for: every one of a small population, of a large
    /// one so many that a share is known to a hundredth or so.
    var representatives: StrideTo<Int> {
        stride(from: 0, to: count, by: max(1, count / Self.enough))
    }

    private static let enough = 8192
}

/// Keys of every account, by position, end to end.
struct KeyColumn {
    private(set) var keys: [UInt64] = []
    private var ends: ContiguousArray<Int> = []

    subscript(position: Int) -> ArraySlice<UInt64> {
        keys[(position == 0 ? 0 : ends[position - 1])..<ends[position]]
    }

    mutating func append(_ own: some Sequence<UInt64>) {
        keys.append(contentsOf: own)
        ends.append(keys.count)
    }

    mutating func append(_ other: KeyColumn) {
        let before = keys.count
        keys.append(contentsOf: other.keys)
        ends.append(contentsOf: other.ends.lazy.map { $0 + before })
    }
}

/// Similarity of exchanges by shared content bins, rarer ones counting more.
enum ContentKernel {
    /// Weight of a bin that occurs in a share `p` of exchanges: variance-stabilised, and zero for what all contain.
    /// 0.02 bounds the weight of bins so rare that they are noise.
    static func weight(_ p: Double) -> Double { max(0, 1 - p) / (p + 0.02) }

    /// Mean similarity of two different exchanges of a sample, as a share of an exchange's similarity to itself; `nil`
    /// below eight exchanges with text. Repeated prompts count once.
    static func selfSimilarity(_ samples: [SampledSignals], shares: [Double]) -> Double? {
        guard samples.count >= 8 else { return nil }
        var seen = Set<UInt64>()
        var counts = [Double](repeating: 0, count: shares.count)
        var own = 0.0
        var n = 0.0
        for sample in samples where sample.binCount > 0 && seen.insert(sample.prompt).inserted {
            n += 1
            for index in 0..<Int(sample.binCount) {
                let bin = Int(sample.bins[index])
                counts[bin] += 1
                own += weight(shares[bin])
            }
        }
        guard n >= 8, own > 0 else { return nil }
        var pairs = 0.0
        for (bin, count) in counts.enumerated() where count > 1 {
            pairs += weight(shares[bin]) * count * (count - 1)
        }
        return (pairs / (n * (n - 1))) / (own / n)
    }
}
