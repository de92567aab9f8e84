/// Somebody with an account, habits and interests of their own.
struct Person {
    var account: Int32
    var country: Country
    var rhythm: Rhythm
    var seat: Seat
    var styles: [Int32]
    var interests: Interests
    var habit: ModelHabit
    /// Which edits this person's messages show; see `Turn.edit`.
    var voice: UInt8
    var from: Int64
}

/// How much and in what shape somebody writes.
struct Activity {
    /// Conversations on an active day.
    var sessionsPerDay: Double
    /// Chance that a day is active.
    var activeDays = 0.6
    /// Mean of the further turns in a conversation.
    var furtherTurns = 1.5
    /// Median seconds between turns.
    var turnSeconds = 70.0
    /// Template put around every message; zero for none.
    var template: Int32 = 0
    /// Chance that a message is edited by hand.
    var edits = 0.9
    /// Scales with the world's honest volume; cover traffic of campaigns does not.
    var isHonest = true
}

extension WorldPlan {
    /// A date of sign-up: two years of growing business, and some people who join during the world.
    func signUp(_ random: inout Random, newcomers: Double = 0.12) -> Int64 {
        if random.chance(newcomers) {
            return start + Int64(random.unit() * Double(end - start) * 0.8)
        }
        let age = 730 * (1 - random.unit().squareRoot())
        return start - Int64((age + 0.5) * Double(day))
    }

    func newAccount(
        _ group: Int32, _ country: Country, created: Int64, _ random: inout Random
    ) -> Account {
        var account = Account(id: newAccountID(), created: created, group: group)
        account.country = country.code
        let domains = [
            "gmail.com", "outlook.com", "icloud.com", "proton.me", "yahoo.com", "qq.com",
        ]
        account.emailDomain = domains[random.weighted([50, 20, 10, 8, 8, 4])]
        account.plan = ["free", "pro", "team", "payg"][random.weighted([45, 30, 5, 20])]
        if account.plan != "free" { account.payment = "pm_" + random.hex(12) }
        account.phone = random.chance(0.8) ? "ph_" + random.hex(10) : ""
        account.signupPath =
            ["web", "app", "referral", "startup", "education"][
                random.weighted([60, 20, 10, 4, 6])]
        return account
    }

    /// Somebody's own connection: a home line whose address changes, and often a phone.
    func homeSeat(_ country: Country, kinds: [ClientKind], _ random: inout Random) -> Seat {
        var addresses: [AddressID] = []
        let line = networks.residential(country)
        for _ in 0..<random.int(1...6) { addresses.append(networks.address(in: line)) }
        var installed: [ClientID] = []
        for _ in 0..<random.int(1...2) {
            installed.append(clients.draw(random.pick(kinds), &random))
        }
        var seat = Seat(clients: installed, addresses: addresses, leaseDays: random.int(2...14))
        if random.chance(0.45) {
            seat.roaming = networks.carrier(country)
            seat.roamingShare = random.uniform(0.05...0.5)
        }
        return seat
    }

    /// A seat in a data centre, as servers have.
    func serverSeat(_ kind: ClientKind, _ random: inout Random) -> Seat {
        let cloud = networks.cloud()
        let count = random.int(1...3)
        return Seat(
            clients: [clients.draw(kind, &random)],
            addresses: (0..<count).map { _ in networks.address(in: cloud) })
    }

    /// Which model somebody asks for; most who use the large one move to its successor within weeks.
    func modelHabit(_ random: inout Random, base: UInt8? = nil) -> ModelHabit {
        let drawn =
            base ?? [Model.small, Model.large, Model.reason][random.weighted([35, 50, 15])]
        let adopts =
            drawn == Model.large && random.chance(0.6)
            ? release + Int64(random.exponential(mean: 9) * Double(day)) : Int64.max
        return ModelHabit(base: drawn, adopts: adopts)
    }

