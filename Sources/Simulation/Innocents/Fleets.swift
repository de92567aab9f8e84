/// Innocent groups of which each looks like a hydra in most respects: many accounts, one origin, evenly used.
extension WorldPlan {
    /// Devices of one owner who declares no organisation: a key each, rolled out within days, polling at one rate with
    /// one template, whatever passers-by ask.
    func addDeviceFleets(_ group: Int32, _ count: Int, _ random: inout Random) {
        let country = Country.draw(&random)
        let domain = "devices-\(random.hex(4)).example"
        let payment = "pm_" + random.hex(12)
        var style = programStyle(&random)
        style.system = pool.intern(
            "You are the voice of a \(random.pick(GrammarTopics.all).name) display in a lobby. Be brief and friendly."
        )
        let shared = addStyle(style)
        let template = addTemplate(
            "Visitor at the panel asked: {body}\nAnswer in two short sentences.")
        let client = clients.draw(.go, &random)
        let habit = ModelHabit(base: Model.small, adopts: .max)
        let rollout = start + Int64(random.uniform(-20...8) * Double(day))
        var questions = dataset([random.pick(corpus.sets(.organic))], &random)
        let perDay = random.uniform(8...30)
        for _ in 0..<count {
            let created = rollout + Int64(random.unit() * 3 * Double(day))
            var account = newAccount(group, country, created: created, &random)
            account.emailDomain = domain
            account.payment = payment
            account.plan = "payg"
            let line = networks.residential(country)
            let seat = Seat(clients: [client], addresses: [networks.address(in: line)])
            let job = Job(
                account: addAccount(account), seat: seat, style: shared, habit: habit,
                rhythm: .service(zone: country.hours), template: template, edits: 0.3)
            let own = perDay * random.logNormal(median: 1, sigma: 0.2) * honestScale
            serve(
                job, &questions, count: max(1, random.round(own * Double(settings.days))),
                from: max(start, created), to: end, &random)
        }
    }

    /// The people of a call centre that declares no organisation: an account each, one card and office; a queue deals
    /// the customers' messages out to whoever is free.
    func addCallCentres(_ group: Int32, _ count: Int, _ random: inout Random) {
        let country = Country.draw(&random)
        let domain = "support-\(random.hex(4)).example"
        let payment = "pm_" + random.hex(12)
        let office = networks.make(.office, exits: 2)
        let exits = (0..<2).map { _ in networks.address(in: office) }
        let client = clients.draw(.browser, &random)
        var style = personalStyle(&random)
        style.system = pool.intern(
            "Draft replies for the support team of a \(random.pick(GrammarTopics.all).name) shop. Polite, no promises."
        )
        let shared = addStyle(style)
        let template = addTemplate("Customer wrote:\n{body}\n\nDraft a reply I can send.")
        let opened = signUp(&random, newcomers: 0.5)
        // No message reaches two people, whatever customers write about.
        var queue = dataset([random.pick(corpus.sets(.organic))], &random)
        let rhythm = Rhythm.office(zone: country.hours)
        for _ in 0..<count {
            var account = newAccount(
                group, country, created: opened + Int64(random.unit() * Double(day)), &random)
            account.emailDomain = domain
            account.payment = payment
            account.plan = "team"
            let job = Job(
                account: addAccount(account), seat: Seat(clients: [client], addresses: exits),
                style: shared, habit: modelHabit(&random), rhythm: rhythm, template: template,
                edits: 0.8, furtherTurns: 0.6)
            let own = 22 * random.logNormal(median: 1, sigma: 0.25) * honestScale
            serve(
                job, &queue, count: max(1, random.round(own * Double(settings.days) * 5 / 7)),
                from: max(start, account.created), to: end, &random)
        }
    }

    /// A hackathon: strangers who sign up on one day, share one hall's network, and each build something of their own.
    func addHackathon(_ group: Int32, _ count: Int, _ random: inout Random) {
        let country = Country.draw(&random)
        let hall = networks.make(.office, exits: 2)
        let exits = (0..<2).map { _ in networks.address(in: hall) }
        let opening = start + Int64(random.uniform(0.1...0.8) * Double(end - start))
        for _ in 0..<count {
            var person = person(
                group, kinds: [.python, .node, .desktop], sets: codeSets(&random), topics: 1...3,
                country: country, created: opening - Int64(random.unit() * 20 * 3600) * second,
                &random)
            accounts[Int(person.account)].signupPath = "startup"
            person.seat.addresses = exits
            let activity = Activity(
                sessionsPerDay: random.logNormal(median: 8, sigma: 0.4), activeDays: 0.97,
                furtherTurns: 2)
            let before = sessions.count
            live(&person, activity, from: opening, to: opening + 2 * day, &random)
            // Who signed up for it came.
            if sessions.count == before {
                converse(&person, activity, at: opening + 3600 * second, &random)
            }
        }
    }

    /// Workspaces that each run the same open-source chat bot with a key of their own: one system prompt and client,
    /// many people behind each key, and a release that brings many at once.
    func addWorkspaceBots(_ group: Int32, _ count: Int, _ random: inout Random) {
        let client = clients.draw(.node, &random)
        var style = programStyle(&random)
        style.system = pool.intern(
            "You are Quill, the open-source helper of this workspace. Answer whoever mentions you. Version \(random.int(1...9)).\(random.int(20))."
        )
        style.keepsHistory = true
        style.answerBytes = 380
        let shared = addStyle(style)
        let release = start + Int64(random.uniform(-10...10) * Double(day))
        for _ in 0..<count {
            let country = Country.draw(&random)
            let created =
                random.chance(0.6)
                ? release + Int64(random.exponential(mean: 1.5) * Double(day))
                : signUp(&random, newcomers: 0.1)
            let account = newAccount(group, country, created: min(created, end - 2 * day), &random)
            var talk = interests(
                organicSets(country.language, &random), topics: random.int(8...20), &random)
            let cloud = networks.cloud()
            let job = Job(
                account: addAccount(account),
                seat: Seat(clients: [client], addresses: [networks.address(in: cloud)]),
                style: shared, habit: modelHabit(&random), rhythm: .service(zone: country.hours),
                edits: 0.7, furtherTurns: 1.2)
            let perDay = min(200, random.logNormal(median: 9, sigma: 1.0)) * honestScale
            serve(
                job, &talk, count: max(1, random.round(perDay * Double(settings.days))),
                from: max(start, account.created), to: end, &random)
        }
    }
}
