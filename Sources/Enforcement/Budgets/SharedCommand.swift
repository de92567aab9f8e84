/// What the budget's thread is to tell Redis.
struct SharedCommand {
    enum Kind {
        case reserve(Reservation, @Sendable (BudgetDecision) -> Void)
        case settle(Reservation, Amounts, now: Int64, (@Sendable () -> Void)?)
        case cancel(Reservation, ageMicroseconds: Int64, now: Int64, (@Sendable () -> Void)?)
        /// What a gateway held and used while Redis was away.
        case push([Push])
        /// The lease lives on.
        case renew(milliseconds: Int)
    }

    struct Push {
        let counter: SharedCounter
        let held: Int64
        let unsent: Int64
    }

    let kind: Kind
    /// When it is waited for no longer, by `monotonicNanoseconds`.
    var deadline: UInt64
    /// Whether it was sent a second time, with its script.
    var isWithScript = false

    /// The lease and the connection that a command belongs to, and the scripts' digests as Redis gave them.
    struct Session {
        let lease: String
        let number: Int64
        let gateway: String
        let reserve: String
        let apply: String
    }

    /// The command in Redis' protocol.
    func encoded(_ session: Session) -> RedisCommand {
        switch kind {
        case .reserve(let reservation, _):
            let shared = reservation.subject.shared
            var command = begun(
                session, session.reserve, BudgetScripts.reserve, shared.count, 2 + 6 * shared.count)
            for counter in shared { command.encoded(counter.name) }
            command.argument(session.number)
            command.argument(session.gateway)
            for counter in shared {
                command.encoded(counter.terms)
                command.argument(reservation.amounts.charge(counter.limit.resource))
                command.argument(reservation.amounts.hold(counter.limit.resource))
            }
            return command
        case .settle(let reservation, let used, _, _):
            return applied(
                session,
                reservation.subject.shared.map { counter in
                    Change(
                        counter: counter, charge: used.late(counter.limit.resource),
                        hold: reservation.amounts.hold(counter.limit.resource))
                })
        case .cancel(let reservation, let age, _, _):
            return applied(
                session,
                reservation.subject.shared.map { counter in
                    Change(
                        counter: counter,
                        refund: reservation.amounts.charge(counter.limit.resource), age: age,
                        hold: reservation.amounts.hold(counter.limit.resource))
                })
        case .push(let pushes):
            return applied(
                session,
                pushes.map { push in
                    Change(counter: push.counter, charge: push.unsent, sign: "=", hold: push.held)
                })
        case .renew(let milliseconds): return applied(session, [], leaseMilliseconds: milliseconds)
        }
    }

    /// What the second script does to one counter.
    private struct Change {
        let counter: SharedCounter
        var charge: Int64 = 0
        var refund: Int64 = 0
        var age: Int64 = 0
        var sign = "-"
        let hold: Int64
    }

    private func applied(
        _ session: Session, _ changes: [Change], leaseMilliseconds: Int = 0
    ) -> RedisCommand {
        var command = begun(
            session, session.apply, BudgetScripts.apply, changes.count, 3 + 9 * changes.count)
        for change in changes { command.encoded(change.counter.name) }
        command.argument(session.number)
        command.argument(session.gateway)
        command.argument(Int64(leaseMilliseconds))
        for change in changes {
            command.encoded(change.counter.terms)
            command.argument(change.charge)
            command.argument(change.refund)
            command.argument(change.age)
            command.argument(change.sign)
            command.argument(change.hold)
        }
        return command
    }

    /// The command up to the lease's key.
    private func begun(
        _ session: Session, _ digest: String, _ script: String, _ counters: Int, _ arguments: Int
    ) -> RedisCommand {
        var command = RedisCommand(arguments: 4 + counters + arguments)
        command.argument(isWithScript ? "EVAL" : "EVALSHA")
        command.argument(isWithScript ? script : digest)
        command.argument(Int64(1 + counters))
        command.argument(session.lease)
        return command
    }
}
