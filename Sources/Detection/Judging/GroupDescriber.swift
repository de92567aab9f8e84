import Sketches

/// Fills in what a reader wants to know of one group.
struct GroupDescriber {
    let population: Population
    let candidate: Judge.Candidate
    let settings: JudgeSettings

    private var members: [Int] { candidate.members }
    private var assessment: GroupAssessment { candidate.assessment }

    /// P-value from which a measurement is listed as a sign.
    private static let indicatorLevel = 0.01
    private static let exampleCount = 8
    private static let artefactCount = 12
    private static let timelineSteps = 120

    /// Everything but the identifier, which depends on the other groups.
    func describe(verdict: Verdict) -> JudgedGroup {
        var group = JudgedGroup(id: "", verdict: verdict)
        group.pValue = assessment.p
        group.qValue = candidate.q
        let sums = concurrentMap(Array(members.indices), threads: population.threads) {
            MemberSums(population.profiles[members[$0]], own: keys(of: members[$0]))
        }
        group.members = sums.map(\.member)
        group.exchanges = group.members.reduce(0) { $0 + $1.exchanges }
        group.firstMicroseconds = group.members.map(\.firstMicroseconds).min() ?? 0
        group.lastMicroseconds = group.members.map(\.lastMicroseconds).max() ?? 0
        group.inputTokens = sums.reduce(0) { $0 + $1.inputTokens }
        group.outputTokens = sums.reduce(0) { $0 + $1.outputTokens }
        group.reasoningTokens = sums.reduce(0) { $0 + $1.reasoningTokens }
        if sums.contains(where: \.hasUsage) {
            group.listPriceUSD = settings.prices.cost(
                input: group.inputTokens, output: group.outputTokens)
        }
        group.sharedArtefacts = sharedArtefacts(sums)
        // Only signs that speak; the explanations say what was measured besides.
        group.indicators = indicators(group.sharedArtefacts).filter {
            ($0.pValue ?? 1) < Self.indicatorLevel
        }
        group.explanations = Explanations(assessment: assessment).all()
        group.capabilities = capabilities(sums, exchanges: group.exchanges)
        group.links = links(sums)
        (group.timeline, group.timelineStepSeconds) = timeline(group)
        group.examples = examples()
        if verdict == .noFinding { group.resembles = resemblance() }
        return group
    }

    /// Whether the case rests on an exchange: where members were found to have a part in common, only that part.
    private func isEvidence(_ sample: SampledExchange) -> Bool {
        assessment.component?.holds(sample) ?? true
    }

    private func examples() -> [ExampleExchange] {
        var found: [ExampleExchange] = []
        // One from each of members spread over the group, in the order of their names.
        let step = max(1, members.count / Self.exampleCount)
        for index in stride(from: 0, to: members.count, by: step) {
            let profile = population.profiles[members[index]]
            guard
                let sample = profile.samples.first(where: { !$0.preview.isEmpty && isEvidence($0) })
            else { continue }
            let model =
                profile.models.entries.first { $0.key == sample.model }?.name ?? ""
            found.append(
                ExampleExchange(
                    id: sample.id, account: profile.account,
                    timeMicroseconds: sample.timeMicroseconds, model: model,
                    preview: sample.preview, isText: settings.previewsAreText))
            if found.count == Self.exampleCount { break }
        }
        return found
    }

    private func capabilities(_ sums: [MemberSums], exchanges: Int) -> [CapabilityShare] {
        let total = Double(exchanges)
        guard total > 0 else { return [] }
        return Category.allCases.compactMap { category in
            let count = sums.reduce(0.0) {
                $0 + Double($1.categories[Int(category.rawValue)])
            }
            // Below two in a hundred a pattern is an accident of wording.
            return count / total >= 0.02
                ? CapabilityShare(name: category.name, share: min(1, count / total)) : nil
        }.sorted { $0.share != $1.share ? $0.share > $1.share : $0.name < $1.name }
    }

