import Exchanges
import Testing

@testable import Detection

/// Small crowds of hand-made accounts over thirty days.
struct Crowd {
    static let start = 1_776_816_000.0
    static let day = 86_400.0
    private static let topics = 30

    var random: SplitMix
    private let extractor: SignalExtractor
    private(set) var profiles: [AccountProfile] = []

    /// How many profiles each account's requests are dealt out to before they are merged.
    private let parts: Int

    init(seed: UInt64, parts: Int = 1) throws {
        self.parts = parts
        random = SplitMix(seed: seed)
        extractor = try SignalExtractor.make()
    }

    /// A prompt of twelve words of one topic.
    mutating func prompt(topic: Int) -> String {
        (0..<12).map { _ in Self.word(topic * 40 + Int(random.next() % 40)) }
            .joined(separator: " ")
    }

    mutating func anyTopic() -> Int { Int(random.next() % UInt64(Self.topics)) }

    private static func word(_ number: Int) -> String {
        var rest = number + 700
        var text = ""
        while rest > 0 {
            text += ["ba", "de", "ki", "lo", "mu", "ra", "se", "ti", "vo", "zu"][rest % 10]
            rest /= 10
        }
        return text
    }

    /// Adds an account of `count` requests between two days; `shape` sets what is special about each request.
    mutating func add(
        _ name: String, count: Int, days: ClosedRange<Double>, created: Double,
        prompt: (inout Crowd, Int) -> String, shape: (inout Request) -> Void = { _ in }
    ) {
        let requests = (0..<count).map { index in
            let at = Double.random(in: days, using: &random)
            var request = Request(
                account: name, id: "\(name)-\(index)", seconds: Self.start + at * Self.day,
                text: prompt(&self, index))
            request.created = Self.start + created * Self.day
            shape(&request)
            return request
        }
        var profile = AccountProfile(account: name)
        for part in (0..<parts).reversed() {
            let own = requests.indices.filter { $0 % parts == part }.map { requests[$0] }
            profile.merge(extractor.profile(of: own, account: name))
        }
        profiles.append(profile)
    }

    /// Independent people: two topics each, volumes over a factor of ten, sign-ups over two years.
    mutating func addPeople(_ count: Int) {
        for index in 0..<count {
            let own = [anyTopic(), anyTopic()]
            let volume = Int(exp2(Double.random(in: 3.5...6.5, using: &random)))
            let created = Double.random(in: -700...0, using: &random)
            let address = "10.\(index).0.1"
            add("person\(100 + index)", count: volume, days: 0...30, created: created) {
                $0.prompt(topic: own[$1 % 2])
            } shape: {
                $0.address = address
                $0.payment = "card\(address)"
            }
        }
    }

    /// A clean hydra: equal volumes, the same ten topics, made and started within a day; nothing else shared.
    mutating func addHydra(
        _ size: Int, name: String = "worker", count: Int = 40, from: Double = 10,
        client: String = "", organization: String = ""
    ) {
        for index in 0..<size {
            let created = Double.random(in: from - 1.0...from - 0.2, using: &random)
            add("\(name)\(100 + index)", count: count, days: from...from + 8, created: created) {
                crowd, _ in
                // A task collection of its own, gone through by all workers alike.
                let topic = Self.topics + Int(crowd.random.next() % 10)
                return crowd.prompt(topic: topic)
            } shape: {
                $0.address = "172.\(index).0.1"
                $0.payment = "\(name)\(index)"
                $0.userAgent = client
                $0.organization = organization
            }
        }
    }

    /// Devices of one owner: used as evenly as a hydra, under one card and one mail domain.
    mutating func addFleet(_ count: Int, cards: Int = 1, domain: String = "devices.example") {
        addHydra(count)
        for index in profiles.indices where profiles[index].account.hasPrefix("worker") {
            var record = AccountRecord(account: profiles[index].account)
            record.paymentFingerprint = "fleet\(index % cards)"
            record.emailDomain = domain
            profiles[index].join(record)
        }
    }

    /// Gives accounts a mail domain, as the provider's account table would.
    mutating func mail(_ domain: String, to prefix: String) {
        for index in profiles.indices where profiles[index].account.hasPrefix(prefix) {
            var record = AccountRecord(account: profiles[index].account)
            record.emailDomain = domain
            profiles[index].join(record)
        }
    }

