import Detection
import Enforcement
import Foundation

/// The policy's file, read again when it has changed.
final class PolicyFile: @unchecked Sendable {
    // Used by one thread at a time: the one that starts the gateway, then the refresher's.
    private let path: String
    private var isKnown = false
    private var last: Data?
    private var canaryPaths: [String] = []
    private var lastCanaries: [Data?] = []
    /// A policy is written by hand; anything larger is a mistake.
    private static let largest = 4 << 20

    init(path: String) { self.path = path }

    /// Reads the file.
    func read() throws(SettingsError) -> Policy {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw SettingsError(
                file: path, line: 1, what: "cannot be read; check the path and its permissions")
        }
        last = data
        isKnown = true
        return try parse(data)
    }

    private func parse(_ data: Data) throws(SettingsError) -> Policy {
        guard data.count <= Self.largest, let text = String(data: data, encoding: .utf8) else {
            throw SettingsError(file: path, line: 1, what: "not UTF-8, or larger than 4 MiB")
        }
        var signals = Dictionary(
            uniqueKeysWithValues: Category.allCases.map { ($0.name, $0.bit) })
        signals["elicitation"] = Category.elicitation.bit
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        let paths = Paths()
        let policy = try Policy.parse(yaml: text, path: path, signals: signals) { name in
            let full = name.hasPrefix("/") ? name : folder.appendingPathComponent(name).path
            paths.list.append(full)
            guard let data = FileManager.default.contents(atPath: full),
                data.count <= Self.largest, let text = String(data: data, encoding: .utf8)
            else {
                throw SettingsError(
                    file: full, line: 1, what: "cannot be read, is not UTF-8 or larger than 4 MiB")
            }
            return text
        }
        canaryPaths = paths.list
        lastCanaries = canaryPaths.map { FileManager.default.contents(atPath: $0) }
        return policy
    }

    /// The policy of a gateway without one: nothing is done, but for what people order.
    static func empty() throws(SettingsError) -> Policy {
        try Policy.parse(yaml: "rules: []", path: "policy") { _ in "" }
    }

    private final class Paths {
        var list: [String] = []
    }

    /// The policy, if the file has changed. One that cannot be read is told of once; the one in force stays.
    func readIfChanged() throws(SettingsError) -> Policy? {
        let data = FileManager.default.contents(atPath: path)
        let canaries = canaryPaths.map { FileManager.default.contents(atPath: $0) }
        if isKnown, data == last, canaries == lastCanaries { return nil }
        isKnown = true
        last = data
        lastCanaries = canaries
        guard let data else {
            throw SettingsError(file: path, line: 1, what: "the file is gone; put it back")
        }
        return try parse(data)
    }

    /// Has the file read anew the next time, changed or not.
    func forget() { isKnown = false }
}
