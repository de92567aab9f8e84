/// Dates of the proleptic Gregorian calendar as microseconds since 1970 UTC.
enum CalendarTime {
    /// The first moment after a date (`YYYY-MM-DD`), or the moment of a time (`YYYY-MM-DDThh:mm:ssZ`).
    static func end(of text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count == 10 || bytes.count == 20 else { return nil }
        func number(_ start: Int, _ count: Int) -> Int64? {
            var value: Int64 = 0
            for byte in bytes[start..<start + count] {
                guard byte >= 0x30, byte <= 0x39 else { return nil }
                value = value * 10 + Int64(byte - 0x30)
            }
            return value
        }
        func holds(_ character: Character, at index: Int) -> Bool {
            bytes[index] == character.asciiValue
        }
        guard holds("-", at: 4), holds("-", at: 7), let year = number(0, 4),
            let month = number(5, 2), let day = number(8, 2), year >= 1970,
            (1...12).contains(month), day >= 1, day <= days(inMonth: month, of: year)
        else { return nil }
        let midnight = daysSinceEpoch(year, month, day) * 86_400
        guard bytes.count == 20 else { return (midnight + 86_400) * 1_000_000 }
        guard holds("T", at: 10), holds(":", at: 13), holds(":", at: 16), holds("Z", at: 19),
            let hour = number(11, 2), let minute = number(14, 2), let second = number(17, 2),
            hour < 24, minute < 60, second < 60
        else { return nil }
        return (midnight + hour * 3_600 + minute * 60 + second) * 1_000_000
    }

    private static func days(inMonth month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        default: 31
        }
    }

    private static func daysSinceEpoch(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        // Counted in years that begin in March, so that a leap day is a year's last.
        let shifted = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let leaps = shifted / 4 - shifted / 100 + shifted / 400
        return shifted * 365 + leaps + dayOfYear - 719_468
    }
}
