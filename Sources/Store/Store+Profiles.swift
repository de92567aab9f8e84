extension Store {
    /// Adds what a gateway has read of its log to the profiles, with the place it has read to, in one transaction.
    ///
    /// So every exchange is in the profiles once: after a crash either all of this is there or nothing, and the gateway
    /// reads on from `position(gateway:)`. After `StoreError.outcomeUnknown` it asks for the position as well. Gateways
    /// that add to the same accounts wait for each other row by row, in one order.
    /// - Parameters:
    ///   - batch: new profiles; the same day and account may come more than once.
    ///   - counters: all of the gateway's counters; others it had are deleted.
    ///   - merge: gives the profile of what is stored and what is new. May run more often than there are profiles,
    ///     because a transaction is repeated after a deadlock.
    public func addProfiles(
        _ batch: [(day: Int, account: String, bytes: [UInt8])], gateway: String,
        position: LogPosition, counters: [CounterRow],
        merge: (_ stored: [UInt8], _ new: [UInt8]) throws -> [UInt8]
    ) throws(StoreError) {
        let rows = try Self.mergingEqual(batch, merge)
        try change(serialized: false) { change throws(StoreError) in
            let session = change.session
            try session.hold(.addingProfiles)
            try Self.lockAbsent(rows, session)
            var merged: [ProfileRow] = []
            try inChunks(rows) { chunk throws(StoreError) in
                merged += try Self.mergedWithStored(chunk, session, merge)
            }
            for place in merged.indices { merged[place].revision = try change.next(.profiles) }
            try session.put(merged)
            try session.put(GatewayPosition(gateway: gateway, position: position))
            try Self.replaceCounters(of: gateway, with: counters, session)
        }
    }

    /// The batch in the order of days and of accounts' bytes, with equal ones merged.
    private static func mergingEqual(
        _ batch: [(day: Int, account: String, bytes: [UInt8])],
        _ merge: ([UInt8], [UInt8]) throws -> [UInt8]
    ) throws(StoreError) -> [ProfileRow] {
        var rows: [ProfileRow] = []
        // A stable sort, so that equal ones are merged as they came.
        let order = batch.indices.sorted { left, right in
            let (first, second) = (batch[left], batch[right])
            return precedes(first.day, first.account, second.day, second.account)
                || (!precedes(second.day, second.account, first.day, first.account) && left < right)
        }
        for element in order.lazy.map({ batch[$0] }) {
            if let last = rows.last, last.day == element.day,
                last.account.utf8.elementsEqual(element.account.utf8)
            {
                rows[rows.count - 1].bytes = try merged(
                    last.bytes, element.bytes, day: last.day, merge)
            } else {
                rows.append(
                    ProfileRow(day: element.day, account: element.account, bytes: element.bytes))
            }
        }
        return rows
    }

    /// The databases' order. By bytes: `String`'s takes canonically equivalent texts for equal, the databases do not.
    private static func precedes(
        _ day: Int, _ account: String, _ otherDay: Int, _ otherAccount: String
    ) -> Bool {
        day == otherDay
            ? account.utf8.lexicographicallyPrecedes(otherAccount.utf8) : day < otherDay
    }

    private static func merged(
        _ stored: [UInt8], _ new: [UInt8], day: Int, _ merge: ([UInt8], [UInt8]) throws -> [UInt8]
    ) throws(StoreError) -> [UInt8] {
        do { return try merge(stored, new) } catch { throw .merge(day: day, reason: "\(error)") }
    }

    /// Makes rows that are not there, so that they can be locked. They get revision 0, which no reader ever sees.
    ///
    /// All of them before `mergedWithStored` locks any: then transactions wait for each other in one order.
    private static func lockAbsent(
        _ rows: [ProfileRow], _ session: some SQLSession
    ) throws(StoreError) {
        guard session.hasConcurrentWriters else { return }
        let absent = rows.map { ProfileRow(day: $0.day, account: $0.account, bytes: []) }
        try session.insert(absent, " ON CONFLICT (day, account) DO NOTHING")
    }

    /// Selects profiles by their days and accounts. A join, because SQLite reads the whole table for pairs `IN` a list.
    static func selection(of count: Int) -> String {
        """
        JOIN (VALUES \(tuples(count, width: 2))) AS wanted
        ON day = wanted.column1 AND account = wanted.column2 ORDER BY day, account
        """
    }

    /// Locks and reads what is stored for `chunk`, which is in order, and merges it with that.
    private static func mergedWithStored(
        _ chunk: ArraySlice<ProfileRow>, _ session: some SQLSession,
        _ merge: ([UInt8], [UInt8]) throws -> [UInt8]
    ) throws(StoreError) -> [ProfileRow] {
        var rows = chunk
        let stored = try session.fetch(
            ProfileRow.self,
            Self.selection(of: rows.count)
                + (session.hasConcurrentWriters ? " FOR UPDATE OF profiles" : ""),
            rows.flatMap { [.integer(Int64($0.day)), .text($0.account)] })
        var place = rows.startIndex
        for old in stored {
            while precedes(rows[place].day, rows[place].account, old.day, old.account) {
                place += 1
            }
            guard old.revision > 0 else { continue }
            rows[place].bytes = try merged(old.bytes, rows[place].bytes, day: old.day, merge)
        }
        return Array(rows)
    }

    /// Writes the counters that are not as they were, and deletes those that are no more.
    private static func replaceCounters(
        of gateway: String, with counters: [CounterRow], _ session: some SQLSession
    ) throws(StoreError) {
        var gone: [[UInt8]: CounterRow] = [:]
        for row in try session.fetch(
            GatewayCounter.self, "WHERE gateway = $1", [.text(gateway)])
        {
            gone[Array(row.counter.key.utf8)] = row.counter
        }
        var changed: [[UInt8]: CounterRow] = [:]
        for counter in counters {
            let key = Array(counter.key.utf8)
            let isNew = gone.removeValue(forKey: key) != counter || changed[key] != nil
            if isNew { changed[key] = counter }
        }
        try session.put(changed.values.map { GatewayCounter(gateway: gateway, counter: $0) })
        try inChunks(gone.values.map(\.key)) { names throws(StoreError) in
            let places = names.indices.map { "$\($0 - names.startIndex + 2)" }
            try session.execute(
                "DELETE FROM counters WHERE gateway = $1 AND name IN (\(places.joined(separator: ",")))",
                [.text(gateway)] + names.map(SQLValue.text))
        }
    }

    /// How far a gateway's log is in the profiles; `nil` before its first `addProfiles`.
    public func position(gateway: String) throws(StoreError) -> LogPosition? {
        try database.read { session throws(StoreError) in
            try session.fetch(GatewayPosition.self, id: gateway)?.position
        }
    }

    /// A gateway's counters, in the order of their keys.
    public func counters(gateway: String) throws(StoreError) -> [CounterRow] {
        try database.read { session throws(StoreError) in
            try session.fetch(
                GatewayCounter.self, "WHERE gateway = $1 ORDER BY name", [.text(gateway)]
            ).map(\.counter)
        }
    }

    /// A page of the profiles that were changed after a revision, in the order of their revisions.
    ///
    /// The next page is after the last row's revision.
    public func profiles(
        changedAfter revision: Int64, limit: Int
    ) throws(StoreError) -> [ProfileRow] {
        try database.read { session throws(StoreError) in
            try session.fetch(ProfileRow.self, changedAfter: revision, limit: limit)
        }
    }

    /// Deletes the profiles of all days before `day`, which no reader is told: readers know their window.
    public func deleteProfiles(before day: Int) throws(StoreError) {
        try database.transaction { session throws(StoreError) in
            try session.hold(.deletingProfiles)
            _ = try session.execute("DELETE FROM profiles WHERE day < $1", [.integer(Int64(day))])
        }
    }
}
