import Exchanges
import Sketches
import Testing

@testable import Detection

@Suite struct ProfileSetTests {
    /// Profiles of accounts, each of a few exchanges that `part` marks.
    private static func profiles(_ accounts: [String], part: Int = 0) throws -> [AccountProfile] {
        let extractor = try SignalExtractor.make()
        return accounts.enumerated().map { number, account in
            extractor.profile(
                of: (0..<(1 + number % 5 * 12)).map { index in
                    Request(
                        account: account, id: "\(part)-\(index)",
                        seconds: 1_776_816_000 + Double(index * 3000 + part),
                        text: "question \(index % 7) of part \(part)")
                }, account: account)
        }
    }

    private static func serialized(_ set: ProfileSet) -> [[UInt8]] {
        set.indices.map { Array(set.bytes(at: $0)) }
    }

    /// Canonically equivalent ones, ones that begin alike up to and past eight bytes, ones beyond ASCII.
    private static let names = [
        "b", "a", "B", "", "a\0", "caf\u{e9}", "cafe\u{301}", "\u{fffd}", "\u{1f600}", "\u{e000}",
        "accounts", "accounts1", "accounts10", "accounts2", "account",
    ]

    @Test func `accounts are in the order of their names' bytes`() throws {
        var random = SplitMix(seed: 1)
        let profiles = try Self.profiles(Self.names).shuffled(using: &random)
        let ordered = Self.names.map { Array($0.utf8) }
            .sorted { $0.lexicographicallyPrecedes($1) }
        #expect(ProfileSet(profiles).map { Array($0.account.utf8) } == ordered, "seed 1")
        let heads = ProfileSet(profiles)
        #expect(heads.indices.map { Array(heads.head(at: $0).account) } == ordered, "seed 1")
    }

    @Test func `an element is the profile that was put in, and its head says the same`() throws {
        let profiles = try Self.profiles(Self.names)
        let set = ProfileSet(profiles)
        for (position, profile) in set.enumerated() {
            let own = try #require(
                profiles.first { $0.account.utf8.elementsEqual(profile.account.utf8) })
            #expect(profile == own)
            #expect(Array(set.bytes(at: position)) == own.serialized)
            let head = set.head(at: position)
            #expect(head.exchanges == own.exchanges)
            #expect(head.firstMicroseconds == own.firstMicroseconds)
            #expect(head.lastMicroseconds == own.lastMicroseconds)
        }
        #expect(set.byteCount == profiles.reduce(0) { $0 + $1.serialized.count })
        #expect(set.times?.first == profiles.map(\.firstMicroseconds).min())
        #expect(set.times?.last == profiles.map(\.lastMicroseconds).max())
        #expect(ProfileSet().times == nil)
    }

    @Test(arguments: UInt64(1)...8)
    func `any grouping and order of sets merges to the bytes that profiles merge to`(
        seed: UInt64
    ) throws {
        var random = SplitMix(seed: seed)
        var expected: [[UInt8]: AccountProfile] = [:]
        var sets: [ProfileSet] = []
        for part in 0..<6 {
            let accounts = Self.names.filter { _ in random.next() % 3 > 0 }
            let profiles = try Self.profiles(accounts, part: part)
            for profile in profiles {
                expected[
                    Array(profile.account.utf8), default: AccountProfile(account: profile.account)
                ].merge(profile)
            }
            sets.append(ProfileSet(profiles))
        }
        let whole = Self.serialized(ProfileSet(expected.values))
        #expect(Self.serialized(.merged(sets.shuffled(using: &random), threads: 3)) == whole)
        while sets.count > 1 {
            let left = sets.remove(at: Int.random(in: 0..<sets.count, using: &random))
            let place = Int.random(in: 0..<sets.count, using: &random)
            let pair = [left, sets[place]].shuffled(using: &random)
            sets[place] = .merged(pair, threads: 1 + Int(random.next() % 2))
        }
        #expect(Self.serialized(sets[0]) == whole, "seed \(seed)")
    }

    @Test func `dealt sets hold each account once, the same one always in the same place`() throws {
        let accounts = (0..<200).map { "account \($0)" }
        let set = ProfileSet(try Self.profiles(accounts))
        let dealt = set.dealt(over: 7)
        #expect(dealt.count == 7)
        #expect(dealt.allSatisfy { !$0.isEmpty })
        #expect(dealt.reduce(0) { $0 + $1.count } == set.count)
        #expect(ProfileSet.merged(dealt.reversed()) == set)
        let others = ProfileSet(try Self.profiles(Array(accounts.prefix(60)), part: 1)).dealt(
            over: 7)
        for (own, other) in zip(dealt, others) {
            #expect(Set(other.map(\.account)).isSubset(of: own.map(\.account)))
        }
        #expect(set.dealt(over: 1) == [set])
    }

    @Test func `what is joined shows in elements, not in bytes, and stays with the first set`()
        throws
    {
        var record = AccountRecord(account: "a")
        record.emailDomain = "mail.example"
        record.trusted = true
        var table = AccountTable()
        table.records["a"] = record
        let plain = ProfileSet(try Self.profiles(["a", "b"]))
        var joined = plain
        joined.join(table)
        #expect(joined.map(\.facts.emailDomain) == ["mail.example", ""])
        #expect(joined.map(\.facts.trusted) == [true, false])
        #expect(joined == plain)
        #expect(plain.map(\.facts.emailDomain) == ["", ""])
        let more = ProfileSet(try Self.profiles(["c"]))
        #expect(
            ProfileSet.merged([joined, more]).map(\.facts.emailDomain) == ["mail.example", "", ""])
        #expect(ProfileSet.merged([more, joined]).allSatisfy { !$0.facts.trusted })
        #expect(joined.dealt(over: 2).joined().count { $0.facts.trusted } == 1)
    }

    // MARK: Bytes from elsewhere

    private static func read(_ profiles: [[UInt8]], count: Int? = nil) throws -> ProfileSet {
        var writer = ByteWriter()
        for profile in profiles {
            writer.varint(UInt64(profile.count))
            profile.withUnsafeBytes { writer.raw($0) }
        }
        let block = writer.bytes.withUnsafeBytes { ByteBlock(copying: $0) }
        var reader = ByteReader(block.bytes, owner: block)
        return try ProfileSet(
            from: &reader, count: count ?? profiles.count, block: block, threads: 2)
    }

    @Test func `bytes in order are taken as they are`() throws {
        let set = ProfileSet(try Self.profiles(Self.names))
        #expect(try Self.read(Self.serialized(set)) == set)
    }

    @Test func `bytes out of order, twice, cut or of no profile are refused`() throws {
        let bytes = Self.serialized(ProfileSet(try Self.profiles(["a", "b", "c"])))
        let isInvalid = { (what: String) in
            { @Sendable (error: any Error) -> Bool in
                if case .invalid(what, _)? = error as? ByteCodingError { true } else { false }
            }
        }
        let order = isInvalid("order of accounts")
        #expect(throws: ByteCodingError.self) { try Self.read(bytes, count: 4) }
        #expect { try Self.read([bytes[0], bytes[2], bytes[1]]) } throws: { order($0) }
        #expect { try Self.read([bytes[0], bytes[0]]) } throws: { order($0) }
        let isProfile = isInvalid("profile")
        #expect { try Self.read([bytes[0] + [0]]) } throws: { isProfile($0) }
        #expect { try Self.read([[]]) } throws: { isProfile($0) }
        #expect(throws: ByteCodingError.self) { try Self.read([Array(bytes[1].dropLast())]) }
    }
}
