import Yams

/// One value of a settings file in YAML, with the place it stands at.
///
/// Reading it gives either a checked value or a ``SettingsError`` that names file, line, field and remedy.
package struct SettingsNode {
    private let node: Node
    /// The file's path, for messages.
    package let file: String
    /// The field's name, such as `rules[2].when`; empty for the whole document.
    package let name: String

    private init(node: Node, file: String, name: String) {
        self.node = node
        self.file = file
        self.name = name
    }

    /// The one document of a YAML text.
    ///
    /// A key that is given twice in one mapping is an error, as are an empty text and one that is not YAML.
    package static func document(yaml: String, file: String) throws(SettingsError) -> SettingsNode {
        let root: Node?
        do {
            root = try Yams.compose(yaml: yaml)
        } catch let error as YamlError {
            throw SettingsError(yaml: error, file: file)
        } catch {
            throw SettingsError(file: file, line: 1, what: "not YAML: \(error)")
        }
        guard let root else {
            throw SettingsError(file: file, line: 1, what: "is empty; it needs at least one field")
        }
        return SettingsNode(node: root, file: file, name: "")
    }

    /// The line the value starts at, counted from 1.
    package var line: Int { node.mark?.line ?? 1 }

    /// An error at this value's place.
    package func error(_ what: String) -> SettingsError {
        SettingsError(file: file, line: line, what: what)
    }

    /// How a message calls the value.
    private var label: String { name.isEmpty ? "the file" : "'\(name)'" }

    /// Whether the value is a mapping, a list or a scalar.
    package var isMapping: Bool { node.mapping != nil }
    package var isList: Bool { node.sequence != nil }
    package var isScalar: Bool { node.scalar != nil }

    /// The mapping's fields, all of which must be among `known`.
    package func fields(_ known: [String]) throws(SettingsError) -> SettingsFields {
        var fields: [String: SettingsNode] = [:]
        for (key, value) in try entries() {
            guard known.contains(key.name) else {
                throw key.error(
                    "unknown field '\(key.name)'; known are \(known.joined(separator: ", "))")
            }
            fields[key.name] = value
        }
        return SettingsFields(node: self, fields: fields)
    }

    /// The mapping's keys, as nodes for their places with their text as name, and values in the file's order.
    package func entries() throws(SettingsError) -> [(key: SettingsNode, value: SettingsNode)] {
        guard let mapping = node.mapping else {
            throw error("\(label) must be a mapping of fields to values, such as 'name: value'")
        }
        var entries: [(key: SettingsNode, value: SettingsNode)] = []
        var seen: Set<String> = []
        for (key, value) in mapping {
            guard let text = key.scalar?.string else {
                throw SettingsNode(node: key, file: file, name: name)
                    .error("a field's name must be text")
            }
            let place = SettingsNode(node: key, file: file, name: text)
            guard seen.insert(text).inserted else {
                throw place.error("'\(text)' is given twice; keep one")
            }
            let path = name.isEmpty ? text : "\(name).\(text)"
            entries.append((place, SettingsNode(node: value, file: file, name: path)))
        }
        return entries
    }

    /// The elements of a list, which may be empty.
    package func list() throws(SettingsError) -> [SettingsNode] {
        guard let sequence = node.sequence else { throw error("\(label) must be a list") }
        return sequence.enumerated().map { index, element in
            SettingsNode(node: element, file: file, name: "\(name)[\(index)]")
        }
    }

    /// The elements of a list that is not empty, or the one value that stands for a list of one.
    package func oneOrList() throws(SettingsError) -> [SettingsNode] {
        guard isList else { return [self] }
        let elements = try list()
        guard !elements.isEmpty else {
            throw error("\(label) is an empty list; give a value or leave the field out")
        }
        return elements
    }

    /// Text that is not empty.
    package func text() throws(SettingsError) -> String {
        guard let text = node.scalar?.string, text.contains(where: { !$0.isWhitespace }) else {
            throw error("\(label) must be text, and not empty")
        }
        return text
    }

    /// `true` or `false`.
    package func boolean() throws(SettingsError) -> Bool {
        switch node.scalar?.string {
        case "true": return true
        case "false": return false
        default: throw error("\(label) must be true or false")
        }
    }

    /// A whole number in `range`.
    package func integer(in range: ClosedRange<Int>) throws(SettingsError) -> Int {
        guard let value = node.scalar.flatMap({ Int($0.string) }), range.contains(value) else {
            throw error(
                "\(label) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// A number in `range`.
    package func number(in range: ClosedRange<Double>) throws(SettingsError) -> Double {
        guard let value = node.scalar.flatMap({ Double($0.string) }), range.contains(value) else {
            throw error("\(label) must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// One of the given words.
    package func word<Value>(_ words: KeyValuePairs<String, Value>) throws(SettingsError) -> Value {
        if let text = node.scalar?.string, let pair = words.first(where: { $0.key == text }) {
            return pair.value
        }
        let known = words.map(\.key).joined(separator: ", ")
        throw error("\(label) must be one of \(known)")
    }

    /// A duration such as `250ms`, `30s`, `5m`, `1h` or `7d`, in microseconds; at most 3,650 days.
    package func microseconds() throws(SettingsError) -> Int64 {
        let units: KeyValuePairs<String, Int64> = [
            "ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000,
        ]
        guard let value = quantity(units), value <= 3_650 * 86_400_000_000 else {
            throw error("\(label) must be a duration such as 250ms, 30s, 5m, 1h or 7d")
        }
        return value
    }

    /// A size such as `512`, `64KiB`, `32MiB` or `2GiB`, in bytes; at most 1 TiB.
    package func bytes() throws(SettingsError) -> Int {
        let units: KeyValuePairs<String, Int64> = [
            "": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30,
        ]
        guard let value = quantity(units), value <= 1 << 40 else {
            throw error("\(label) must be a size such as 512B, 64KiB, 32MiB or 2GiB")
        }
        return Int(value)
    }

    /// A date such as `2026-12-31`, which means the end of that day, or a time such as `2026-12-31T18:00:00Z`;
    /// microseconds since 1970 UTC.
    package func end() throws(SettingsError) -> Int64 {
        guard let text = node.scalar?.string, let end = CalendarTime.end(of: text) else {
            throw error("\(label) must be a date such as 2026-12-31, or 2026-12-31T18:00:00Z")
        }
        return end
    }

    /// Digits followed by one of the units, multiplied out; `nil` where that is not what is there or it overflows.
    private func quantity(_ units: KeyValuePairs<String, Int64>) -> Int64? {
        guard let text = node.scalar?.string else { return nil }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count)
        guard let number = Int64(digits), let factor = units.first(where: { $0.key == unit })?.value
        else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }
}

/// The fields of one mapping, all of them known.
package struct SettingsFields {
    /// The mapping itself.
    package let node: SettingsNode
    private let fields: [String: SettingsNode]

    fileprivate init(node: SettingsNode, fields: [String: SettingsNode]) {
        self.node = node
        self.fields = fields
    }

    /// The field's value, where the file gives it.
    package subscript(name: String) -> SettingsNode? { fields[name] }

    /// The value of a field that must be there.
    package func required(_ name: String) throws(SettingsError) -> SettingsNode {
        guard let value = fields[name] else {
            let place = node.name.isEmpty ? "the file" : "'\(node.name)'"
            throw node.error("\(place) has no '\(name)'; add it")
        }
        return value
    }
}

extension SettingsError {
    fileprivate init(yaml error: YamlError, file: String) {
        switch error {
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.map { "'\($0)'" }.joined(separator: ", ")
            self.init(
                file: file, line: context.mark.line, what: "\(names) is given twice; keep one")
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            self.init(
                file: file, line: mark.line,
                what: "not YAML: \(problem); check indentation, quotes and colons")
        default:
            self.init(file: file, line: 1, what: "not YAML: \(error)")
        }
    }
}
