import Detection
import Exchanges
import Foundation
import Logging
import Scanning
import Store
import Synchronization
import Testing

@testable import Gateway

/// Messages that nobody reads.
let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A folder that is gone afterwards.
final class Scratch {
    let path: String

    init() throws {
        path =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("stillwatch-\(UInt64.random(in: .min ... .max))").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Lines as the gateway writes them, with the signals of their requests.
struct LoggedExchanges {
    private let reader = BodyReader()
    private let extractor: SignalExtractor
    private var state: UInt64

    init(seed: UInt64) throws {
        extractor = try SignalExtractor(rules: try RuleSet(Rule.defaults))
        state = seed
    }

    private mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }

    mutating func entry(_ number: Int, account: String) throws -> LogEntry {
        let words = (0..<(5 + Int(next() % 40))).map { _ in "word\(next() % 200)" }
        let body =
            "{\"model\": \"m-large\",\n \"temperature\": 0.\(next() % 9), \"messages\": [{\"role\": \"user\","
            + " \"content\": \"Explain \\\"step by step\\\" \(words.joined(separator: " "))\\n\u{e9}\"}]}"
        let id = "req_\(number)"
        let time = EventTime(
            microseconds: 1_780_000_000_000_000 + Int64(number) * 37_000_123 + Int64(next() % 1000))
        let bytes = Array(body.utf8)
        let signals = try bytes.withUnsafeBytes { body in
            try reader.request(body) { exchange -> ExchangeSignals in
                var id = id
                var account = account
                return id.withUTF8 { id in
                    account.withUTF8 { account in
                        exchange.id = ByteView(base: id.baseAddress, count: id.count)
                        exchange.account.id = ByteView(
                            base: account.baseAddress, count: account.count)
                        exchange.time = time
                        return extractor.signals(of: exchange)
                    }
                }
            }
        }
        var writer = RecordWriter()
        writer.literal("{\"id\":")
        writer.string(id)
        writer.literal(",\"time\":")
        writer.time(time)
        writer.literal(",\"account\":{\"id\":")
        writer.string(account)
        writer.literal("},\"request\":{\"endpoint\":\"/v1/chat/completions\",")
        bytes.withUnsafeBytes { writer.fields(ofObject: $0) }
        writer.literal(
            ",\"response\":{\"status\":200,\"finish_reason\":\"stop\",\"content\":[{\"type\":\"text\",\"text\":"
        )
        writer.string(Array("tab\t and \u{1} bell".utf8) + [0xFF])
        writer.literal("}]},\"usage\":{\"input_tokens\":12,\"output_tokens\":7}}\n")
        return LogEntry(line: writer.bytes, signals: signals)
    }
}

@Suite("The exchange log")
struct LogTests {
    private func settings(_ folder: String, overflow: LogOverflow = .refuse) -> LogSettings {
        LogSettings(
            folder: folder, text: "keep", waitsForWrite: true, queueBytes: 1 << 20,
            overflow: overflow, segmentBytes: 20_000, segmentSeconds: 3600, retentionSeconds: nil)
    }

    private func scan(_ folder: String) throws -> ScanResult {
        try Scanner(options: ScanOptions(threads: 1), rules: try RuleSet(Rule.defaults))
            .scan(InputSet([folder]), progress: ScanProgress())
    }

    private func wait(until isTrue: () -> Bool) {
        for _ in 0..<2000 where !isTrue() { usleep(5000) }
    }

    @Test("profiles are those of a scan of the log, to the byte, over segments and packed files")
    func equalToScan() throws {
        let scratch = try Scratch()
        let folder = try LogFolder(path: scratch.path, gateway: "gw", retentionSeconds: nil)
        let metrics = Metrics()
        let writer = LogWriter(
            settings: settings(scratch.path), folder: folder, metrics: metrics, messages: quiet)
        writer.start()
        var source = try LoggedExchanges(seed: 7)
        for number in 0..<300 {
            let entry = try source.entry(number, account: "acct_\(number % 11)")
            let written = Mutex(false)
            writer.submit([entry]) { isWritten in written.withLock { $0 = isWritten } }
            wait { written.withLock { $0 } }
            #expect(written.withLock { $0 })
        }
        let taken = Mutex<DayTables?>(nil)
        writer.takeProfiles { tables, _ in taken.withLock { $0 = tables } }
        wait { taken.withLock { $0 != nil } }
        writer.stop()
        let inline = try #require(taken.withLock { $0 }).take(threads: 1)
        let merged = ProfileSet.merged(inline.map(\.profiles))
        // Some segments are packed by now, some are not: a scan reads both.
        #expect(folder.segments().count > 5)
        let scanned = try scan(scratch.path)
        #expect(scanned.bad.isEmpty)
        #expect(scanned.exchanges == 300)
        #expect(merged == scanned.profiles)
        #expect(metrics.loggedExchanges.value == 300)
    }

