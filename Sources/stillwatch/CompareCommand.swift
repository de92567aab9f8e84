import ArgumentParser
import Detection
import Foundation
import Scanning

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract:
            "Says of accounts that carry many people's requests whether they ask what your users ask.",
        discussion: """
            For resellers, platforms and partners: an ordinary one passes on a mix like that of your other users, and one that \
            resells to a harvester does not. Writes a line of JSON for each account: exchanges, distance (one is no shift) and \
            p_value. One person's account never asks everybody's mix, so name the accounts to look at or set --minimum; nobody is \
            accused by this. --since and --until are for the logs compared, not for the past. Exit status: 0 it ran; 2 it could not run.
            """)

    @OptionGroup var inputs: InputArguments

    @Option(help: "Logs of a time or of customers that you take to be mostly innocent.")
    var past: String

    @Option(help: "Exchanges with text that an account needs.")
    var minimum = 100

    func validate() throws {
        try inputs.requirePaths()
        guard minimum > 0 else {
            throw ValidationError("--minimum must be above 0, not \(minimum)")
        }
    }

    func run() throws {
        do {
            try compare()
        } catch {
            Terminal.message("stillwatch: \(Terminal.safe("\(error)"))")
            throw ExitCode(2)
        }
    }

    private func compare() throws {
        guard let shift = ContentShift(past: try inputs.read(past: past).profiles) else {
            throw ReferenceFile.Invalid(
                description:
                    "\(past): fewer than \(ContentShift.leastSamples) sampled exchanges with text; "
                    + "give a longer past of more accounts")
        }
        for profile in try inputs.read().profiles where profile.withText >= UInt64(minimum) {
            guard let result = shift.compare(profile) else { continue }
            var text = JSONText()
            text.object { line in
                line.key("account")
                line.string(profile.account)
                line.key("exchanges")
                line.integer(result.exchanges)
                line.key("distance")
                line.number(result.distance)
                line.key("p_value")
                line.number(result.pValue)
            }
            Terminal.output(String(decoding: text.bytes, as: UTF8.self))
        }
    }
}