    /// A personal habit of parameters; most people send few.
    func personalStyle(_ random: inout Random) -> Style {
        var style = Style()
        if random.chance(0.5) {
            style.parameters.temperature = random.pick([
                0, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 1, 1.2,
            ])
        }
        if random.chance(0.2) { style.parameters.topP = random.pick([0.8, 0.9, 0.95, 1]) }
        if random.chance(0.6) {
            style.parameters.maxTokens = random.pick([
                256, 512, 800, 1000, 1024, 1500, 2048, 4096, 8192,
            ])
        }
        if random.chance(0.6) { style.parameters.stream = random.chance(0.7) }
        style.answerBytes = random.int(160...800)
        if random.chance(0.3) {
            style.system = pool.intern(SystemPrompts.personal(&random))
        }
        return style
    }

    /// Makes a person of `group` with everything personal drawn at random.
    func person(
        _ group: Int32, kinds: [ClientKind], sets: [Int]? = nil, topics: ClosedRange<Int> = 2...6,
        country chosen: Country? = nil, created: Int64? = nil, office: Double = 0.4,
        _ random: inout Random
    ) -> Person {
        let country = chosen ?? Country.draw(&random)
        let born = created ?? signUp(&random)
        let account = newAccount(group, country, created: born, &random)
        let sources = sets ?? organicSets(country.language, &random)
        let style = personalStyle(&random)
        return Person(
            account: addAccount(account), country: country,
            rhythm: .person(&random, zone: country.hours, office: office),
            seat: homeSeat(country, kinds: kinds, &random), styles: [addStyle(style)],
            interests: interests(sources, topics: random.int(topics), &random),
            habit: modelHabit(&random), voice: UInt8(truncatingIfNeeded: random.next()),
            from: max(start, born))
    }

    /// Lets `person` live from `from` to `to`.
    func live(
        _ person: inout Person, _ activity: Activity, from: Int64? = nil, to: Int64? = nil,
        _ random: inout Random
    ) {
        let begin = max(from ?? person.from, person.from)
        let finish = to ?? end
        guard begin < finish else { return }
        let zone = Int64(person.rhythm.zone * 3600) * second
        let before = sessions.count
        let scale = activity.isHonest ? honestScale : campaignScale
        for dayNumber in Int((begin + zone) / day)...Int((finish + zone) / day) {
            let weekly = Rhythm.isWeekend(dayNumber) ? person.rhythm.weekend : 1
            if !random.chance(min(0.97, activity.activeDays * weekly.squareRoot())) { continue }
            let mean =
                activity.sessionsPerDay * weekly.squareRoot() * scale
                * random.logNormal(median: 0.85, sigma: 0.55)
            for _ in 0..<random.poisson(mean) {
                let moment = person.rhythm.moment(onDay: dayNumber, &random)
                if moment < begin || moment >= finish { continue }
                converse(&person, activity, at: moment, &random)
            }
        }
        // Most of those whom chance would leave silent look in once.
        if sessions.count == before && to == nil && activity.isHonest && random.chance(0.85) {
            let moment = begin + Int64(random.unit() * 0.95 * Double(finish - begin))
            converse(&person, activity, at: moment, &random)
        }
    }

    /// One conversation of `person`, as long as its text stays below about nine kilobytes.
    func converse(
        _ person: inout Person, _ activity: Activity, at moment: Int64, _ random: inout Random
    ) {
        let style = random.pick(person.styles)
        let shape = styles[Int(style)]
        var script: [Turn] = []
        var times: [Int64] = []
        var time = moment
        var size = pool.length(shape.system)
        let further = activity.furtherTurns
        repeat {
            let turn = message(&person, activity, &random)
            script.append(turn)
            times.append(time)
            size += pool.length(turn.body) + pool.length(turn.second) + shape.answerBytes
            time += Int64(
                random.logNormal(median: activity.turnSeconds, sigma: 0.9) * Double(second))
        } while random.chance(further / (1 + further)) && size < 9000
        addSession(
            account: person.account, style: style, turns: script, times: times, seat: person.seat,
            habit: person.habit, &random)
    }

    private func message(
        _ person: inout Person, _ activity: Activity, _ random: inout Random
    ) -> Turn {
        var turn = Turn(body: person.interests.next(&random), template: activity.template)
        if random.chance(activity.edits) {
            turn.edit = Edit.draw(voice: person.voice, &random)
            if random.chance(0.12) { turn.second = person.interests.next(&random) }
        }
        return turn
    }
}
