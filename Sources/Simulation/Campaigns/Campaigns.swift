/// One of a campaign's accounts at work.
struct Worker {
    var account: Int32
    var seat: Seat
    var style: Int32
    var habit: ModelHabit
    /// First and last moment at which the dispatcher may use it.
    var from: Int64
    var to: Int64
}

/// What all parts of one campaign know of it.
struct Campaign {
    var name: String
    var kind: CampaignKind
    var group: Int32
    var size: Int
    /// Requests an account and day.
    var perDay: Double
    var from: Int64
    var to: Int64
    /// When the accounts were made; they come in a burst just before `from`.
    var signUps: ClosedRange<Int64>
    var rhythm: Rhythm

    /// Requests before scaling.
    var volume: Double { perDay * Double(to - from) / Double(day) * Double(size) }
}

extension CampaignKind {
    /// Whether most prompts go out as the data set has them, so that campaigns with the same data show.
    fileprivate var sendsBarePrompts: Bool {
        switch self {
        case .naiveBurst, .cleanHydra, .mixedHydra, .agentic, .agedPivot, .releaseRush,
            .signatureReplay, .adaptiveVolumes, .adaptiveStyle, .adaptiveCover, .adaptiveSmall:
            true
        case .sharedHydra, .reasoningElicitation, .rubricGrading, .slowParaphrase, .injectedPrompt,
            .twoPools:
            false
        }
    }
}

extension WorldPlan {
    /// Runs one campaign of every entry of `kinds`.
    func addCampaigns(_ kinds: [CampaignKind]) {
        var seen: [CampaignKind: Int] = [:]
        for kind in kinds {
            seen[kind, default: 0] += 1
            let number = seen[kind] ?? 1
            var random = random("campaign/\(kind.rawValue)/\(number)")
            var campaign = makeCampaign(kind, number, of: kinds.count, &random)
            switch kind {
            case .naiveBurst: runNaiveBurst(&campaign, &random)
            case .sharedHydra: runSharedHydra(&campaign, &random)
            case .cleanHydra: runCleanHydra(&campaign, &random)
            case .mixedHydra: runMixedHydra(&campaign, &random)
            case .reasoningElicitation: runReasoningElicitation(&campaign, &random)
            case .rubricGrading: runRubricGrading(&campaign, &random)
            case .agentic: runAgentic(&campaign, &random)
            case .slowParaphrase: runSlowParaphrase(&campaign, &random)
            case .agedPivot: runAgedPivot(&campaign, &random)
            case .releaseRush: runReleaseRush(&campaign, &random)
            case .injectedPrompt: runInjectedPrompt(&campaign, &random)
            case .twoPools: runTwoPools(&campaign, &random)
            case .signatureReplay: runSignatureReplay(&campaign, &random)
            case .adaptiveVolumes: runAdaptiveVolumes(&campaign, &random)
            case .adaptiveStyle: runAdaptiveStyle(&campaign, &random)
            case .adaptiveCover: runAdaptiveCover(&campaign, &random)
            case .adaptiveSmall: runAdaptiveSmall(&campaign, &random)
            }
        }
    }

    /// Runs one clean hydra of this size and pace over the whole world.
    func runCleanHydra(accounts: Int, perDay: Double) {
        var random = random("campaign/clean_hydra/alone")
        let signUp = start - Int64(random.uniform(1...20) * Double(day))
        let burst = Int64(random.uniform(0.3...3) * Double(day))
        var campaign = Campaign(
            name: "clean_hydra-1", kind: .cleanHydra,
            group: addGroup("clean_hydra-1", isCampaign: true), size: accounts, perDay: perDay,
            from: start, to: end, signUps: signUp - burst...signUp, rhythm: schedule(&random))
        runCleanHydra(&campaign, &random)
    }

    /// Draws what differs between campaigns: size, rate, window, data set, schedule.
    private func makeCampaign(
        _ kind: CampaignKind, _ number: Int, of all: Int, _ random: inout Random
    ) -> Campaign {
        // Together the campaigns stay below about a quarter of the innocent accounts.
        let share = min(0.03, 0.22 / Double(all)) * random.uniform(0.7...1.35)
        let least = min(30, max(6, settings.accounts / 65))
        let natural = min(150, max(least, Int(Double(settings.accounts) * share)))
        let length = Double(settings.days)
        let span = max(2, length * random.uniform(0.4...0.8))
        let days = min(length, settings.tuning.days ?? span)
        let from = start + Int64(random.unit() * (length - days) * Double(day))
        let name = "\(kind.rawValue)-\(number)"
        let preparation = Int64(random.uniform(1...20) * Double(day))
        let burst = Int64(random.uniform(0.3...3) * Double(day))
        let signUp = from - preparation
        let perDay = rate(10...34, &random)
        return Campaign(
            name: name, kind: kind, group: addGroup(name, isCampaign: true),
            size: settings.tuning.accounts ?? natural, perDay: perDay, from: from,
            to: from + Int64(days * Double(day)),
            signUps: signUp - burst...signUp,
            rhythm: schedule(&random))
    }

    /// Requests an account and day: drawn from a range, unless the settings say how many.
    func rate(_ range: ClosedRange<Double>, _ random: inout Random) -> Double {
        let drawn = random.uniform(range)
        return settings.tuning.requestsPerDay ?? drawn
    }

