/// When what was used counts no longer.
struct Pace: Sendable, Equatable {
    enum Kind: UInt8, Sendable {
        /// It leaks away evenly.
        case rate = 0x72  // 'r', as the scripts call it
        /// It counts until midnight UTC.
        case day = 0x64
        /// It counts until the month ends, UTC.
        case month = 0x6d
        /// Nothing is used, only held.
        case open = 0x73
    }

    let kind: Kind
    /// What fits in.
    let amount: Int64
    /// In how long the amount leaks away; 0 when it does not.
    let windowMicroseconds: Int64

    init(_ window: Limit.Window?, amount: Int64) {
        self.amount = amount
        switch window {
        case .second: (kind, windowMicroseconds) = (.rate, 1_000_000)
        case .minute: (kind, windowMicroseconds) = (.rate, 60_000_000)
        case .hour: (kind, windowMicroseconds) = (.rate, 3_600_000_000)
        case .day: (kind, windowMicroseconds) = (.day, 0)
        case .month: (kind, windowMicroseconds) = (.month, 0)
        case nil: (kind, windowMicroseconds) = (.open, 0)
        }
    }

    /// What leaks in `elapsed` microseconds, and what is left of the division, which the next call takes.
    ///
    /// Exact for all amounts: where 64 bits do not hold the product, 128 do.
    func leaked(elapsed: Int64, remainder: Int64 = 0) -> (units: Int64, remainder: Int64) {
        let product = elapsed.multipliedReportingOverflow(by: amount)
        let sum = product.partialValue.addingReportingOverflow(remainder)
        if !product.overflow, !sum.overflow {
            let parts = sum.partialValue.quotientAndRemainder(dividingBy: windowMicroseconds)
            return (parts.quotient, parts.remainder)
        }
        let whole = Int128(elapsed) * Int128(amount) + Int128(remainder)
        let parts = whole.quotientAndRemainder(dividingBy: Int128(windowMicroseconds))
        return (Int64(clamping: parts.quotient), Int64(parts.remainder))
    }

    /// Microseconds until `units` have leaked, rounded up.
    func time(toLeak units: Int64, remainder: Int64) -> Int64 {
        let wanted = Int128(units) * Int128(windowMicroseconds) - Int128(remainder)
        let parts = wanted.quotientAndRemainder(dividingBy: Int128(amount))
        return Int64(clamping: parts.quotient + (parts.remainder > 0 ? 1 : 0))
    }
}

/// Days and months of the proleptic Gregorian calendar in UTC, which Unix time follows: every day has 86400 seconds.
enum UTCCalendar {
    static let dayMicroseconds: Int64 = 86_400_000_000

    /// Start and end of the day or month that `time` lies in.
    static func window(_ kind: Pace.Kind, containing time: Int64) -> (start: Int64, end: Int64) {
        let day = floorDivided(time, dayMicroseconds)
        guard kind == .month else {
            return (day * dayMicroseconds, (day + 1) * dayMicroseconds)
        }
        let first = day - dayOfMonth(day)
        // Months have 28 to 31 days, so 31 days after its first lies in the next.
        let next = first + 31 - dayOfMonth(first + 31)
        return (first * dayMicroseconds, next * dayMicroseconds)
    }

    /// Days since the first of the month, of a day counted from 1970-01-01.
    ///
    /// Years are taken to begin in March, so that the leap day is the last of a year. 400 years have 146097 days.
    /// From March on, months begin at the days (153 m + 2) / 5.
    static func dayOfMonth(_ day: Int64) -> Int64 {
        let sinceMarch0 = day + 719_468  // 0000-03-01
        let dayOfEra = sinceMarch0 - floorDivided(sinceMarch0, 146_097) * 146_097
        let year = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * year + year / 4 - year / 100)
        let month = (5 * dayOfYear + 2) / 153
        return dayOfYear - (153 * month + 2) / 5
    }

    private static func floorDivided(_ number: Int64, _ divisor: Int64) -> Int64 {
        let parts = number.quotientAndRemainder(dividingBy: divisor)
        return parts.remainder < 0 ? parts.quotient - 1 : parts.quotient
    }
}
