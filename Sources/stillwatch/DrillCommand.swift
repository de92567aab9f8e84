import ArgumentParser
import CaseFiles
import Detection
import Drills
import Exchanges
import Foundation
import Scanning

struct DrillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drill",
        abstract: "Puts simulated campaigns into your own logs and says which would be caught.",
        discussion: """
            Reads the logs once and changes nothing in them. Writes drill.json and drill.html into the folder given by --out, \
            if any. Exit status: 0 the drill ran; 1 no campaign of the grid is caught and --exit-code was given; 2 it could \
            not run.
            """)

    @OptionGroup var source: LogArguments

    @OptionGroup var reference: ReferenceArguments

    @Option(help: "Campaign sizes in accounts, such as 10,50.")
    var sizes = "10,20,50,100"

    @Option(help: "Exchanges an account and day, cover included.")
    var rates = "10"

    @Option(help: "Shares of cover traffic, from 0 to 0.99.")
    var dilutions = "0,0.3,0.6,0.8"

    @Option(
        help:
            "Whose traffic the cover is: personal (one innocent account's for each) or resold (anybody's)."
    )
    var cover = DrillCover.personal

    @Option(help: "Days that each campaign runs, up to the logs' end; 14, or what they cover.")
    var days: Int?

    @Option(help: "Campaigns of each kind.")
    var repeats = 3

    @Option(help: "Seed; the same seed, settings and logs give the same result.")
    var seed: UInt64 = 1

    @Option(
        help:
            "Folder of prompts to harvest with (layouts A to D); the built-in grammar if not given."
    )
    var corpus: String?

    @Option(help: "Folder for drill.json and drill.html; made if it is not there.")
    var out: String?

    @Flag(name: .customLong("exit-code"), help: "Exit with status 1 when no campaign is caught.")
    var exitCode = false

    func validate() throws {
        if let days, !(1...366).contains(days) {
            throw ValidationError("--days must be between 1 and 366, not \(days)")
        }
        guard (1...1000).contains(repeats) else {
            throw ValidationError("--repeats must be between 1 and 1000, not \(repeats)")
        }
        do {
            _ = try DrillGrid(sizes: sizes, rates: rates, dilutions: dilutions)
        } catch {
            throw ValidationError("\(error)")
        }
    }

    func run() throws {
        do {
            let result = try drill()
            if exitCode, result.smallestCaught.allSatisfy({ $0.cell == nil }) { throw ExitCode(1) }
        } catch let error as ExitCode {
            throw error
        } catch {
            Terminal.message("stillwatch: \(Terminal.safe("\(error)"))")
            throw ExitCode(2)
        }
    }

    private func drill() throws -> DrillResult {
        let ruleSet = try source.inputs.ruleSet()
        let logs = try source.profiles()
        guard let first = logs.times?.first,
            let last = logs.times?.last
        else { throw ScanError.noExchanges }
        let settings = DrillSettings(
            grid: try DrillGrid(sizes: sizes, rates: rates, dilutions: dilutions),
            cover: cover,
            days: days ?? Drill.days(wanted: 14, from: first, to: last), repeats: repeats,
            seed: seed, corpus: corpus,
            judge: JudgeSettings(
                fdr: source.judging.fdr, threads: source.inputs.workers,
                floors: try reference.floors()))
        // Made before the work, so that a folder that cannot be is known at once.
        let folder = try out.map { path throws(ScanError) in try OutputFolder(path: path) }
        let started = ContinuousClock.now
        let result = try Drill(logs.profiles, rules: ruleSet, settings: settings).run {
            Terminal.trial($0, of: $1, since: started)
        }
        let output = DrillOutput(settings: settings, result: result, logs: logs)
        if let folder {
            try folder.write([
                ("drill.json", output.json), ("drill.html", Array(output.page.utf8)),
            ])
        }
        Terminal.output(output.table)
        return result
    }
}

extension DrillCover: ExpressibleByArgument {}
