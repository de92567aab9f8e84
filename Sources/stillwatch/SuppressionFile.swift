import Detection
import Exchanges
import Foundation
import Yams

/// A user's list of findings that nobody is to act on: YAML entries that say what they match, who decided, why and
/// until when.
struct SuppressionFile {
    struct Invalid: Error, CustomStringConvertible {
        let description: String
    }

    /// A list is written by hand; a benchmark's prompts stand in a file of their own.
    private static let largestList = 4 << 20
    private static let largestPromptFile = 256 << 20

    private static let names = [
        "organization", "account", "email_domain", "payment_fingerprint", "system_prompt",
        "prompt_prefix", "prompts_file",
    ]
    private static let words = ["who", "why", "until"]

    private let path: String

    static func list(at path: String) throws -> SuppressionList {
        SuppressionList(try SuppressionFile(path: path).entries())
    }

    private func entries() throws -> [SuppressionEntry] {
        let text = try contents(of: path, largest: Self.largestList, place: path)
        let document: Node?
        do {
            document = try Yams.compose(yaml: text)
        } catch {
            throw Invalid(description: "\(path): not YAML: \(error)")
        }
        guard let list = document?.sequence else {
            throw Invalid(
                description:
                    "\(path):1: expected a list of entries with who, why, until and one of "
                    + Self.names.joined(separator: ", "))
        }
        return try list.map(entry)
    }

    private func place(_ node: Node) -> String { "\(path):\(node.mark?.line ?? 1)" }

    private func entry(_ node: Node) throws -> SuppressionEntry {
        guard let mapping = node.mapping else {
            throw Invalid(
                description: "\(place(node)): expected an entry such as 'account: acct_9'")
        }
        var fields: [String: Node] = [:]
        for (key, value) in mapping {
            guard let name = key.string, (Self.names + Self.words).contains(name) else {
                throw Invalid(
                    description: "\(place(key)): unknown key '\(key.string ?? "")'; known are "
                        + (Self.names + Self.words).joined(separator: ", "))
            }
            guard fields.updateValue(value, forKey: name) == nil else {
                throw Invalid(description: "\(place(key)): '\(name)' is given twice")
            }
        }
        func word(_ name: String) throws -> String {
            guard let value = fields[name] else {
                throw Invalid(description: "\(place(node)): the entry has no '\(name)'")
            }
            return try scalar(value, name)
        }
        let until = try word("until")
        guard let end = Self.end(of: until) else {
            throw Invalid(
                description:
                    "\(place(fields["until"] ?? node)): until '\(until)' is not a date such "
                    + "as 2027-03-31")
        }
        var entry = SuppressionEntry(
            who: try word("who"), why: try word("why"), until: until,
            endMicroseconds: end, line: node.mark?.line ?? 1)
        for name in Self.names {
            guard let value = fields[name] else { continue }
            for (value, text) in try values(value, name) { try add(name, text, value, to: &entry) }
        }
        guard Self.names.contains(where: { fields[$0] != nil }) else {
            throw Invalid(
                description: "\(place(node)): the entry matches nothing; give one of "
                    + Self.names.joined(separator: ", "))
        }
        return entry
    }

    private func add(
        _ name: String, _ text: String, _ node: Node, to entry: inout SuppressionEntry
    ) throws {
        switch name {
        case "account": entry.accounts.insert(text)
        case "organization": entry.organizations.insert(SuppressionEntry.asKept(text))
        case "email_domain":
            entry.emailDomains.insert(SuppressionEntry.asKept(text).lowercased())
        case "payment_fingerprint": entry.payments.insert(SuppressionEntry.asKept(text))
        case "system_prompt":
            // A block of YAML ends with a line feed that the prompt may not have.
            let trimmed = text.hasSuffix("\n") ? String(text.dropLast()) : text
            entry.systemPrompts.formUnion([PromptHash.text(text), PromptHash.text(trimmed)])
        case "prompt_prefix":
            guard let prefix = PromptHash.prefix(text) else {
                throw Invalid(
                    description: "\(place(node)): prompt_prefix needs at least eight words")
            }
            entry.prefixes.insert(prefix)
        default:
            entry.prompts.formUnion(try prompts(in: text, place: place(node)))
        }
    }

    /// One value, or a list of them.
    private func values(_ node: Node, _ name: String) throws -> [(Node, String)] {
        guard let sequence = node.sequence else { return [(node, try scalar(node, name))] }
        guard !sequence.isEmpty else {
            throw Invalid(description: "\(place(node)): '\(name)' is an empty list")
        }
        return try sequence.map { ($0, try scalar($0, name)) }
    }

    private func scalar(_ node: Node, _ name: String) throws -> String {
        guard let text = node.scalar?.string,
            !text.trimmingCharacters(in: .whitespacesAndNewlines).isEmpty
        else { throw Invalid(description: "\(place(node)): '\(name)' must be text, and not empty") }
        return text
    }

    /// The first moment after `text`: the day after a date, or a time itself.
    private static func end(of text: String) -> Int64? {
        var copy = text
        let time = copy.withUTF8 { bytes -> Int64? in
            let view = ByteView(base: bytes.baseAddress, count: bytes.count)
            if let day = EventTime(date: view) { return day.microseconds + 86_400_000_000 }
            return EventTime(rfc3339: view)?.microseconds
        }
        guard let time, EventTime.plausible.contains(EventTime(microseconds: time)) else {
            return nil
        }
        return time
    }

    /// Hashes of the prompts of a benchmark: a JSON string or an object with `prompt` a line in a `.jsonl` file, a prompt a
    /// line otherwise. A relative path starts from the list's folder.
    private func prompts(in file: String, place: String) throws -> Set<UInt64> {
        let base = URL(fileURLWithPath: path).deletingLastPathComponent()
        let full = file.hasPrefix("/") ? file : base.appendingPathComponent(file).path
        let text = try contents(of: full, largest: Self.largestPromptFile, place: place)
        let isJSON = file.hasSuffix(".jsonl") || file.hasSuffix(".ndjson")
        var hashes: Set<UInt64> = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            if line.allSatisfy(\.isWhitespace) { continue }
            guard isJSON else {
                hashes.insert(PromptHash.text(String(line)))
                continue
            }
            let value = try? JSONSerialization.jsonObject(
                with: Data(line.utf8), options: .fragmentsAllowed)
            guard let prompt = value as? String ?? (value as? [String: Any])?["prompt"] as? String
            else {
                throw Invalid(
                    description: "\(full):\(index + 1): expected a JSON string, or an object with "
                        + "the text 'prompt'")
            }
            hashes.insert(PromptHash.text(prompt))
        }
        guard !hashes.isEmpty else {
            throw Invalid(description: "\(place): \(full) holds no prompt")
        }
        return hashes
    }

    private func contents(of path: String, largest: Int, place: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            let prefix = place == path ? path : "\(place): \(path)"
            throw Invalid(description: "\(prefix): cannot be read; check the path and permissions")
        }
        guard data.count <= largest else {
            throw Invalid(description: "\(place): larger than \(largest >> 20) MiB")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw Invalid(description: "\(path): not UTF-8")
        }
        return text
    }
}
