import Sketches

#if canImport(Glibc)
    import Glibc
#endif

extension Population {
    /// What one pass over the profiles leaves.
    struct Columns {
        var samples: ContiguousArray<[SampledSignals]> = []
        var parts: ContiguousArray<Pool.Part> = []
        var hours: ContiguousArray<TimeHistogram> = []
        var facts: ContiguousArray<Facts> = []
        var organizations: [String] = []
        var prompts = KeyColumn()
        var promptReach: ContiguousArray<UInt64> = []
        var keys: [ArtefactKind: KeyColumn] = [:]
        var content: ContentSpace
        var artefacts: ArtefactIndex
        var binShares: [Double]
        var wordFrequencies: [Double]

        /// Accounts that are decoded and summed up together; sums are added in their order, whatever the threads.
        private static let stretch = 2048
        /// Stretches that are in memory together before they are joined to the columns.
        private static let wave = 32

        init(_ profiles: ProfileSet, threads: Int) {
            let starts = Array(stride(from: 0, to: profiles.count, by: Self.stretch))
            samples.reserveCapacity(profiles.count)
            parts.reserveCapacity(profiles.count)
            hours.reserveCapacity(profiles.count)
            facts.reserveCapacity(profiles.count)
            promptReach.reserveCapacity(profiles.count)
            for kind in ArtefactKind.asked { keys[kind] = KeyColumn() }
            var numbers: [String: Int32] = [:]
            var pairs = ArtefactIndex.Pairs()
            var rows = ContentSpace.Rows(accounts: profiles.count)
            var words = [Double](repeating: 0, count: ContentBins.count)
            var speaking = 0.0
            // A wave at a time, so that little is in memory twice.
            for wave in stride(from: 0, to: starts.count, by: Self.wave) {
                let stretches = concurrentMap(
                    Array(starts[wave..<min(wave + Self.wave, starts.count)]), threads: threads
                ) { start in
                    Stretch(profiles, start..<min(start + Self.stretch, profiles.count))
                }
                for own in stretches {
                    samples.append(contentsOf: own.samples)
                    parts.append(contentsOf: own.parts)
                    hours.append(contentsOf: own.hours)
                    promptReach.append(contentsOf: own.promptReach)
                    prompts.append(own.prompts)
                    for kind in ArtefactKind.asked { keys[kind]?.append(own.keys[kind]!) }
                    var local: [Int32] = []
                    for name in own.organizations {
                        if numbers[name] == nil {
                            organizations.append(name)
                            numbers[name] = Int32(organizations.count)
                        }
                        local.append(numbers[name] ?? 0)
                    }
                    for var fact in own.facts {
                        if fact.organization > 0 {
                            fact.organization = local[Int(fact.organization) - 1]
                        }
                        facts.append(fact)
                    }
                    pairs.append(own.pairs)
                    rows.append(own.rows, at: own.range.lowerBound)
                    for bin in words.indices { words[bin] += own.words[bin] }
                    speaking += own.speaking
                }
            }
            binShares = rows.shares
            content = ContentSpace(rows, threads: threads)
            artefacts = ArtefactIndex(pairs, profiles: profiles, threads: threads)
            // A little for every bin, so that none is impossible.
            let floor = 1e-6
            let total = 1 + floor * Double(ContentBins.count)
            wordFrequencies = words.map { ($0 / max(1, speaking) + floor) / total }
        }
    }

    /// The columns of some accounts in a row.
    private struct Stretch: Sendable {
        let range: Range<Int>
        var samples: ContiguousArray<[SampledSignals]> = []
        var parts: ContiguousArray<Pool.Part> = []
        var hours: ContiguousArray<TimeHistogram> = []
        var facts: ContiguousArray<Facts> = []
        var organizations: [String] = []
        var prompts = KeyColumn()
        var promptReach: ContiguousArray<UInt64> = []
        var keys: [ArtefactKind: KeyColumn] = [:]
        var pairs = ArtefactIndex.Pairs()
        var rows = ContentSpace.Rows(accounts: 0)
        /// For each content bin, the sum over accounts of its share in their sampled words.
        var words = [Double](repeating: 0, count: ContentBins.count)
        /// Accounts with sampled words.
        var speaking = 0.0
        private var numbers: [String: Int32] = [:]

