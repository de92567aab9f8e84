/// Everything that will happen in a world, before any of it is put into words.
///
/// Populations add accounts, sessions and events; `World` sorts the events and renders them. Sessions are rendered from
/// their seeds, so no answer is held in memory.
final class WorldPlan {
    struct Group {
        var name: String
        var isCampaign: Bool
    }

    let settings: WorldSettings
    let corpus: Corpus
    let pool: TextPool
    /// First and last moment of the world.
    let start: Int64
    let end: Int64
    /// When `Model.new` comes out.
    let release: Int64
    /// What honest and campaign volumes are multiplied by to reach the wanted total.
    let honestScale: Double
    let campaignScale: Double
    var networks: Networks
    var clients = Clients()
    var accounts: [Account] = []
    var groups: [Group] = []
    var styles: [Style] = []
    var templates: [[Piece]] = [[.body]]
    var toolsets: [[String]] = [[]]
    var turns: [Turn] = []
    var sessions: [Session] = []
    var events: [Event] = []
    /// How many prompts campaigns have taken from each harvest-like set: bare ones under twice the set's index, wrapped
    /// ones under the next number.
    var harvested: [Int: Int] = [:]
    private var usedIDs: Set<String> = []
    private var identifiers: Random
    private var faults: Random

    init(
        _ settings: WorldSettings, corpus: Corpus, pool: TextPool, honestScale: Double,
        campaignScale: Double
    ) {
        self.settings = settings
        self.corpus = corpus
        self.pool = pool
        self.honestScale = honestScale
        self.campaignScale = campaignScale
        start = settings.start * second
        end = start + Int64(settings.days) * day
        var random = Random(seed: settings.seed, stream: "calendar")
        release =
            start + Int64(Double(settings.days) * random.uniform(0.4...0.7)) * day
            + Int64(random.uniform(14...19) * 3600) * second
        networks = Networks(seed: settings.seed)
        identifiers = Random(seed: settings.seed, stream: "identifiers")
        faults = Random(seed: settings.seed, stream: "faults")
    }

    func random(_ stream: String) -> Random { Random(seed: settings.seed, stream: stream) }

    func addGroup(_ name: String, isCampaign: Bool) -> Int32 {
        if !isCampaign, let known = groups.firstIndex(where: { $0.name == name && !$0.isCampaign })
        {
            return Int32(known)
        }
        groups.append(Group(name: name, isCampaign: isCampaign))
        return Int32(groups.count - 1)
    }

    func addAccount(_ account: Account) -> Int32 {
        accounts.append(account)
        return Int32(accounts.count - 1)
    }

    /// A fresh account identifier that says nothing of the account.
    func newAccountID() -> String {
        while true {
            let id = "acct_" + identifiers.hex(10)
            if usedIDs.insert(id).inserted { return id }
        }
    }

    func addStyle(_ style: Style) -> Int32 {
        styles.append(style)
        return Int32(styles.count - 1)
    }

    /// A template from text with `{body}`, `{second}` and `{answer}` in it.
    func addTemplate(_ text: String) -> Int32 {
        var pieces: [Piece] = []
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            let slots: [(String, Piece)] = [
                ("{body}", .body), ("{second}", .second), ("{answer}", .answer(320)),
            ]
            guard let slot = slots.first(where: { rest[open...].hasPrefix($0.0) }) else {
                let next = rest.index(after: open)
                pieces.append(.text(pool.intern(String(rest[..<next]))))
                rest = rest[next...]
                continue
            }
            pieces.append(.text(pool.intern(String(rest[..<open]))))
            pieces.append(slot.1)
            rest = rest[rest.index(open, offsetBy: slot.0.count)...]
        }
        pieces.append(.text(pool.intern(String(rest))))
        templates.append(pieces)
        return Int32(templates.count - 1)
    }

    func addToolset(_ names: [String]) -> Int {
        if let known = toolsets.firstIndex(of: names) { return known }
        toolsets.append(names)
        return toolsets.count - 1
    }

    /// Adds a session with one event for each moment of `times`; what would begin
    /// before the account was made or outside the world is dropped.
    /// - Returns: the session's index, or -1 when it has no event.
    @discardableResult
    func addSession(
        account: Int32, style: Int32, turns script: [Turn], times: [Int64], seat: Seat,
        habit: ModelHabit, foreign: Int32 = -1, status: UInt16 = 200, _ random: inout Random
    ) -> Int32 {
        guard let first = times.first, first >= max(start, accounts[Int(account)].created),
            first < end
        else { return -1 }
        let (address, client) = place(seat, at: first, &random)
        let session = Int32(sessions.count)
        let firstTurn = Int32(turns.count)
        turns.append(contentsOf: script)
        sessions.append(
            Session(
                seed: random.next(), account: account, style: style, firstTurn: firstTurn,
                turnCount: Int32(script.count), foreign: foreign))
        let model =
            styles[Int(style)].endpoint == .embeddings ? Model.embed : habit.model(at: first)
        for (turn, time) in times.enumerated() where turn < script.count && time < end {
            var event = Event(
                time: time / 1000 * 1000, session: session, turn: Int32(turn), address: address,
                client: client, model: model, status: status == 200 ? fault() : status)
            events.append(event)
            // Nobody goes on from an answer that never came: what fails in a conversation is tried again.
            let goesOn = script.count > 1 || styles[Int(style)].passesThinking
            guard event.status != 200, status == 200, goesOn || random.chance(0.4) else { continue }
            let next = turn + 1 < times.count ? times[turn + 1] : Int64.max
            event.time += min(1500, (next - time) / 2000) * 1000
            event.status = 200
            event.isRetry = true
            if event.time < end { events.append(event) }
        }
        return session
    }

    private func place(_ seat: Seat, at time: Int64, _ random: inout Random) -> (
        AddressID, ClientID
    ) {
        let client =
            seat.clients.count > 1 && random.chance(0.15)
            ? random.pick(seat.clients) : seat.clients[0]
        if let network = seat.rotating.isEmpty ? nil : random.pick(seat.rotating) {
            return (networks.address(in: network), client)
        }
        if seat.roaming >= 0 && random.chance(seat.roamingShare) {
            return (networks.address(in: seat.roaming), client)
        }
        if seat.leaseDays == 0 { return (random.pick(seat.addresses), client) }
        let lease = Int(time / day) / seat.leaseDays
        return (seat.addresses[lease % seat.addresses.count], client)
    }

    /// What anybody's requests meet now and then: limits, overload, bad input.
    private func fault() -> UInt16 {
        let draw = faults.unit()
        if draw < 0.984 { return 200 }
        if draw < 0.991 { return 429 }
        if draw < 0.996 { return 529 }
        return draw < 0.998 ? 500 : 400
    }
}
