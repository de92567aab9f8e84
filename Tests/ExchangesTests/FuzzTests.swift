import Exchanges
import Testing

/// SplitMix64: small, seeded, the same everywhere.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

@Suite struct FuzzTests {
    static let seed: UInt64 = 20_260_422

    /// No record goes without a trace, whatever stands in it.
    func check(_ record: [UInt8], _ decoder: RecordDecoder, isLast: Bool, _ note: String) {
        let outcome = decode(record, with: decoder, isLast: isLast)
        let isBlank = record.allSatisfy { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        let count = outcome.exchanges.count + outcome.faults.count + outcome.ignored
        #expect(isBlank ? count == 0 : count > 0, "\(note), seed \(Self.seed)")
        for exchange in outcome.exchanges {
            #expect(!exchange.account.isEmpty, "\(note), seed \(Self.seed)")
        }
    }

    @Test(arguments: LogFormat.allCases) func mutations(_ format: LogFormat) throws {
        let seedRecord = Array(try #require(Seeds.records[format]).utf8)
        let decoder = RecordDecoder(format: format)
        var random = SplitMix(state: Self.seed ^ UInt64(seedRecord.count))
        for length in stride(from: 0, to: seedRecord.count, by: 7) {
            check(Array(seedRecord[..<length]), decoder, isLast: true, "\(format) cut at \(length)")
        }
        let tokens = [
            "null", "true", "-1", "1e400", "[]", "{}", "\"\"", "\"\\ud800\"", "\"[{\"", "0",
        ]
        .map { Array($0.utf8) }
        for round in 0..<600 {
            var record = seedRecord
            for _ in 0...Int.random(in: 0...3, using: &random) {
                let place = Int.random(in: 0..<record.count, using: &random)
                switch Int.random(in: 0...5, using: &random) {
                case 0: record[place] = UInt8.random(in: 0...255, using: &random)
                case 1: record[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
                case 2: record[place] = 0
                case 3: record.remove(at: place)
                case 4: record.insert(contentsOf: [0xED, 0xA0, 0x80], at: place)
                default: swapValue(in: &record, from: place, tokens.randomElement(using: &random)!)
                }
                if record.isEmpty { break }
            }
            check(record, decoder, isLast: round % 2 == 0, "\(format) round \(round)")
        }
        // A decoder that has seen all this still reads what it should.
        #expect(decode(seedRecord, with: decoder).exchanges.count == 1)
    }

    /// Replaces the value after the next colon, up to the next comma or bracket.
    private func swapValue(in record: inout [UInt8], from place: Int, _ token: [UInt8]) {
        guard let colon = record[place...].firstIndex(of: UInt8(ascii: ":")) else { return }
        let stops = Array(",}]".utf8)
        let end = record[colon...].firstIndex { stops.contains($0) } ?? record.count
        record.replaceSubrange((colon + 1)..<end, with: token)
    }

    /// Every value in turn becomes each of the types.
    @Test(arguments: LogFormat.allCases) func typeSwaps(_ format: LogFormat) throws {
        let text = try #require(Seeds.records[format])
        let decoder = RecordDecoder(format: format)
        let tokens = ["null", "true", "-1", "0.5", "[]", "{}", "\"\"", "[[]]", "{\"a\":{}}"]
        let ranges = Self.scalars(Array(text.utf8))
        #expect(ranges.count > 5)
        for range in ranges {
            for token in tokens {
                var record = Array(text.utf8)
                record.replaceSubrange(range, with: token.utf8)
                let outcome = decode(record, with: decoder)
                #expect(!outcome.faults.contains { $0.reason == .notJSON }, "\(range) \(token)")
                check(record, decoder, isLast: false, "\(format) \(range) \(token)")
            }
        }
    }

    /// The scalar values of a JSON text: strings that follow a colon, and bare words.
    static func scalars(_ bytes: [UInt8]) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\"") {
                let start = index
                index += 1
                while bytes[index] != UInt8(ascii: "\"") {
                    index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
                }
                index += 1
                let isValue = bytes[..<start].last { $0 != 0x20 } == UInt8(ascii: ":")
                if isValue { found.append(start..<index) }
            } else if bytes[index] >= 0x30 && bytes[index] <= 0x39 || bytes[index] >= 0x61 {
                let start = index
                while !Array(",}] {[\"".utf8).contains(bytes[index]) { index += 1 }
                if start < index { found.append(start..<index) } else { index += 1 }
            } else {
                index += 1
            }
        }
        return found
    }

    /// What is done to a whole record and must give an exact reason, whatever the format.
    @Test(arguments: LogFormat.allCases) func knownOutcomes(_ format: LogFormat) throws {
        let text = try #require(Seeds.records[format])
        let bytes = Array(text.utf8)
        let decoder = RecordDecoder(format: format)
        func reasons(_ record: [UInt8]) -> [BadRecord.Reason] {
            decode(record, with: decoder).faults.map(\.reason)
        }
        func added(_ value: [UInt8]) -> [BadRecord.Reason] {
            var record = Array(bytes.dropLast())
            record += Array(",\"z\":".utf8)
            record += value
            record.append(UInt8(ascii: "}"))
            return reasons(record)
        }
        func quoted(_ content: [UInt8]) -> [UInt8] { [0x22] + content + [0x22] }
        #expect(reasons(bytes + bytes) == [.notJSON])
        #expect(reasons(bytes + [0]) == [.notJSON])
        #expect(reasons(Array(bytes.dropLast())) == [.notJSON])
        #expect(added(quoted(Array(#"\udfff"#.utf8))) == [.notUTF8])
        #expect(added(quoted(Array(#"\ud83d"#.utf8))) == [.notUTF8])
        #expect(added(quoted([0xC3, 0x28])) == [.notUTF8])
        #expect(added(quoted([0xED, 0xA0, 0x80])) == [.notUTF8])
        #expect(added(quoted([0])) == [.notJSON])
        let half = [UInt8](repeating: UInt8(ascii: "["), count: 200)
        #expect(added(half + [UInt8](repeating: UInt8(ascii: "]"), count: 200)) == [.tooDeep])
        #expect(added(Array("1e999".utf8)) == [.wrongType])
        #expect(decode(bytes + [0x20, 0x0D], with: decoder).exchanges.count == 1)
    }
}
