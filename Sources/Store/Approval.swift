/// Something that a rule may do only after somebody has approved it.
public struct ApprovalRow: Sendable, Equatable {
    /// The approval.
    public var id: String
    /// The rule that asks.
    public var rule: String
    /// Which of the rule's stages, from 0.
    public var stage: Int
    /// What `subject` is: `account` or `campaign`.
    public var scope: String
    /// Whom it is about.
    public var subject: String
    /// What would be done.
    public var action: String
    /// When it was asked for.
    public var requested: Int64
    /// When it was decided.
    public var decided: Int64?
    /// `pending`, `approved` or `denied`.
    public var decision: String
    /// Who decided.
    public var by: String
    /// What they noted.
    public var note: String
    /// The change that wrote this row; the store gives it.
    public var revision: Int64

    /// A pending approval.
    public init(
        id: String, rule: String, stage: Int, scope: String, subject: String, action: String,
        requested: Int64
    ) {
        self.id = id
        self.rule = rule
        self.stage = stage
        self.scope = scope
        self.subject = subject
        self.action = action
        self.requested = requested
        decided = nil
        decision = ApprovalRow.pending
        by = ""
        note = ""
        revision = 0
    }

    static let pending = "pending"
}

/// What somebody says to an approval.
public enum ApprovalDecision: String, Sendable {
    /// It may be done.
    case approved
    /// It may not.
    case denied
}

extension ApprovalRow: StoredRow {
    static let table = "approvals"
    static let columns = [
        "id", "rule", "stage", "scope", "subject", "action", "requested", "decided", "decision",
        "actor", "note", "revision",
    ]
    static let key = ["id"]

    init(row: inout SQLRow) throws(StoreError) {
        id = try row.text()
        rule = try row.text()
        stage = try row.int()
        scope = try row.text()
        subject = try row.text()
        action = try row.text()
        requested = try row.integer()
        decided = try row.optionalInteger()
        decision = try row.text()
        by = try row.text()
        note = try row.text()
        revision = try row.integer()
    }

    var values: [SQLValue] {
        [
            .text(id), .text(rule), .integer(Int64(stage)), .text(scope), .text(subject),
            .text(action), .integer(requested), SQLValue(decided), .text(decision), .text(by),
            .text(note), .integer(revision),
        ]
    }
}

extension Store {
    /// Asks for an approval. One with the same `id` stays as it is, decided or not.
    ///
    /// - Parameter actor: who asks, for the audit: a gateway.
    /// - Returns: whether it is new.
    @discardableResult
    public func request(_ approval: ApprovalRow, actor: String) throws(StoreError) -> Bool {
        // Asked again by every gateway with every judgement: mostly there, and then no reason to wait for changes.
        guard try self.approval(id: approval.id) == nil else { return false }
        return try change { change throws(StoreError) in
            guard try change.session.fetch(ApprovalRow.self, id: approval.id) == nil else {
                return false
            }
            var approval = approval
            (approval.decided, approval.decision) = (nil, ApprovalRow.pending)
            (approval.by, approval.note) = ("", "")
            approval.revision = try change.next(.approvals)
            try change.session.put(approval)
            try change.audit(
                "approval.request", actor: actor, subject: approval.id, approval.told,
                at: approval.requested)
            return true
        }
    }

    /// Decides an approval, once.
    public func decide(
        id: String, decision: ApprovalDecision, by: String, note: String, at time: Int64
    ) throws(StoreError) {
        try change { change throws(StoreError) in
            guard var approval = try change.session.fetch(ApprovalRow.self, id: id) else {
                throw .unknown(what: "approval", id: id)
            }
            guard approval.decided == nil else {
                throw .alreadyDecided(id: id, decision: approval.decision, by: approval.by)
            }
            approval.decided = time
            approval.decision = decision.rawValue
            approval.by = by
            approval.note = note
            approval.revision = try change.next(.approvals)
            try change.session.put(approval)
            var detail = approval.told
            detail["decision"] = .text(decision.rawValue)
            detail["note"] = .text(note)
            try change.audit("approval.decide", actor: by, subject: id, detail, at: time)
        }
    }

    /// An approval, or `nil` when nobody asked for it.
    public func approval(id: String) throws(StoreError) -> ApprovalRow? {
        try database.read { session throws(StoreError) in
            try session.fetch(ApprovalRow.self, id: id)
        }
    }

    /// The approvals that were changed after a revision, in the order of their revisions.
    public func approvals(changedAfter revision: Int64) throws(StoreError) -> [ApprovalRow] {
        try database.read { session throws(StoreError) in
            try session.fetch(ApprovalRow.self, changedAfter: revision)
        }
    }

    /// The approvals that nobody has decided, the oldest first.
    public func pending() throws(StoreError) -> [ApprovalRow] {
        try database.read { session throws(StoreError) in
            try session.fetch(ApprovalRow.self, "WHERE decided IS NULL ORDER BY requested, id")
        }
    }
}

extension ApprovalRow {
    /// What the audit says of it.
    fileprivate var told: [String: JSONText] {
        [
            "rule": .text(rule), "stage": .integer(Int64(stage)), "scope": .text(scope),
            "subject": .text(subject), "action": .text(action),
        ]
    }
}
