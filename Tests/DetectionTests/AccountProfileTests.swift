import Exchanges
import Sketches
import Testing

@testable import Detection

@Suite struct AccountProfileTests {
    /// Requests with repeated times, ids, prompts and facts, so that ties and collisions occur.
    private static func requests(_ count: Int, _ random: inout SplitMix) -> [Request] {
        (0..<count).map { _ in
            var request = Request()
            request.id = "r\(random.next() % UInt64(max(2, count / 2)))"
            request.seconds += Double(random.next() % 40) * 7200
            request.text = "question \(random.next() % 90) about the \(random.next() % 30) things"
            request.system = random.next() % 3 == 0 ? "system \(random.next() % 12)" : ""
            request.address = "203.0.\(random.next() % 12).\(random.next() % 5)"
            request.userAgent = "client/\(random.next() % 12)"
            request.model = "m-\(random.next() % 10)"
            request.temperature = Double(random.next() % 12) / 10
            request.created = random.next() % 2 == 0 ? 1_770_000_000 : nil
            // Canonically equivalent, and different in bytes.
            request.organization = ["", "caf\u{e9}", "cafe\u{301}"].randomElement(using: &random)!
            request.earlierAnswers = Int(random.next() % 3)
            request.presented = random.next() % 2 == 0 ? "sig\(random.next() % 50)" : ""
            request.hasImage = random.next() % 4 == 0
            request.status = random.next() % 9 == 0 ? 429 : 200
            return request
        }
    }

    @Test(arguments: UInt64(1)...12, [5, 31, 32, 33, 120])
    func `any partition merged in any order gives the same bytes`(seed: UInt64, count: Int) throws {
        var random = SplitMix(seed: seed)
        let extractor = try SignalExtractor.make()
        var requests = Self.requests(count, &random)
        requests += requests.prefix(3)
        let whole = extractor.profile(of: requests).serialized
        var parts = [[Request]](repeating: [], count: Int.random(in: 1...7, using: &random))
        for request in requests.shuffled(using: &random) {
            parts[Int.random(in: 0..<parts.count, using: &random)].append(request)
        }
        var profiles = parts.map { extractor.profile(of: $0) }
        while profiles.count > 1 {
            let right = profiles.remove(at: Int.random(in: 0..<profiles.count, using: &random))
            profiles[Int.random(in: 0..<profiles.count, using: &random)].merge(right)
        }
        #expect(profiles[0].serialized == whole, "seed \(seed), \(count) requests")
    }

    @Test func `keeps its first exchanges, whatever order they come in`() throws {
        let requests = (0..<100).map { index in
            Request(
                id: "r\(index)", seconds: 1_776_816_000 + Double(index * 60), text: "p \(index)")
        }
        var random = SplitMix(seed: 5)
        let shuffled = requests.shuffled(using: &random)
        let extractor = try SignalExtractor.make()
        var profile = extractor.profile(of: Array(shuffled[..<40]))
        profile.merge(extractor.profile(of: Array(shuffled[40...])))
        let first = requests.prefix(AccountProfile.Limit.earliest)
        #expect(
            profile.earliest.map(\.timeMicroseconds)
                == first.map { Int64($0.seconds * 1_000_000) })
    }

    @Test(arguments: UInt64(1)...6) func `reads what it wrote`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let profile = try SignalExtractor.make().profile(of: Self.requests(70, &random))
        var reader = ByteReader(profile.serialized)
        #expect(try AccountProfile(from: &reader) == profile, "seed \(seed)")
        #expect(reader.isAtEnd, "seed \(seed)")
    }

    @Test func `a profile without exchanges is read as written`() throws {
        var reader = ByteReader(AccountProfile(account: "new").serialized)
        #expect(try AccountProfile(from: &reader) == AccountProfile(account: "new"))
    }

    @Test func `another version is refused`() {
        var bytes = AccountProfile(account: "a").serialized
        bytes[0] = AccountProfile.formatVersion + 1
        #expect(throws: ByteCodingError.invalid(what: "profile version", offset: 0)) {
            var reader = ByteReader(bytes)
            _ = try AccountProfile(from: &reader)
        }
    }

    @Test(arguments: UInt64(1)...6) func `damaged bytes never trap, nor merging what they gave`(
        seed: UInt64
    ) throws {
        var random = SplitMix(seed: seed)
        let whole = try SignalExtractor.make().profile(of: Self.requests(20, &random)).serialized
        for _ in 0..<150 {
            var damaged = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                damaged[Int.random(in: 0..<damaged.count, using: &random)] =
                    Bool.random(using: &random) ? 0xff : UInt8(truncatingIfNeeded: random.next())
            }
            var reader = ByteReader(damaged)
            guard var profile = try? AccountProfile(from: &reader) else { continue }
            profile.merge(profile)
            #expect(profile.samples.count <= AccountProfile.Limit.samples, "seed \(seed)")
        }
        for cut in stride(from: 0, to: whole.count, by: 7) {
            #expect(throws: ByteCodingError.self, "seed \(seed), cut at \(cut)") {
                var reader = ByteReader(Array(whole[..<cut]))
                _ = try AccountProfile(from: &reader)
            }
        }
    }

    /// `Limit` bounds the profile; this is the bound in bytes.
    @Test func `a profile stays small after thousands of exchanges`() throws {
        var random = SplitMix(seed: 3)
        let requests = (0..<5000).map { index in
            var request = Request(
                id: "request-\(index)", seconds: 1_776_816_000 + Double(index * 997))
            request.text = "p \(random.next()) \(index)"
            request.address = "198.51.\(index % 250).\(index % 199)"
            request.userAgent = "client/\(index)"
            return request
        }
        let bytes = try SignalExtractor.make().profile(of: requests).serialized
        #expect(bytes.count < 24_000, "seed 3")
    }

    /// 2^40 is the most that one exchange counts for, and 2^53 the most that a reader of profiles takes.
    @Test func `sums of impossible token counts stop where profiles can still be read`() throws {
        let extractor = try SignalExtractor.make()
        var random = SplitMix(seed: 6)
        var request = Request(text: "p")
        request.outputTokens = .max
        var parts = try (0..<3).map { part in
            var profile = AccountProfile(account: "acct")
            for index in 0..<5000 {
                request.id = "\(part) \(index)"
                request.withExchange {
                    profile.add($0, extractor.signals(of: $0), keepText: false)
                }
            }
            var reader = ByteReader(profile.serialized)
            return try AccountProfile(from: &reader)
        }
        parts.shuffle(using: &random)
        var whole = parts[0]
        whole.merge(parts[1])
        whole.merge(parts[2])
        var reader = ByteReader(whole.serialized)
        #expect(try AccountProfile(from: &reader).outputTokens == 1 << 53)
        var nested = parts[1]
        nested.merge(parts[2])
        nested.merge(parts[0])
        #expect(nested.serialized == whole.serialized, "seed 6")
    }

    @Test func `previews are masked unless text is asked for`() throws {
        let request = Request(text: "Schreib 12 Sätze über 漢字, ⅷ!")
        let extractor = try SignalExtractor.make()
        let masked = extractor.profile(of: [request]).samples[0].preview
        #expect(masked == "xxxxxxx 00 xxxxx xxxx xx, x!")
        let kept = extractor.profile(of: [request], keepText: true).samples[0].preview
        #expect(kept == request.text)
    }

    @Test func `few exchanges keep a preview`() throws {
        var random = SplitMix(seed: 4)
        let profile = try SignalExtractor.make().profile(of: Self.requests(60, &random))
        #expect(profile.samples.count { !$0.preview.isEmpty } == AccountProfile.Limit.previews)
    }
}
