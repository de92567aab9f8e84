/// A program with a key: what it sends and when.
struct Job {
    var account: Int32
    var seat: Seat
    var style: Int32
    var habit: ModelHabit
    var rhythm: Rhythm
    var template: Int32 = 0
    /// Probability that a request is edited as a person's would be.
    var edits = 0.0
    /// Mean of the further turns in a conversation.
    var furtherTurns = 0.0
}

extension WorldPlan {
    /// An account of a customer with a server: paid, with an organisation of its own.
    func customer(_ group: Int32, _ random: inout Random) -> (account: Int32, country: Country) {
        let country = Country.draw(&random)
        var account = newAccount(
            group, country, created: signUp(&random, newcomers: 0), &random)
        account.organization = "org_" + random.hex(6)
        account.emailDomain = "co-\(random.hex(5)).example"
        account.payment = "pm_" + random.hex(12)
        account.plan = random.pick(["payg", "enterprise", "team"])
        return (addAccount(account), country)
    }

    func gaps(_ random: inout Random) -> [Float] {
        corpus.gapTraces.isEmpty ? [] : random.pick(corpus.gapTraces)
    }

    /// Sends `count` conversations of `content` between `from` and `to`.
    func serve(
        _ job: Job, _ content: inout Interests, count: Int, from: Int64, to: Int64,
        _ random: inout Random
    ) {
        let begin = max(from, accounts[Int(job.account)].created + 60 * second)
        let trace = gaps(&random)
        let moments = job.rhythm.arrivals(count, from: begin, to: to, gaps: trace, &random)
        for moment in moments {
            var script: [Turn] = []
            var times: [Int64] = []
            var time = moment
            var size = 0
            repeat {
                var turn = Turn(body: content.next(&random), template: job.template)
                if random.chance(job.edits) {
                    turn.edit = Edit.draw(voice: UInt8(truncatingIfNeeded: random.next()), &random)
                }
                size += pool.length(turn.body) + 400
                script.append(turn)
                times.append(time)
                time += Int64(random.logNormal(median: 60, sigma: 0.9) * Double(second))
            } while random.chance(job.furtherTurns / (1 + job.furtherTurns)) && size < 9000
            addSession(
                account: job.account, style: job.style, turns: script, times: times, seat: job.seat,
                habit: job.habit, &random)
        }
    }

    /// A style as programs have it: fixed parameters, no history.
    func programStyle(_ random: inout Random) -> Style {
        var style = Style()
        style.parameters.temperature = random.pick([0, 0, 0.1, 0.2, 0.7])
        style.parameters.maxTokens = random.pick([64, 256, 512, 1024, 4096])
        style.keepsHistory = false
        style.answerBytes = random.int(60...400)
        return style
    }

    /// Chat products: one key, a fixed system prompt, many end users.
    func addChatProducts(_ group: Int32, _ count: Int, _ random: inout Random) {
        for _ in 0..<count {
            let (account, country) = customer(group, &random)
            var style = programStyle(&random)
            style.system = pool.intern(SystemPrompts.product(&random))
            style.keepsHistory = true
            style.parameters.stream = true
            style.parameters.temperature = 0.7
            style.answerBytes = 350
            let job = Job(
                account: account, seat: serverSeat(random.pick([.node, .go, .python]), &random),
                style: addStyle(style), habit: modelHabit(&random),
                rhythm: .service(zone: country.hours), edits: 0.7, furtherTurns: 1.8)
            var talk = dataset(organicSets(.english, &random), &random)
            let perDay = min(500, random.logNormal(median: 60, sigma: 0.8)) * honestScale
            serve(
                job, &talk, count: random.round(perDay * Double(settings.days)), from: start,
                to: end, &random)
        }
    }

