import Foundation

/// A value in the detail of an audit row.
enum JSONText: Encodable, ExpressibleByStringLiteral {
    case text(String)
    case integer(Int64)
    case bool(Bool)
    case texts([String])
    case null

    init(stringLiteral value: String) { self = .text(value) }
    init(_ value: Int64?) { self = value.map(Self.integer) ?? .null }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .bool(let value): try container.encode(value)
        case .texts(let value): try container.encode(value)
        case .null: try container.encodeNil()
        }
    }

    /// A JSON object with its keys sorted, so that equal objects are equal texts.
    static func object(_ fields: [String: JSONText]) -> String { encoded(fields) }

    /// A JSON list.
    static func list(_ texts: [String]) -> String { encoded(texts) }

    /// The texts of a JSON list, or `nil` when it is none.
    static func list(_ json: String) -> [String]? {
        try? JSONDecoder().decode([String].self, from: Data(json.utf8))
    }

    private static func encoded(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Texts, integers and lists of texts always have a JSON form.
        return String(decoding: try! encoder.encode(value), as: UTF8.self)
    }
}
