/// Reads OTLP/JSON `AnyValue`s, and plain JSON values where an exporter writes attributes as an object.
enum AnyValue {
    /// The attributes of a span, event or resource: OTLP's list of pairs, or an object.
    struct Attributes: Sequence, IteratorProtocol {
        private var pairs: JSONValue.Elements
        private var fields: JSONValue.Fields

        init(_ attributes: JSONValue) {
            pairs = attributes.elements
            fields = attributes.fields
        }

        mutating func next() -> (key: ByteView, value: JSONValue)? {
            if let (name, value) = fields.next() { return (name, AnyValue.inner(value)) }
            guard let pair = pairs.next() else { return nil }
            return (pair["key"].text, AnyValue.inner(pair["value"]))
        }
    }

    /// The value inside the wrapper that names its type; lists stay wrapped.
    static func inner(_ value: JSONValue) -> JSONValue {
        guard value.isObject else { return value }
        for (name, inner) in value.fields {
            if name.equals("stringValue") || name.equals("intValue") || name.equals("doubleValue")
                || name.equals("boolValue") || name.equals("bytesValue")
            {
                return inner
            }
            break
        }
        return value
    }

    /// A number, also one written as text: OTLP writes 64-bit integers so.
    static func int(_ value: JSONValue) -> Int64? { value.int ?? value.text.int }

    /// A number, also one written as text.
    static func double(_ value: JSONValue) -> Double? {
        value.double ?? (value.isString ? Double(value.text.string) : nil)
    }

    /// A boolean, also one written as text.
    static func bool(_ value: JSONValue) -> Bool? {
        if let bool = value.bool { return bool }
        if value.text.equalsIgnoringCase("true") { return true }
        return value.text.equalsIgnoringCase("false") ? false : nil
    }

    /// A structured value as plain JSON: from a JSON string, from OTLP lists, or as it stands.
    static func document(_ value: JSONValue, scratch: Scratch) -> JSONValue {
        if value.isString { return scratch.unwrap(value) }
        guard isWrapped(value) else { return value }
        return scratch.parse(scratch.arena.write { append(value, to: &$0) }) ?? .absent
    }

    private static func isWrapped(_ value: JSONValue) -> Bool {
        value["arrayValue"].exists || value["kvlistValue"].exists
    }

    private static func append(_ wrapped: JSONValue, to bytes: inout [UInt8]) {
        let value = inner(wrapped)
        let list = value["arrayValue"]
        let pairs = value["kvlistValue"]
        var isFirst = true
        if list.exists {
            bytes.append(UInt8(ascii: "["))
            for element in list["values"].elements {
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                append(element, to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        } else if pairs.exists {
            bytes.append(UInt8(ascii: "{"))
            for pair in pairs["values"].elements {
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                JSONWriter.append(string: pair["key"].text, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                append(pair["value"], to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        } else if value.isEmptyContainer {
            JSONWriter.append("null", to: &bytes)
        } else {
            JSONWriter.append(value, to: &bytes)
        }
    }
}

extension ByteView {
    /// The whole number that the text is.
    var int: Int64? {
        guard count > 0, count <= 19 else { return nil }
        var index = 0
        let isNegative = self[0] == UInt8(ascii: "-")
        if isNegative { index = 1 }
        guard index < count else { return nil }
        var value: Int64 = 0
        while index < count {
            let byte = self[index]
            guard byte >= 0x30 && byte <= 0x39 else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(byte - 0x30))
            guard !overflow && !carry else { return nil }
            value = sum
            index += 1
        }
        return isNegative ? -value : value
    }
}
