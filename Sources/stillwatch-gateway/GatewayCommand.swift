import ArgumentParser
import Foundation
import Gateway

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
    static func message(_ text: String) {
        FileHandle.standardError.write(Data((safe(text) + "\n").utf8))
    }

    static func output(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
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
