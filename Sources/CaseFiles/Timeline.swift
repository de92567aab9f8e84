import Detection

/// A group's timeline in at most `limit` equal bins.
struct Timeline {
    /// One bin.
    struct Bin {
        let startSeconds: Int64
        var exchanges = 0
        /// The most accounts active in any step of the bin; steps cannot be added up, since they share accounts.
        var accounts = 0
    }

    /// Length of a bin in seconds.
    let binSeconds: Int64
    /// Length of a step of the group's own timeline in seconds.
    let stepSeconds: Int64
    /// All bins from first to last, empty ones included.
    let bins: [Bin]

    /// Joins neighbouring steps until they fit; `nil` without points.
    init?(_ group: JudgedGroup, limit: Int = 120) {
        let points = group.timeline
        guard let first = points.map(\.startSeconds).min(),
            let last = points.map(\.startSeconds).max()
        else { return nil }
        let step = max(1, group.timelineStepSeconds)
        let (span, overflow) = last.subtractingReportingOverflow(first)
        guard !overflow else { return nil }
        let steps = span / step + 1
        let joined = Self.joined(steps: steps, step: step, limit: Int64(limit))
        let binSeconds = step * joined
        var bins = (0...(span / binSeconds)).map { Bin(startSeconds: first + $0 * binSeconds) }
        for point in points {
            let index = Int((point.startSeconds - first) / binSeconds)
            bins[index].exchanges += point.exchanges
            bins[index].accounts = max(bins[index].accounts, point.accounts)
        }
        self.binSeconds = binSeconds
        self.stepSeconds = step
        self.bins = bins
    }

    /// How many steps to join. Hours are joined to lengths that divide a day, so that bins have readable names.
    private static func joined(steps: Int64, step: Int64, limit: Int64) -> Int64 {
        let least = (steps + limit - 1) / limit
        for factor: Int64 in [1, 2, 3, 4, 6, 12, 24, 48, 72, 168] where factor >= least {
            return factor
        }
        return least
    }

    /// Most exchanges in a bin.
    var mostExchanges: Int { bins.map(\.exchanges).max() ?? 0 }
    /// Most accounts in a bin.
    var mostAccounts: Int { bins.map(\.accounts).max() ?? 0 }

    /// Where a moment lies between the first bin's start (0) and the last one's end (1).
    func position(microseconds: Int64) -> Double {
        let start = Double(bins[0].startSeconds)
        let length = Double(binSeconds) * Double(bins.count)
        return min(1, max(0, (Double(microseconds) / 1e6 - start) / length))
    }

    /// The end of the last bin in microseconds.
    var endMicroseconds: Int64 {
        (bins[bins.count - 1].startSeconds + binSeconds) * 1_000_000
    }
}
