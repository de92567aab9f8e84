/// One object of a tokenizer.json: reads its fields, and says where it is when one is wrong.
///
/// A field that nothing here knows is an error: it may be an option that changes ids.
struct SettingsReader {
    /// The file, for messages.
    let path: String
    let document: JSONDocument
    /// The object's own place in the document, such as `pre_tokenizer.pretokenizers[1]`; empty for
    /// the document.
    let field: String
    private let members: [JSONDocument.Member]

    /// The object at `field`.
    init(
        path: String, document: JSONDocument, field: String, value: JSONDocument.Value
    ) throws(TokenizerError) {
        self.path = path
        self.document = document
        self.field = field
        guard case .object(let members) = value else {
            throw .invalid(
                path: path, field: field.isEmpty ? "document" : field, reason: "must be an object")
        }
        self.members = members
    }

    /// The whole name of a field of this object.
    func place(_ name: String) -> String { field.isEmpty ? name : "\(field).\(name)" }

    /// An error about a field of this object.
    func invalid(_ name: String, _ reason: String) -> TokenizerError {
        .invalid(path: path, field: place(name), reason: reason)
    }

    /// An error about a field of this object that asks for what is not built.
    func unsupported(_ name: String, _ reason: String) -> TokenizerError {
        .unsupported(path: path, field: place(name), reason: reason)
    }

    /// Refuses fields other than `names`, and fields that are there twice.
    func allow(only names: [String]) throws(TokenizerError) {
        guard members.count <= 64 else { throw invalid("", "has too many fields") }
        var seen: Set<String> = []
        for member in members {
            let name = document.string(member.name)
            guard names.contains(name) else {
                throw unsupported(Self.quoted(name), "is a field of no known meaning")
            }
            guard seen.insert(name).inserted else { throw invalid(name, "is there twice") }
        }
    }

    /// The value of a field; null counts as missing.
    func optional(_ name: String) -> JSONDocument.Value? {
        let bytes = Array(name.utf8)
        for member in members where document.bytes(member.name).elementsEqual(bytes) {
            if case .null = member.value { return nil }
            return member.value
        }
        return nil
    }

    /// The value of a field that must be there.
    func required(_ name: String) throws(TokenizerError) -> JSONDocument.Value {
        guard let value = optional(name) else { throw invalid(name, "is missing") }
        return value
    }

    func bool(_ name: String, default missing: Bool? = nil) throws(TokenizerError) -> Bool {
        switch optional(name) {
        case .bool(let value): return value
        case nil:
            guard let missing else { throw invalid(name, "is missing") }
            return missing
        default: throw invalid(name, "must be true or false")
        }
    }

    /// The bytes of a string, or nil where it is missing or null.
    func optionalText(_ name: String) throws(TokenizerError) -> [UInt8]? {
        switch optional(name) {
        case .string(let text): return Array(document.bytes(text))
        case nil: return nil
        default: throw invalid(name, "must be a string")
        }
    }

    func text(_ name: String) throws(TokenizerError) -> [UInt8] {
        guard let text = try optionalText(name) else { throw invalid(name, "is missing") }
        return text
    }

    func string(_ name: String) throws(TokenizerError) -> String {
        String(decoding: try text(name), as: UTF8.self)
    }

    /// A token id.
    func id(_ name: String) throws(TokenizerError) -> UInt32 {
        guard case .number(let number) = try required(name), let id = Self.id(number) else {
            throw invalid(name, "must be a token id, 0 to 4294967294")
        }
        return id
    }

    /// A number as a token id; the highest one is kept for "none".
    static func id(_ number: Double) -> UInt32? {
        guard let id = UInt32(exactly: number), id != .max else { return nil }
        return id
    }

    func array(_ name: String) throws(TokenizerError) -> [JSONDocument.Value] {
        guard case .array(let values) = try required(name) else {
            throw invalid(name, "must be a list")
        }
        return values
    }

    /// The object in a field.
    func object(_ name: String) throws(TokenizerError) -> SettingsReader {
        try SettingsReader(
            path: path, document: document, field: place(name), value: try required(name))
    }

    /// The objects of a list.
    func objects(_ name: String) throws(TokenizerError) -> [SettingsReader] {
        var objects: [SettingsReader] = []
        for (index, value) in try array(name).enumerated() {
            objects.append(
                try SettingsReader(
                    path: path, document: document, field: place("\(name)[\(index)]"), value: value)
            )
        }
        return objects
    }

    /// The names and values of this object, in the file's order.
    var all: [JSONDocument.Member] { members }

    /// A text of the file for a message: short, and on one line.
    static func quoted(_ text: String) -> String {
        let line = text.unicodeScalars.prefix(60).map {
            $0.value < 0x20 || $0.value == 0x7F ? "\\u{\(String($0.value, radix: 16))}" : String($0)
        }.joined()
        return "'\(line)\(text.unicodeScalars.count > 60 ? "..." : "")'"
    }
}
