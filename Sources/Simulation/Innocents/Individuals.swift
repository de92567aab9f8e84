extension WorldPlan {
    /// One person without any group.
    func addIndividual(_ kind: InnocentClass, _ group: Int32, _ random: inout Random) {
        switch kind {
        case .developer: addDeveloper(group, &random)
        case .student: addStudent(group, &random)
        case .powerUser: addPowerUser(group, &random)
        case .oneOff: addOneOff(group, &random)
        case .agentUser: addAgentUser(group, &random)
        default:
            var person = person(group, kinds: [.browser, .desktop, .node], &random)
            live(&person, hobby(&random), &random)
        }
    }

    /// The volume of somebody who writes for fun: heavy-tailed between people.
    func hobby(_ random: inout Random) -> Activity {
        Activity(
            sessionsPerDay: min(25, random.logNormal(median: 1.0, sigma: 0.9)),
            activeDays: random.uniform(0.1...0.7), furtherTurns: random.uniform(0.3...3))
    }

    /// Sets that programmers draw from: questions about code, and now and then set tasks.
    func codeSets(_ random: inout Random) -> [Int] {
        var sets = corpus.sets(.organic, named: ["cod", "ubuntu", "sharegpt"])
        if random.chance(0.2) { sets += corpus.sets(.harvest, named: ["code"]) }
        return sets
    }

    private func addDeveloper(_ group: Int32, _ random: inout Random) {
        let sets = codeSets(&random)
        var person = person(
            group, kinds: [.python, .node, .curl, .desktop, .go, .java, .anthropicPython],
            sets: sets, topics: 3...9, office: 0.7, &random)
        let activity = Activity(
            sessionsPerDay: min(60, random.logNormal(median: 3.5, sigma: 1.0)),
            activeDays: random.uniform(0.4...0.95), furtherTurns: random.uniform(0.2...2.5),
            turnSeconds: random.uniform(25...120), edits: random.uniform(0.5...0.9))
        live(&person, activity, &random)
    }

    private func addStudent(_ group: Int32, _ random: inout Random) {
        var sets = organicSets(.english, &random)
        if random.chance(0.4) {
            sets += corpus.sets(.harvest, named: ["math", "instruct", "huatuo"])
        }
        var person = person(
            group, kinds: [.browser, .desktop], sets: sets, topics: 2...5, office: 0.1, &random)
        let deadline = start + Int64(random.unit() * Double(end - start))
        let activity = Activity(
            sessionsPerDay: min(20, random.logNormal(median: 0.8, sigma: 0.8)),
            activeDays: random.uniform(0.15...0.5), furtherTurns: random.uniform(0.5...4))
        live(&person, activity, &random)
        // The days before something is due.
        var crammed = activity
        crammed.sessionsPerDay *= random.uniform(2...5)
        live(&person, crammed, from: deadline - 3 * day, to: deadline, &random)
        if random.chance(0.35) {
            accounts[Int(person.account)].signupPath = "education"
            accounts[Int(person.account)].emailDomain = "univ\(random.int(40)).example"
        }
    }

    private func addPowerUser(_ group: Int32, _ random: inout Random) {
        let sets = random.chance(0.5) ? codeSets(&random) : nil
        var person = person(
            group, kinds: [.python, .node, .desktop], sets: sets, topics: 8...24, office: 0.5,
            &random)
        accounts[Int(person.account)].plan = random.chance(0.6) ? "pro" : "payg"
        for _ in 0..<random.int(1...4) { person.styles.append(addStyle(personalStyle(&random))) }
        let activity = Activity(
            sessionsPerDay: min(220, random.pareto(least: 28, index: 1.6)), activeDays: 0.9,
            furtherTurns: random.uniform(0.3...2), turnSeconds: 45, edits: 0.8)
        live(&person, activity, &random)
    }

    private func addOneOff(_ group: Int32, _ random: inout Random) {
        let moment = start + Int64(random.unit() * Double(end - start) * 0.98)
        let created =
            random.chance(0.5)
            ? moment - Int64(random.exponential(mean: 1800)) * second : signUp(&random)
        var person = person(
            group, kinds: [.browser, .desktop, .curl], created: min(created, moment - second),
            &random)
        accounts[Int(person.account)].plan = "free"
        accounts[Int(person.account)].payment = ""
        for visit in 0..<random.int(1...3) {
            let activity = Activity(sessionsPerDay: 1, furtherTurns: random.uniform(0...1.5))
            converse(
                &person, activity, at: moment + Int64(visit) * 900 * second, &random)
        }
    }

    /// Runs a coding agent: tool loops with the whole conversation, own signed thinking passed back.
    private func addAgentUser(_ group: Int32, _ random: inout Random) {
        var person = person(
            group, kinds: [.agent], sets: codeSets(&random), topics: 3...8, office: 0.75, &random)
        var style = Style()
        style.system = pool.intern(SystemPrompts.agent)
        style.parameters.maxTokens = random.pick([8192, 16_384, 32_000])
        style.parameters.stream = true
        style.toolset = addToolset(["bash", "read_file", "edit_file", "search"])
        style.isToolLoop = true
        style.passesThinking = random.chance(0.7)
        if style.passesThinking {
            style.parameters.thinkingBudget = random.pick([4000, 8000, 16_000])
        }
        style.answerBytes = 300
        person.styles = [addStyle(style)]
        person.habit = modelHabit(&random, base: random.chance(0.7) ? Model.large : Model.reason)
        let tools = corpus.sets(.automation, named: ["agent"])
        var results = interests(tools, topics: random.int(2...5), &random)
        let tasksPerDay = min(15, random.logNormal(median: 1.4, sigma: 0.9)) * honestScale
        let before = sessions.count
        agentLoops(
            &person, &results, tasksPerDay: tasksPerDay, from: person.from, to: end, &random)
        if sessions.count > before { return }
        // Whom chance would leave silent tries the agent on one day.
        let trial = person.from + Int64(random.unit() * 0.8 * Double(end - person.from))
        agentLoops(
            &person, &results, tasksPerDay: 1.5, from: trial, to: min(end, trial + day), &random)
    }

    /// Tasks for an agent, each a person's message and a run of tool results.
    func agentLoops(
        _ person: inout Person, _ results: inout Interests, tasksPerDay: Double, from: Int64,
        to: Int64, _ random: inout Random
    ) {
        guard from < to else { return }
        let zone = Int64(person.rhythm.zone * 3600) * second
        for dayNumber in Int((from + zone) / day)...Int((to + zone) / day) {
            let weekly = Rhythm.isWeekend(dayNumber) ? person.rhythm.weekend : 1
            for _ in 0..<random.poisson(tasksPerDay * weekly) {
                let moment = person.rhythm.moment(onDay: dayNumber, &random)
                if moment < from || moment >= to { continue }
                var task = Turn(body: person.interests.next(&random))
                task.edit = Edit.draw(voice: person.voice, &random)
                let (script, times) = toolLoop(task, &results, at: moment, &random)
                addSession(
                    account: person.account, style: random.pick(person.styles), turns: script,
                    times: times, seat: person.seat, habit: person.habit, &random)
            }
        }
    }

    /// A task and the tool results that follow it, at a machine's pace.
    func toolLoop(
        _ task: Turn, _ results: inout Interests, at moment: Int64, _ random: inout Random
    ) -> (turns: [Turn], times: [Int64]) {
        var script = [task]
        var times = [moment]
        var size = pool.length(task.body)
        let steps = 1 + Int(random.logNormal(median: 5, sigma: 0.6))
        for _ in 0..<min(12, steps) {
            let body = results.next(&random)
            size += pool.length(body) + 120
            if size > 8000 { break }
            script.append(Turn(body: body))
            times.append(
                times[times.count - 1]
                    + Int64(random.logNormal(median: 9, sigma: 0.7) * Double(second)))
        }
        return (script, times)
    }
}
