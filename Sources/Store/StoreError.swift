/// Why the store could not do what was asked. Each message says what, where, and what to do.
///
/// No message holds a password, a key, a digest or an account.
public enum StoreError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The store's address cannot be used.
    case address(reason: String)
    /// The database could not be opened.
    case cannotOpen(database: String, reason: String)
    /// The server does not answer; the next call tries again.
    case unreachable(database: String, reason: String)
    /// The database was made by a newer program.
    case newer(database: String, version: Int64, known: Int64)
    /// Another transaction held what this one needed for too long; nothing was changed.
    case busy(database: String)
    /// The database refused a statement; nothing was changed. `code` is a SQLSTATE or SQLite's extended result code.
    case failed(database: String, code: String, reason: String)
    /// The connection broke while a transaction was being committed: it is there as a whole, or not at all.
    case outcomeUnknown(database: String)
    /// A row does not hold what this program writes.
    case damaged(database: String, reason: String)
    /// A value cannot be stored.
    case unusable(field: String, reason: String)
    /// No such row.
    case unknown(what: String, id: String)
    /// The row is there already.
    case exists(what: String, id: String)
    /// The row's state does not allow the change.
    case conflict(what: String, id: String, reason: String)
    /// An approval was decided before.
    case alreadyDecided(id: String, decision: String, by: String)
    /// Two profiles could not be merged; nothing was changed.
    case merge(day: Int, reason: String)

    /// For a reader.
    public var description: String {
        switch self {
        case .address(let reason):
            "store address: \(reason); write sqlite:PATH or postgresql://user:password@host:port/database"
        case .cannotOpen(let database, let reason):
            "cannot open \(database): \(reason)"
        case .unreachable(let database, let reason):
            "\(database) does not answer: \(reason); check that the server runs and can be reached from here"
        case .newer(let database, let version, let known):
            "\(database) has version \(version) and this program knows versions up to \(known): run a newer program"
        case .busy(let database):
            "\(database): another transaction held a lock for too long; nothing was changed, try again"
        case .failed(let database, let code, let reason):
            "\(database) refused a statement (\(code)): \(reason); nothing was changed"
        case .outcomeUnknown(let database):
            "\(database): the connection broke during a commit, which is stored as a whole or not at all: "
                + "read before you write again"
        case .damaged(let database, let reason):
            "\(database) holds a row that this program does not write (\(reason)): restore a backup"
        case .unusable(let field, let reason):
            "\(field) cannot be stored: \(reason)"
        case .unknown(let what, let id):
            "there is no \(what) \(id)"
        case .exists(let what, let id):
            "there is a \(what) \(id) already"
        case .conflict(let what, let id, let reason):
            "\(what) \(id): \(reason)"
        case .alreadyDecided(let id, let decision, let by):
            "approval \(id) was \(decision) by \(by) before"
        case .merge(let day, let reason):
            "profiles of day \(day) could not be merged (\(reason)); nothing was changed"
        }
    }

    /// One of a few words, for metrics.
    public var label: String {
        switch self {
        case .address: "address"
        case .cannotOpen: "cannot_open"
        case .unreachable: "unreachable"
        case .newer: "newer"
        case .busy: "busy"
        case .failed: "failed"
        case .outcomeUnknown: "outcome_unknown"
        case .damaged: "damaged"
        case .unusable: "unusable"
        case .unknown: "unknown"
        case .exists: "exists"
        case .conflict: "conflict"
        case .alreadyDecided: "already_decided"
        case .merge: "merge"
        }
    }
}
