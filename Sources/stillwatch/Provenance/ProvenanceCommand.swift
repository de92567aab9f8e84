import ArgumentParser

struct ProvenanceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "provenance",
        abstract: "Tests whether a suspect model learned from answers of yours.",
        subcommands: [CanaryCommand.self])
}
