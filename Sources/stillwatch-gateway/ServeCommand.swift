import ArgumentParser
import Foundation
import Gateway
import Glibc
import Logging
import ServiceLifecycle
import UnixSignals

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Runs the gateway.",
        discussion: """
            SIGTERM and SIGINT end it gracefully: no new requests, open ones finish within the time that 'limits.drain' gives.
            Messages go to standard error; none holds a key or a prompt.
            Exit status: 0 it ended as asked; 2 it could not run.
            """)

    @Option(help: "The configuration, a YAML file.")
    var config = "stillwatch.yaml"

    @Flag(help: "Read the configuration and the policy, say what is wrong with them, and end.")
    var check = false

    func run() async throws {
        // A reader of messages that leaves, or a bound on the size of files, is told by the call that meets it.
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
        let settings = try GatewaySettings(path: config)
        let log = Logger(label: "stillwatch") { _ in LineLog() }
        let gateway = try Gateway(settings: settings, log: log)
        if check { return Terminal.message("stillwatch-gateway: \(config) can be used") }
        var services: [any Service] = [gateway]
        if let admin = try gateway.adminService() { services.append(admin) }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: log))
        try await group.run()
    }
}

/// One line a message on standard error.
struct LineLog: LogHandler {
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    var logLevel = Logger.Level.notice

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var text = "\(event.level): \(event.message)"
        for (key, value) in (event.metadata ?? [:]).sorted(by: { $0.key < $1.key }) {
            text += " \(key)=\(value)"
        }
        Terminal.message(text)
    }
}
