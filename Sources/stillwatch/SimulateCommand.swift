import ArgumentParser
import Foundation
import Simulation

struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Writes a labelled world of innocent accounts and campaigns to test on.",
        discussion:
            "Writes exchanges.jsonl, accounts.csv and labels.csv into the folder given by --out.")

    @Option(help: "Folder for the world; made if it is not there.")
    var out: String

    @Option(help: "Seed; the same seed and settings give the same bytes.")
    var seed: UInt64 = 1

    @Option(help: "Innocent accounts.")
    var accounts = 2000

    @Option(help: "Days of traffic.")
    var days = 21

    @Option(
        help:
            "Campaigns: all (but adaptive ones), none, or names from \(CampaignKind.allCases.map(\.rawValue).joined(separator: ", "))."
    )
    var campaigns = "all"

    @Option(help: "Accounts of each campaign; drawn if not given.")
    var campaignAccounts: Int?

    @Option(help: "Requests a day and account of campaigns, cover included; drawn if not given.")
    var campaignRate: Double?

    @Option(
        help: "Days that a campaign runs, unless its kind has times of its own; drawn if not given."
    )
    var campaignDays: Double?

    @Option(help: "Share of cover traffic in clean_hydra, mixed_hydra and adaptive_cover.")
    var campaignDilution: Double?

    @Option(help: "Innocent classes to leave out, apart by commas; their accounts are missing.")
    var withoutClasses: String?

    @Option(help: "Folder of prompts (A harvest-like, B organic, C automation, D arrival times).")
    var corpus: String?

    @Option(help: "Log format: \(WorldFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
    var format: WorldFormat = .stillwatch

    @Option(help: "About how many exchanges; natural volumes if not given.")
    var exchanges: Int?

    @Option(help: "About how many exchanges of innocents; campaigns keep their natural volumes.")
    var innocentExchanges: Int?

    @Option(help: "What the length of answers is multiplied by.")
    var answerScale = 1.0

    @Flag(help: "Write exchanges.jsonl.zst, of frames that can be unpacked apart.")
    var compress = false

    func validate() throws {
        guard accounts > 0, accounts <= 10_000_000 else {
            throw ValidationError("--accounts must be between 1 and 10,000,000, not \(accounts)")
        }
        guard (1...366).contains(days) else {
            throw ValidationError("--days must be between 1 and 366, not \(days)")
        }
        if let exchanges, exchanges < 1 {
            throw ValidationError("--exchanges must be positive, not \(exchanges)")
        }
        guard (0.01...100).contains(answerScale) else {
            throw ValidationError("--answer-scale must be between 0.01 and 100, not \(answerScale)")
        }
        _ = try selection()
        _ = try leftOut()
    }

    private func selection() throws -> CampaignSelection {
        switch campaigns {
        case "all": return .all
        case "none": return .none
        default:
            let names = campaigns.split(separator: ",").map(String.init)
            for name in names where CampaignKind(rawValue: name) == nil {
                let known = CampaignKind.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError(
                    "--campaigns '\(name)' is unknown; known are all, none, \(known)")
            }
            return .named(names)
        }
    }

    private func leftOut() throws -> Set<InnocentClass> {
        let names = withoutClasses?.split(separator: ",").map(String.init) ?? []
        return Set(
            try names.map { name in
                if let kind = InnocentClass(rawValue: name) { return kind }
                let known = InnocentClass.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--without-classes '\(name)' is unknown; known are \(known)")
            })
    }

    func run() throws {
        do {
            var settings = WorldSettings(out: out)
            settings.seed = seed
            settings.accounts = accounts
            settings.days = days
            settings.campaigns = try selection()
            settings.tuning.accounts = campaignAccounts
            settings.tuning.requestsPerDay = campaignRate
            settings.tuning.days = campaignDays
            settings.tuning.dilution = campaignDilution
            settings.withoutClasses = try leftOut()
            settings.corpus = corpus
            settings.format = format
            settings.exchanges = exchanges
            settings.innocentExchanges = innocentExchanges
            settings.answerScale = answerScale
            settings.isCompressed = compress
            let summary = try World.write(settings)
            Terminal.output(
                "\(Terminal.grouped(summary.exchanges)) exchanges of \(Terminal.grouped(summary.accounts)) accounts, \(Terminal.grouped(summary.bytes)) bytes in \(out)"
            )
        } catch {
            Terminal.message("stillwatch: \(error)")
            throw ExitCode(2)
        }
    }
}

extension WorldFormat: ExpressibleByArgument {}
