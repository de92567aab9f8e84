import ArgumentParser

@main
struct Stillwatch: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "stillwatch",
        abstract: "Finds illicit distillation of a language model in the request logs of its API.",
        version: version,
        subcommands: [ScanCommand.self, SimulateCommand.self, ScoreCommand.self])
}
