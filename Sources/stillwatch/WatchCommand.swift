import ArgumentParser
import Detection
import Foundation
import Scanning
import Watching

struct WatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Follows request logs as they grow, and tells of new campaigns.",
        discussion: """
            Takes what scan takes. Every round it reads what is new, writes the results that a scan of everything so far \
            would write into the folder given by --out, and appends an alert for each new or changed campaign to \
            alerts.jsonl in the state folder and to standard output. SIGINT and SIGTERM end it after the round.
            The environment variable STILLWATCH_WEBHOOK_SECRET holds the key that signs what --webhook sends.
            Exit status: 0 it ended as asked; 2 it could not go on, and the state is that of the round before.
            """)

    @OptionGroup var arguments: ScanArguments

    @Option(help: "Time from one round to the next, such as 30s, 5m, 1h or 1d.")
    var every = Interval(seconds: 3600)

    @Option(help: "Folder for what is known between rounds; made if it is not there.")
    var state: String

    @Flag(help: "Do one round and exit; with -, when standard input has ended.")
    var once = false

    @Option(help: "Address to POST each alert to.")
    var webhook: String?

    @Flag(
        name: .customLong("webhook-insecure"),
        help: "Let --webhook use http to other machines, which anybody between can read.")
    var webhookInsecure = false

    func run() throws {
        do {
            try watch()
        } catch {
            Terminal.message("stillwatch: \(Terminal.safe("\(error)"))")
            throw ExitCode(2)
        }
    }

    private func watch() throws {
        let receiver = try webhook.map {
            try Webhook(
                $0, secret: ProcessInfo.processInfo.environment["STILLWATCH_WEBHOOK_SECRET"],
                allowsPlainHTTP: webhookInsecure)
        }
        _ = try arguments.output.reference.floors()
        _ = try OutputFolder(path: arguments.output.out)
        let watcher = try Watcher(
            folder: try StateFolder(path: state), paths: arguments.logs.inputs.paths,
            excluded: [arguments.output.out],
            options: try arguments.logs.inputs.options(keepText: arguments.showText),
            rules: try arguments.logs.inputs.ruleSet(), hasWebhook: receiver != nil)
        let stop = StopRequest()
        tell(try watcher.untold())

        // A stream has nothing yet; with nothing beside it, the first round comes when the first interval has passed.
        let isOnlyStream = arguments.logs.inputs.paths.allSatisfy { $0 == "-" }
        var deadline = ContinuousClock.now
        var wake = Watcher.Wake.due
        if once || isOnlyStream, watcher.isStreaming {
            deadline += every.duration
            wake = try watcher.wait(until: once ? nil : deadline, stop: stop.descriptor)
        }
        var isFirst = true
        while true {
            deadline = ContinuousClock.now + every.duration
            try round(watcher, receiver, stop, isFirst: isFirst)
            isFirst = false
            if once || stop.isAsked { return }
            if isOnlyStream, !watcher.isStreaming { return }
            if case .stopped = wake { return }
            repeat {
                wake = try watcher.wait(until: deadline, stop: stop.descriptor)
                if case .streamEnded = wake, !isOnlyStream { continue }
                break
            } while true
        }
    }

    private func tell(_ alerts: [String]) {
        for alert in alerts {
            Terminal.output(Terminal.outputIsTerminal ? Terminal.safe(alert) : alert)
        }
    }

    private func round(
        _ watcher: Watcher, _ receiver: Webhook?, _ stop: StopRequest, isFirst: Bool
    ) throws {
        let started = ContinuousClock.now
        let publication = try arguments.publication()
        let progress = ScanProgress()
        let display = Terminal.errorIsTerminal ? ProgressDisplay(progress) : nil
        let round: Watcher.Round
        do {
            defer { display?.stop() }
            round = try watcher.read(progress: progress)
        }
        for message in round.messages { Terminal.message("stillwatch: \(Terminal.safe(message))") }
        if round.isNew || isFirst, !round.result.profiles.isEmpty {
            let seconds = (ContinuousClock.now - started) / .seconds(1)
            let findings = try publication.publish(round.result, readSeconds: seconds)
            tell(try watcher.finish(round, findings.judgement))
            if isFirst { findings.printFaults() }
            let all = Terminal.grouped(round.result.exchanges)
            let accused = findings.judgement.campaigns.count { $0.verdict == .distillation }
            Terminal.message(
                "stillwatch: \(Terminal.grouped(round.newExchanges)) new exchanges, \(all) in all, "
                    + "\(accused) campaigns")
        } else if round.result.profiles.isEmpty {
            if once { throw ScanError.noExchanges }
            Terminal.message("stillwatch: no exchange yet")
        }
        if let receiver {
            let messages = try watcher.deliver(to: receiver) { stop.isAsked }
            for message in messages { Terminal.message("stillwatch: \(message)") }
        }
    }
}