    /// The data set that a campaign wants answers for: as many harvest-like sets, mixed, as it takes not to ask twice.
    /// `share` is the part of the campaign's requests that needs a prompt.
    ///
    /// Campaigns take from the sets in turn, so that two of them share prompts only when the sets run out.
    func harvest(
        for campaign: Campaign, from named: [Int]? = nil, share: Double = 1,
        _ random: inout Random
    ) -> Interests {
        let wanted = campaign.volume * campaignScale * share
        let prompts = max(40, Int(wanted * 1.05))
        var sets = named ?? corpus.sets(.harvest)
        random.shuffle(&sets)
        // Sets that have been gone through less often come first.
        let lane = campaign.kind.sendsBarePrompts ? 0 : 1
        let laps = sets.map { (harvested[2 * $0 + lane] ?? 0) / corpus.sets[$0].texts.count }
        let order = sets.indices.sorted { (laps[$0], $0) < (laps[$1], $1) }.map { sets[$0] }
        var chosen: [(set: Int, left: Int)] = []
        var available = 0
        for set in order where chosen.count < 2 || available < prompts {
            let count = corpus.sets[set].texts.count
            let left = count - (harvested[2 * set + lane] ?? 0) % count
            chosen.append((set, left))
            available += left
        }
        var data: [TextID] = []
        for (set, left) in chosen {
            let texts = harvestOrder(set)
            let part = min(texts.count, prompts * left / max(1, available) + 1)
            let from = harvested[2 * set + lane] ?? 0
            for offset in 0..<part { data.append(texts[(from + offset) % texts.count]) }
            harvested[2 * set + lane] = from + part
        }
        random.shuffle(&data)
        return Interests(data)
    }

    /// A set's texts in the one random order in which all campaigns use them up.
    private func harvestOrder(_ set: Int) -> [TextID] {
        var order = random("harvest/" + corpus.sets[set].name)
        var texts = corpus.sets[set].texts
        order.shuffle(&texts)
        return texts
    }

    /// Mostly no sleep; some follow the hours in which somebody feeds the dispatcher.
    private func schedule(_ random: inout Random) -> Rhythm {
        if random.chance(0.65) { return .flat }
        let begin = random.int(24)
        let hours = (0..<24).map { ($0 - begin + 24) % 24 < 15 ? 1.0 : 0.12 }
        return Rhythm(hours: hours, weekend: 1, zone: 0)
    }

    /// A campaign's account with sign-up facts as a stranger would have; kinds then share some of them.
    func recruit(_ campaign: Campaign, created: Int64? = nil, _ random: inout Random) -> Int32 {
        let span = campaign.signUps
        let moment =
            created
            ?? span.lowerBound
            + Int64(random.unit() * Double(span.upperBound - span.lowerBound))
        let country = Country.draw(&random)
        var account = newAccount(campaign.group, country, created: moment, &random)
        account.campaign = campaign.name
        if random.chance(0.3) {
            account.signupPath = random.pick(["education", "startup", "research"])
        }
        return addAccount(account)
    }

    /// The country that an account signed up from.
    func country(of account: Int32) -> Country {
        let code = accounts[Int(account)].country
        return Country.all.first { $0.code == code } ?? Country.all[0]
    }

    /// Residential seats that look like anybody's.
    func strangerSeat(_ account: Int32, _ random: inout Random) -> Seat {
        homeSeat(
            country(of: account), kinds: [.python, .node, .anthropicPython, .go, .curl], &random)
    }

    /// The parameters of a harvesting script.
    func scriptStyle(_ random: inout Random) -> Style {
        var style = Style()
        style.parameters.temperature = random.pick([0, 0.6, 0.7, 1])
        style.parameters.topP = random.pick([nil, 0.9, 0.95, 1])
        style.parameters.maxTokens = random.pick([1024, 2048, 4096, 8192])
        style.parameters.stream = random.pick([nil, false, true])
        style.keepsHistory = false
        style.answerBytes = random.int(350...900)
        return style
    }

    /// Hands jobs to workers in turn, the order reshuffled every round, so that volumes come out more equal than chance.
    ///
    /// `send` makes one job of a worker at a moment.
    func dispatch(
        _ campaign: Campaign, _ workers: [Worker], _ random: inout Random,
        send: (Worker, Int64, inout Random) -> Void
    ) {
        guard !workers.isEmpty else { return }
        let wanted = campaign.volume * campaignScale
        let trace = random.chance(0.4) ? gaps(&random) : []
        let moments = campaign.rhythm.arrivals(
            max(workers.count, random.round(wanted)), from: campaign.from,
            to: min(end, campaign.to),
            gaps: trace, &random)
        var order = Array(workers.indices)
        random.shuffle(&order)
        var position = 0
        for moment in moments {
            for _ in 0..<order.count {
                if position == order.count {
                    position = 0
                    random.shuffle(&order)
                }
                let worker = workers[
                    random.chance(0.04) ? random.int(workers.count) : order[position]]
                position += 1
                if moment >= worker.from && moment < worker.to {
                    send(worker, moment, &random)
                    break
                }
            }
        }
    }

    /// Sends one stand-alone request.
    func request(_ worker: Worker, _ turn: Turn, at moment: Int64, _ random: inout Random) {
        addSession(
            account: worker.account, style: worker.style, turns: [turn], times: [moment],
            seat: worker.seat, habit: worker.habit, &random)
    }
}
