import CCrypto

/// One entry of the audit: who did what to whom, and when.
public struct AuditRow: Sendable, Equatable {
    /// Counted from 1, without a gap.
    public var number: Int64
    /// When it was done.
    public var at: Int64
    /// What was done, such as `campaign.block`.
    public var kind: String
    /// Who did it.
    public var actor: String
    /// Whom or what it was done to.
    public var subject: String
    /// More of it: JSON.
    public var detail: String
    /// The digest of the entry before; 32 zero bytes in the first.
    public var previous: [UInt8]
    /// The digest of this entry: 32 bytes.
    public var digest: [UInt8]

    /// The digest that the entry must have.
    ///
    /// SHA-256 over the text `stillwatch audit 1` and a line feed; `previous`; `number` and `at` as eight bytes each,
    /// the highest first; then `kind`, `actor`, `subject` and `detail`, each as its length in eight such bytes and its
    /// UTF-8 bytes.
    public var computedDigest: [UInt8] {
        var bytes = Array("stillwatch audit 1\n".utf8)
        bytes += previous
        func append(_ number: Int64) {
            withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
        }
        append(number)
        append(at)
        for text in [kind, actor, subject, detail] {
            append(Int64(text.utf8.count))
            bytes += text.utf8
        }
        var digest = [UInt8](repeating: 0, count: 32)
        EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil)
        return digest
    }
}

/// What is about to become an entry of the audit.
public struct AuditEntry: Sendable, Equatable {
    /// What was done.
    public var kind: String
    /// Who did it.
    public var actor: String
    /// Whom or what it was done to.
    public var subject: String
    /// More of it: JSON.
    public var detail: String
    /// When it was done.
    public var at: Int64

    /// An entry with these values.
    public init(kind: String, actor: String, subject: String, detail: String, at: Int64) {
        self.kind = kind
        self.actor = actor
        self.subject = subject
        self.detail = detail
        self.at = at
    }
}

/// The first entry of the audit that is not as it was written.
public struct AuditFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// How it shows.
    public enum Reason: String, Sendable {
        /// The entry is not there, and later ones are.
        case missing = "the entry is missing"
        /// The entry does not hold the digest of the one before it.
        case chain = "the entry does not follow the one before it"
        /// The entry's own digest is not that of its fields.
        case digest = "the entry was changed"
        /// The last entry is another than the one that was written last.
        case end = "the audit does not end with the entry that was written last"
    }

    /// The entry's number.
    public let number: Int64
    /// How it shows.
    public let reason: Reason

    /// For a reader.
    public var description: String { "audit entry \(number): \(reason.rawValue)" }
}

extension AuditRow: StoredRow {
    static let table = "audit"
    static let columns = [
        "number", "at", "kind", "actor", "subject", "detail", "previous", "digest",
    ]
    static let key = ["number"]

    init(row: inout SQLRow) throws(StoreError) {
        number = try row.integer()
        at = try row.integer()
        kind = try row.text()
        actor = try row.text()
        subject = try row.text()
        detail = try row.text()
        previous = try row.bytes()
        digest = try row.bytes()
    }

    var values: [SQLValue] {
        [
            .integer(number), .integer(at), .text(kind), .text(actor), .text(subject),
            .text(detail), .bytes(previous), .bytes(digest),
        ]
    }
}

/// Where the audit ends.
struct AuditHead: StoredRow {
    let number: Int64
    let digest: [UInt8]

    static let table = "audit_head"
    static let columns = ["id", "number", "digest"]
    static let key = ["id"]
    /// Before the first entry.
    static let start = AuditHead(number: 0, digest: [UInt8](repeating: 0, count: 32))

    init(number: Int64, digest: [UInt8]) {
        self.number = number
        self.digest = digest
    }

    init(row: inout SQLRow) throws(StoreError) {
        _ = try row.integer()
        number = try row.integer()
        digest = try row.bytes()
    }

    var values: [SQLValue] { [.integer(1), .integer(number), .bytes(digest)] }
}
