import Detection
import Exchanges
import Foundation
import Testing

@testable import Scanning

@Suite struct StreamReaderTests {
    private static let rules = try! RuleSet(Rule.defaults)

    private static func line(_ account: String, _ text: String) -> String {
        #"{"time":"2026-04-22T00:00:01Z","account":{"id":"\#(account)"},"request":{"messages":[{"role":"user","content":"\#(text)"}]}}"#
    }

    /// What is taken after each of `writes`, and after the end.
    private func read(_ writes: [String], _ options: ScanOptions) throws -> [ScanResult] {
        let pipe = Pipe()
        let reader = try StreamReader(
            descriptor: pipe.fileHandleForReading.fileDescriptor, options: options,
            rules: Self.rules)
        var results: [ScanResult] = []
        for text in writes {
            try pipe.fileHandleForWriting.write(contentsOf: Data(text.utf8))
            try reader.read()
            results.append(try reader.take())
        }
        try pipe.fileHandleForWriting.close()
        while !reader.isAtEnd { try reader.read() }
        results.append(try reader.take())
        return results
    }

    @Test func `an incomplete line waits for its rest, the last one for the end`() throws {
        let first = Self.line("a", "one")
        let second = Self.line("b", "two")
        let found = try read(
            [String(first.prefix(40)), first.dropFirst(40) + "\n" + second], ScanOptions())
        #expect(found.map { $0.profiles.map(\.account) } == [[], ["a"], ["b"]])
        #expect(found.map(\.bytes) == [0, Int64(first.utf8.count + 1), Int64(second.utf8.count)])
    }

    @Test func `a line that is too long is counted once and what follows is read`() throws {
        let options = ScanOptions(maximumRecordBytes: 500)
        let long = String(repeating: "x", count: 700)
        let good = Self.line("a", "one") + "\n"
        let found = try read([good, long, long, long + "\n" + good], options)
        let bad = found.flatMap(\.bad)
        #expect(bad.map(\.reason) == [.tooLarge])
        #expect(bad.map(\.count) == [1])
        #expect(bad.map(\.offset) == [Int64(good.utf8.count)])
        #expect(found.reduce(0) { $0 + $1.exchanges } == 2)
    }

    @Test func `places of bad records count from the stream's beginning`() throws {
        let good = Self.line("a", "one") + "\n"
        let found = try read([good, "not json\n"], ScanOptions())
        #expect(found[1].bad.map(\.offset) == [Int64(good.utf8.count)])
    }
}
