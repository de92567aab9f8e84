import Foundation

/// The fields of a manifest as JSON gives them.
struct ManifestFields {
    /// Names that every manifest has.
    private static let common: Set<String> = [
        "format", "version", "scheme", "key_ids", "tokenizer_sha256", "valid_from", "valid_until",
        "key_commitment", "eos_token_id",
    ]
    /// Those of them that may be left out, which is the same as null.
    private static let optional: Set<String> = [
        "tokenizer_sha256", "valid_until", "eos_token_id",
    ]

    private let path: String
    private let values: [String: JSONField]

    init(json: [UInt8], path: String) throws(WatermarkError) {
        self.path = path
        do {
            values = try JSONDecoder().decode([String: JSONField].self, from: Data(json))
        } catch {
            throw .manifest(
                path: path, field: "", reason: "not a JSON object of texts, numbers and lists")
        }
    }

    /// Fails if a field is missing, unknown or another scheme's.
    func check(_ scheme: SchemeName) throws(WatermarkError) {
        let known = Self.common.union(scheme.fields)
        let anywhere = SchemeName.allCases.reduce(into: Set<String>()) { $0.formUnion($1.fields) }
        for name in values.keys.sorted() where !known.contains(name) {
            throw error(
                String(name.prefix(60)),
                anywhere.contains(name)
                    ? "does not belong to scheme '\(scheme.rawValue)'" : "is unknown")
        }
        let needed = known.subtracting(Self.optional).subtracting(scheme.optionalFields)
        for name in needed.sorted() where values[name] == nil { throw error(name, "is missing") }
    }

    func has(_ name: String) -> Bool { values[name] != nil }

    func error(_ name: String, _ reason: String) -> WatermarkError {
        .manifest(path: path, field: name, reason: reason)
    }

    func text(_ name: String) throws(WatermarkError) -> String {
        guard case .text(let value)? = values[name] else { throw error(name, "expected a text") }
        return value
    }

    func optionalText(_ name: String) throws(WatermarkError) -> String? {
        switch values[name] {
        case nil, .null: nil
        default: try text(name)
        }
    }

    func texts(_ name: String) throws(WatermarkError) -> [String] {
        guard case .list(let list)? = values[name], (1...64).contains(list.count) else {
            throw error(name, "expected a list of 1 to 64 texts")
        }
        var texts: [String] = []
        for case .text(let value) in list { texts.append(value) }
        guard texts.count == list.count else {
            throw error(name, "expected a list of 1 to 64 texts")
        }
        return texts
    }

    func integer(_ name: String, _ range: ClosedRange<Int>) throws(WatermarkError) -> Int {
        guard case .integer(let value)? = values[name], let integer = Int(exactly: value),
            range.contains(integer)
        else {
            throw error(
                name, "expected a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return integer
    }

    func optionalInteger(
        _ name: String, _ range: ClosedRange<Int>
    ) throws(WatermarkError) -> Int? {
        switch values[name] {
        case nil, .null: nil
        default: try integer(name, range)
        }
    }

    func number(_ name: String, _ range: ClosedRange<Double>) throws(WatermarkError) -> Double {
        let value: Double
        switch values[name] {
        case .integer(let integer): value = Double(integer)
        case .number(let number): value = number
        default: value = .nan
        }
        guard range.contains(value) else {
            throw error(
                name, "expected a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func time(_ name: String, _ text: String) throws(WatermarkError) -> Date {
        let withFraction = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        if let date = try? Date.ISO8601FormatStyle().parse(text) { return date }
        if let date = try? withFraction.parse(text) { return date }
        throw error(name, "expected a time such as 2026-11-01T00:00:00Z")
    }

    /// JSON with sorted names and no spaces: what the fingerprint is of.
    var canonical: String { JSONField.object(values).canonical }
}

/// One value of JSON, with whole numbers apart from others.
enum JSONField: Decodable {
    case null
    case flag(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    case list([JSONField])
    case object([String: JSONField])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .flag(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([JSONField].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: JSONField].self))
        }
    }

    /// As Python's `json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)`, with whole numbers as
    /// integers: 2.0 is 2.
    var canonical: String {
        switch self {
        case .null: "null"
        case .flag(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .number(let value): "\(value)"
        case .text(let value): Self.quoted(value)
        case .list(let values): "[" + values.map(\.canonical).joined(separator: ",") + "]"
        case .object(let fields):
            "{"
                + fields.sorted { Array($0.key.unicodeScalars) < Array($1.key.unicodeScalars) }
                .map { Self.quoted($0.key) + ":" + $0.value.canonical }.joined(separator: ",")
                + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{08}": result += "\\b"
            case "\u{0C}": result += "\\f"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

extension Array where Element == Unicode.Scalar {
    fileprivate static func < (a: Self, b: Self) -> Bool { a.lexicographicallyPrecedes(b) }
}
