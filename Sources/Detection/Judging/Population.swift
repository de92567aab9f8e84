import Exchanges
import Sketches

#if canImport(Glibc)
    import Glibc
#endif

/// All profiles of a scan with what is computed of them once: content points, who shares what, reference draws.
struct Population {
    let profiles: [AccountProfile]
    /// How different independent accounts are taken to be at least.
    let floors: InnocentFloors
    /// Each account's sampled exchanges, by position.
    let samples: [[SampledSignals]]
    /// Each account's part in any group over the whole scan, by position.
    let parts: [Pool.Part]
    let content: ContentSpace
    /// For each kind of artefact, the accounts that show each value.
    let artefacts: ArtefactIndex
    /// Sorted creation times, in days since 1970, of accounts where it is known.
    let created: [Double]
    /// Sorted times at which accounts became active, in days since 1970.
    let onsets: [Double]
    /// Sorted logarithms of the accounts' exchanges.
    let volumes: [Double]
    /// First event time of the scan, microseconds.
    let firstMicroseconds: Int64
    /// Last event time of the scan, microseconds.
    let lastMicroseconds: Int64
    /// How often each content bin occurs in an exchange of an average account, 0...1.
    let binShares: [Double]
    /// Share of each content bin in the sampled words of an average account; sums to one.
    let wordFrequencies: [Double]
    /// Self-similarity of each account, by position; `nil` where there are too few samples.
    let selfSimilarity: [Double?]
    /// Self-similarity of each account with enough samples, sorted: small values are broad interests.
    let selfSimilarities: [Double]

    /// Microseconds in a day.
    static let day = 86_400_000_000.0

    init(_ profiles: [AccountProfile], floors: InnocentFloors = .shipped) {
        self.profiles = profiles
        self.floors = floors
        let samples = profiles.map { profile in
            profile.samples.indices.map { SampledSignals(profile.samples[$0]) }
                + profile.furtherSamples.map(\.signals)
        }
        self.samples = samples
        parts = profiles.indices.map {
            Pool.Part($0, profiles[$0], sample: samples[$0], cutoff: .max)
        }
        content = ContentSpace(profiles)
        artefacts = ArtefactIndex(profiles)
        created = profiles.compactMap { $0.facts.createdMicroseconds.map { Double($0) / Self.day } }
            .sorted()
        onsets = parts.map { Double($0.onset) / Self.day }.sorted()
        volumes = profiles.map { log(Double($0.exchanges)) }.sorted()
        firstMicroseconds = profiles.map(\.firstMicroseconds).min() ?? 0
        lastMicroseconds = profiles.map(\.lastMicroseconds).max() ?? 0
        var shares = [Double](repeating: 0, count: ContentBins.count)
        var count = 0.0
        for profile in profiles where profile.withText >= UInt64(ContentSpace.minimumExchanges) {
            for (bin, value) in profile.content.enumerated() where value > 0 {
                shares[bin] += min(1, Double(value) / Double(profile.withText))
            }
            count += 1
        }
        let binShares = shares.map { $0 / max(1, count) }
        self.binShares = binShares
        wordFrequencies = Self.wordFrequencies(samples)
        selfSimilarity = parts.map {
            ContentKernel.selfSimilarity($0.samples, shares: binShares)
        }
        selfSimilarities = selfSimilarity.compactMap { $0 }.sorted()
    }

    private static func wordFrequencies(_ samples: [[SampledSignals]]) -> [Double] {
        // A little for every bin, so that none is impossible.
        var sums = [Double](repeating: 0, count: ContentBins.count)
        var accounts = 0.0
        for own in samples {
            let words = own.reduce(0) { $0 + Int($1.binCount) }
            if words == 0 { continue }
            accounts += 1
            for sample in own {
                for slot in 0..<Int(sample.binCount) {
                    sums[Int(sample.bins[slot])] += 1 / Double(words)
                }
            }
        }
        let floor = 1e-6
        let total = 1 + floor * Double(ContentBins.count)
        return sums.map { ($0 / max(1, accounts) + floor) / total }
    }

    /// The accounts among `accounts` that show each value of a kind, in their order.
    func holders(of kind: ArtefactKind, among accounts: [Int]) -> [UInt64: [Int]] {
        var result: [UInt64: [Int]] = [:]
        for account in accounts {
            for key in ArtefactIndex.keys(kind, profiles[account]) {
                result[key, default: []].append(account)
            }
        }
        return result
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
