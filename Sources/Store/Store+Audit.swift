extension Store {
    /// Adds an entry to the audit.
    ///
    /// - Returns: its number.
    @discardableResult
    public func append(
        kind: String, actor: String, subject: String, detail: String, at time: Int64
    ) throws(StoreError) -> Int64 {
        try append([
            AuditEntry(kind: kind, actor: actor, subject: subject, detail: detail, at: time)
        ])
    }

    /// Adds entries to the audit in one transaction.
    ///
    /// - Returns: the number of the last entry of the audit.
    @discardableResult
    public func append(_ entries: [AuditEntry]) throws(StoreError) -> Int64 {
        try change { change throws(StoreError) in try change.append(entries) }
    }

    /// A page of the audit, in order.
    public func audit(after number: Int64, limit: Int) throws(StoreError) -> [AuditRow] {
        try database.read { session throws(StoreError) in
            try session.fetch(
                AuditRow.self, "WHERE number > $1 ORDER BY number LIMIT $2",
                [.integer(number), .integer(Int64(max(limit, 0)))])
        }
    }

    /// The number and digest of the audit's last entry; `nil` before the first.
    ///
    /// Kept elsewhere, it shows later that nobody has written the whole audit anew.
    public func auditHead() throws(StoreError) -> (number: Int64, digest: [UInt8])? {
        try database.read { session throws(StoreError) in
            try session.fetch(AuditHead.self, "").first.map { ($0.number, $0.digest) }
        }
    }

    /// Reads the whole audit and checks that no entry was changed, left out or added.
    ///
    /// Entries appended meanwhile are not read. Who can write to the database can write a whole chain anew: that shows
    /// only against an `auditHead` kept elsewhere.
    /// - Returns: the first bad entry, or `nil`.
    public func verifyAudit() throws(StoreError) -> AuditFault? {
        let head = try database.read { session throws(StoreError) in
            try session.fetch(AuditHead.self, "").first ?? .start
        }
        var last = AuditHead.start
        reading: while true {
            let page = try audit(after: last.number, limit: 1000)
            for row in page {
                if row.number > head.number { break reading }
                guard row.number == last.number + 1 else {
                    return AuditFault(number: last.number + 1, reason: .missing)
                }
                guard row.previous == last.digest else {
                    return AuditFault(number: row.number, reason: .chain)
                }
                guard row.digest == row.computedDigest else {
                    return AuditFault(number: row.number, reason: .digest)
                }
                last = AuditHead(number: row.number, digest: row.digest)
            }
            if page.isEmpty { break }
        }
        guard last.number == head.number else {
            return AuditFault(number: last.number + 1, reason: .missing)
        }
        guard last.digest == head.digest else {
            return AuditFault(number: last.number, reason: .end)
        }
        return nil
    }
}

extension Change {
    /// Adds what this transaction does to the audit.
    func audit(
        _ kind: String, actor: String, subject: String, _ detail: [String: JSONText], at time: Int64
    ) throws(StoreError) {
        try append([
            AuditEntry(
                kind: kind, actor: actor, subject: subject, detail: JSONText.object(detail),
                at: time)
        ])
    }

    /// Appends entries to the chain. The transaction is serialized, so nobody else does so meanwhile.
    @discardableResult
    func append(_ entries: [AuditEntry]) throws(StoreError) -> Int64 {
        try serialize()
        var head = try session.fetch(AuditHead.self, "").first ?? .start
        var rows: [AuditRow] = []
        for entry in entries {
            var row = AuditRow(
                number: head.number + 1, at: entry.at, kind: entry.kind, actor: entry.actor,
                subject: entry.subject, detail: entry.detail, previous: head.digest, digest: [])
            row.digest = row.computedDigest
            head = AuditHead(number: row.number, digest: row.digest)
            rows.append(row)
        }
        guard !rows.isEmpty else { return head.number }
        try session.insert(rows)
        try session.put(head)
        return head.number
    }
}
