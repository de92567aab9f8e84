/// Numbers as a reader wants them. Uses no locale, so that a report has the same bytes everywhere.
enum Readable {
    /// An integer with thousands separators: `28,800,000`.
    static func count(_ value: Int) -> String { count(Int64(value)) }

    /// An integer with thousands separators: `28,800,000`.
    static func count(_ value: Int64) -> String {
        let digits = Array(String(value.magnitude).utf8)
        var result = value < 0 ? "−" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0 && (digits.count - index) % 3 == 0 { result += "," }
            result.unicodeScalars.append(Unicode.Scalar(digit))
        }
        return result
    }

    /// A count with its noun: `1 account`, `1,204 accounts`.
    static func count(_ value: Int, _ noun: String) -> String {
        let irregular = ["reply": "replies", "capability": "capabilities"]
        return "\(count(value)) \(value == 1 ? noun : irregular[noun] ?? noun + "s")"
    }

    /// A large integer to three digits: `28.8 million`; exact below one million.
    static func large(_ value: Int64) -> String {
        let names: [(Double, String)] = [
            (1e18, "quintillion"), (1e15, "quadrillion"), (1e12, "trillion"), (1e9, "billion"),
            (1e6, "million"),
        ]
        let magnitude = Double(value)
        // A value that rounds up to the next name, such as 999.9 million, takes that name.
        for (size, name) in names where magnitude >= size * 0.9995 {
            return "\(number(magnitude / size)) \(name)"
        }
        return count(value)
    }

    /// A large integer in little space: `28.8 M`.
    static func short(_ value: Int) -> String {
        let magnitude = Double(value)
        for (size, name) in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")]
        where magnitude >= size * 10 || (size < 1e6 && magnitude >= size) {
            return "\(number(magnitude / size)) \(name)"
        }
        return count(value)
    }

    /// A measured value to three significant digits, with a power of ten where it needs one.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "not a number" : value < 0 ? "−∞" : "∞" }
        if value == 0 { return "0" }
        let sign = value < 0 ? "−" : ""
        let magnitude = value.magnitude
        if magnitude >= 1000 && magnitude < 1e15 {
            return sign + count(Int64(magnitude.rounded()))
        }
        let digits = SignificantDigits(magnitude, count: 3)
        if digits.exponent < -3 || digits.exponent >= 15 { return sign + digits.scientific }
        return sign + digits.plain
    }

    /// A share in 0...1 as a percentage: `93%`, `0.4%`.
    static func percent(_ share: Double) -> String {
        guard share.isFinite else { return "not known" }
        if share > 0 && share < 0.001 { return "under 0.1%" }
        if share < 1 && share > 0.999 { return "over 99.9%" }
        let tenths = (share * 1000).rounded() / 10
        return tenths.magnitude >= 10 ? "\(number(tenths.rounded()))%" : "\(number(tenths))%"
    }

    /// A probability to two significant digits: `0.012`, `3.1 × 10⁻⁹`.
    static func probability(_ value: Double) -> String {
        guard value.isFinite else { return "not known" }
        if value <= 0 { return "below 10⁻³⁰⁰" }
        let digits = SignificantDigits(value, count: 2)
        return digits.exponent < -3 ? digits.scientific : digits.plain
    }

    /// How often something of this probability happens: `about once in 320 million`.
    static func oneIn(_ probability: Double) -> String {
        guard probability.isFinite else { return "not known" }
        if probability <= 0 { return "practically never" }
        if probability >= 0.5 { return "more often than not" }
        let times = (1 / probability)
        if times >= 1e18 {
            let digits = SignificantDigits(times, count: 1)
            return "about once in 10\(digits.superscriptExponent)"
        }
        let digits = SignificantDigits(times, count: 2)
        return "about once in \(large(Int64(digits.value)))"
    }

    /// US dollars: `$12,340`, cents below ten dollars.
    static func dollars(_ value: Double) -> String {
        guard value.isFinite else { return "not known" }
        if value.magnitude >= 1e12 { return "$\(number(value))" }
        if value.magnitude >= 10 || value == 0 { return "$\(count(Int64(value.rounded())))" }
        if value.magnitude < 0.005 { return "under $0.01" }
        let cents = Int64((value * 100).rounded())
        let rest = cents % 100
        return "$\(cents / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    /// A size in bytes: `512 bytes`, `1.2 GB`.
    static func bytes(_ value: Int) -> String {
        let magnitude = Double(value)
        for (size, name) in [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")]
        where magnitude >= size * 0.9995 {
            return "\(number(magnitude / size)) \(name)"
        }
        return count(value, "byte")
    }

    /// A name such as `shared_template` made readable: `Shared template`.
    static func name(_ identifier: String) -> String {
        let words = String(identifier.map { $0 == "_" || $0 == "-" ? " " : $0 })
        guard let first = words.first else { return "Unnamed" }
        return first.uppercased() + words.dropFirst()
    }

    /// A list in a sentence: `a, b and c`.
    static func list(_ items: [String]) -> String {
        guard items.count > 1, let last = items.last else { return items.first ?? "" }
        return items.dropLast().joined(separator: ", ") + " and " + last
    }
}

/// A positive finite number rounded to a few decimal digits, half up.
///
/// Works on the shortest decimal form that Swift prints, so it needs no mathematical library and rounds alike everywhere.
struct SignificantDigits {
    /// The digits, most significant first, without trailing zeros.
    let digits: [UInt8]
    /// The power of ten of the first digit.
    let exponent: Int

    /// Rounds `value`, which must be positive and finite, to `count` digits.
    init(_ value: Double, count: Int) {
        var digits: [UInt8] = []
        var exponent = 0
        var point: Int?
        let parts = value.description.split(separator: "e")
        for byte in parts[0].utf8 {
            if byte == UInt8(ascii: ".") { point = digits.count } else { digits.append(byte - 48) }
        }
        exponent = (point ?? digits.count) - 1 + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
        while digits.count > 1 && digits[0] == 0 {
            digits.removeFirst()
            exponent -= 1
        }
        if digits.count > count {
            let roundsUp = digits[count] >= 5
            digits.removeSubrange(count...)
            if roundsUp {
                var index = count - 1
                while index >= 0 && digits[index] == 9 {
                    digits[index] = 0
                    index -= 1
                }
                if index >= 0 {
                    digits[index] += 1
                } else {
                    digits.insert(1, at: 0)
                    exponent += 1
                }
            }
        }
        while digits.count > 1 && digits.last == 0 { digits.removeLast() }
        self.digits = digits
        self.exponent = exponent
    }

    /// The rounded number.
    var value: Double {
        Double(digits.map(String.init).joined() + "e\(exponent - digits.count + 1)") ?? 0
    }

    /// Without a power of ten: `0.0012`, `1200`.
    var plain: String {
        let text = digits.map(String.init)
        if exponent < 0 {
            return "0." + String(repeating: "0", count: -exponent - 1) + text.joined()
        }
        let whole =
            text.prefix(exponent + 1).joined()
            + String(repeating: "0", count: max(0, exponent + 1 - digits.count))
        let fraction = text.dropFirst(exponent + 1).joined()
        return fraction.isEmpty ? whole : whole + "." + fraction
    }

    /// With a power of ten: `3.1 × 10⁻⁹`.
    var scientific: String {
        let text = digits.map(String.init)
        let mantissa =
            text.count == 1 ? text[0] : text[0] + "." + text.dropFirst().joined()
        return "\(mantissa) × 10\(superscriptExponent)"
    }

    /// The exponent in superscript digits.
    var superscriptExponent: String {
        let superscripts: [Character: Character] = [
            "-": "⁻", "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴", "5": "⁵", "6": "⁶",
            "7": "⁷", "8": "⁸", "9": "⁹",
        ]
        return String(String(exponent).compactMap { superscripts[$0] })
    }
}