    @Test("a line that was cut off is taken away, what was acknowledged stays")
    func tornLine() throws {
        let scratch = try Scratch()
        let file = scratch.path + "/exchanges-00000000000000001-gw-1.jsonl"
        let whole = "{\"a\":1}\n{\"b\":2}\n"
        try Data((whole + "{\"c\":").utf8).write(to: URL(fileURLWithPath: file))
        try Data("x".utf8).write(to: URL(fileURLWithPath: file + ".zst.part"))
        let folder = try LogFolder(path: scratch.path, gateway: "gw", retentionSeconds: nil)
        try folder.recover()
        #expect(try String(contentsOfFile: file, encoding: .utf8) == whole)
        #expect(
            folder.lastPosition
                == LogPosition(segment: "exchanges-00000000000000001-gw-1.jsonl", offset: 16))
        #expect(!FileManager.default.fileExists(atPath: file + ".zst.part"))
        // A file that never got a whole line becomes empty.
        try Data("{\"c\":".utf8).write(to: URL(fileURLWithPath: file))
        try folder.recover()
        #expect(try Data(contentsOf: URL(fileURLWithPath: file)).isEmpty)
    }

    @Test("replay takes in what lies beyond the stored place, once")
    func replay() throws {
        let scratch = try Scratch()
        let folder = try LogFolder(path: scratch.path, gateway: "gw", retentionSeconds: nil)
        var source = try LoggedExchanges(seed: 8)
        let first = try folder.newSegment()
        var places: [LogPosition] = []
        for number in 0..<10 {
            try first.append(try source.entry(number, account: "acct_\(number % 3)").line)
            places.append(first.position)
        }
        first.close()
        let second = try folder.newSegment()
        for number in 10..<15 { try second.append(try source.entry(number, account: "b").line) }
        second.close()
        let rules = try RuleSet(Rule.defaults)
        for (place, expected) in [(nil, 15), (places[3], 11), (places[9], 5)] {
            let writer = LogWriter(
                settings: settings(scratch.path), folder: folder, metrics: Metrics(),
                messages: quiet)
            var tokens: Int64 = 0
            let replay = LogReplay(folder: folder, rules: rules, writer: writer) { _, _, used, _ in
                tokens += used
            }
            #expect(try replay.run(after: place) == expected)
            #expect(tokens == Int64(expected) * 19)
        }
    }

