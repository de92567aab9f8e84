import ArgumentParser
import Foundation
import Scanning
import Synchronization
import Watermarking

/// How suspects with an address are asked.
struct SuspectAddressArguments: ParsableArguments {
    @Option(help: "Address: a file of {\"prompt\": ...} lines to ask.")
    var prompts: String?

    @Option(help: "Address: the model's name there; NAME=MODEL for a control; may be repeated.")
    var model: [String] = []

    @Option(help: "Address: chat or completions.")
    var api = SuspectEndpoint.Interface.chat

    @Option(
        name: .customLong("key-file"),
        help: "Address: a file with the key, which only its owner may read.")
    var keyFile: String?

    @Option(
        name: .customLong("key-env"),
        help:
            "Address: the environment variable with the key; NAME=VARIABLE for a control; may be repeated."
    )
    var keyEnvironment: [String] = []

    @Option(name: .customLong("max-answer-tokens"), help: "Address: most tokens of an answer.")
    var maxTokens = 512

    @Option(help: "Address: temperature; the suspect's own if not given.")
    var temperature: Double?

    @Option(name: .customLong("max-requests"), help: "Address: most prompts asked of each model.")
    var maxRequests: Int?

    @Option(
        name: .customLong("max-tokens-spent"), help: "Address: most tokens answered by each model.")
    var maxSpent: Int?

    @Option(help: "Address: prompts asked at a time.")
    var parallel = 4

    @Option(help: "Address: seconds to wait for an answer.")
    var timeout = 120

    @Flag(help: "Address: allow http beyond this machine.")
    var insecure = false

    func validate() throws {
        for (name, value, range) in [
            ("--max-answer-tokens", maxTokens, 1...1_000_000), ("--parallel", parallel, 1...64),
            ("--timeout", timeout, 1...3600),
            ("--max-requests", maxRequests ?? 1, 1...Int(Int32.max)),
            ("--max-tokens-spent", maxSpent ?? 1, 1...1_000_000_000_000),
        ] where !range.contains(value) {
            throw ValidationError(
                "\(name) must be between \(range.lowerBound) and \(range.upperBound), not \(value)")
        }
        if let temperature, !(0...10).contains(temperature) {
            throw ValidationError("--temperature must be between 0 and 10, not \(temperature)")
        }
    }

    /// The value for a control, `NAME=VALUE`, or the plain one.
    private func value(_ values: [String], for control: String?) -> String? {
        let own = control.flatMap { name in values.last { $0.hasPrefix(name + "=") } }
        if let own, let control { return String(own.dropFirst(control.count + 1)) }
        return values.last { !$0.contains("=") }
    }

    func endpoint(_ address: String, control: String?) throws -> SuspectEndpoint {
        guard let model = value(model, for: control) else {
            throw ProvenanceError.settings(
                reason: "an address needs --model" + (control.map { " \($0)=MODEL" } ?? ""))
        }
        return try SuspectEndpoint(
            address, interface: api, key: try key(control),
            asking: SuspectEndpoint.Asking(
                model: model, temperature: temperature, maxTokens: maxTokens,
                timeout: .seconds(timeout), allowsPlainHTTP: insecure))
    }

    private func key(_ control: String?) throws -> String? {
        if let name = value(keyEnvironment, for: control) {
            guard let key = ProcessInfo.processInfo.environment[name], !key.isEmpty else {
                throw ProvenanceError.settings(reason: "--key-env: no variable \(name)")
            }
            return key
        }
        guard control == nil, let keyFile else { return nil }
        return try SuspectFile.key(keyFile)
    }
}

/// Runs the test on a suspect and on controls, each in a folder of its own.
final class ProvenanceSubjects {
    private let scheme: WatermarkScheme
    private let settings: ProvenanceSettings
    private let filter: WindowFilter?
    private let encoder: ProvenanceRun.Encoder?
    private let folder: String
    private let address: SuspectAddressArguments
    private let request = StopRequest()
    private var lastMessage = ContinuousClock.now
    /// Whether somebody asked to stop.
    private(set) var isStopped = false

    init(
        scheme: WatermarkScheme, settings: ProvenanceSettings, filter: WindowFilter?,
        encoder: ProvenanceRun.Encoder?, folder: String, address: SuspectAddressArguments
    ) {
        self.scheme = scheme
        self.settings = settings
        self.filter = filter
        self.encoder = encoder
        self.folder = folder
        self.address = address
    }

