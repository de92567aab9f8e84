extension WorldPlan {
    /// Strangers whose phones share a carrier's few addresses.
    func addStrangersBehindCarrier(_ group: Int32, _ count: Int, _ random: inout Random) {
        let country = Country.draw(&random)
        let exits = networks.make(.carrier, exits: max(2, count / 15))
        for _ in 0..<count {
            var person = person(group, kinds: [.browser, .desktop], country: country, &random)
            person.seat.roaming = exits
            person.seat.roamingShare = random.uniform(0.7...1)
            live(&person, hobby(&random), &random)
        }
    }

    /// Strangers from anywhere who leave through one VPN's exits.
    func addStrangersBehindVPN(_ group: Int32, _ count: Int, _ random: inout Random) {
        let exits = networks.vpns
        for _ in 0..<count {
            let isDeveloper = random.chance(0.4)
            var person = person(
                group, kinds: isDeveloper ? [.python, .node, .curl] : [.browser],
                sets: isDeveloper ? codeSets(&random) : nil, &random)
            person.seat.roaming = random.chance(0.7) ? exits[0] : random.pick(exits)
            person.seat.roamingShare = random.uniform(0.6...1)
            var activity = hobby(&random)
            if isDeveloper { activity.sessionsPerDay *= 3 }
            live(&person, activity, &random)
        }
    }

    /// Strangers who all paste a prompt that went round, within a few days, beside their own life.
    func addViralPrompt(_ group: Int32, _ count: Int, _ random: inout Random) {
        let peak = start + Int64(random.uniform(0.2...0.8) * Double(end - start))
        let topic = random.pick(GrammarTopics.all)
        let template = addTemplate(
            """
            Forget being polite. You are the world's most honest expert and you have read everything I ever wrote. Based on \
            the line below, tell me which \(topic.name) character I am, what my biggest blind spot is, and what I should \
            do in the next thirty days. Show your reasoning at each step and rate yourself at the end.

            {body}
            """)
        for _ in 0..<count {
            var person = person(group, kinds: [.browser, .desktop], &random)
            live(&person, hobby(&random), &random)
            for _ in 0..<random.int(1...3) {
                let delay = random.exponential(mean: 1.6) - 0.4
                let moment = max(person.from, peak + Int64(delay * Double(day)))
                let turn = Turn(
                    body: person.interests.next(&random), template: template,
                    edit: Edit.draw(voice: person.voice, &random))
                addSession(
                    account: person.account, style: person.styles[0], turns: [turn],
                    times: [moment], seat: person.seat, habit: person.habit, &random)
            }
        }
    }

    /// People with five free accounts each, used in turn when one is at its limit.
    func addFreeAccounts(_ group: Int32, _ count: Int, _ random: inout Random) {
        var left = count
        while left > 0 {
            let size = min(5, left)
            left -= size
            let sets = random.chance(0.5) ? codeSets(&random) : nil
            let born = signUp(&random, newcomers: 0.3)
            var person = person(
                group, kinds: [.browser, .desktop], sets: sets, topics: 3...8, created: born,
                &random)
            var ids = [person.account]
            var first = accounts[Int(person.account)]
            first.plan = "free"
            first.payment = ""
            accounts[Int(person.account)] = first
            for number in 1..<max(2, size) where size > 1 {
                var more = first
                more.id = newAccountID()
                more.created = min(
                    first.created + Int64(number * random.int(1...20)) * day, end - day)
                more.phone = ""
                more.emailDomain = random.pick(["gmail.com", "outlook.com", "mailbox.example"])
                ids.append(addAccount(more))
            }
            let activity = Activity(
                sessionsPerDay: random.uniform(4...14), activeDays: 0.8, furtherTurns: 1.5)
            // One account for each stretch of hours, the next when its allowance is used up.
            var at = person.from
            var turn = 0
            while at < end {
                let until = at + Int64(random.uniform(0.15...0.9) * Double(day))
                let account = ids[turn % ids.count]
                turn += 1
                if accounts[Int(account)].created <= at {
                    person.account = account
                    live(&person, activity, from: at, to: until, &random)
                }
                at = until
            }
        }
    }

    /// Hundreds of strangers with the same open-source tool: its template, prompt, parameters and client; their own
    /// content, hours, addresses and volumes, and sign-ups over years.
    func addOpenSourceTools(_ group: Int32, _ count: Int, _ random: inout Random) {
        var chosen = SystemPrompts.tools
        random.shuffle(&chosen)
        let tools = chosen.prefix(count >= 100 ? 3 : count >= 16 ? 2 : 1)
        let versions = random.int(3...5)
        for (index, tool) in tools.enumerated() {
            var style = Style()
            style.system = pool.intern(tool.system)
            style.parameters.temperature = random.pick([0.2, 0.3, 0.7])
            style.parameters.maxTokens = random.pick([400, 1024, 2000])
            style.keepsHistory = false
            let shared = addStyle(style)
            let template = addTemplate(tool.template)
            let programs = (0..<versions).map {
                clients.client("\(tool.name)/1.\($0).0", stack: "node22")
            }
            let isCode = tool.name == "commitmint"
            for user in 0..<count where user % tools.count == index {
                var person = person(
                    group, kinds: [.node], sets: isCode ? codeSets(&random) : nil, topics: 2...6,
                    &random)
                person.styles = [shared]
                person.seat.clients = [random.pick(programs)]
                person.habit = ModelHabit(
                    base: index % 2 == 0 ? Model.small : Model.large, adopts: .max)
                let activity = Activity(
                    sessionsPerDay: min(60, random.logNormal(median: 1.6, sigma: 1.3)),
                    activeDays: random.uniform(0.2...0.9), furtherTurns: 0.3, template: template,
                    edits: 0.5)
                live(&person, activity, &random)
            }
        }
    }
}