    private func timeline(_ group: JudgedGroup) -> ([TimelinePoint], Int64) {
        let first = group.firstMicroseconds / 1_000_000
        let last = group.lastMicroseconds / 1_000_000
        var step = members.map { population.hours[$0].stepSeconds }.max() ?? 3600
        while (last - first) / step > Int64(Self.timelineSteps) { step *= 2 }
        let origin = first / step
        let count = Int(last / step - origin) + 1
        var exchanges = [Int](repeating: 0, count: count)
        var accounts = [Int](repeating: 0, count: count)
        for member in members {
            var previous = -1
            population.hours[member].forEach { start, value in
                let index = min(count - 1, max(0, Int(start / step - origin)))
                exchanges[index] += value
                if index != previous { accounts[index] += 1 }
                previous = index
            }
        }
        let points = exchanges.indices.map {
            TimelinePoint(
                startSeconds: (origin + Int64($0)) * step, exchanges: exchanges[$0],
                accounts: accounts[$0])
        }
        return (points, step)
    }

    /// What of one member is added up over the group.
    private struct MemberSums: Sendable {
        let member: GroupMember
        let inputTokens: Int64
        let outputTokens: Int64
        let reasoningTokens: Int64
        let hasUsage: Bool
        let categories: [UInt32]
        /// For each kind, in the order of all kinds, the values that others show too.
        let keys: [[UInt64]]

        init(_ profile: AccountProfile, own: (AccountProfile) -> [[UInt64]]) {
            member = GroupMember(
                account: profile.account, exchanges: Int(profile.exchanges),
                firstMicroseconds: profile.firstMicroseconds,
                lastMicroseconds: profile.lastMicroseconds,
                createdMicroseconds: profile.facts.createdMicroseconds)
            inputTokens = Int64(clamping: profile.inputTokens)
            outputTokens = Int64(clamping: profile.outputTokens)
            reasoningTokens = Int64(clamping: profile.reasoningTokens)
            hasUsage = profile.withUsage > 0
            categories = profile.categories
            keys = own(profile)
        }
    }

    /// Kinds that are looked for among the members; a prompt that recurs is counted by the tests.
    private static let sharedKinds = ArtefactKind.allCases.filter { $0 != .prompt }

    private func keys(of member: Int) -> (AccountProfile) -> [[UInt64]] {
        { profile in
            Self.sharedKinds.map { kind in
                ArtefactIndex.allKeys(kind, profile).filter {
                    !population.artefacts.accounts(kind, $0).isEmpty
                }
            }
        }
    }

    /// The members that show each value of a kind, by position in the group.
    private func holders(_ position: Int, _ sums: some Sequence<MemberSums>) -> [UInt64: [Int]] {
        var result: [UInt64: [Int]] = [:]
        for (index, sum) in sums.enumerated() {
            for key in sum.keys[position] where result[key]?.last != index {
                result[key, default: []].append(index)
            }
        }
        return result
    }

    /// What a fifth or more of the members share and few others have, most telling first.
    private func sharedArtefacts(_ sums: [MemberSums]) -> [SharedArtefact] {
        let total = population.count
        var found: [(artefact: SharedArtefact, key: UInt64, holder: Int, lift: Double)] = []
        for (position, kind) in Self.sharedKinds.enumerated() {
            for (key, holders) in holders(position, sums) where holders.count >= 3 {
                let own = holders.count
                guard own * 5 >= members.count || kind.isIdentity || kind == .signature
                else { continue }
                // How much more frequent inside than outside; outside counts one more, so that it is never zero.
                let everywhere = population.artefacts.accounts(kind, key).count
                let outside = Double(everywhere - own + 1) / Double(max(1, total - members.count))
                let lift = Double(own) / Double(members.count) / outside
                guard lift > 4 else { continue }
                found.append(
                    (
                        SharedArtefact(
                            kind: kind.rawValue, value: "", accounts: own,
                            accountsInScan: everywhere), key, members[holders[0]],
                        lift * Double(own)
                    ))
            }
        }
        found.sort {
            if $0.lift != $1.lift { return $0.lift > $1.lift }
            return ($0.artefact.kind, $0.key) < ($1.artefact.kind, $1.key)
        }
        return found.prefix(Self.artefactCount).compactMap { entry in
            ArtefactKind(rawValue: entry.artefact.kind).map { kind in
                SharedArtefact(
                    kind: kind.rawValue,
                    value: kind.isShowable
                        ? population.artefacts.name(kind, entry.key, shownBy: entry.holder)
                        : Self.hexadecimal(entry.key),
                    accounts: entry.artefact.accounts, accountsInScan: entry.artefact.accountsInScan
                )
            }
        }
    }

