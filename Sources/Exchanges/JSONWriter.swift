/// Writes parsed values back as JSON text.
enum JSONWriter {
    /// Appends any value.
    static func append(_ value: JSONValue, to bytes: inout [UInt8]) {
        switch value.kind {
        case .absent, .null: append("null", to: &bytes)
        case .bool: append(value.bool == true ? "true" : "false", to: &bytes)
        case .integer, .unsigned, .double: appendNumber(value, to: &bytes)
        case .string: append(string: value.text, to: &bytes)
        case .array:
            bytes.append(UInt8(ascii: "["))
            var isFirst = true
            for element in value.elements {
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                append(element, to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object:
            bytes.append(UInt8(ascii: "{"))
            var isFirst = true
            for (name, element) in value.fields {
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                append(string: name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                append(element, to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    /// Appends text that needs no escapes.
    static func append(_ literal: StaticString, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: ByteView(literal).buffer)
    }

    /// Appends a quoted string.
    static func append(string text: ByteView, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.buffer {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20:
                append("\\u00", to: &bytes)
                for digit in [byte >> 4, byte & 15] {
                    bytes.append(digit < 10 ? 0x30 + digit : 0x61 + digit - 10)
                }
            default:
                bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func appendNumber(_ value: JSONValue, to bytes: inout [UInt8]) {
        if value.kind != .double, let number = value.int {
            ByteArena.append(number, to: &bytes)
        } else if let number = value.double {
            bytes.append(contentsOf: String(number).utf8)
        }
    }
}
