import ArgumentParser
import Detection
import Foundation
import Scanning

/// The option that names a reference: the same for a scan, a watch and a drill.
struct ReferenceArguments: ParsableArguments {
    @Option(
        help: "What 'stillwatch calibrate' wrote of your own past traffic, instead of defaults.")
    var reference: String?

    func floors() throws -> InnocentFloors {
        try reference.map { try ReferenceFile.read($0).floors } ?? .shipped
    }
}

/// The file that `calibrate` writes and `--reference` takes.
enum ReferenceFile {
    struct Invalid: Error, CustomStringConvertible {
        let description: String
    }

    /// Of this layout.
    private static let layout = 1
    /// Written files are far smaller.
    private static let largest = 16 << 20

    private struct Document: Decodable {
        struct Bound: Decodable {
            let measured: [Double]
            let value: Double?
        }

        let stillwatch_reference: Int
        let miss: Double
        let volume_spread: Bound
        let content_intraclass: Bound
        let groups_left_out: Int
        let accounts_left_out: Int
        let accounts: Int
    }

    static func bytes(_ reference: InnocentReference, of logs: ScanResult) -> [UInt8] {
        func bound(_ value: InnocentReference.Bound, _ text: inout JSONText) {
            text.object { object in
                object.key("groups")
                object.integer(value.measured.count)
                object.key("rank")
                object.integer(value.rank)
                object.key("value")
                object.number(value.value ?? .nan)
                object.key("measured")
                object.array(value.measured) { $0.number($1) }
            }
        }
        var text = JSONText()
        text.object { top in
            top.key("stillwatch_reference")
            top.integer(layout)
            top.key("version")
            top.string(Stillwatch.version)
            top.key("miss")
            top.number(reference.miss)
            top.key("volume_spread")
            bound(reference.volumeSpread, &top)
            top.key("content_intraclass")
            bound(reference.contentIntraclass, &top)
            top.key("groups_left_out")
            top.integer(reference.groupsLeftOut)
            top.key("accounts_left_out")
            top.integer(reference.accountsLeftOut)
            top.key("accounts")
            top.integer(reference.accounts)
            top.key("exchanges")
            top.integer(logs.exchanges)
            for (name, time) in [
                ("first_time", logs.times?.first),
                ("last_time", logs.times?.last),
            ] {
                if let time {
                    top.key(name)
                    top.string(Timestamp.text(microseconds: time))
                }
            }
            top.key("inputs")
            top.array(logs.inputs) { text, input in
                text.object { object in
                    object.key("path")
                    object.string(input.path)
                    object.key("sha256")
                    object.string(input.digest)
                }
            }
        }
        text.newline()
        return text.bytes
    }

    static func read(_ path: String) throws -> InnocentReference {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw Invalid(
                description: "\(path): cannot be read; make it with 'stillwatch calibrate'")
        }
        defer { try? handle.close() }
        guard let data = try handle.read(upToCount: largest + 1), data.count <= largest else {
            throw Invalid(description: "\(path): empty, or too large to be a reference")
        }
        let document: Document
        do {
            document = try JSONDecoder().decode(Document.self, from: data)
        } catch DecodingError.keyNotFound(let key, let context) {
            throw Invalid(
                description: "\(path): no field '\(name(context.codingPath + [key]))'; \(remedy)")
        } catch DecodingError.typeMismatch(_, let context) {
            throw Invalid(
                description: "\(path): field '\(name(context.codingPath))' is no number; \(remedy)")
        } catch {
            throw Invalid(description: "\(path): not JSON, or cut off; \(remedy)")
        }
        guard document.stillwatch_reference == layout else {
            throw Invalid(
                description: "\(path): layout \(document.stillwatch_reference), this program reads "
                    + "\(layout); \(remedy)")
        }
        guard document.miss > 0, document.miss < 0.5 else {
            throw Invalid(
                description:
                    "\(path): field 'miss' is \(document.miss), not between 0 and 0.5; \(remedy)")
        }
        func bound(_ field: String, _ written: Document.Bound) throws -> InnocentReference.Bound {
            let bound = InnocentReference.Bound(written.measured, miss: document.miss)
            guard bound.value == written.value else {
                throw Invalid(
                    description:
                        "\(path): field '\(field).value' does not follow from '\(field).measured' "
                        + "and 'miss'; \(remedy)")
            }
            return bound
        }
        return InnocentReference(
            miss: document.miss, volumeSpread: try bound("volume_spread", document.volume_spread),
            contentIntraclass: try bound("content_intraclass", document.content_intraclass),
            groupsLeftOut: document.groups_left_out, accountsLeftOut: document.accounts_left_out,
            accounts: document.accounts)
    }

    private static let remedy = "write it anew with 'stillwatch calibrate'"

    private static func name(_ path: [any CodingKey]) -> String {
        path.map(\.stringValue).joined(separator: ".")
    }
}