    @Test("a folder that cannot be written refuses or drops, as the settings say, and recovers")
    func unwritable() throws {
        for overflow in [LogOverflow.refuse, .drop] {
            let scratch = try Scratch()
            let path = scratch.path + "/log"
            let folder = try LogFolder(path: path, gateway: "gw", retentionSeconds: nil)
            let metrics = Metrics()
            let writer = LogWriter(
                settings: settings(path, overflow: overflow), folder: folder, metrics: metrics,
                messages: quiet)
            // Gone, so that a new segment cannot be made.
            try FileManager.default.removeItem(atPath: path)
            writer.start()
            var source = try LoggedExchanges(seed: 9)
            let outcome = Mutex<Bool?>(nil)
            writer.submit([try source.entry(1, account: "a")]) { isWritten in
                outcome.withLock { $0 = isWritten }
            }
            wait { outcome.withLock { $0 != nil } }
            #expect(outcome.withLock { $0 } == (overflow == .drop))
            #expect(metrics.lostExchanges.value == 1)
            if overflow == .refuse { #expect(writer.refusal != nil) }
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
            wait { writer.refusal == nil }
            #expect(writer.refusal == nil)
            let later = Mutex<Bool?>(nil)
            writer.submit([try source.entry(2, account: "a")]) { isWritten in
                later.withLock { $0 = isWritten }
            }
            wait { later.withLock { $0 != nil } }
            #expect(later.withLock { $0 } == true)
            writer.stop()
            #expect(try scan(path).exchanges == 1)
        }
    }

    @Test("segments are deleted when they are older than the retention, other gateways' are not")
    func retention() throws {
        let scratch = try Scratch()
        let old = Date().addingTimeInterval(-1000)
        for (name, isOld) in [
            ("1-gw-1.jsonl.zst", true), ("2-gw-2.jsonl", true), ("3-gw-3.jsonl", false),
            ("4-other-1.jsonl", true),
        ] {
            let path = "\(scratch.path)/exchanges-\(name)"
            try Data("{}\n".utf8).write(to: URL(fileURLWithPath: path))
            if isOld {
                try FileManager.default.setAttributes([.modificationDate: old], ofItemAtPath: path)
            }
        }
        try LogFolder(path: scratch.path, gateway: "gw", retentionSeconds: nil).deleteExpired()
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).count == 4)
        try LogFolder(path: scratch.path, gateway: "gw", retentionSeconds: 500).deleteExpired()
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: scratch.path).sorted()
                == ["exchanges-3-gw-3.jsonl", "exchanges-4-other-1.jsonl"])
    }

    @Test("text is kept, hashed or dropped, and the rest can be read all the same")
    func textPolicies() throws {
        let reader = BodyReader()
        let body = Array(
            "{\"model\":\"m\",\"temperature\":0.5,\"tools\":[{\"name\":\"bash\"}],\"system\":\"Be secretive.\",\"messages\":[{\"role\":\"user\",\"content\":\"a secret\"},{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"name\":\"bash\"}]},{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{}},{\"type\":\"text\",\"text\":\"a secret\"}]}]}"
                .utf8)
        for policy in [RecordWriter.TextPolicy.hash, .drop] {
            var writer = RecordWriter()
            writer.literal("{\"time\":1780000000,\"account\":{\"id\":\"a\"},\"request\":{")
            try body.withUnsafeBytes { bytes in
                try reader.request(bytes) { exchange in
                    writer.fields(of: exchange, policy) { Array("digest-of-\($0.count)".utf8) }
                }
            }
            writer.literal("}}")
            let line = writer.bytes
            let text = String(decoding: line, as: UTF8.self)
            #expect(!text.contains("secret"))
            #expect(text.contains("digest-of-8") == (policy == .hash))
            var found = 0
            (line + [UInt8](repeating: 0, count: 64)).withUnsafeBytes { bytes in
                RecordDecoder(format: .stillwatch).decode(
                    UnsafeRawBufferPointer(rebasing: bytes[..<line.count]),
                    exchange: { exchange in
                        found += 1
                        #expect(exchange.messages.count == 3)
                        #expect(exchange.parameters.temperature == 0.5)
                        #expect(exchange.tools.count == 1)
                        #expect(exchange.blocks.contains { $0.kind == .media })
                        #expect(
                            exchange.blocks.contains { $0.kind == .digest } == (policy == .hash))
                    }, fault: { Issue.record("\($0)") })
            }
            #expect(found == 1)
        }
    }

    @Test("a full queue refuses or drops")
    func fullQueue() throws {
        let scratch = try Scratch()
        let folder = try LogFolder(path: scratch.path, gateway: "gw", retentionSeconds: nil)
        var small = settings(scratch.path)
        small.queueBytes = 100
        let metrics = Metrics()
        // Not started, so nothing leaves the queue.
        let writer = LogWriter(settings: small, folder: folder, metrics: metrics, messages: quiet)
        let outcome = Mutex<Bool?>(nil)
        writer.submit([LogEntry(line: [UInt8](repeating: 0x20, count: 101), signals: nil)]) {
            isWritten in
            outcome.withLock { $0 = isWritten }
        }
        #expect(outcome.withLock { $0 } == false)
        #expect(writer.refusal != nil)
        #expect(metrics.lostExchanges.value == 1)
    }

    @Test("times are written as they are read")
    func times() throws {
        var state: UInt64 = 3
        for _ in 0..<2000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1
            let time = EventTime(
                microseconds: 1_420_070_400_000_000 + Int64(state % 2_682_374_400_000_000))
            var writer = RecordWriter()
            writer.time(time)
            let text = Array(writer.bytes.dropFirst().dropLast())
            let read = text.withUnsafeBufferPointer {
                EventTime(rfc3339: ByteView(base: $0.baseAddress, count: $0.count))
            }
            #expect(read == time, "\(String(decoding: text, as: UTF8.self))")
        }
    }
}
