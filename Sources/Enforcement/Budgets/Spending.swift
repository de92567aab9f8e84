/// What was used against one limit, at a time.
struct Spending: Sendable, Equatable {
    /// Clocks of event loops lag a little behind each other. Further back than this, the clock was set.
    static let clockStepMicroseconds: Int64 = 1_000_000
    /// Past this nothing more is added, so that no sum overflows: four thousand times the largest amount.
    static let ceiling: Int64 = 1 << 62

    /// Units used that still count.
    private(set) var level: Int64 = 0
    /// Of a rate: when `level` was right. Of a day or month: when it began.
    private(set) var updated: Int64 = 0
    /// Of a rate: the part of a unit that has leaked, times the window. Of a day or month: when it ends.
    private var extra: Int64 = 0

    /// Nothing used.
    init() {}

    /// As it was saved.
    init(level: Int64, updated: Int64, pace: Pace) {
        self.level = max(0, min(level, Self.ceiling))
        // Year 3111: a row of the store that is damaged must not overflow the calendar.
        let updated = max(0, min(updated, 1 << 55))
        switch pace.kind {
        case .rate, .open: self.updated = updated
        case .day, .month:
            (self.updated, extra) = UTCCalendar.window(pace.kind, containing: updated)
        }
    }

    /// When it counts from anew; the distant past for a rate.
    var start: Int64 { updated }
    /// Of a day or month: when it ends.
    var end: Int64 { extra }
    /// Of a rate: what `Pace.time(toLeak:remainder:)` takes.
    var remainder: Int64 { extra }

    /// Forgets what counts no longer.
    @inline(__always)
    mutating func advance(to now: Int64, _ pace: Pace) {
        switch pace.kind {
        case .rate:
            let elapsed = now &- updated
            if elapsed <= 0 {
                if elapsed < -Self.clockStepMicroseconds { updated = now }
                return
            }
            updated = now
            if level == 0 { return }
            let leaked = pace.leaked(elapsed: elapsed, remainder: extra)
            if leaked.units >= level {
                (level, extra) = (0, 0)
            } else {
                level -= leaked.units
                extra = leaked.remainder
            }
        case .day, .month:
            // A clock that ran ahead by more than a day and was set right begins anew, too.
            if now >= extra || now < updated - UTCCalendar.dayMicroseconds {
                (updated, extra) = UTCCalendar.window(pace.kind, containing: now)
                level = 0
            }
        case .open: break
        }
    }

    /// Adds what was used; `advance` comes first.
    @inline(__always)
    mutating func charge(_ units: Int64) {
        level = min(level &+ units, Self.ceiling)
    }

    /// Takes back what was charged at `time`, as far as it still counts; `advance` comes first.
    ///
    /// What has leaked since is not given back: somebody else has had it. So the level is never below what it had been
    /// without the charge.
    mutating func refund(_ units: Int64, chargedAt time: Int64, now: Int64, _ pace: Pace) {
        switch pace.kind {
        case .rate:
            let leaked = pace.leaked(elapsed: max(0, now - time)).units
            level = max(0, level - max(0, units - leaked))
            if level == 0 { extra = 0 }
        case .day, .month:
            if time >= updated { level = max(0, level - units) }
        case .open: break
        }
    }
}