    func run(
        _ name: String, _ source: String, _ limits: ProvenanceRun.Limits, isControl: Bool = false
    ) throws -> ProvenanceResult {
        let place = isControl ? "\(folder)/controls/\(name)" : "\(folder)/suspect"
        var settings = settings
        guard source.hasPrefix("http://") || source.hasPrefix("https://") else {
            settings.suspect = source
            let run = try ProvenanceRun(
                scheme, settings, filter: filter, folder: place, encoder: encoder)
            let pause = try run.read(LineInput(source), limits: limits) {
                isStopping(name, run)
            }
            if pause == .asked { isStopped = true }
            return run.result(name)
        }
        guard settings.method == .closed else {
            throw ProvenanceError.settings(
                reason: "an address can be asked with --protocol closed alone")
        }
        guard let file = address.prompts else {
            throw ProvenanceError.settings(reason: "an address needs --prompts")
        }
        guard encoder != nil else {
            throw ProvenanceError.settings(
                reason: "an address answers in text, which needs --tokenizer")
        }
        let endpoint = try address.endpoint(source, control: isControl ? name : nil)
        settings.suspect = endpoint.name
        let run = try ProvenanceRun(
            scheme, settings, filter: filter, folder: place, encoder: encoder)
        let journal = try AnswerJournal(
            "\(place)/answers.jsonl", prompts: try SuspectFile.prompts(file), endpoint: endpoint,
            maxTokens: address.maxTokens)
        return try ask(name, run, journal, limits)
    }

    private func ask(
        _ name: String, _ run: ProvenanceRun, _ journal: AnswerJournal,
        _ limits: ProvenanceRun.Limits
    ) throws -> ProvenanceResult {
        let input = try LineInput(journal.path)
        let budget = AnswerJournal.Budget(
            requests: address.maxRequests, tokens: address.maxSpent)
        let descriptor = request.descriptor
        var ending: AnswerJournal.Ending?
        while true {
            let pause = try run.read(input, limits: limits, isGrowing: true) {
                isStopping(name, run)
            }
            if pause == .asked { isStopped = true }
            if pause != .endOfInput { return run.result(name) }
            if ending != nil { break }
            ending = try journal.askSome(parallel: address.parallel, budget: budget) {
                Self.isReadable(descriptor)
            }
        }
        switch ending {
        case .asked:
            try run.pause(input)
            isStopped = true
        case .unreachable(let reason):
            try run.pause(input)
            throw ProvenanceError.endpoint(
                reason:
                    "\(name) does not answer (\(reason)); \(journal.progress.answers) answers are kept, and the "
                    + "same command goes on")
        default: try run.finish(input)
        }
        return run.result(name)
    }

    /// A file of a suspect's answers: its own, or what an address answers to these prompts.
    static func answers(
        _ source: String, prompts: [String], address: SuspectAddressArguments, control: String?,
        folder: String
    ) throws -> String {
        guard source.hasPrefix("http://") || source.hasPrefix("https://") else { return source }
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        let journal = try AnswerJournal(
            "\(folder)/answers.jsonl", prompts: prompts,
            endpoint: try address.endpoint(source, control: control), maxTokens: address.maxTokens)
        let descriptor = StopRequest().descriptor
        let budget = AnswerJournal.Budget(requests: address.maxRequests, tokens: address.maxSpent)
        var ending: AnswerJournal.Ending?
        while ending == nil {
            ending = try journal.askSome(parallel: address.parallel, budget: budget) {
                isReadable(descriptor)
            }
        }
        if case .unreachable(let reason) = ending {
            throw ProvenanceError.endpoint(
                reason:
                    "does not answer (\(reason)); the same command goes on from the answers kept")
        }
        if ending == .asked {
            throw ProvenanceError.endpoint(reason: "stopped; the same command goes on from here")
        }
        // Without lines that have no answer.
        let given = try SuspectFile.answers(journal.path)
        var text = JSONText()
        for prompt in given.keys.sorted() {
            for answer in given[prompt] ?? [] {
                text.object { line in
                    line.key("prompt")
                    line.string(prompt)
                    line.key("answer")
                    line.string(answer)
                }
                text.newline()
            }
        }
        let path = "\(folder)/given.jsonl"
        try Data(text.bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
        return path
    }

    private static func isReadable(_ descriptor: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) > 0
    }

    private func isStopping(_ name: String, _ run: ProvenanceRun) -> Bool {
        let now = ContinuousClock.now
        if now - lastMessage > .seconds(10) {
            lastMessage = now
            let result = run.result(name)
            Terminal.message(
                "\(name): \(Terminal.grouped(result.scored)) scored, log10 e "
                    + "\((result.logE / log(10) * 100).rounded() / 100), anytime p "
                    + "\(ProvenanceReport.probability(result.logAnytimeP))")
        }
        return request.isAsked
    }
}
