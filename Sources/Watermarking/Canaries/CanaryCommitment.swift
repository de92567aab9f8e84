import Foundation

/// What is published before canaries are planted: it binds to every secret and shows none.
package struct CanaryCommitment: Hashable, Sendable {
    static let format = "stillwatch-canary-commitment"
    static let largest = 512 << 20

    package let name: String
    /// SHA-256 over the salt, the name and every canary's own commitment, in lower-case hexadecimal.
    package let digest: String
    /// Each canary's commitment by its id, in the set's order.
    package let canaries: [(id: String, digest: String)]

    package static func == (a: Self, b: Self) -> Bool {
        a.name == b.name && a.digest == b.digest && a.canaries.elementsEqual(b.canaries, by: ==)
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(digest) }

    init(_ set: CanarySet) {
        name = set.name
        canaries = set.lines.flatMap { line in line.map { ($0.id, $0.commitment) } }
        var text = "stillwatch-canary-set-v1\n\(set.salt)\n\(set.name)\n"
        for canary in canaries { text += "\(canary.id) \(canary.digest)\n" }
        digest = Digest.hexadecimal(Digest.sha256(Array(text.utf8)))
    }

    private struct Written: Codable {
        struct Entry: Codable {
            let id: String
            let commitment: String
        }

        let format: String
        let version: Int
        let name: String
        let commitment: String
        let canaries: [Entry]
    }

    /// Reads what was published.
    package init(contentsOf path: String) throws(WatermarkError) {
        let bytes = try ProtectedFile.read(path, largest: Self.largest)
        guard let written = try? JSONDecoder().decode(Written.self, from: Data(bytes)),
            written.format == Self.format, written.version == 1
        else {
            throw .file(
                path: path,
                reason: "no commitment to canaries of version 1; 'canary make' writes one")
        }
        name = written.name
        digest = written.commitment.lowercased()
        canaries = written.canaries.map { ($0.id, $0.commitment.lowercased()) }
    }

    /// JSON, the same for the same set.
    package var json: [UInt8] {
        let written = Written(
            format: Self.format, version: 1, name: name, commitment: digest,
            canaries: canaries.map { Written.Entry(id: $0.id, commitment: $0.digest) })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return ((try? encoder.encode(written)).map(Array.init) ?? []) + [0x0A]
    }

    /// A way in which a set is not the one that was committed to.
    package enum Difference: Hashable, Sendable, CustomStringConvertible {
        /// A canary's question, alternatives, answer or nonce is another.
        case changed(id: String)
        case missing(id: String)
        case added(id: String)
        /// All canaries agree; name, salt or order do not.
        case header

        package var description: String {
            switch self {
            case .changed(let id): "canary \(id) is not what was committed to"
            case .missing(let id): "canary \(id) was committed to and is not in the set"
            case .added(let id): "canary \(id) was not committed to"
            case .header: "the set's name, salt or order is not what was committed to"
            }
        }
    }

    /// Opens the commitment with a set; empty if it is that set.
    package func differences(from set: CanarySet) -> [Difference] {
        let opened = CanaryCommitment(set)
        if opened == self { return [] }
        let found = Dictionary(opened.canaries.map { ($0.id, $0.digest) }) { first, _ in first }
        let published = Dictionary(canaries.map { ($0.id, $0.digest) }) { first, _ in first }
        var differences: [Difference] = []
        for (id, digest) in canaries {
            guard let other = found[id] else {
                differences.append(.missing(id: id))
                continue
            }
            if other != digest { differences.append(.changed(id: id)) }
        }
        for (id, _) in opened.canaries where published[id] == nil {
            differences.append(.added(id: id))
        }
        return differences.isEmpty ? [.header] : differences
    }
}

/// One canary laid open: what its commitment is the digest of, to be checked by others without the rest of the set.
package struct CanaryOpening: Codable, Hashable, Sendable {
    package let id: String
    package let alternatives: String
    package let question: String
    package let answer: String
    package let nonce: String

    package init(_ canary: Canary) {
        id = canary.id
        alternatives = canary.question.statement
        question = canary.question.text
        answer = canary.answer
        nonce = canary.nonce
    }

    /// SHA-256 of "stillwatch-canary-v1", nonce, id, alternatives, question and answer, each followed by a line feed.
    package var commitment: String {
        let parts = ["stillwatch-canary-v1", nonce, id, alternatives, question, answer]
        return Digest.hexadecimal(
            Digest.sha256(Array(parts.map { $0 + "\n" }.joined().utf8)))
    }
}
