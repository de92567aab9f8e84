import CaseFiles
import Detection
import Drills
import Foundation
import Scanning

/// Puts a drill's result into the shapes of the terminal, the file and the page.
struct DrillOutput {
    let settings: DrillSettings
    let result: DrillResult
    let logs: ScanResult

    var json: [UInt8] {
        DrillFile.bytes(
            result, settings: settings, version: Stillwatch.version,
            accounts: logs.profiles.count, exchanges: logs.exchanges)
    }

    var page: String {
        let judge = settings.judge
        return DrillPage(
            version: Stillwatch.version,
            rows: result.cells.map {
                DrillPage.Row(
                    accounts: $0.cell.accounts, rate: $0.cell.rate, dilution: $0.cell.dilution,
                    caught: $0.caught, trials: $0.trials.count, interval: $0.interval,
                    secondsToFlag: $0.secondsToFlag, leakedShare: $0.leakedShare,
                    newlyAccused: $0.newlyAccused)
            },
            findings: findings,
            settings: [
                ("cover", settings.cover.rawValue),
                ("days", "\(settings.days)"), ("repeats", "\(settings.repeats)"),
                ("seed", "\(settings.seed)"), ("corpus", settings.corpus ?? "built-in"),
                ("fdr", "\(judge.fdr)"), ("accounts in the logs", "\(logs.profiles.count)"),
                ("exchanges in the logs", "\(logs.exchanges)"),
                ("accounts accused without a campaign", "\(result.accusedBefore)"),
                ("accounts that lend cover", "\(result.donors)"),
            ]
        ).render()
    }

    /// The cells, for the terminal, and what follows from them.
    var table: String {
        var rows = [
            [
                "cover", "a day", "accounts", "caught", "95 % interval", "time to flag", "leaked",
                "newly accused",
            ]
        ]
        for entry in result.cells {
            let interval = entry.interval
            rows.append([
                Self.percent(entry.cell.dilution), "\(entry.cell.rate)", "\(entry.cell.accounts)",
                "\(entry.caught) of \(entry.trials.count)",
                "\(Self.percent(interval.lowerBound)) to \(Self.percent(interval.upperBound))",
                entry.secondsToFlag.map(Self.days) ?? "never",
                entry.leakedShare.map(Self.percent) ?? "all", "\(entry.newlyAccused)",
            ])
        }
        let head =
            "\(Terminal.grouped(logs.exchanges)) exchanges of \(Terminal.grouped(logs.profiles.count)) accounts; "
            + "campaigns of \(settings.days) days, \(settings.cover.rawValue) cover, \(settings.repeats) of each kind\n\n"
        return head + Terminal.table(rows, rightAligned: [0, 1, 2, 3, 4, 5, 6, 7]) + "\n\n"
            + findings.joined(separator: "\n")
    }

    private var findings: [String] {
        let wanted = Self.percent(DrillResult.wantedPower)
        var lines = result.smallestCaught.map { dilution, entry in
            let cover = "With \(Self.percent(dilution)) cover"
            guard let entry else {
                return "\(cover) no campaign of the grid is caught in \(wanted) of its trials."
            }
            return
                "\(cover) the smallest caught in \(wanted) of its trials has \(entry.cell.accounts) accounts at "
                + "\(entry.cell.rate) exchanges a day."
        }
        let trials = result.cells.flatMap(\.trials)
        let own = Set(trials.flatMap(\.newlyAccused))
        lines.append(
            own.isEmpty
                ? "No account of the logs became accused."
                : "\(own.count) of the logs' own accounts became accused in at least one of \(trials.count) trials."
        )
        return lines
    }

    private static func percent(_ share: Double) -> String {
        "\(Int((share * 100).rounded())) %"
    }

    private static func days(_ seconds: Double) -> String {
        "\((seconds / 8640).rounded() / 10) days"
    }
}

extension Terminal {
    /// Says how far a drill is: in place on a terminal, every twelfth campaign otherwise.
    static func trial(_ done: Int, of total: Int, since started: ContinuousClock.Instant) {
        let elapsed = (ContinuousClock.now - started) / .seconds(1)
        let left = Int((elapsed / Double(done) * Double(total - done)).rounded(.up))
        let line = "drill: \(done) of \(total) campaigns, \(left) s left"
        if errorIsTerminal {
            FileHandle.standardError.write(
                Data((done == total ? "\r\u{1b}[K" : "\r\u{1b}[K" + line).utf8))
        } else if done % 12 == 0, done < total {
            message(line)
        }
    }
}
