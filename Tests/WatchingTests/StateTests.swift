import Detection
import Exchanges
import Foundation
import Scanning
import Sketches
import Testing

@testable import Watching

@Suite struct StateTests {
    private static let line =
        #"{"time":"2026-04-22T00:00:01Z","account":{"id":"a"},"request":{"messages":[{"role":"user","content":"one"}]}}"#
        + "\n"

    private func begun(_ options: ScanOptions = ScanOptions()) throws -> Workplace {
        let place = Workplace()
        try place.write(Self.line.utf8, to: "a.jsonl")
        try place.round(options)
        return place
    }

    @Test func `a changed byte anywhere is an error that names the file`() throws {
        let place = try begun()
        let path = place.state + "/state"
        let bytes = [UInt8](FileManager.default.contents(atPath: path)!)
        for index in stride(from: 0, to: bytes.count, by: 7) {
            var damaged = bytes
            damaged[index] ^= 0x10
            try Data(damaged).write(to: URL(fileURLWithPath: path))
            do {
                _ = try place.watcher()
                Issue.record("byte \(index) was changed and nobody noticed")
            } catch {
                #expect("\(error)".contains(path), "byte \(index)")
            }
        }
        try Data(bytes.dropLast(9)).write(to: URL(fileURLWithPath: path))
        #expect(throws: WatchError.self) { try place.watcher() }
    }

    @Test func `another version is told from damage`() throws {
        let place = try begun()
        do {
            let folder = try StateFolder(path: place.state)
            try folder.save([], as: "state", version: 99)
        }
        #expect {
            try place.watcher()
        } throws: {
            "\($0)".contains("version 99")
        }
    }

    @Test func `a state that is written again has the same bytes`() throws {
        let place = try begun()
        let folder = try StateFolder(path: place.state)
        let state = try folder.load("state", version: WatchState.formatVersion) {
            reader throws(ByteCodingError) in
            try WatchState(from: &reader)
        }
        let encoded = try #require(state).encoded
        var reader = ByteReader(encoded)
        #expect(try WatchState(from: &reader).encoded == encoded)
        #expect(reader.isAtEnd)
    }

    @Test func `an account's name may be as long as a record`() throws {
        let place = Workplace()
        let name = String(repeating: "n", count: 100_000)
        try place.write(
            Self.line.replacingOccurrences(of: #""a""#, with: "\"\(name)\"").utf8, to: "a.jsonl")
        try place.round()
        let round = try place.watcher().read(progress: ScanProgress())
        #expect(round.result.profiles.map(\.account) == [name])
    }

    @Test func `a changed setting is an error that names it`() throws {
        let place = try begun()
        let changed: [(String, ScanOptions)] = [
            ("--format", ScanOptions(format: .stillwatch)),
            ("--since", ScanOptions(since: EventTime(microseconds: 1))),
            ("--until", ScanOptions(until: EventTime(microseconds: 1))),
            ("--show-text", ScanOptions(keepText: true)),
        ]
        for (name, options) in changed {
            #expect {
                try place.watcher(options)
            } throws: {
                "\($0)".contains(name) && "\($0)".contains(place.state)
            }
        }
        let rule = Rule(id: "one.more", category: .coding, pattern: "more")
        let more = try RuleSet(Rule.defaults + [rule])
        #expect {
            try place.watcher(rules: more)
        } throws: {
            "\($0)".contains("--rules")
        }
    }

    @Test func `other threads and another bound change no profile and are let be`() throws {
        let place = try begun()
        _ = try place.watcher(ScanOptions(threads: 3, maximumBadShare: 0.5))
    }

    @Test func `two processes cannot share a state`() throws {
        let place = Workplace()
        let first = try StateFolder(path: place.state)
        #expect {
            try StateFolder(path: place.state)
        } throws: {
            "\($0)".contains(place.state)
        }
        withExtendedLifetime(first) {}
    }

    @Test func `what a killed writer left is removed`() throws {
        let place = try begun()
        let left = place.state + "/state.partial-1"
        _ = FileManager.default.createFile(atPath: left, contents: Data([1]))
        _ = try place.watcher()
        #expect(!FileManager.default.fileExists(atPath: left))
    }
}
