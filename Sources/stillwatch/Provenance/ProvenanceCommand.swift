import ArgumentParser
import Watermarking

struct ProvenanceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "provenance",
        abstract: "Tests whether a suspect model was trained on your marked answers.",
        discussion: """
            A student that learned from marked answers leans to the mark itself, a little at each token. 'plan' says how many tokens \
            a test needs, 'filter' notes what your model wrote, 'test' runs the test. Documentation/Provenance.md explains what a \
            result does and does not say.
            """,
        subcommands: [
            ProvenancePlanCommand.self, ProvenanceFilterCommand.self, ProvenanceTestCommand.self,
            CanaryCommand.self, LineageCommand.self,
        ])

    /// The teacher's tokenizer as tests take it, and the SHA-256 of its file.
    static func encoder(
        _ path: String?, _ manifest: WatermarkManifest
    ) throws -> (encoder: ProvenanceRun.Encoder, digest: String)? {
        guard let path else { return nil }
        let encoder = try TokenizerFile.encoder(path, manifest)
        return (
            { (text: String) in
                var text = text
                return try text.withUTF8 { try encoder($0) }
            }, try TokenizerFile.digest(path)
        )
    }

    /// What stopped a command, as it is told.
    static func fail(_ error: any Error) -> ExitCode {
        Terminal.message("stillwatch: \(Terminal.safe("\(error)"))")
        return ExitCode(2)
    }
}
