#if canImport(Glibc)
    import Glibc
#endif

/// What became of one injected campaign.
public struct DrillTrial: Sendable, Equatable {
    /// Share of its accounts with the verdict `distillation`, 0...1.
    public let accusedShare: Double
    /// From its first exchange to the first flag, in seconds; `nil` when it was not caught.
    public let secondsToFlag: Double?
    /// Share of its harvest made before the first flag; 1 when it was not caught.
    public let leakedShare: Double
    /// Its exchanges, cover included.
    public let exchanges: Int
    /// Accounts of the user's own logs that are accused with it and were not without it, by name.
    public let newlyAccused: [String]

    /// Whether at least half of its accounts are accused.
    public var isCaught: Bool { accusedShare >= 0.5 }
}

/// What became of all campaigns of one cell.
public struct DrillCellResult: Sendable, Equatable {
    /// The kind of campaign.
    public let cell: DrillGrid.Cell
    /// The campaigns, by number of the repeat.
    public let trials: [DrillTrial]

    /// Campaigns caught.
    public var caught: Int { trials.count(where: \.isCaught) }
    /// Share of campaigns caught, 0...1.
    public var power: Double { Double(caught) / Double(max(1, trials.count)) }
    /// Wilson's 95 % interval of the power.
    public var interval: ClosedRange<Double> { Wilson.interval(caught, of: trials.count) }
    /// Mean share of a campaign's accounts that is accused.
    public var accusedShare: Double { Self.mean(trials.map(\.accusedShare)) }
    /// Median time to the flag of the campaigns caught, in seconds.
    public var secondsToFlag: Double? {
        let times = trials.filter(\.isCaught).compactMap(\.secondsToFlag).sorted()
        return times.isEmpty ? nil : times[times.count / 2]
    }
    /// Mean share of the harvest made before the flag, over the campaigns caught.
    public var leakedShare: Double? {
        let shares = trials.filter(\.isCaught).map(\.leakedShare)
        return shares.isEmpty ? nil : Self.mean(shares)
    }
    /// Most accounts of the user's own that one campaign got accused.
    public var newlyAccused: Int { trials.map(\.newlyAccused.count).max() ?? 0 }

    private static func mean(_ values: [Double]) -> Double {
        values.reduce(0, +) / Double(max(1, values.count))
    }
}

/// What a drill says.
public struct DrillResult: Sendable {
    /// Power from which a kind of campaign counts as caught.
    public static let wantedPower = 0.9

    /// A result for every cell, in the grid's order.
    public let cells: [DrillCellResult]
    /// Accounts of the user's own logs that are accused without any injection.
    public let accusedBefore: Int
    /// Accounts that could lend traffic as cover.
    public let donors: Int

    /// For each dilution of the grid the caught campaign with the fewest exchanges a day; `nil` when none is caught.
    public var smallestCaught: [(dilution: Double, cell: DrillCellResult?)] {
        var dilutions: [Double] = []
        for cell in cells where dilutions.last != cell.cell.dilution {
            dilutions.append(cell.cell.dilution)
        }
        return dilutions.map { dilution in
            let caught = cells.filter {
                $0.cell.dilution == dilution && $0.power >= Self.wantedPower
            }
            return (
                dilution,
                caught.min {
                    ($0.cell.accounts * $0.cell.rate, $0.cell.accounts)
                        < ($1.cell.accounts * $1.cell.rate, $1.cell.accounts)
                }
            )
        }
    }
}

/// E. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927.
enum Wilson {
    /// The 95 % interval of a share of which `successes` of `count` were seen.
    static func interval(_ successes: Int, of count: Int) -> ClosedRange<Double> {
        guard count > 0 else { return 0...1 }
        let z = 1.959_963_984_540_054
        let n = Double(count)
        let p = Double(successes) / n
        let middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        let half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
        return max(0, middle - half)...min(1, middle + half)
    }
}
