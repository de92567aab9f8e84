extension WorldPlan {
    /// Prompts that make the model write its reasoning down, in several techniques.
    func runReasoningElicitation(_ campaign: inout Campaign, _ random: inout Random) {
        let sets = corpus.sets(.harvest, named: ["math", "code", "bigbench", "huatuo"])
        var data = harvest(for: campaign, from: sets, &random)
        var style = scriptStyle(&random)
        style.answerBytes = 1400
        style.parameters.maxTokens = 8192
        let workers =
            random.chance(0.5)
            ? sharedWorkers(campaign, style: style, &random)
            : cleanWorkers(campaign, base: style, &random)
        var wordings = HarvestTemplates.reasoning
        random.shuffle(&wordings)
        let templates = wordings.prefix(random.int(2...5)).map { addTemplate($0) }
        dispatch(campaign, workers, &random) { worker, moment, random in
            let turn = Turn(body: data.next(&random), template: random.pick(templates))
            request(worker, turn, at: moment, &random)
        }
    }

    /// Candidate answers of a student model, graded by rubric.
    func runRubricGrading(_ campaign: inout Campaign, _ random: inout Random) {
        var style = scriptStyle(&random)
        style.parameters.temperature = 0
        style.answerBytes = 260
        let workers =
            random.chance(0.5)
            ? sharedWorkers(campaign, style: style, &random)
            : cleanWorkers(campaign, base: style, jitters: false, &random)
        let templates = (0..<random.int(1...3)).map { _ in
            addTemplate(HarvestTemplates.rubric(&random))
        }
        var data = harvest(for: campaign, &random)
        dispatch(campaign, workers, &random) { worker, moment, random in
            let turn = Turn(body: data.next(&random), template: random.pick(templates))
            request(worker, turn, at: moment, &random)
        }
    }

    /// Multi-turn tool use on tasks of a data set: trajectories for training an agent.
    func runAgentic(_ campaign: inout Campaign, _ random: inout Random) {
        var style = scriptStyle(&random)
        style.keepsHistory = true
        style.isToolLoop = true
        style.passesThinking = random.chance(0.5)
        style.toolset = addToolset(
            random.chance(0.5)
                ? ["bash", "read_file", "edit_file", "search"]
                : ["execute", "browse", "screenshot", "submit"])
        style.system = pool.intern(
            "You solve benchmark tasks in a sandbox. Explain the plan before each tool call. Task family \(random.int(2...30))."
        )
        // The rate counts requests; a trajectory holds about five.
        campaign.perDay = rate(14...36, &random) / 5
        let workers = cleanWorkers(campaign, base: style, &random)
        var tasks = harvest(
            for: campaign, from: corpus.sets(.harvest, named: ["code"]), &random)
        var results = dataset(corpus.sets(.automation, named: ["agent"]), &random)
        dispatch(campaign, workers, &random) { worker, moment, random in
            let (script, times) = toolLoop(
                Turn(body: tasks.next(&random)), &results, at: moment, &random)
            addSession(
                account: worker.account, style: worker.style, turns: script, times: times,
                seat: worker.seat, habit: worker.habit, &random)
        }
    }

    /// About five requests a day and account in ever new wordings, a quarter of them cover traffic.
    func runSlowParaphrase(_ campaign: inout Campaign, _ random: inout Random) {
        campaign.from = start
        campaign.to = end
        let made = start - Int64(random.uniform(5...30) * Double(day))
        campaign.signUps = made - 12 * day...made
        campaign.perDay = rate(4...6, &random)
        let workers = cleanWorkers(campaign, &random)
        let templates = (0..<240).map { _ in addTemplate(HarvestTemplates.paraphrase(&random)) }
        var data = harvest(for: campaign, share: 0.75, &random)
        var talk = dataset(corpus.sets(.organic), &random)
        dispatch(campaign, workers, &random) { worker, moment, random in
            if random.chance(0.25) {
                resell(worker, &talk, style: worker.style, at: moment, &random)
            } else {
                let turn = Turn(body: data.next(&random), template: random.pick(templates))
                request(worker, turn, at: moment, &random)
            }
        }
    }

    /// One fixed prompt around the traffic of unrelated users whom the operator resells the model to.
    func runInjectedPrompt(_ campaign: inout Campaign, _ random: inout Random) {
        campaign.perDay = rate(20...45, &random)
        let prompt = HarvestTemplates.injected(&random)
        let isSystem = random.chance(0.6)
        let template = isSystem ? 0 : addTemplate("\(prompt)\n\n{body}")
        let workers = cleanWorkers(campaign, &random)
        var talk = dataset(corpus.sets(.organic), &random)
        let styles = (0..<16).map { _ in
            var style = personalStyle(&random)
            style.answerBytes = 1500
            if isSystem {
                let own = random.chance(0.4) ? SystemPrompts.personal(&random) : ""
                style.system = pool.intern(own.isEmpty ? prompt : prompt + "\n\n" + own)
            }
            return addStyle(style)
        }
        dispatch(campaign, workers, &random) { worker, moment, random in
            resell(
                worker, &talk, style: random.pick(styles), template: template, at: moment, &random)
        }
    }
}
