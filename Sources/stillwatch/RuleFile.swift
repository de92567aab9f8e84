import Detection
import Foundation
import Yams

/// Rules of a user's file: a YAML list of `id`, `category` and `pattern`.
enum RuleFile {
    struct Invalid: Error, CustomStringConvertible {
        let description: String
    }

    /// A rule file is written by hand; anything larger is a mistake.
    private static let largest = 4 << 20

    static func rules(at path: String) throws -> [Rule] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Invalid(
                description: "\(path): cannot be read; check the path and its permissions")
        }
        guard data.count <= largest else {
            throw Invalid(
                description: "\(path): larger than 4 MiB; a rule file is a short YAML list")
        }
        let shape = "expected a list of entries with id, category and pattern"
        let document: Any?
        do {
            document = try Yams.load(yaml: String(decoding: data, as: UTF8.self))
        } catch {
            throw Invalid(description: "\(path): not YAML: \(error)")
        }
        guard let entries = document as? [[String: Any]] else {
            throw Invalid(description: "\(path): \(shape)")
        }
        var seen = Set(Rule.defaults.map(\.id))
        return try entries.enumerated().map { index, entry in
            let place = "\(path): entry \(index + 1)"
            guard let id = entry["id"] as? String, let pattern = entry["pattern"] as? String,
                let name = entry["category"] as? String
            else { throw Invalid(description: "\(place): \(shape)") }
            guard let category = Category(name: name) else {
                let known = Category.allCases.map(\.name).joined(separator: ", ")
                throw Invalid(
                    description: "\(place): unknown category '\(name)'; known are \(known)")
            }
            guard seen.insert(id).inserted else {
                throw Invalid(description: "\(place): the id '\(id)' is taken; give another")
            }
            return Rule(id: id, category: category, pattern: pattern)
        }
    }
}
