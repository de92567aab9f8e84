extension WorldPlan {
    /// A few days of several times the usual volume from fresh accounts on rented servers.
    func runNaiveBurst(_ campaign: inout Campaign, _ random: inout Random) {
        let length = min(Double(settings.days), random.uniform(2...4))
        campaign.from =
            start + Int64(random.unit() * (Double(settings.days) - length) * Double(day))
        campaign.to = campaign.from + Int64(length * Double(day))
        let made = campaign.from - 2 * 3600 * second
        campaign.signUps = made - 20 * 3600 * second...made
        campaign.perDay = rate(70...160, &random)
        let style = addStyle(scriptStyle(&random))
        let program = clients.draw(.python, &random)
        let cloud = networks.cloud()
        let cards = (0..<random.int(2...5)).map { _ in "pm_" + random.hex(12) }
        var workers: [Worker] = []
        for _ in 0..<campaign.size {
            let account = recruit(campaign, &random)
            accounts[Int(account)].payment = random.pick(cards)
            accounts[Int(account)].emailDomain = "inbox-drop.example"
            let addresses = (0..<2).map { _ in networks.address(in: cloud) }
            workers.append(
                Worker(
                    account: account, seat: Seat(clients: [program], addresses: addresses),
                    style: style, habit: ModelHabit(base: Model.large, adopts: .max),
                    from: campaign.from, to: campaign.to))
        }
        var data = harvest(for: campaign, &random)
        dispatch(campaign, workers, &random) { worker, moment, random in
            request(worker, Turn(body: data.next(&random)), at: moment, &random)
        }
    }

    /// Low volume, but the accounts share a proxy pool, cards, a client, parameters and templates.
    func runSharedHydra(_ campaign: inout Campaign, _ random: inout Random) {
        let workers = sharedWorkers(campaign, &random)
        let templates = (0..<random.int(1...3)).map { _ in
            addTemplate(HarvestTemplates.task(&random))
        }
        var data = harvest(for: campaign, &random)
        dispatch(campaign, workers, &random) { worker, moment, random in
            let turn = Turn(body: data.next(&random), template: random.pick(templates))
            request(worker, turn, at: moment, &random)
        }
    }

    /// Workers of a campaign that takes little care: shared exits, cards, mail and client.
    func sharedWorkers(_ campaign: Campaign, style fixed: Style? = nil, _ random: inout Random)
        -> [Worker]
    {
        let style = addStyle(fixed ?? scriptStyle(&random))
        let programs = (0..<random.int(1...2)).map { _ in
            clients.draw(random.pick([.python, .node, .go, .anthropicPython]), &random)
        }
        let network = networks.make(random.chance(0.5) ? .dataCentre : .vpn)
        let exits = (0..<max(3, campaign.size / 6)).map { _ in networks.address(in: network) }
        let cards = (0..<max(2, campaign.size / 8)).map { _ in "pm_" + random.hex(12) }
        let mail = "mail-\(random.hex(4)).example"
        let habit = ModelHabit(
            base: random.chance(0.7) ? Model.large : Model.reason, adopts: .max)
        var workers: [Worker] = []
        for _ in 0..<campaign.size {
            let account = recruit(campaign, &random)
            accounts[Int(account)].payment = random.pick(cards)
            accounts[Int(account)].plan = random.pick(["payg", "pro"])
            if random.chance(0.7) { accounts[Int(account)].emailDomain = mail }
            let first = random.int(exits.count)
            let own = (0..<3).map { exits[(first + $0) % exits.count] }
            workers.append(
                Worker(
                    account: account, seat: Seat(clients: [random.pick(programs)], addresses: own),
                    style: style, habit: habit, from: campaign.from, to: campaign.to))
        }
        return workers
    }

    /// Workers that share nothing a single record shows; parameters are jittered.
    func cleanWorkers(
        _ campaign: Campaign, base: Style? = nil, jitters: Bool = true, _ random: inout Random
    ) -> [Worker] {
        let shape = base ?? scriptStyle(&random)
        var workers: [Worker] = []
        let main = random.chance(0.7) ? Model.large : Model.reason
        for _ in 0..<campaign.size {
            let account = recruit(campaign, &random)
            if accounts[Int(account)].plan == "free" && random.chance(0.6) {
                accounts[Int(account)].plan = "pro"
                accounts[Int(account)].payment = "pm_" + random.hex(12)
            }
            var style = shape
            if jitters {
                style.parameters.temperature = random.pick([nil, 0.5, 0.6, 0.7, 0.8, 0.9, 1])
                style.parameters.maxTokens = random.pick([nil, 1000, 1024, 2000, 2048, 4096])
                style.parameters.topP = random.pick([nil, nil, 0.9, 0.95, 1])
                style.parameters.stream = random.pick([nil, true, false])
            }
            var seat = strangerSeat(account, &random)
            if random.chance(0.4) {
                let country = country(of: account)
                seat.rotating = [networks.residential(country), networks.residential(country)]
            }
            let base = random.chance(0.85) ? main : Model.small
            workers.append(
                Worker(
                    account: account, seat: seat, style: addStyle(style),
                    habit: modelHabit(&random, base: base), from: campaign.from, to: campaign.to))
        }
        return workers
    }

    /// Residential addresses, own clients and cards, raw prompts: only content and timing link the accounts.
    func runCleanHydra(_ campaign: inout Campaign, _ random: inout Random) {
        let workers = cleanWorkers(campaign, &random)
        let cover = settings.tuning.dilution ?? 0
        var data = harvest(for: campaign, share: 1 - cover, &random)
        var talk = cover > 0 ? dataset(corpus.sets(.organic), &random) : Interests([])
        dispatch(campaign, workers, &random) { worker, moment, random in
            if cover > 0 && random.chance(cover) {
                resell(worker, &talk, style: worker.style, at: moment, &random)
            } else {
                request(worker, Turn(body: data.next(&random)), at: moment, &random)
            }
        }
    }

    /// Three fifths of the traffic, or as much as is asked for, are unrelated customers whose requests the operator resells.
    func runMixedHydra(_ campaign: inout Campaign, _ random: inout Random) {
        campaign.perDay = rate(18...40, &random)
        let workers = cleanWorkers(campaign, &random)
        let template = random.chance(0.5) ? addTemplate(HarvestTemplates.task(&random)) : 0
        let own = 1 - (settings.tuning.dilution ?? 0.6)
        var data = harvest(for: campaign, share: own, &random)
        var talk = dataset(corpus.sets(.organic), &random)
        let covers = (0..<24).map { _ in addStyle(personalStyle(&random)) }
        dispatch(campaign, workers, &random) { worker, moment, random in
            if random.chance(own) {
                let turn = Turn(body: data.next(&random), template: template)
                request(worker, turn, at: moment, &random)
            } else {
                resell(worker, &talk, style: random.pick(covers), at: moment, &random)
            }
        }
    }

    /// One request of an unrelated customer behind a worker's key.
    func resell(
        _ worker: Worker, _ talk: inout Interests, style: Int32, template: Int32 = 0,
        at moment: Int64, _ random: inout Random
    ) {
        var customer = worker
        customer.style = style
        let voice = UInt8(truncatingIfNeeded: random.next())
        let turn = Turn(
            body: talk.next(&random), template: template, edit: Edit.draw(voice: voice, &random))
        request(customer, turn, at: moment, &random)
    }
}
