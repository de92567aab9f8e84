import ArgumentParser
import Documents
import Foundation
import Scanning
import Watermarking

struct WatermarkPayloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "payload",
        abstract:
            "Writes the payloads of accounts or campaigns, for the program that marks answers.",
        discussion: """
            Writes {"account": ..., "payload": [...]} for each id. A payload follows from the keys and the id alone and is as \
            secret as the keys: who knows it can put it into texts. Exit status: 0 it ran; 2 it could not run.
            """)

    @OptionGroup var mark: ManifestArguments

    @Argument(help: "Ids of accounts or campaigns.")
    var ids: [String] = []

    @Option(help: "A file of ids, one a line.")
    var accounts: String?

    func validate() throws {
        if ids.isEmpty == (accounts == nil) {
            throw ValidationError("give ids or --accounts FILE, one of both")
        }
    }

    func run() throws {
        do {
            let (manifest, keys) = try mark.read()
            let codebook = try PayloadCodebook(
                WatermarkScheme(manifest: manifest, keys: keys))
            var text = JSONText()
            for id in try accounts.map(AccountList.read) ?? ids {
                let code = try codebook.code(for: id)
                text.object { line in
                    line.key("account")
                    line.string(id)
                    line.key("payload")
                    line.array(code.symbols) { $0.integer($1) }
                }
                text.newline()
            }
            FileHandle.standardOutput.write(Data(text.bytes))
        } catch {
            Terminal.message("stillwatch: \(Terminal.safe("\(error)"))")
            throw ExitCode(2)
        }
    }
}