    /// Honest aggregators: one account with the traffic of thousands of strangers.
    func addAggregators(_ group: Int32, _ count: Int, _ random: inout Random) {
        for _ in 0..<count {
            let (account, _) = customer(group, &random)
            accounts[Int(account)].plan = "enterprise"
            let seat = serverSeat(.go, &random)
            let strangers = max(10, Int(300 * min(1, honestScale)))
            for _ in 0..<strangers {
                let country = Country.draw(&random)
                var style = personalStyle(&random)
                if random.chance(0.1) { style.keepsHistory = false }
                let kind = random.int(10)
                let sets =
                    kind < 7
                    ? organicSets(country.language, &random)
                    : kind < 9 ? codeSets(&random) : corpus.sets(.automation)
                var own = interests(sets, topics: random.int(1...4), &random)
                let job = Job(
                    account: account, seat: seat, style: addStyle(style),
                    habit: modelHabit(&random),
                    rhythm: .person(&random, zone: country.hours), edits: 0.7,
                    furtherTurns: random.uniform(0...2))
                let volume = min(400, random.logNormal(median: 8, sigma: 1.2)) * max(1, honestScale)
                let from = start + Int64(random.unit() * 0.7 * Double(end - start))
                serve(
                    job, &own, count: max(1, random.round(volume * Double(settings.days) / 21)),
                    from: from, to: end, &random)
            }
        }
    }

    /// Vendors with a key for each customer: one template, round the clock, each customer's own data, unequal volumes.
    func addVendors(_ group: Int32, _ count: Int, _ random: inout Random) {
        var left = count
        while left > 0 {
            let size = left < 40 ? left : random.int(15...max(16, min(60, left)))
            left -= size
            let country = Country.draw(&random)
            let name = "org_" + random.hex(6)
            let domain = "suite-\(random.hex(4)).example"
            let payment = "pm_" + random.hex(12)
            let seat = serverSeat(random.pick([.java, .go, .python]), &random)
            var style = programStyle(&random)
            style.system = pool.intern(
                "You process records for the \(random.pick(GrammarTopics.all).name) suite. Return only the requested fields, never add advice."
            )
            style.parameters.wantsJSON = random.chance(0.5)
            let shared = addStyle(style)
            let template = addTemplate(
                "Record from the customer's system:\n\"\"\"\n{body}\n\"\"\"\nReturn category, urgency (1-5) and a one-line summary."
            )
            let habit = ModelHabit(
                base: random.chance(0.6) ? Model.small : Model.large, adopts: .max)
            let opened = signUp(&random, newcomers: 0)
            for _ in 0..<size {
                let joined = opened + Int64(random.exponential(mean: 140) * Double(day))
                var account = newAccount(
                    group, country, created: min(joined, end - 3 * day), &random)
                account.organization = name
                account.emailDomain = domain
                account.payment = payment
                account.plan = "enterprise"
                let sets = random.chance(0.6) ? corpus.sets(.organic) : corpus.sets(.automation)
                var data = interests([random.pick(sets)], topics: random.int(2...6), &random)
                let job = Job(
                    account: addAccount(account), seat: seat, style: shared, habit: habit,
                    rhythm: random.chance(0.5) ? .flat : .service(zone: country.hours),
                    template: template, edits: 0.6)
                let perDay = min(150, random.pareto(least: 2.2, index: 1.1)) * honestScale
                serve(
                    job, &data, count: max(1, random.round(perDay * Double(settings.days))),
                    from: start, to: end, &random)
            }
        }
    }

    /// Routers that fall back to this provider when another one fails: silence, then bursts of mixed traffic.
    func addFallbackRouters(_ group: Int32, _ count: Int, _ random: inout Random) {
        for _ in 0..<count {
            let (account, country) = customer(group, &random)
            var style = programStyle(&random)
            style.keepsHistory = true
            style.answerBytes = 350
            let job = Job(
                account: account, seat: serverSeat(.go, &random), style: addStyle(style),
                habit: modelHabit(&random, base: Model.large),
                rhythm: .service(zone: country.hours),
                edits: 0.7, furtherTurns: 1)
            var talk = dataset(organicSets(.english, &random), &random)
            for _ in 0..<random.int(2...5) {
                let from = start + Int64(random.unit() * Double(end - start) * 0.95)
                let length = Int64(random.uniform(0.5...7) * 3600) * second
                let volume = random.logNormal(median: 150, sigma: 0.8) * honestScale
                serve(
                    job, &talk, count: random.round(volume), from: from,
                    to: min(end, from + length),
                    &random)
            }
        }
    }
}
