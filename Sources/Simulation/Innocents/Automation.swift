extension WorldPlan {
    /// Customers who run a public benchmark: whole test splits, several times, from one machine.
    func addBenchmarks(_ group: Int32, _ count: Int, _ random: inout Random) {
        let sets =
            corpus.sets(.automation, named: ["eval"])
            + corpus.sets(.harvest, named: ["math", "bigbench"])
        for _ in 0..<count {
            let (account, _) = customer(group, &random)
            let set = random.pick(sets)
            let size = min(corpus.sets[set].texts.count, random.int(150...700))
            let split = Array(corpus.sets[set].texts.prefix(size))
            var style = programStyle(&random)
            style.parameters.temperature = 0
            style.parameters.seed = random.chance(0.5) ? 42 : nil
            let template = random.chance(0.5) ? addTemplate("{body}\n\nAnswer:") : 0
            let job = Job(
                account: account, seat: serverSeat(.python, &random), style: addStyle(style),
                habit: modelHabit(&random, base: random.chance(0.5) ? Model.large : Model.reason),
                rhythm: .flat, template: template)
            for _ in 0..<random.int(1...3) {
                var items = Interests(split)
                let from = start + Int64(random.unit() * Double(end - start) * 0.9)
                let share = min(1, honestScale)
                serve(
                    job, &items, count: max(5, random.round(Double(size) * share)), from: from,
                    to: min(end, from + Int64(random.uniform(0.3...5) * 3600) * second), &random)
            }
        }
    }

    /// Nightly evaluations and continuous integration with a shared key.
    func addNightlyEvaluations(_ group: Int32, _ count: Int, _ random: inout Random) {
        for _ in 0..<count {
            let (account, country) = customer(group, &random)
            var all = dataset(corpus.sets(.automation), &random)
            let suite = (0..<random.int(20...90)).map { _ in all.next(&random) }
            let job = Job(
                account: account, seat: serverSeat(.python, &random),
                style: addStyle(programStyle(&random)), habit: modelHabit(&random), rhythm: .flat)
            let office = Job(
                account: account, seat: serverSeat(.python, &random), style: job.style,
                habit: job.habit, rhythm: .office(zone: country.hours))
            let hour =
                Int64((26 - country.hours).truncatingRemainder(dividingBy: 24) * 3600) * second
            for dayNumber in 0..<Int64(settings.days) {
                var items = Interests(suite)
                let from = start + dayNumber * day + hour
                let tests = max(1, random.round(Double(suite.count) * min(1, honestScale)))
                serve(job, &items, count: tests, from: from, to: from + 1200 * second, &random)
                var smoke = Interests(Array(suite.prefix(8)))
                for _ in 0..<random.poisson(3 * honestScale) {
                    let push = office.rhythm.moment(onDay: Int(from / day), &random)
                    serve(office, &smoke, count: 8, from: push, to: push + 90 * second, &random)
                }
            }
        }
    }

    /// Production pipelines: one template, one document after another, day and night.
    func addPipelines(_ group: Int32, _ count: Int, _ random: inout Random) {
        let templates = [
            "Extract the names, dates and amounts from the document below as JSON.\n\n{body}",
            "Classify the message into billing, technical, sales or other. Message: {body}",
            "Summarise for the duty officer in two sentences.\n<doc>\n{body}\n</doc>",
            "Is the following text safe to publish? Answer yes or no, then one reason.\n{body}",
            "Translate into plain English at the level of a fourteen-year-old:\n{body}",
        ]
        for _ in 0..<count {
            let (account, country) = customer(group, &random)
            var style = programStyle(&random)
            style.parameters.wantsJSON = random.chance(0.4)
            let job = Job(
                account: account, seat: serverSeat(random.pick([.python, .java, .go]), &random),
                style: addStyle(style), habit: modelHabit(&random, base: Model.small),
                rhythm: random.chance(0.5) ? .flat : .service(zone: country.hours),
                template: addTemplate(random.pick(templates)), edits: 0.5)
            let sets = random.chance(0.6) ? corpus.sets(.automation) : corpus.sets(.organic)
            var documents = dataset([random.pick(sets)], &random)
            let perDay = min(900, random.logNormal(median: 110, sigma: 1.0)) * honestScale
            serve(
                job, &documents, count: random.round(perDay * Double(settings.days)), from: start,
                to: end, &random)
        }
    }

    /// Licensed generation of synthetic data: harvest-like in every respect, but agreed upon and trusted.
    func addLicensedSynthesis(_ group: Int32, _ count: Int, _ random: inout Random) {
        let (first, country) = customer(group, &random)
        // One made-to-measure source; campaigns may want the same one.
        let sets = corpus.sets(.harvest, named: ["meta", "persona", "seed", "instruct"])
        var data = dataset(sets, &random)
        let style = addStyle(programStyle(&random))
        let seat = serverSeat(.python, &random)
        for number in 0..<count {
            var id = first
            if number > 0 {
                var more = accounts[Int(first)]
                more.id = newAccountID()
                id = addAccount(more)
            }
            accounts[Int(id)].isTrusted = true
            accounts[Int(id)].plan = "enterprise"
            accounts[Int(id)].country = country.code
            let job = Job(
                account: id, seat: seat, style: style,
                habit: modelHabit(&random, base: Model.large),
                rhythm: .flat)
            let perDay = min(800, random.logNormal(median: 220, sigma: 0.6)) * honestScale
            serve(
                job, &data, count: random.round(perDay * Double(settings.days)), from: start,
                to: end, &random)
        }
    }

    /// Embedding backfills: an archive sent through the embedding endpoint within a day.
    func addEmbeddingBackfills(_ group: Int32, _ count: Int, _ random: inout Random) {
        for _ in 0..<count {
            let (account, _) = customer(group, &random)
            var style = Style()
            style.endpoint = .embeddings
            style.keepsHistory = false
            let job = Job(
                account: account, seat: serverSeat(.python, &random), style: addStyle(style),
                habit: ModelHabit(base: Model.embed, adopts: .max), rhythm: .flat)
            var archive = dataset(corpus.sets(.organic) + corpus.sets(.automation), &random)
            let volume = min(2500, random.logNormal(median: 600, sigma: 0.6)) * honestScale
            let from = start + Int64(random.unit() * Double(end - start) * 0.85)
            serve(
                job, &archive, count: random.round(volume), from: from,
                to: min(end, from + Int64(random.uniform(4...30) * 3600) * second), &random)
        }
    }

    /// Drift monitors: the same few prompts, every hour.
    func addDriftMonitors(_ group: Int32, _ count: Int, _ random: inout Random) {
        for _ in 0..<count {
            let (account, _) = customer(group, &random)
            let sets = random.chance(0.5) ? corpus.sets(.automation) : corpus.sets(.harvest)
            var all = dataset(sets, &random)
            let probes = (0..<random.int(3...12)).map { _ in all.next(&random) }
            var style = programStyle(&random)
            style.parameters.temperature = 0
            style.parameters.seed = 7
            style.parameters.logprobs = random.chance(0.5)
            let job = Job(
                account: account, seat: serverSeat(.curl, &random), style: addStyle(style),
                habit: modelHabit(&random), rhythm: .flat)
            let every = Int64(random.pick([1, 2, 6]) * 3600) * second
            var at = start + Int64(random.int(3600)) * second
            while at < end {
                var items = Interests(probes)
                if at < start + every || random.chance(min(1, honestScale)) {
                    serve(
                        job, &items, count: probes.count, from: at, to: at + 60 * second, &random)
                }
                at += every
            }
        }
    }

    /// Audits that must ask for reasons: a compliance desk that has every decision explained.
    func addReasoningAudits(_ group: Int32, _ count: Int, _ random: inout Random) {
        for _ in 0..<count {
            let (account, country) = customer(group, &random)
            var style = programStyle(&random)
            style.system = pool.intern(
                "You support the audit of automated decisions under the \(country.code) rules on the right to an explanation."
            )
            style.parameters.maxTokens = 4096
            style.answerBytes = 900
            let template = addTemplate(
                "Case file:\n{body}\n\nDecide whether the case needs review. Explain your reasoning step by step, naming each rule you applied, so that the person concerned can follow it. Then state the decision."
            )
            let job = Job(
                account: account, seat: serverSeat(.java, &random), style: addStyle(style),
                habit: modelHabit(&random, base: Model.reason),
                rhythm: .office(zone: country.hours, weekend: 0.15), template: template, edits: 0.6)
            var cases = interests(
                corpus.sets(random.chance(0.5) ? .organic : .automation), topics: 12, &random)
            let perDay = min(200, random.logNormal(median: 40, sigma: 0.7)) * honestScale
            serve(
                job, &cases, count: random.round(perDay * Double(settings.days)), from: start,
                to: end,
                &random)
        }
    }

    /// Teams that use the model as a judge of their own product's answers.
    func addModelJudges(_ group: Int32, _ count: Int, _ random: inout Random) {
        let ready = corpus.sets(.automation, named: ["judge"])
        for _ in 0..<count {
            let (account, country) = customer(group, &random)
            var style = programStyle(&random)
            style.parameters.temperature = 0
            style.parameters.wantsJSON = random.chance(0.6)
            let usesOwn = random.chance(0.5)
            let template = addTemplate(
                "You grade answers of our support bot. Question: {body}\nAnswer of the bot: {answer}\nGive marks from 1 to 5 for accuracy, tone and completeness as JSON, with one sentence of reason."
            )
            let job = Job(
                account: account, seat: serverSeat(.python, &random), style: addStyle(style),
                habit: modelHabit(&random, base: Model.large),
                rhythm: .office(zone: country.hours), template: usesOwn ? template : 0,
                edits: usesOwn ? 0.6 : 0)
            var items =
                usesOwn
                ? interests(corpus.sets(.organic), topics: 10, &random) : dataset(ready, &random)
            for _ in 0..<random.int(2...6) {
                let from = start + Int64(random.unit() * Double(end - start) * 0.9)
                let volume = random.logNormal(median: 160, sigma: 0.7) * honestScale
                serve(
                    job, &items, count: random.round(volume), from: from,
                    to: min(end, from + day), &random)
            }
        }
    }
}
