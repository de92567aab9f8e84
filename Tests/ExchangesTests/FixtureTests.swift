import Exchanges
import Foundation
import Testing

/// Logs written by the programs themselves, with what is known to be in them.
@Suite struct FixtureTests {
    struct Expected: Decodable {
        struct One: Decodable {
            var account: String
            var model: String
            var time: String
            var input_tokens: Int64?
            var output_tokens: Int64?
            var last_user_text_prefix: String
        }
        struct Totals: Decodable {
            var input_tokens: Int64
            var output_tokens: Int64
        }
        struct File: Decodable {
            var exchanges: Int
            var ignored: Int?
            var faults: [String: Int]
            var first: One?
            var last: One?
            var accounts: [String]?
            var totals: Totals?
            var time_tolerance_seconds: Double?
        }
        var files: [String: File]
    }

    struct Fixture: CustomStringConvertible, Sendable {
        let format: LogFormat
        let url: URL
        let expected: Expected.File
        var description: String { "\(format)/\(url.lastPathComponent)" }
    }

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Fixtures")

    static let fixtures: [Fixture] = LogFormat.allCases.flatMap { format -> [Fixture] in
        let folder = folder.appendingPathComponent(format.rawValue)
        guard let data = try? Data(contentsOf: folder.appendingPathComponent("expected.json"))
        else {
            return []
        }
        do {
            return try JSONDecoder().decode(Expected.self, from: data).files
                .sorted { $0.key < $1.key }
                .map {
                    Fixture(format: format, url: folder.appendingPathComponent($0), expected: $1)
                }
        } catch {
            preconditionFailure("\(format): \(error)")
        }
    }

    static func lines(of url: URL) throws -> [[UInt8]] {
        [UInt8](try Data(contentsOf: url)).split(separator: 0x0A).map(Array.init)
    }

    @Test(arguments: fixtures) func decodesAsExpected(_ fixture: Fixture) throws {
        let decoder = RecordDecoder(format: fixture.format)
        var all = Outcome()
        for line in try Self.lines(of: fixture.url) {
            let one = decode(line, with: decoder)
            all.exchanges += one.exchanges
            all.faults += one.faults
            all.ignored += one.ignored
        }
        let expected = fixture.expected
        #expect(all.exchanges.count == expected.exchanges)
        #expect(all.ignored == expected.ignored ?? 0)
        let faults = Dictionary(grouping: all.faults) { $0.reason.rawValue }.mapValues(\.count)
        #expect(faults == expected.faults)
        if let accounts = expected.accounts {
            #expect(Set(all.exchanges.map(\.account)) == Set(accounts))
        }
        if let totals = expected.totals {
            #expect(all.exchanges.reduce(0) { $0 + ($1.input ?? 0) } == totals.input_tokens)
            #expect(all.exchanges.reduce(0) { $0 + ($1.output ?? 0) } == totals.output_tokens)
        }
        let tolerance = expected.time_tolerance_seconds ?? 0
        if let first = expected.first {
            let match = all.exchanges.contains { Self.matches($0, first, tolerance) }
            #expect(match, "\(first) not in \(all.exchanges.first.map { "\($0)" } ?? "nothing")")
        }
        if let last = expected.last {
            let match = all.exchanges.contains { Self.matches($0, last, tolerance) }
            #expect(match, "\(last) not in \(all.exchanges.last.map { "\($0)" } ?? "nothing")")
        }
    }

    static func matches(_ exchange: Decoded, _ one: Expected.One, _ tolerance: Double) -> Bool {
        let user = exchange.messages.last { $0.hasPrefix("user: ") && $0.contains("text ") } ?? ""
        guard let time = time(one.time) else { return false }
        // A log that counts nothing for a failed call may say zero or leave the field out.
        return exchange.account == one.account && exchange.model == one.model
            && abs(Double(exchange.time - time)) <= tolerance * 1e6
            && exchange.input ?? 0 == one.input_tokens ?? 0
            && exchange.output ?? 0 == one.output_tokens ?? 0
            && (one.last_user_text_prefix.isEmpty || user.contains(one.last_user_text_prefix))
    }

    @Test(arguments: fixtures) func isDetected(_ fixture: Fixture) throws {
        var found: LogFormat?
        let lines = try Self.lines(of: fixture.url)
        withBuffers(Array(lines.prefix(20))) { found = RecordDecoder.detect($0) }
        #expect(found == fixture.format)
    }
}

/// Lends byte arrays as raw buffers.
func withBuffers(_ records: [[UInt8]], _ body: ([UnsafeRawBufferPointer]) -> Void) {
    func step(_ index: Int, _ buffers: [UnsafeRawBufferPointer]) {
        guard index < records.count else { return body(buffers) }
        records[index].withUnsafeBytes { step(index + 1, buffers + [$0]) }
    }
    step(0, [])
}

func time(_ text: String) -> Int64? {
    Array(text.utf8).withUnsafeBufferPointer { bytes in
        EventTime(rfc3339: ByteView(base: bytes.baseAddress, count: bytes.count))?.microseconds
    }
}
