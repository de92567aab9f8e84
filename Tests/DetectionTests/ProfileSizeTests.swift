import Sketches
import Testing

@testable import Detection

/// How many bytes a profile takes at most. `AccountProfile.Limit` bounds each part; the account's name, which a log bounds,
/// comes on top.
@Suite struct ProfileSizeTests {
    /// Longest varints of a 32-bit count, of a counter (2^53), of a time (2^60 and its sign).
    private static let count32 = 5
    private static let counter = 8
    private static let time = 9

    private static func sketch(_ k: Int, named: Bool = false) -> Int {
        2 + k * (8 + count32 + (named ? 1 + AccountProfile.nameLimit : 1))
    }

    private static let signals = time + 8 + count32 + 1 + 2 * 24

    /// The sum over all parts, each at its largest.
    private static let largest: Int = {
        typealias Limit = AccountProfile.Limit
        let head = 1 + 1 + counter + 2 * time + 10 * counter
        let categories = 1 + Category.allCases.count * count32
        let facts = 1 + time + 7 * (1 + AccountProfile.nameLimit)
        // Hours of one century differ by two bytes or three: by three at most once in 8,192 hours.
        let hours = 1 + 2 + 4 + Limit.hours * (2 + count32) + 100 * 8766 / 8192
        let sample =
            8 + time + 4 * 8 + count32 + 3 * 4 + 3 * count32 + 4 * 4 + 1 + 2 * 24 + 1
            + AccountProfile.idLimit + 1
        let previews = Limit.previews * (1 + 4 * AccountProfile.previewLimit)
        let samples = 1 + Limit.samples * sample + previews
        let further = 1 + Limit.furtherSamples * (8 + signals)
        let earliest = 1 + Limit.earliest * signals
        let content = ContentBins.count * count32
        let unnamed =
            sketch(Limit.prompts) + 2 * sketch(Limit.artefacts) + sketch(Limit.conversations)
            + 2 * sketch(Limit.signatures)
        let named =
            4 * sketch(Limit.artefacts, named: true) + sketch(Limit.addresses, named: true)
        return head + categories + facts + hours + samples + further + earliest + content + unnamed
            + named
    }()

    /// Every part full, every name as long as is kept, every count as large as can be.
    private static func fullest() throws -> AccountProfile {
        var random = SplitMix(seed: 1)
        let extractor = try SignalExtractor.make([
            Rule(id: "every", category: .probing, pattern: "x")
        ])
        var profile = AccountProfile(account: "")
        // Digits do not tell words apart.
        func word(_ number: UInt64) -> String {
            "x"
                + String(
                    decoding: String(number).utf8.map {
                        $0 - UInt8(ascii: "0") + UInt8(ascii: "a")
                    },
                    as: UTF8.self)
        }
        for index in 0..<3000 {
            func long(_ what: String) -> [UInt8] {
                Array((what + "\(random.next())" + String(repeating: "n", count: 200)).utf8)
            }
            var exchange = RawExchange(account: [])
            // The hours of a century, many apart.
            exchange.microseconds = 1_420_070_400_000_000 + Int64(index % 1100) * 2_000_000_000_000
            exchange.id = long("id")
            exchange.text = Array(
                ((0..<60).map { _ in word(random.next()) }.joined(separator: " ")).utf8)
            // A preview of characters of four bytes.
            exchange.text = Array(String(repeating: "\u{1f600} ", count: 100).utf8) + exchange.text
            exchange.system = long("system")
            exchange.conversation = long("conversation")
            exchange.address = Array(long("2001:").prefix(200))
            exchange.userAgent = long("client")
            exchange.tlsFingerprint = long("tls")
            exchange.model = long("model")
            exchange.facts = (0..<6).map { long("fact \($0)") }
            exchange.created = 1_420_070_400_000_000
            exchange.outputTokens = 1 << 40
            exchange.inputTokens = 1 << 40
            exchange.reasoningTokens = 1 << 40
            exchange.temperature = Double(index)
            exchange.presented = [long("presented")]
            exchange.issued = [long("issued")]
            exchange.withExchange {
                profile.add($0, extractor.signals(of: $0), keepText: true)
            }
        }
        profile.facts.phone = String(repeating: "p", count: AccountProfile.nameLimit)
        profile.facts.trusted = true
        // Counts double up to their largest.
        for _ in 0..<33 { profile.merge(profile) }
        return profile
    }

    @Test func `the largest profile takes 43 KB at most, and that bound is close`() throws {
        let bytes = try Self.fullest().serialized
        #expect(Self.largest <= 43_000, "\(Self.largest)")
        #expect(bytes.count <= Self.largest, "\(bytes.count) of \(Self.largest), seed 1")
        #expect(Double(bytes.count) >= 0.8 * Double(Self.largest), "\(bytes.count), seed 1")
        var reader = ByteReader(bytes)
        #expect(try AccountProfile(from: &reader).serialized == bytes, "seed 1")
    }

    /// What follows from a sample of every exchange is not written: it would be more than the sample itself.
    @Test(arguments: [1, 2, 31, 32, 33])
    func `a profile of few exchanges is its sample and is read back whole`(count: Int) throws {
        var random = SplitMix(seed: UInt64(count))
        let extractor = try SignalExtractor.make()
        var profile = AccountProfile(account: "acct")
        for _ in 0..<count {
            RawExchange.any(of: Array("acct".utf8), &random).withExchange {
                profile.add($0, extractor.signals(of: $0), keepText: false)
            }
        }
        let bytes = profile.serialized
        var reader = ByteReader(bytes)
        let read = try AccountProfile(from: &reader)
        #expect(reader.isAtEnd)
        #expect(read == profile, "seed \(count)")
        #expect(read.earliest == profile.earliest && read.earliest.count == min(count, 32))
        #expect(read.prompts == profile.prompts && read.systems == profile.systems)
        #expect(read.parameters == profile.parameters && !read.parameters.entries.isEmpty)
        // Content counts take a byte a bin or more.
        let sampleBytes = profile.samples.reduce(0) { sum, sample in
            var writer = ByteWriter()
            sample.write(to: &writer)
            return sum + writer.bytes.count
        }
        var rest = ByteWriter()
        for sketch in [
            profile.conversations, profile.userAgents, profile.addresses, profile.networks,
            profile.tlsFingerprints, profile.models, profile.issuedSignatures,
            profile.presentedSignatures,
        ] { sketch.write(to: &rest) }
        profile.facts.write(to: &rest)
        profile.hours.write(to: &rest)
        let others = bytes.count - sampleBytes - rest.bytes.count
        #expect(count > 32 ? others > ContentBins.count : others < 150, "\(others), seed \(count)")
    }
}
