/// Campaigns of an operator who has read how this project's detector decides. Each takes away one of the signs that it
/// asks for, and pays for that with something that a plain hydra has.
extension WorldPlan {
    /// Removes equal volumes and bursts: volumes as wide as people's, people's hours, sign-ups over ten months, and a first
    /// day of its own for each account. The price: months of preparation, and accounts that idle beside busy ones.
    func runAdaptiveVolumes(_ campaign: inout Campaign, _ random: inout Random) {
        campaign.from = start
        campaign.to = end
        campaign.signUps = start - 300 * day...start - day
        let workers = cleanWorkers(campaign, &random)
        var data = harvest(for: campaign, &random)
        for worker in workers {
            let begin = start + Int64(random.unit() * 0.75 * Double(end - start))
            let rhythm = Rhythm.person(&random, zone: country(of: worker.account).hours)
            let mean = campaign.perDay * random.logNormal(median: 0.6, sigma: 1) * campaignScale
            let wanted = max(1, random.round(min(400, mean) * Double(end - begin) / Double(day)))
            let moments = rhythm.arrivals(wanted, from: begin, to: end, gaps: [], &random)
            for moment in moments {
                request(worker, Turn(body: data.next(&random)), at: moment, &random)
            }
        }
    }

    /// Makes content depend on the account: each asks about a few subjects of its own, in a manner of its own. The price:
    /// subjects run out, so that accounts ask for less or twice.
    func runAdaptiveStyle(_ campaign: inout Campaign, _ random: inout Random) {
        let workers = cleanWorkers(campaign, &random)
        let each = campaign.volume * campaignScale / Double(campaign.size)
        let subjects = subjectsApart(workers.count, prompts: Int(each) + 1, &random)
        var data: [Int32: Interests] = [:]
        var voices: [Int32: UInt8] = [:]
        for (index, worker) in workers.enumerated() {
            data[worker.account] = subjects[index]
            voices[worker.account] = UInt8(truncatingIfNeeded: random.next())
        }
        dispatch(campaign, workers, &random) { worker, moment, random in
            guard var own = data[worker.account], let voice = voices[worker.account] else { return }
            let body = own.next(&random)
            data[worker.account] = own
            let turn = Turn(body: body, edit: Edit.draw(voice: voice, &random))
            request(worker, turn, at: moment, &random)
        }
    }

    /// Hides the harvest under cover traffic that looks like one person's for each account. The price: of five requests,
    /// one is for the data set.
    func runAdaptiveCover(_ campaign: inout Campaign, _ random: inout Random) {
        let cover = settings.tuning.dilution ?? 0.8
        let workers = cleanWorkers(campaign, &random)
        var data = harvest(for: campaign, share: 1 - cover, &random)
        var persons: [Int32: Interests] = [:]
        for worker in workers {
            let sets = organicSets(country(of: worker.account).language, &random)
            persons[worker.account] = interests(sets, topics: random.int(2...6), &random)
        }
        dispatch(campaign, workers, &random) { worker, moment, random in
            guard random.chance(cover), var own = persons[worker.account] else {
                request(worker, Turn(body: data.next(&random)), at: moment, &random)
                return
            }
            resell(worker, &own, style: worker.style, at: moment, &random)
            persons[worker.account] = own
        }
    }

    /// Stays too small to test: pools of four to eight accounts, each with one data set, sign-ups and days of its own. The
    /// price: many pools to run, each with few accounts, and what one has to leave no other goes on with.
    func runAdaptiveSmall(_ campaign: inout Campaign, _ random: inout Random) {
        var left = campaign.size
        var sets = corpus.sets(.harvest)
        random.shuffle(&sets)
        var number = 0
        while left > 0 {
            var pool = campaign
            pool.size = left < 8 ? left : min(left - 4, random.int(4...8))
            left -= pool.size
            let length = campaign.to - campaign.from
            pool.from = start + Int64(random.unit() * Double(end - start - length))
            pool.to = pool.from + length
            let made = pool.from - Int64(random.uniform(2...250) * Double(day))
            pool.signUps = made - 20 * day...made
            let workers = cleanWorkers(pool, &random)
            var data = harvest(for: pool, from: [sets[number % sets.count]], &random)
            number += 1
            dispatch(pool, workers, &random) { worker, moment, random in
                request(worker, Turn(body: data.next(&random)), at: moment, &random)
            }
        }
    }

    /// Harvest prompts for `count` accounts so that each has subjects of its own: runs of prompts that share an uncommon
    /// word, none of them given to two accounts.
    private func subjectsApart(_ count: Int, prompts: Int, _ random: inout Random) -> [Interests] {
        var subjects: [[TextID]] = []
        for set in corpus.sets(.harvest) {
            let texts = corpus.sets[set].texts
            for subject in corpus.sets[set].subjects(pool) {
                subjects.append(subject.map { texts[Int($0)] })
            }
        }
        random.shuffle(&subjects)
        // The widest subjects first, roughly: an account should need few of them.
        subjects.sort { $0.count / 20 > $1.count / 20 }
        var used: Set<TextID> = []
        var next = 0
        return (0..<count).map { _ in
            var own: [TextID] = []
            while own.count < prompts, next < subjects.count {
                own += subjects[next].filter { used.insert($0).inserted }
                next += 1
            }
            if own.isEmpty { own = random.pick(subjects) }
            random.shuffle(&own)
            return Interests(Array(own.prefix(prompts)))
        }
    }
}
