/// Text from logs made safe to show: hostile names must neither break the page nor deceive its reader.
enum VisibleText {
    /// Appends a string with the characters of markup escaped. Control and direction characters, which a reader could
    /// not see, become visible signs; line breaks and tabs stay.
    static func escape(_ string: String, into html: inout String) {
        for scalar in string.unicodeScalars {
            switch scalar {
            case "&": html += "&amp;"
            case "<": html += "&lt;"
            case ">": html += "&gt;"
            case "\"": html += "&quot;"
            case "'": html += "&#39;"
            case "\n", "\t": html.unicodeScalars.append(scalar)
            default: append(scalar, to: &html)
            }
        }
    }

    /// The string on one line: line breaks and tabs become visible signs too.
    static func line(_ string: String) -> String {
        var result = ""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\n", "\t": appendSign(scalar, to: &result)
            default: append(scalar, to: &result)
            }
        }
        return result
    }

    /// At most `limit` Unicode scalars: the beginning, an ellipsis and the end. Counts scalars and not characters,
    /// because one character may carry any number of combining marks.
    static func shortened(_ string: String, limit: Int) -> String {
        let scalars = string.unicodeScalars
        guard scalars.count > limit else { return string }
        let tail = min(8, limit / 4)
        var result = String(scalars.prefix(limit - tail - 1))
        result += "…"
        result.unicodeScalars.append(contentsOf: scalars.suffix(tail))
        return result
    }

    private static func append(_ scalar: Unicode.Scalar, to string: inout String) {
        if scalar.value >= 0x20 && scalar.value < 0x7F {
            string.unicodeScalars.append(scalar)
        } else if isHidden(scalar) {
            appendSign(scalar, to: &string)
        } else {
            string.unicodeScalars.append(scalar)
        }
    }

    /// C0 controls have pictures of their own in Unicode; the rest are named by code point.
    private static func appendSign(_ scalar: Unicode.Scalar, to string: inout String) {
        if scalar.value < 0x20, let picture = Unicode.Scalar(0x2400 + scalar.value) {
            string.unicodeScalars.append(picture)
        } else {
            let digits = String(scalar.value, radix: 16, uppercase: true)
            string += "[U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "]"
        }
    }

    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F: true
        // Joiners shape real words in several scripts, so they stay.
        case 0x200C, 0x200D: false
        case 0xFDD0...0xFDEF: true
        default:
            scalar.value & 0xFFFE == 0xFFFE || scalar.properties.generalCategory == .format
                || scalar.properties.generalCategory == .lineSeparator
                || scalar.properties.generalCategory == .paragraphSeparator
                || scalar.properties.generalCategory == .privateUse
        }
    }
}
