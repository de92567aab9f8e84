import ArgumentParser
import Detection
import Foundation
import Scanning

struct CalibrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate",
        abstract: "Measures in your own past how different innocent accounts are at least.",
        discussion: """
            Reads logs of a time that you take to be mostly innocent and writes a reference for --reference of scan, watch and \
            drill. Groups that the defaults accuse are left out, so a campaign in them does little harm; look at it with scan \
            first. Exit status: 0 it ran; 2 it could not run.
            """)

    @OptionGroup var source: LogArguments

    @Option(help: "File to write.")
    var out: String

    @Option(help: "Largest probability that an innocent group differs less than the bounds say.")
    var miss = 0.05

    func validate() throws {
        guard miss > 0, miss < 0.5 else {
            throw ValidationError("--miss must be above 0 and below 0.5, not \(miss)")
        }
    }

    func run() throws {
        do {
            try calibrate()
        } catch {
            Terminal.message("stillwatch: \(Terminal.safe("\(error)"))")
            throw ExitCode(2)
        }
    }

    private func calibrate() throws {
        let logs = try source.profiles()
        let judge = Judge(
            settings: JudgeSettings(fdr: source.judging.fdr, threads: source.inputs.workers))
        let reference = judge.reference(logs.profiles, miss: miss)
        let bytes = ReferenceFile.bytes(reference, of: logs)
        do {
            try Data(bytes).write(to: URL(fileURLWithPath: out), options: .atomic)
        } catch {
            throw ReferenceFile.Invalid(
                description: "\(out): cannot be written: \(error.localizedDescription)")
        }
        Terminal.output(Self.table(reference))
        Terminal.output("reference: \(out)")
    }

    /// What was found, for the terminal.
    private static func table(_ reference: InnocentReference) -> String {
        func line(
            _ name: String, _ bound: InnocentReference.Bound, _ used: Double, _ shipped: Double
        )
            -> String
        {
            let groups = bound.measured.count
            guard let value = bound.value else {
                return
                    "\(name): \(groups) groups are too few for a bound at \(reference.miss); \(shipped) as shipped"
            }
            let rounded = [used, value].map { ($0 * 10_000).rounded() / 10_000 }
            return
                "\(name): \(rounded[0]) (number \(bound.rank) of \(groups) groups measures \(rounded[1]); shipped \(shipped))"
        }
        let floors = reference.floors
        let shipped = InnocentFloors.shipped
        var lines = [
            line(
                "volume spread", reference.volumeSpread, floors.volumeSpread, shipped.volumeSpread),
            line(
                "content intraclass correlation", reference.contentIntraclass,
                floors.contentIntraclass, shipped.contentIntraclass),
        ]
        if reference.accountsLeftOut > 0 {
            lines.append(
                "left out: \(reference.accountsLeftOut) of \(reference.accounts) accounts that the defaults accuse; scan these logs"
            )
        }
        return lines.joined(separator: "\n")
    }
}
