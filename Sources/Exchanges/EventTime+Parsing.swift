extension EventTime {
    /// Reads an RFC 3339 date and time.
    ///
    /// Wider than the RFC where log writers are: lower-case `t` and `z`, a space between date and time, a comma before the
    /// fraction, offsets `+hh` and `+hhmm`; without an offset the time is read as UTC. Any number of fraction digits; those
    /// after the sixth are cut off. A leap second (23:59:60 UTC) becomes 59.999 of the same minute.
    /// - Returns: `nil` when the text is not a valid date and time. The range is not checked.
    public init?(rfc3339 text: ByteView) {
        var reader = DigitReader(text)
        guard let year = reader.number(4), reader.skip(UInt8(ascii: "-")),
            let month = reader.number(2), reader.skip(UInt8(ascii: "-")),
            let day = reader.number(2), (1...12).contains(month),
            day >= 1, day <= Self.daysInMonth(month, of: year),
            reader.skip(UInt8(ascii: "T")) || reader.skip(UInt8(ascii: "t"))
                || reader.skip(UInt8(ascii: " ")),
            let hour = reader.number(2), hour <= 23, reader.skip(UInt8(ascii: ":")),
            let minute = reader.number(2), minute <= 59, reader.skip(UInt8(ascii: ":")),
            let second = reader.number(2), second <= 60
        else { return nil }
        var fraction: Int64 = 0
        if reader.skip(UInt8(ascii: ".")) || reader.skip(UInt8(ascii: ",")) {
            guard let micros = reader.fraction() else { return nil }
            fraction = micros
        }
        guard let offset = reader.offsetSeconds(), reader.isAtEnd else { return nil }
        let days = Self.daysSince1970(year: year, month: month, day: day)
        let clock = Int64(hour * 3600 + minute * 60 + Swift.min(second, 59))
        let seconds = days * 86400 + clock - Int64(offset)
        if second == 60 {
            // Leap seconds are inserted at the end of a UTC day only.
            guard (seconds % 86400 + 86400) % 86400 == 86399 else { return nil }
            fraction = 999_000
        }
        self.init(microseconds: seconds * 1_000_000 + fraction)
    }

    /// Reads an RFC 3339 full date, such as `2026-04-20`, as its midnight in UTC.
    public init?(date text: ByteView) {
        var reader = DigitReader(text)
        guard let year = reader.number(4), reader.skip(UInt8(ascii: "-")),
            let month = reader.number(2), reader.skip(UInt8(ascii: "-")),
            let day = reader.number(2), reader.isAtEnd, (1...12).contains(month),
            day >= 1, day <= Self.daysInMonth(month, of: year)
        else { return nil }
        let days = Self.daysSince1970(year: year, month: month, day: day)
        self.init(microseconds: days * 86_400_000_000)
    }

    /// Reads seconds since 1970 written as decimal digits with an optional fraction, such as `1776816003.214`.
    public init?(unixSeconds text: ByteView) {
        var reader = DigitReader(text)
        let negative = reader.skip(UInt8(ascii: "-"))
        guard let seconds = reader.digits(atMost: 12) else { return nil }
        var micros: Int64 = 0
        if reader.skip(UInt8(ascii: ".")) {
            guard let fraction = reader.fraction() else { return nil }
            micros = fraction
        }
        guard reader.isAtEnd else { return nil }
        let magnitude = seconds * 1_000_000 + micros
        self.init(microseconds: negative ? -magnitude : magnitude)
    }

    /// Converts a count of seconds, milliseconds or the like since 1970.
    /// - Parameter perSecond: units in a second.
    /// - Returns: `nil` when the number is not finite or out of range.
    init?(_ count: Double, perSecond: Double) {
        let micros = (count * (1_000_000 / perSecond)).rounded()
        guard let exact = Int64(exactly: micros) else { return nil }
        self.init(microseconds: exact)
    }

    /// Converts a whole number of seconds, milliseconds or the like since 1970; digits below a microsecond are cut off.
    init?(_ count: Int64, perSecond: Int64) {
        let (whole, rest) = count.quotientAndRemainder(dividingBy: perSecond)
        let (micros, overflow) = whole.multipliedReportingOverflow(by: 1_000_000)
        guard !overflow else { return nil }
        let fraction = rest * 1_000_000 / perSecond
        let (sum, carry) = micros.addingReportingOverflow(fraction)
        guard !carry else { return nil }
        self.init(microseconds: sum)
    }

    /// Days from 1970-01-01 to a day of the proleptic Gregorian calendar.
    ///
    /// Counts years from March, so that the leap day is the last of its year.
    static func daysSince1970(year: Int, month: Int, day: Int) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let monthFromMarch = (month + 9) % 12
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        let leapDays =
            shifted.floorDivided(by: 4) - shifted.floorDivided(by: 100)
            + shifted.floorDivided(by: 400)
        // 719 468 days lie between 0000-03-01 and 1970-01-01.
        return Int64(365 * shifted + leapDays + dayOfYear - 719_468)
    }

    private static func daysInMonth(_ month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension Int {
    fileprivate func floorDivided(by divisor: Int) -> Int {
        self >= 0 ? self / divisor : -((-self + divisor - 1) / divisor)
    }
}

/// Reads numbers of fixed width from text.
private struct DigitReader {
    private let text: ByteView
    private var position = 0

    init(_ text: ByteView) { self.text = text }

    var isAtEnd: Bool { position == text.count }

    mutating func skip(_ byte: UInt8) -> Bool {
        guard position < text.count, text[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func digit() -> Int? {
        guard position < text.count, text[position] >= 0x30, text[position] <= 0x39 else {
            return nil
        }
        defer { position += 1 }
        return Int(text[position] - 0x30)
    }

    mutating func number(_ width: Int) -> Int? {
        var value = 0
        for _ in 0..<width {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    mutating func digits(atMost width: Int) -> Int64? {
        guard let first = digit() else { return nil }
        var value = Int64(first)
        var count = 1
        while let next = digit() {
            count += 1
            guard count <= width else { return nil }
            value = value * 10 + Int64(next)
        }
        return value
    }

    /// Microseconds from one or more fraction digits.
    mutating func fraction() -> Int64? {
        guard let first = digit() else { return nil }
        var value = Int64(first)
        var count = 1
        while let next = digit() {
            guard count < 6 else { continue }
            value = value * 10 + Int64(next)
            count += 1
        }
        while count < 6 {
            value *= 10
            count += 1
        }
        return value
    }

    /// `Z`, `+hh:mm`, `+hhmm`, `+hh` or nothing.
    mutating func offsetSeconds() -> Int? {
        if isAtEnd || skip(UInt8(ascii: "Z")) || skip(UInt8(ascii: "z")) { return 0 }
        let negative = skip(UInt8(ascii: "-"))
        guard negative || skip(UInt8(ascii: "+")), let hours = number(2), hours <= 23 else {
            return nil
        }
        var minutes = 0
        if skip(UInt8(ascii: ":")) || !isAtEnd {
            guard let read = number(2), read <= 59 else { return nil }
            minutes = read
        }
        let seconds = hours * 3600 + minutes * 60
        return negative ? -seconds : seconds
    }
}
