extension WorldPlan {
    /// Companies of 4 to 200 people: one card, one egress network, one tool; own interests and hours.
    func addCompanies(_ group: Int32, _ count: Int, _ random: inout Random) {
        var left = count
        while left > 0 {
            var size = min(200, max(4, Int(random.logNormal(median: 18, sigma: 1.0))))
            size = left - size < 4 ? left : min(size, left)
            left -= size
            addCompany(group, size, &random)
        }
    }

    private func addCompany(_ group: Int32, _ size: Int, _ random: inout Random) {
        let country = Country.draw(&random)
        let name = "org_" + random.hex(6)
        let domain = "firm-\(random.hex(4)).example"
        let payment = "pm_" + random.hex(12)
        let office = networks.make(.office, exits: random.int(1...3))
        let kind = random.pick([ClientKind.desktop, .browser, .node, .agent])
        let tool = clients.draw(kind, &random)
        let topic = random.pick(GrammarTopics.all).name
        let system: TextID =
            random.chance(0.6)
            ? pool.intern(
                "You are the internal assistant of \(domain), a company in \(topic). Treat everything as confidential and follow the style guide. Release \(random.int(2...60))."
            ) : 0
        var shared = personalStyle(&random)
        shared.system = system
        let style = addStyle(shared)
        let isTechnical = random.chance(0.4)
        let start = signUp(&random, newcomers: 0.05)
        for _ in 0..<size {
            // Staff get their accounts on the first day or when they join.
            let joined = start + Int64(random.chance(0.4) ? 0 : random.exponential(mean: 150)) * day
            var person = person(
                group, kinds: [kind], sets: isTechnical ? codeSets(&random) : nil, topics: 2...7,
                country: country, created: min(joined, end - 2 * day), office: 0.95, &random)
            var account = accounts[Int(person.account)]
            account.organization = name
            account.emailDomain = domain
            account.payment = payment
            account.plan = "team"
            accounts[Int(person.account)] = account
            person.seat = Seat(
                clients: [tool], addresses: [networks.address(in: office)], leaseDays: 5)
            if random.chance(0.3) {
                person.seat.roaming = networks.residential(country)
                person.seat.roamingShare = random.uniform(0.05...0.4)
            }
            person.styles = [style]
            let activity = Activity(
                sessionsPerDay: min(40, random.logNormal(median: 2.5, sigma: 1.0)),
                activeDays: random.uniform(0.3...0.9), furtherTurns: random.uniform(0.3...2))
            live(&person, activity, &random)
        }
    }

    /// Classes whose pupils paste the same homework within one week, beside what they do anyway.
    func addClassrooms(_ group: Int32, _ count: Int, _ random: inout Random) {
        var left = count
        while left > 0 {
            let size = left <= 40 ? left : random.int(18...32)
            left -= size
            let country = Country.draw(&random)
            let school = networks.make(.office, exits: 1)
            let domain = "school-\(random.hex(4)).example"
            let created = self.start - Int64(random.int(5...60)) * day
            let sets = corpus.sets(.harvest, named: ["math", "instruct", "alpaca"])
            var all = dataset(sets, &random)
            let homework = (0..<random.int(6...14)).map { _ in all.next(&random) }
            let week = self.start + Int64(random.unit() * Double(max(1, settings.days - 7))) * day
            for _ in 0..<size {
                var person = person(
                    group, kinds: [.browser], topics: 1...3, country: country,
                    created: created + Int64(random.int(7200)) * second, office: 0.2, &random)
                accounts[Int(person.account)].emailDomain = domain
                accounts[Int(person.account)].signupPath = "education"
                person.seat.roaming = school
                person.seat.roamingShare = 0.4
                live(&person, hobby(&random), &random)
                for task in homework where random.chance(0.65) {
                    let dayNumber = Int(week / day) + random.int(7)
                    let moment = person.rhythm.moment(onDay: dayNumber, &random)
                    let edit = random.chance(0.35) ? Edit.draw(voice: person.voice, &random) : 0
                    var script = [Turn(body: task, edit: edit)]
                    if random.chance(0.4) {
                        script.append(Turn(body: person.interests.next(&random)))
                    }
                    addSession(
                        account: person.account, style: person.styles[0], turns: script,
                        times: [moment, moment + 95 * second], seat: person.seat,
                        habit: person.habit, &random)
                }
            }
        }
    }

    /// An online course: everybody works through the same exercises, in order, at their own pace and place.
    func addCourse(_ group: Int32, _ count: Int, _ random: inout Random) {
        let sets = corpus.sets(.harvest, named: ["code", "math"])
        var all = dataset([random.pick(sets)], &random)
        let exercises = (0..<random.int(25...60)).map { _ in all.next(&random) }
        let template = addTemplate(
            "I'm on exercise of week \(random.int(2...9)) of the course. The task says:\n\n{body}\n\nPlease give me a hint first, then explain the solution step by step."
        )
        for _ in 0..<count {
            let joined = signUp(&random, newcomers: 0.4)
            var person = person(
                group, kinds: [.browser, .desktop], topics: 1...4, created: joined, office: 0.3,
                &random)
            var at = max(self.start, joined)
            let first = random.int(exercises.count / 2)
            let pace = random.logNormal(median: 1.0, sigma: 0.7)
            var calm = hobby(&random)
            calm.sessionsPerDay *= 0.5
            live(&person, calm, &random)
            for exercise in exercises[first...] {
                at += Int64(random.exponential(mean: pace) * Double(day))
                if at >= end { break }
                let moment = person.rhythm.moment(onDay: Int(at / day), &random)
                let edit = random.chance(0.4) ? Edit.draw(voice: person.voice, &random) : 0
                var script = [
                    Turn(body: exercise, template: random.chance(0.5) ? template : 0, edit: edit)
                ]
                var times = [moment]
                while random.chance(0.45) && script.count < 5 {
                    script.append(Turn(body: person.interests.next(&random)))
                    times.append(times[times.count - 1] + Int64(random.int(40...400)) * second)
                }
                addSession(
                    account: person.account, style: person.styles[0], turns: script, times: times,
                    seat: person.seat, habit: person.habit, &random)
            }
        }
    }
}
