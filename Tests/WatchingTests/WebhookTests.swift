import Foundation
import Testing

@testable import Watching

/// A server of one test, ended with it.
private final class Receiver {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var pending: [UInt8] = []
    private(set) var address = ""

    init(_ answers: String...) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Receiver.py").path
        process.arguments = ["python3", script] + answers
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        address = "http://127.0.0.1:\(try #require(line()))/hook"
    }

    deinit {
        // Not by a signal: a child has the mask of the thread that started it.
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    private func line() -> String? {
        while true {
            if let end = pending.firstIndex(of: 0x0a) {
                defer { pending.removeFirst(end + 1) }
                return String(decoding: pending[..<end], as: UTF8.self)
            }
            let data = output.fileHandleForReading.availableData
            if data.isEmpty { return nil }
            pending += data
        }
    }

    /// The next request.
    func request() throws -> (path: String, headers: [String: String], body: String) {
        let data = Data(try #require(line()).utf8)
        let value = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        return (
            value["path"] as? String ?? "", value["headers"] as? [String: String] ?? [:],
            value["body"] as? String ?? ""
        )
    }
}

@Suite struct WebhookTests {
    private static let alert = #"{"alert":"W-0001-1","new_accounts":["é"]}"#

    private func webhook(
        _ address: String, secret: String? = nil, attempts: Int = 1,
        timeout: Duration = .seconds(10)
    ) throws -> Webhook {
        try Webhook(
            address, secret: secret, allowsPlainHTTP: false,
            pauses: Array(repeating: .milliseconds(1), count: attempts - 1), timeout: timeout)
    }

    @Test func `an alert is posted with its key and signature`() throws {
        let receiver = try Receiver("200")
        let webhook = try webhook(receiver.address, secret: "key")
        #expect(webhook.send(Array(Self.alert.utf8), isStopping: { false }) == .delivered)
        let request = try receiver.request()
        #expect(request.path == "/hook")
        #expect(request.body == Self.alert)
        #expect(request.headers["content-type"] == "application/json")
        #expect(
            request.headers["idempotency-key"]
                == "9a2192e809ea2b54c4e013bc6847802a02329c6895b690603e9eb8a6c2e27f0c")
        #expect(
            request.headers["x-stillwatch-signature"]
                == "sha256=503c75e97c45758c3bea83374f1116ab0cd55a8485b7873a26d5508d0fe48d92")
    }

    @Test func `without a secret nothing is signed`() throws {
        let receiver = try Receiver("204")
        let webhook = try webhook(receiver.address)
        #expect(webhook.send([0x7b, 0x7d], isStopping: { false }) == .delivered)
        #expect(try receiver.request().headers["x-stillwatch-signature"] == nil)
    }

    @Test func `a server that is busy is asked again, under the same key`() throws {
        let receiver = try Receiver("503", "429", "200")
        let webhook = try webhook(receiver.address, attempts: 3)
        #expect(webhook.send(Array(Self.alert.utf8), isStopping: { false }) == .delivered)
        let keys = try (0..<3).map { _ in try receiver.request().headers["idempotency-key"] }
        #expect(Set(keys).count == 1)
    }

    @Test func `a redirect is not followed`() throws {
        let receiver = try Receiver("307", "200")
        let webhook = try webhook(receiver.address)
        let outcome = webhook.send(Array(Self.alert.utf8), isStopping: { false })
        #expect(outcome == .refused(status: 307))
    }

    @Test func `no answer and no server are failures in time`() throws {
        let receiver = try Receiver("hang")
        let slow = try webhook(receiver.address, timeout: .seconds(1))
        guard case .unreachable = slow.send([0x7b, 0x7d], isStopping: { false }) else {
            Issue.record("an answer that never came was taken for one")
            return
        }
        let none = try webhook("http://127.0.0.1:1/")
        guard case .unreachable = none.send([0x7b, 0x7d], isStopping: { false }) else {
            Issue.record("a server that is not there answered")
            return
        }
    }

    @Test func `plain http stays on the machine unless allowed`() throws {
        for address in ["http://localhost:1/", "http://127.0.0.9/", "https://example.com/x"] {
            _ = try webhook(address)
        }
        let refused = [
            "http://example.com/secret-path", "http://127.0.0.1.example.com/secret-path",
            "http://10.0.0.1/secret-path", "ftp://example.com/secret-path", "secret-path", "",
        ]
        for address in refused {
            #expect {
                try webhook(address)
            } throws: {
                !"\($0)".contains("secret-path")
            }
        }
        _ = try Webhook("http://example.com/", secret: nil, allowsPlainHTTP: true)
    }

    @Test func `what could not be delivered waits, in order, for the next round`() throws {
        let place = Workplace()
        let folder = try StateFolder(path: place.state)
        var state = WatchState(settings: [])
        state.generation = 1
        state.alerts = ["1", "2", "3"]
        var outbox = Outbox()
        _ = try outbox.takeOver(state, folder: folder, queue: true)
        let busy = try Receiver("200", "500")
        let messages = try outbox.deliver(
            to: webhook(busy.address), folder: folder, isStopping: { false })
        #expect(messages.contains { $0.hasPrefix("2 alerts wait") })
        var next = try Outbox.load(from: folder)
        #expect(next.waiting == ["2", "3"])
        let back = try Receiver("200")
        #expect(
            try next.deliver(to: webhook(back.address), folder: folder, isStopping: { false })
                .isEmpty)
        #expect(try [back.request().body, back.request().body] == ["2", "3"])
        #expect(try Outbox.load(from: folder).waiting.isEmpty)
    }
}
