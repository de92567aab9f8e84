import Foundation
import Testing

@testable import Watermarking

/// A model server of one test, ended with it.
private final class ModelServer {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var pending: [UInt8] = []
    private(set) var address = ""

    init(_ answers: String...) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("ProvenanceModel.py").path
        process.arguments = ["python3", script] + answers
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        address = "http://127.0.0.1:\(try #require(line()))/v1"
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
    func request() throws -> (path: String, headers: [String: String], body: [String: Any]) {
        let data = Data(try #require(line()).utf8)
        let value = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        return (
            value["path"] as? String ?? "", value["headers"] as? [String: String] ?? [:],
            value["body"] as? [String: Any] ?? [:]
        )
    }
}

struct ProvenanceEndpointTests {
    private func endpoint(
        _ address: String, _ interface: SuspectEndpoint.Interface = .chat, key: String? = nil,
        attempts: Int = 1, timeout: Duration = .seconds(20)
    ) throws -> SuspectEndpoint {
        let asking = SuspectEndpoint.Asking(
            model: "m", temperature: 0.5, maxTokens: 9, timeout: timeout,
            pauses: Array(repeating: .milliseconds(1), count: attempts - 1))
        return try SuspectEndpoint(address, interface: interface, key: key, asking: asking)
    }

    private func ask(_ endpoint: SuspectEndpoint) -> SuspectEndpoint.Outcome {
        endpoint.ask("hé", isStopping: { false })
    }

    @Test func chatAndCompletionsAreAsked() throws {
        let server = try ModelServer("200")
        let chat = try endpoint(server.address, key: "sk-1")
        #expect(ask(chat) == .answer("echo hé", tokens: 7))
        let request = try server.request()
        #expect(request.path == "/v1/chat/completions")
        #expect(request.headers["authorization"] == "Bearer sk-1")
        #expect(request.body["max_tokens"] as? Int == 9)
        #expect(request.body["temperature"] as? Double == 0.5)
        let plain = try endpoint(server.address + "/completions")
        #expect(ask(plain) == .answer("echo hé", tokens: 7))
        let other = try server.request()
        #expect(other.path == "/v1/completions")
        #expect(other.headers["authorization"] == nil)
        #expect(other.body["prompt"] as? String == "hé")
        #expect(!chat.name.contains("sk-1"))
    }

    @Test func aBusySuspectIsAskedAgain() throws {
        let server = try ModelServer("429", "503", "cut", "200")
        #expect(ask(try endpoint(server.address, attempts: 4)) == .answer("echo hé", tokens: 7))
        let busy = try ModelServer("500")
        #expect(ask(try endpoint(busy.address, attempts: 2)) == .unreachable("status 500"))
        #expect(try endpoint("http://127.0.0.1:1").ask("a") { false } != .refused(""))
    }

    @Test(arguments: [
        ("400", SuspectEndpoint.Outcome.refused("status 400")), ("401", .denied("status 401")),
        ("302", .denied("status 302")), ("junk", .refused("a body without choices")),
        ("large", .refused("an answer larger than 16777216 bytes")),
    ])
    func whatIsNoAnswerIsTold(answer: String, outcome: SuspectEndpoint.Outcome) throws {
        let server = try ModelServer(answer)
        #expect(ask(try endpoint(server.address, attempts: 2)) == outcome)
    }

    @Test func aSilentSuspectIsGivenUp() throws {
        let server = try ModelServer("hang")
        let outcome = ask(try endpoint(server.address, timeout: .seconds(1)))
        #expect(outcome == .unreachable("no answer in time"))
    }

    @Test(arguments: [
        "http://example.org/v1", "https://user:secret@example.org/v1", "ftp://example.org", "x",
        "https:///v1",
    ])
    func anUnsafeAddressIsRefused(address: String) {
        let error = #expect(throws: ProvenanceError.self) { try endpoint(address) }
        #expect(error?.description.contains("secret") == false)
    }

    @Test func aKeyWithLineFeedsIsRefused() {
        #expect(throws: ProvenanceError.self) {
            try endpoint("https://example.org", key: "a\r\nX: y")
        }
    }

    @Test func answersAreKeptAndNotPaidForTwice() throws {
        let folder = try ProvenanceFolder()
        let path = "\(folder.path)/answers.jsonl"
        let prompts = (0..<7).map { "prompt \($0)" }
        let server = try ModelServer("200", "200", "400", "200", "200", "401")
        func journal() throws -> AnswerJournal {
            try AnswerJournal(
                path, prompts: prompts, endpoint: endpoint(server.address), maxTokens: 9)
        }
        func askAll(_ journal: AnswerJournal, _ budget: AnswerJournal.Budget) throws
            -> AnswerJournal.Ending
        {
            while true {
                if let ending = try journal.askSome(
                    parallel: 2, budget: budget, isStopping: { false })
                {
                    return ending
                }
            }
        }
        #expect(try askAll(journal(), AnswerJournal.Budget(requests: 4)) == .budget)
        #expect(try journal().progress == (4, 21))
        // A line that was being written when the run was killed.
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("{\"index\":5,\"pro".utf8))
        try handle.close()
        // Five of nine tokens each are left of 40.
        #expect(try askAll(journal(), AnswerJournal.Budget(tokens: 29)) == .budget)
        #expect(try askAll(journal(), AnswerJournal.Budget()) == .unreachable("status 401"))
        let text = String(decoding: try folder.bytes("answers.jsonl"), as: UTF8.self)
        #expect(text.split(separator: "\n").count == 5)
        #expect(text.contains("\"error\":\"status 400\""))
        #expect(throws: ProvenanceError.self) {
            try AnswerJournal(
                path, prompts: ["another"], endpoint: endpoint(server.address), maxTokens: 9)
        }
        // The journal is a suspect's file.
        let teacher = try ProvenanceFixtures.gumbel()
        let run = try ProvenanceRun(
            teacher.scheme, ProvenanceSettings(method: .closed, suspect: "url"), filter: nil,
            folder: "\(folder.path)/state", encoder: { $0.utf8.map { UInt32($0) } })
        #expect(try run.read(LineInput(path)) == .endOfInput)
        #expect(run.result("url").failed == 1)
        #expect(run.result("url").counts.documents == 4)
    }
}
