import ArgumentParser
import Foundation
import Gateway
import Glibc

@main
struct GatewayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stillwatch-gateway",
        abstract: "The inline gateway: judges, budgets and acts on each request to a model server.",
        version: Gateway.version,
        subcommands: [
            ServeCommand.self, KeyCommand.self, AccountCommand.self, CampaignCommand.self,
            SwitchCommand.self, ApprovalCommand.self, AuditCommand.self,
        ])

    /// As `AsyncParsableCommand.main`, but a command line that cannot be understood ends with status 2, as everything does
    /// that could not run.
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let code as ExitCode {
            Foundation.exit(code.rawValue)
        } catch {
            guard exitCode(for: error) == .success else {
                let text = fullMessage(for: error)
                let isUsage = exitCode(for: error) == .validationFailure
                Terminal.message(isUsage ? text : "stillwatch-gateway: \(error)")
                Foundation.exit(2)
            }
            exit(withError: error)
        }
    }
}

/// Standard output and standard error.
enum Terminal {
    static func message(_ text: String) { write(safe(text) + "\n", to: STDERR_FILENO) }

    static func output(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

    /// A terminal that is gone or a disk that is full costs the message, not the program.
    private static func write(_ text: String, to descriptor: Int32) {
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress! + written, bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            written += count
        }
    }

    /// Control characters could make a terminal do something.
    private static func safe(_ text: String) -> String {
        String(
            text.unicodeScalars.map { scalar in
                scalar.value < 0x20 && scalar != "\n" || scalar.value == 0x7F
                    ? "?" : Character(scalar)
            })
    }
}
