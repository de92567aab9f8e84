import ArgumentParser
import Foundation

@main
struct Stillwatch: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "stillwatch",
        abstract: "Finds illicit distillation of a language model in the request logs of its API.",
        version: version,
        subcommands: [
            ScanCommand.self, WatchCommand.self, ProfileCommand.self, MergeCommand.self,
            JudgeCommand.self, SimulateCommand.self, ScoreCommand.self,
            DrillCommand.self, CalibrateCommand.self, CompareCommand.self, WatermarkCommand.self,
            ProvenanceCommand.self,
            ServeHandover.self,
            KeyHandover.self, AccountHandover.self, CampaignHandover.self, SwitchHandover.self,
            ApprovalHandover.self, AuditHandover.self,
        ])

    /// As `ParsableCommand.main`, but a command line that cannot be understood ends with status 2: 0, 1 and 2 are all
    /// that a caller has to know.
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            Terminal.message(fullMessage(for: error))
            Foundation.exit(2)
        }
    }
}
