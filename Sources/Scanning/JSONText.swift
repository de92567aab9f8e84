/// Writes JSON with fields in a fixed order, so that equal values give equal bytes.
package struct JSONText {
    /// What was written.
    package private(set) var bytes: [UInt8] = []

    private var needsComma = false

    /// Nothing written yet.
    package init() {}

    private mutating func separate() {
        if needsComma { bytes.append(0x2c) }
        needsComma = true
    }

    private mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// Starts a field of the open object.
    package mutating func key(_ name: String) {
        separate()
        quoted(name)
        bytes.append(0x3a)
        needsComma = false
    }

    package mutating func object(_ body: (inout JSONText) -> Void) {
        separate()
        bytes.append(0x7b)
        needsComma = false
        body(&self)
        bytes.append(0x7d)
        needsComma = true
    }

    package mutating func array<Element>(
        _ values: [Element], _ body: (inout JSONText, Element) -> Void
    ) {
        separate()
        bytes.append(0x5b)
        needsComma = false
        for value in values { body(&self, value) }
        bytes.append(0x5d)
        needsComma = true
    }

    package mutating func string(_ value: String) {
        separate()
        quoted(value)
    }

    package mutating func integer(_ value: some BinaryInteger) {
        separate()
        raw(String(value))
    }

    /// A finite number in the fewest digits that read back the same; `null` otherwise.
    package mutating func number(_ value: Double) {
        separate()
        guard value.isFinite else { return raw("null") }
        if value == value.rounded(), abs(value) < 1e15 {
            raw(String(Int64(value)))
        } else {
            raw(value.description)
        }
    }

    package mutating func bool(_ value: Bool) {
        separate()
        raw(value ? "true" : "false")
    }

    package mutating func null() {
        separate()
        raw("null")
    }

    package mutating func newline() {
        bytes.append(0x0a)
        needsComma = false
    }

    private mutating func quoted(_ value: String) {
        bytes.append(0x22)
        for byte in value.utf8 {
            switch byte {
            case 0x22, 0x5c:
                bytes.append(0x5c)
                bytes.append(byte)
            case 0x0a: raw("\\n")
            case 0x0d: raw("\\r")
            case 0x09: raw("\\t")
            case 0..<0x20, 0x7f:
                let digits = Array("0123456789abcdef".utf8)
                raw("\\u00")
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
        bytes.append(0x22)
    }
}

/// RFC 3339 times in UTC.
public enum Timestamp {
    /// `2026-04-25T00:00:00Z`, with a fraction of six digits where there is one.
    public static func text(microseconds: Int64) -> String {
        let day: Int64 = 86_400_000_000
        let days = microseconds >= 0 ? microseconds / day : -((-microseconds + day - 1) / day)
        let rest = microseconds - days * day
        // Days to civil date: H. Hinnant, "chrono-compatible low-level date algorithms".
        let z = days + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let dayOfMonth = dayOfYear - (153 * shifted + 2) / 5 + 1
        func pad(_ value: Int64, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let seconds = rest / 1_000_000
        let fraction = rest % 1_000_000
        return "\(pad(year, 4))-\(pad(month, 2))-\(pad(dayOfMonth, 2))T\(pad(seconds / 3600, 2)):"
            + "\(pad(seconds / 60 % 60, 2)):\(pad(seconds % 60, 2))"
            + (fraction == 0 ? "Z" : ".\(pad(fraction, 6))Z")
    }
}
