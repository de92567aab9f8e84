/// Event times in UTC, in the proleptic Gregorian calendar.
enum EventTime {
    /// How to write a time.
    enum Style {
        /// `2026-04-22`
        case day
        /// `22 Apr 2026`
        case longDay
        /// `2026-04-22 14:03`
        case minute
        /// `22 Apr 2026, 14:03`
        case longMinute
        /// `2026-04-22T14:03:05Z`
        case machine
    }

    /// Writes a time given in microseconds since 1970.
    static func text(_ microseconds: Int64, _ style: Style) -> String {
        let seconds = floorDivide(microseconds, 1_000_000)
        let days = floorDivide(seconds, 86_400)
        let rest = Int(seconds - days * 86_400)
        let (year, month, day) = civil(days)
        let names = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        let date = "\(year)-\(two(month))-\(two(day))"
        let clock = "\(two(rest / 3600)):\(two(rest / 60 % 60))"
        let longDate = "\(day) \(names[month - 1]) \(year)"
        switch style {
        case .day: return date
        case .longDay: return longDate
        case .minute: return "\(date) \(clock)"
        case .longMinute: return "\(longDate), \(clock)"
        case .machine: return "\(date)T\(clock):\(two(rest % 60))Z"
        }
    }

    /// A length of time to two units: `3 days 4 hours`.
    static func duration(seconds: Int64) -> String {
        guard seconds > 0 else { return "0 seconds" }
        let units: [(Int64, String)] = [
            (86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"),
        ]
        var rest = seconds
        var parts: [String] = []
        for (size, name) in units {
            let amount = rest / size
            rest %= size
            if amount > 0 { parts.append(Readable.count(Int(amount), name)) }
            // Two neighbouring units are precise enough; a gap between them ends the list.
            if parts.count == 2 || (parts.count == 1 && amount == 0) { break }
        }
        return parts.joined(separator: " ")
    }

    /// A step in words after "per": `hour`, `6 hours`, `day`.
    static func step(seconds: Int64) -> String {
        let words = duration(seconds: seconds)
        return words.hasPrefix("1 ") && !words.dropFirst(2).contains(" ")
            ? String(words.dropFirst(2)) : words
    }

    private static func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }

    /// Year, month and day of a number of days since 1970, counting in eras of 400 years that begin in March.
    private static func civil(_ days: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = Int(shifted - era * 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + Int(era) * 400 + (month <= 2 ? 1 : 0)
        return (year, month, day)
    }
}