    /// Marks accounts as the provider's account table would.
    mutating func trust(_ prefix: String) {
        for index in profiles.indices where profiles[index].account.hasPrefix(prefix) {
            var record = AccountRecord(account: profiles[index].account)
            record.trusted = true
            profiles[index].join(record)
        }
    }

    private func exp2(_ x: Double) -> Double {
        var value = 1.0
        for _ in 0..<Int(x) { value *= 2 }
        return value * (1 + x - x.rounded(.down))
    }

    /// The profiles as a scan would give them.
    var set: ProfileSet { ProfileSet(profiles) }

    func judged(threads: Int = 1) -> Judgement {
        Judge(settings: JudgeSettings(threads: threads)).judge(set)
    }

    func accused() -> Set<String> {
        Set(judged().accounts.filter { $0.verdict == .distillation }.map(\.account))
    }
}

extension Population {
    /// The accounts whose names begin so.
    func positions(_ prefix: String) -> [Int] {
        profiles.indices.filter { profiles[$0].account.hasPrefix(prefix) }
    }
}

@Suite struct JudgeTests {
    @Test func `devices of one owner in the open are not accused, those behind several cards are`()
        throws
    {
        var crowd = try Crowd(seed: 3)
        crowd.addPeople(50)
        crowd.addFleet(20)
        #expect(crowd.accused().isEmpty, "seed 3")
        #expect(crowd.judged().campaigns.map(\.verdict) == [.suspicious], "seed 3")
        crowd = try Crowd(seed: 3)
        crowd.addPeople(50)
        crowd.addFleet(20, cards: 4)
        #expect(crowd.accused().count == 20, "seed 3")
    }

    @Test func `one card with a free mail provider is not in the open`() throws {
        var crowd = try Crowd(seed: 3)
        crowd.addPeople(50)
        crowd.mail("mail.example", to: "person")
        crowd.addFleet(20, domain: "mail.example")
        #expect(crowd.accused().count == 20, "seed 3")
    }

    /// Two hydras over one collection, of which one asks five times as much, weeks later and through a client of its
    /// own: it is found by that client, and only then does the other one stand out.
    @Test func `two campaigns with one source of prompts are both found`() throws {
        var crowd = try Crowd(seed: 9)
        crowd.addPeople(60)
        crowd.addHydra(16)
        crowd.addHydra(16, name: "second", count: 200, from: 22, client: "script/2")
        let accused = crowd.accused()
        #expect(accused.count { $0.hasPrefix("worker") } == 16, "seed 9")
        #expect(accused.count { $0.hasPrefix("second") } == 16, "seed 9")
        #expect(accused.count == 32, "seed 9")
    }

    @Test func `a campaign is flagged on its first exchanges`() throws {
        var crowd = try Crowd(seed: 1)
        crowd.addPeople(50)
        crowd.addHydra(20, count: 400)
        let campaign = try #require(crowd.judged().campaigns.first)
        let before = campaign.exchangesBeforeFlag
        #expect(campaign.exchanges == 8000, "seed 1")
        // A uniform sample alone would have some three exchanges an account by then.
        #expect(before < 1600, "seed 1: \(before)")
        #expect(before >= 100, "seed 1")
    }

