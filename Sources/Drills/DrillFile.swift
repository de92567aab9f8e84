import Detection
import Scanning

/// `drill.json`: settings, a line of figures for every cell, every trial. Field names are an interface.
public enum DrillFile {
    /// The file's bytes; the same logs and settings give the same.
    public static func bytes(
        _ result: DrillResult, settings: DrillSettings, version: String, accounts: Int,
        exchanges: Int
    ) -> [UInt8] {
        var text = JSONText()
        text.object { top in
            top.key("version")
            top.string(version)
            top.key("accounts")
            top.integer(accounts)
            top.key("exchanges")
            top.integer(exchanges)
            top.key("accounts_accused_before")
            top.integer(result.accusedBefore)
            top.key("accounts_lending_cover")
            top.integer(result.donors)
            top.key("cover")
            top.string(settings.cover.rawValue)
            top.key("days")
            top.integer(settings.days)
            top.key("repeats")
            top.integer(settings.repeats)
            top.key("seed")
            top.integer(settings.seed)
            top.key("corpus")
            top.string(settings.corpus ?? "built-in")
            top.key("fdr")
            top.number(settings.judge.fdr)
            top.key("smallest_caught")
            top.array(result.smallestCaught) { text, entry in
                text.object { object in
                    object.key("dilution")
                    object.number(entry.dilution)
                    object.key("accounts")
                    optional(entry.cell.map { Double($0.cell.accounts) }, &object)
                    object.key("exchanges_per_account_day")
                    optional(entry.cell.map { Double($0.cell.rate) }, &object)
                }
            }
            top.key("cells")
            top.array(result.cells) { cell($1, &$0) }
        }
        text.newline()
        return text.bytes
    }

    private static func cell(_ cell: DrillCellResult, _ text: inout JSONText) {
        text.object { object in
            object.key("accounts")
            object.integer(cell.cell.accounts)
            object.key("exchanges_per_account_day")
            object.integer(cell.cell.rate)
            object.key("dilution")
            object.number(cell.cell.dilution)
            object.key("caught")
            object.integer(cell.caught)
            object.key("power")
            object.number(cell.power)
            object.key("power_low_95")
            object.number(cell.interval.lowerBound)
            object.key("power_high_95")
            object.number(cell.interval.upperBound)
            object.key("accused_share")
            object.number(cell.accusedShare)
            object.key("median_hours_to_flag")
            optional(cell.secondsToFlag.map { $0 / 3600 }, &object)
            object.key("leaked_share")
            optional(cell.leakedShare, &object)
            object.key("trials")
            object.array(cell.trials) { text, trial in
                text.object { object in
                    object.key("accused_share")
                    object.number(trial.accusedShare)
                    object.key("hours_to_flag")
                    optional(trial.secondsToFlag.map { $0 / 3600 }, &object)
                    object.key("leaked_share")
                    object.number(trial.leakedShare)
                    object.key("exchanges")
                    object.integer(trial.exchanges)
                    object.key("newly_accused")
                    object.array(trial.newlyAccused) { $0.string($1) }
                }
            }
        }
    }

    private static func optional(_ value: Double?, _ text: inout JSONText) {
        if let value { text.number(value) } else { text.null() }
    }
}
