/// A growable run of bytes with the pieces of JSON that records are built of.
final class ByteBuffer {
    private(set) var base: UnsafeMutablePointer<UInt8>
    private(set) var capacity: Int
    var count = 0

    init(capacity: Int = 1 << 16) {
        self.capacity = capacity
        base = .allocate(capacity: capacity)
    }

    deinit { base.deallocate() }

    var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: base, count: count) }

    func bytes(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: base + range.lowerBound, count: range.count)
    }

    func removeAll() { count = 0 }

    @inline(__always) private func reserve(_ extra: Int) {
        if count + extra > capacity { grow(extra) }
    }

    @inline(never) private func grow(_ extra: Int) {
        var size = capacity
        while size < count + extra { size *= 2 }
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
        larger.update(from: base, count: count)
        base.deallocate()
        base = larger
        capacity = size
    }

    @inline(__always) func append(_ byte: UInt8) {
        reserve(1)
        base[count] = byte
        count += 1
    }

    @inline(__always) func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let source = bytes.baseAddress, !bytes.isEmpty else { return }
        reserve(bytes.count)
        (base + count).update(from: source, count: bytes.count)
        count += bytes.count
    }

    @inline(__always) func append(_ text: StaticString) {
        append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    func append(string: String) {
        var copy = string
        copy.withUTF8 { append($0) }
    }

    func append(_ value: Int) {
        if value < 0 {
            append(UInt8(ascii: "-"))
            append(-value)
            return
        }
        reserve(20)
        var digits = 1
        var rest = value
        while rest >= 10 {
            rest /= 10
            digits += 1
        }
        rest = value
        var at = count + digits
        count = at
        repeat {
            at -= 1
            base[at] = UInt8(48 + rest % 10)
            rest /= 10
        } while rest > 0
    }

    /// A number with at most three decimals and no exponent.
    func append(decimal value: Double) {
        let thousandths = Int((value * 1000).rounded())
        if thousandths < 0 { append(UInt8(ascii: "-")) }
        let positive = abs(thousandths)
        append(positive / 1000)
        var rest = positive % 1000
        if rest == 0 { return }
        append(UInt8(ascii: "."))
        var unit = 100
        while rest > 0 {
            append(UInt8(48 + rest / unit))
            rest %= unit
            unit /= 10
        }
    }

    func append(padded value: Int, width: Int) {
        var unit = 1
        for _ in 1..<width { unit *= 10 }
        while unit > 0 {
            append(UInt8(48 + value / unit % 10))
            unit /= 10
        }
    }

    /// Sixteen hexadecimal digits.
    func append(hex value: UInt64) {
        var shift = 60
        while shift >= 0 {
            let digit = UInt8((value >> UInt64(shift)) & 15)
            append(digit < 10 ? 48 + digit : 87 + digit)
            shift -= 4
        }
    }

    /// The inside of a JSON string: quotes, backslashes and control characters escaped (RFC 8259, section 7).
    func append(escaped bytes: UnsafeBufferPointer<UInt8>) {
        guard let source = bytes.baseAddress else { return }
        let length = bytes.count
        reserve(length + 16)
        var runStart = 0
        var index = 0
        while index < length {
            let byte = source[index]
            if byte >= 0x20 && byte != 0x22 && byte != 0x5C {
                index &+= 1
                continue
            }
            append(UnsafeBufferPointer(start: source + runStart, count: index - runStart))
            append(UInt8(ascii: "\\"))
            switch byte {
            case 0x22, 0x5C: append(byte)
            case 0x0A: append(UInt8(ascii: "n"))
            case 0x0D: append(UInt8(ascii: "r"))
            case 0x09: append(UInt8(ascii: "t"))
            default:
                append("u00")
                append(byte >> 4 + 48)
                let low = byte & 15
                append(low < 10 ? 48 + low : 87 + low)
            }
            index &+= 1
            runStart = index
        }
        append(UnsafeBufferPointer(start: source + runStart, count: length - runStart))
    }

    /// A JSON string with its quotes.
    func append(quoted bytes: UnsafeBufferPointer<UInt8>) {
        append(UInt8(ascii: "\""))
        append(escaped: bytes)
        append(UInt8(ascii: "\""))
    }

    /// A JSON string with its quotes.
    func append(quoted string: String) {
        var copy = string
        copy.withUTF8 { append(quoted: $0) }
    }

    /// RFC 3339 in UTC with milliseconds, without quotes.
    func append(time microseconds: Int64) {
        let milliseconds = Int(microseconds / 1000)
        let seconds = milliseconds / 1000
        let (year, month, day) = civilDate(daysSince1970: seconds / 86_400)
        append(padded: year, width: 4)
        append(UInt8(ascii: "-"))
        append(padded: month, width: 2)
        append(UInt8(ascii: "-"))
        append(padded: day, width: 2)
        append(UInt8(ascii: "T"))
        append(padded: seconds % 86_400 / 3600, width: 2)
        append(UInt8(ascii: ":"))
        append(padded: seconds % 3600 / 60, width: 2)
        append(UInt8(ascii: ":"))
        append(padded: seconds % 60, width: 2)
        append(UInt8(ascii: "."))
        append(padded: milliseconds % 1000, width: 3)
        append(UInt8(ascii: "Z"))
    }
}

/// The Gregorian date of a day number, by Hinnant's `civil_from_days`, for days from 1970 on.
func civilDate(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
        (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
}
