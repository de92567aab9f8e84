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
        let profiles = members.map { population.profiles[$0] }
        group.members = profiles.map {
            GroupMember(
                account: $0.account, exchanges: Int($0.exchanges),
                firstMicroseconds: $0.firstMicroseconds, lastMicroseconds: $0.lastMicroseconds,
                createdMicroseconds: $0.facts.createdMicroseconds)
        }
        group.exchanges = profiles.reduce(0) { $0 + Int($1.exchanges) }
        group.firstMicroseconds = profiles.map(\.firstMicroseconds).min() ?? 0
        group.lastMicroseconds = profiles.map(\.lastMicroseconds).max() ?? 0
        group.inputTokens = profiles.reduce(0) { $0 + Int64(clamping: $1.inputTokens) }
        group.outputTokens = profiles.reduce(0) { $0 + Int64(clamping: $1.outputTokens) }
        group.reasoningTokens = profiles.reduce(0) { $0 + Int64(clamping: $1.reasoningTokens) }
        if profiles.contains(where: { $0.withUsage > 0 }) {
            group.listPriceUSD = settings.prices.cost(
                input: group.inputTokens, output: group.outputTokens)
        }
        group.sharedArtefacts = sharedArtefacts()
        // Only signs that speak; the explanations say what was measured besides.
        group.indicators = indicators(group.sharedArtefacts).filter {
            ($0.pValue ?? 1) < Self.indicatorLevel
        }
        group.explanations = Explanations(assessment: assessment).all()
        group.capabilities = capabilities(profiles)
        group.links = links()
        (group.timeline, group.timelineStepSeconds) = timeline(profiles, group)
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

    private func capabilities(_ profiles: [AccountProfile]) -> [CapabilityShare] {
        let total = profiles.reduce(0.0) { $0 + Double($1.exchanges) }
        guard total > 0 else { return [] }
        return Category.allCases.compactMap { category in
            let count = profiles.reduce(0.0) {
                $0 + Double($1.categories[Int(category.rawValue)])
            }
            // Below two in a hundred a pattern is an accident of wording.
            return count / total >= 0.02
                ? CapabilityShare(name: category.name, share: min(1, count / total)) : nil
        }.sorted { $0.share != $1.share ? $0.share > $1.share : $0.name < $1.name }
    }

    private func timeline(
        _ profiles: [AccountProfile], _ group: JudgedGroup
    ) -> ([TimelinePoint], Int64) {
        let first = group.firstMicroseconds / 1_000_000
        let last = group.lastMicroseconds / 1_000_000
        var step = profiles.map(\.hours.stepSeconds).max() ?? 3600
        while (last - first) / step > Int64(Self.timelineSteps) { step *= 2 }
        let origin = first / step
        let count = Int(last / step - origin) + 1
        var exchanges = [Int](repeating: 0, count: count)
        var accounts = [Int](repeating: 0, count: count)
        for profile in profiles {
            var previous = -1
            profile.hours.forEach { start, value in
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

    /// What a fifth or more of the members share and few others have, most telling first.
    private func sharedArtefacts() -> [SharedArtefact] {
        let inside = Set(members)
        let total = population.profiles.count
        var found: [(artefact: SharedArtefact, lift: Double)] = []
        for kind in ArtefactKind.allCases where kind != .prompt {
            for (key, posting) in population.artefacts.postings[kind] ?? [:] {
                guard posting.accounts.count >= 3 else { continue }
                let own = posting.accounts.reduce(0) { $0 + (inside.contains($1) ? 1 : 0) }
                guard own >= 3, own * 5 >= members.count || kind.isIdentity || kind == .signature
                else { continue }
                // How much more frequent inside than outside; outside counts one more, so that it is never zero.
                let outside =
                    Double(posting.accounts.count - own + 1) / Double(max(1, total - members.count))
                let lift = Double(own) / Double(members.count) / outside
                guard lift > 4 else { continue }
                let value = kind.isShowable ? posting.name : Self.hexadecimal(key)
                found.append(
                    (
                        SharedArtefact(
                            kind: kind.rawValue, value: value, accounts: own,
                            accountsInScan: posting.accounts.count), lift * Double(own)
                    ))
            }
        }
        found.sort {
            if $0.lift != $1.lift { return $0.lift > $1.lift }
            return ($0.artefact.kind, $0.artefact.value) < ($1.artefact.kind, $1.artefact.value)
        }
        return found.prefix(Self.artefactCount).map(\.artefact)
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
            let base = others / Double(max(1, population.profiles.count - members.count))
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
    private func links() -> [MemberLink] {
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
        let positions = Dictionary(uniqueKeysWithValues: drawn.enumerated().map { ($1, $0) })
        for kind in ArtefactKind.allCases where kind.isIdentity || kind.isText || kind == .signature
        {
            for posting in (population.artefacts.postings[kind] ?? [:]).values {
                let inside = posting.accounts.compactMap { positions[$0] }
                guard inside.count >= 2, inside.count * 2 >= posting.accounts.count else {
                    continue
                }
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