        init(_ profiles: ProfileSet, _ range: Range<Int>) {
            self.range = range
            for kind in ArtefactKind.asked { keys[kind] = KeyColumn() }
            for account in range { add(profiles[account], at: account) }
        }

        private mutating func add(_ profile: AccountProfile, at account: Int) {
            var own: [SampledSignals] = []
            own.reserveCapacity(profile.samples.count + profile.furtherSamples.count)
            for index in profile.samples.indices {
                own.append(SampledSignals(profile.samples[index]))
            }
            for sample in profile.furtherSamples { own.append(sample.signals) }
            samples.append(own)
            hours.append(profile.hours)
            parts.append(
                Pool.Part(
                    account, History(profile, earliest: profile.earliest), sample: own, cutoff: .max
                ))
            let parameters = profile.parameters.entries.max {
                ($0.count, $1.key) < ($1.count, $0.key)
            }
            facts.append(
                Facts(
                    created: profile.facts.createdMicroseconds.map { Double($0) / day } ?? .nan,
                    volume: log(Double(profile.exchanges)), parameters: parameters?.key ?? 0,
                    organization: organization(of: profile)))
            prompts.append(profile.prompts.entries.lazy.map(\.key))
            promptReach.append(
                profile.prompts.isSaturated ? (profile.prompts.entries.last?.key ?? 0) : .max)
            for kind in ArtefactKind.asked { keys[kind]?.append(ArtefactIndex.keys(kind, profile)) }
            pairs.add(profile, at: account)
            rows.add(profile, at: account - range.lowerBound)
            addWords(own)
        }

        private mutating func organization(of profile: AccountProfile) -> Int32 {
            let name = profile.facts.trusted ? "trusted customers" : profile.facts.organization
            if name.isEmpty { return 0 }
            if let known = numbers[name] { return known }
            organizations.append(name)
            numbers[name] = Int32(organizations.count)
            return Int32(organizations.count)
        }

        private mutating func addWords(_ own: [SampledSignals]) {
            let count = own.reduce(0) { $0 + Int($1.binCount) }
            if count == 0 { return }
            speaking += 1
            let each = 1 / Double(count)
            for sample in own {
                for slot in 0..<Int(sample.binCount) { words[Int(sample.bins[slot])] += each }
            }
        }
    }

    /// What an account did over time, as its part in a group is cut from.
    struct History {
        let exchanges: Int
        let firstMicroseconds: Int64
        let lastMicroseconds: Int64
        let hours: TimeHistogram
        let earliest: [SampledSignals]

        init(_ profile: AccountProfile, earliest: [SampledSignals]) {
            exchanges = Int(profile.exchanges)
            firstMicroseconds = profile.firstMicroseconds
            lastMicroseconds = profile.lastMicroseconds
            hours = profile.hours
            self.earliest = earliest
        }
    }

    /// An account's exchanges before a moment in microseconds.
    func exchanges(of account: Int, before moment: Int64) -> Int {
        let profile = profiles[account]
        guard profile.firstMicroseconds < moment else { return 0 }
        let history = History(profile, earliest: profile.earliest)
        return Pool.Part(account, history, sample: [], cutoff: moment).exchanges
    }

    /// The history of each of some accounts.
    func histories(of accounts: [Int]) -> [History] {
        concurrentMap(accounts, threads: threads) { account in
            let profile = profiles[account]
            return History(profile, earliest: profile.earliest)
        }
    }
}

extension ArtefactKind {
    /// Kinds whose keys are asked of each account again and again.
    static let asked: [ArtefactKind] = [
        .payment, .phone, .address, .network, .emailDomain, .userAgent, .parameters, .signature,
    ]
}
