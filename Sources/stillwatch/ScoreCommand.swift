import ArgumentParser
import Simulation

struct ScoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "Compares verdicts with a world's labels.")

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json }

    @Argument(help: "labels.csv of a simulated world.")
    var labels: String

    @Argument(help: "verdicts.jsonl of a scan.")
    var verdicts: String

    @Option(help: "table or json.")
    var format = Format.table

    func run() throws {
        do {
            let score = try Score.compute(labels: labels, verdicts: verdicts)
            Terminal.output(format == .json ? score.json() : score.table())
        } catch {
            Terminal.message("stillwatch: \(error)")
            throw ExitCode(2)
        }
    }
}