    private static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private func indicators(_ artefacts: [SharedArtefact]) -> [Indicator] {
        var result = assessment.indicators.map { measurement in
            Indicator(
                name: measurement.name, value: measurement.value, threshold: measurement.threshold,
                unit: measurement.unit, pValue: measurement.p,
                exchangeIDs: exchangeIDs(for: measurement.name))
        }
        if let text = artefacts.first(where: { ArtefactKind(rawValue: $0.kind)?.isText == true }) {
            let share = Double(text.accounts) / Double(max(1, members.count))
            let others = Double(text.accountsInScan - text.accounts + 1)
            let base = others / Double(max(1, population.count - members.count))
            result.append(
                Indicator(
                    name: text.kind == ArtefactKind.system.rawValue
                        ? "shared_system_prompt" : "shared_template",
                    value: share, threshold: 0.2, unit: "share of accounts",
                    pValue: Statistics.clamp(
                        Statistics.binomialUpperTail(
                            text.accounts, of: members.count, p: min(1, base))),
                    exchangeIDs: exchangeIDs(for: "shared_template")))
        }
        return result
    }

    private func exchangeIDs(for name: String) -> [String] {
        let category = Category(name: name)
        var found: [SampledExchange] = []
        for member in members {
            let samples = population.profiles[member].samples.filter {
                !$0.id.isEmpty && isEvidence($0)
            }
            if let category {
                if let sample = samples.first(where: { $0.categories & category.bit != 0 }) {
                    found.append(sample)
                }
            } else if let sample = samples.first {
                found.append(sample)
            }
            if found.count == 5 { break }
        }
        return found.sorted { $0.timeMicroseconds < $1.timeMicroseconds }.map(\.id)
    }

    /// Links for drawing: each member's two nearest in content, and chains along shared identities and text.
    private func links(_ sums: [MemberSums]) -> [MemberLink] {
        // Enough to draw; a campaign of thousands is not drawn whole.
        let drawn = Array(members.prefix(300))
        var kinds: [UInt64: Set<String>] = [:]
        var weights: [UInt64: Double] = [:]
        func add(_ a: Int, _ b: Int, _ kind: String, _ weight: Double) {
            let key = UInt64(min(a, b)) << 32 | UInt64(max(a, b))
            kinds[key, default: []].insert(kind)
            weights[key] = max(weights[key] ?? 0, weight)
        }
        for (position, member) in drawn.enumerated() {
            var best: [(Int, Float)] = []
            for (other, account) in drawn.enumerated() where other != position {
                best.append((other, population.content.cosine(member, account)))
            }
            best.sort { $0.1 != $1.1 ? $0.1 > $1.1 : $0.0 < $1.0 }
            for (other, cosine) in best.prefix(2) where cosine > 0.3 {
                add(position, other, "content", Double(cosine))
            }
        }
        for (position, kind) in Self.sharedKinds.enumerated()
        where kind.isIdentity || kind.isText || kind == .signature {
            for (key, inside) in holders(position, sums.prefix(drawn.count)) {
                guard inside.count >= 2,
                    inside.count * 2 >= population.artefacts.accounts(kind, key).count
                else { continue }
                for (a, b) in zip(inside, inside.dropFirst()) { add(a, b, kind.rawValue, 1) }
            }
        }
        return kinds.sorted { $0.key < $1.key }.map { key, names in
            MemberLink(
                first: Int(key >> 32), second: Int(key & 0xffff_ffff),
                kinds: Self.strongestFirst(names),
                weight: weights[key] ?? 0)
        }
    }

    /// Identities say more than text, and text more than likeness of content.
    private static func strongestFirst(_ names: Set<String>) -> [String] {
        names.sorted { a, b in
            func rank(_ name: String) -> Int {
                guard let kind = ArtefactKind(rawValue: name) else { return 2 }
                return kind.isIdentity || kind == .signature ? 0 : 1
            }
            return (rank(a), a) < (rank(b), b)
        }
    }

    private func resemblance() -> String {
        if assessment.isOneCustomer {
            return "one customer: the members declare the same organisation"
        }
        if assessment.isOpen {
            return "one customer in the open: the members share one card and one mail domain"
        }
        if assessment.partition.p > 0.01 && assessment.partition.value > GroupTests.reuseShare / 2 {
            return "a class, course, benchmark or monitor: the members send the same prompts"
        }
        if assessment.content.p > 0.01 {
            return
                "independent people with a common subject or tool: each asks for something of their own"
        }
        return
            "customers of one product: alike in content, unequal in volume and of different origin"
    }
}