    @Test func `neither threads nor the order of profiles change a judgement`() throws {
        var crowd = try Crowd(seed: 1)
        crowd.addPeople(50)
        crowd.addHydra(20)
        var random = SplitMix(seed: 2)
        func lines(_ profiles: ProfileSet, threads: Int) -> [String] {
            let judgement = Judge(settings: JudgeSettings(threads: threads)).judge(profiles)
            return judgement.accounts.map { "\($0)" } + judgement.campaigns.map { "\($0)" }
                + judgement.cleared.map { "\($0)" }
        }
        let expected = lines(crowd.set, threads: 1)
        #expect(expected.count > 70, "seed 1")
        #expect(lines(crowd.set, threads: 4) == expected, "seed 1")
        for threads in [1, 4] {
            let halves = [0, 1].map { half in
                ProfileSet(
                    crowd.profiles.enumerated().filter { $0.offset % 2 == half }.map(\.element)
                        .shuffled(using: &random))
            }
            #expect(
                lines(.merged(halves.reversed(), threads: threads), threads: threads) == expected,
                "seed 1")
        }
    }

    @Test(arguments: [UInt64(1), 2]) func `a clean hydra is accused, whole and alone`(
        seed: UInt64
    ) throws {
        var crowd = try Crowd(seed: seed)
        crowd.addPeople(50)
        crowd.addHydra(20)
        #expect(crowd.accused() == Set((0..<20).map { "worker\(100 + $0)" }), "seed \(seed)")
    }

    @Test(arguments: [UInt64(1), 2, 3]) func `independent people are not accused`(
        seed: UInt64
    ) throws {
        var crowd = try Crowd(seed: seed)
        crowd.addPeople(60)
        #expect(crowd.accused().isEmpty, "seed \(seed)")
    }

    @Test func `a trusted account is not accused`() throws {
        var crowd = try Crowd(seed: 1)
        crowd.addPeople(50)
        crowd.addHydra(20)
        crowd.trust("worker")
        #expect(crowd.accused().isEmpty, "seed 1")
    }

    @Test func `profiles merged from parts give the same verdicts`() throws {
        var crowd = try Crowd(seed: 1)
        crowd.addPeople(50)
        crowd.addHydra(20)
        var split = try Crowd(seed: 1, parts: 3)
        split.addPeople(50)
        split.addHydra(20)
        let lines = [crowd, split].map { crowd in
            crowd.judged().accounts.map { "\($0.account) \($0.verdict) \($0.score) \($0.qValue)" }
        }
        #expect(lines[0] == lines[1], "seed 1")
    }

    @Test func `accounts of one organisation are not accused`() throws {
        var crowd = try Crowd(seed: 4)
        crowd.addPeople(50)
        crowd.addHydra(20, organization: "Example Ltd")
        #expect(crowd.accused().isEmpty, "seed 4")
    }

    @Test func `a course that works through the same prompts is not accused`() throws {
        var crowd = try Crowd(seed: 5)
        crowd.addPeople(50)
        let exercises = (0..<40).map { _ in
            let topic = crowd.anyTopic()
            return crowd.prompt(topic: topic)
        }
        for index in 0..<20 {
            crowd.add("student\(index)", count: 40, days: 10...18, created: 9.5) { _, number in
                exercises[number]
            }
        }
        #expect(crowd.accused().isEmpty, "seed 5")
    }

    @Test func `a vendor's customers with one template and own volumes are not accused`() throws {
        var crowd = try Crowd(seed: 6)
        crowd.addPeople(50)
        for index in 0..<20 {
            let topic = crowd.anyTopic()
            let count = Int.random(in: 10...90, using: &crowd.random)
            let created = Double.random(in: -300...0, using: &crowd.random)
            crowd.add("customer\(index)", count: count, days: 0...30, created: created) {
                crowd, _ in
                "You are the helpful desk of a shop. Answer this: " + crowd.prompt(topic: topic)
            }
        }
        #expect(crowd.accused().isEmpty, "seed 6")
    }

    @Test func `users of one plug-in are not accused`() throws {
        var crowd = try Crowd(seed: 7)
        crowd.addPeople(40)
        for index in 0..<20 {
            let own = [crowd.anyTopic(), crowd.anyTopic()]
            let count = Int.random(in: 10...90, using: &crowd.random)
            let created = Double.random(in: -700...0, using: &crowd.random)
            crowd.add("user\(index)", count: count, days: 0...30, created: created) {
                $0.prompt(topic: own[$1 % 2])
            } shape: {
                $0.system = "You are a plug-in. Be brief."
                $0.userAgent = "plugin/1.0"
            }
        }
        #expect(crowd.accused().isEmpty, "seed 7")
    }

    @Test func `accounts of few exchanges are inconclusive`() throws {
        var crowd = try Crowd(seed: 8)
        for index in 0..<30 {
            crowd.add("new\(index)", count: 3, days: 0...2, created: -1) { $0.prompt(topic: $1) }
        }
        #expect(crowd.judged().accounts.allSatisfy { $0.verdict == .inconclusive }, "seed 8")
    }
}
