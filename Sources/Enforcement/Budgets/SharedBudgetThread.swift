import CHiredis
import Glibc
import Synchronization

/// The thread of a `SharedBudget`: it alone speaks with Redis.
final class SharedBudgetThread {
    private let budget: SharedBudget
    /// Sent and not answered, in order.
    private var waiting: [SharedCommand] = []
    /// How many of `waiting` are answered; they are dropped together.
    private var answered = 0
    private var number: Int64 = 0
    /// Whether the last connection came to be used.
    private var wasUp = false

    /// Counters in one command while Redis is told of what it missed: some 10 KB, and below a millisecond of its time.
    private static let pushedTogether = 64
    /// So many counters are told along with the first questions. More are told before, while the gateway still decides by
    /// itself, or the questions behind them would time out.
    private static let pushedLast = 256

    init(_ budget: SharedBudget) { self.budget = budget }

    /// Connects, serves, and connects anew, until the budget is closed.
    func run() {
        // A connection that ended is an error of the call, not the end of the process; other signals are not for us.
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
        var pause = 10
        while !budget.contents.withLock({ $0.isClosing }) {
            wasUp = false
            do throws(SharedBudget.Failure) {
                try session()
                return
            } catch {
                fail(error)
            }
            if wasUp { pause = 10 }
            // Gateways that lost Redis together do not come back together.
            sleep(milliseconds: Int.random(in: pause / 2...pause))
            pause = min(2 * pause, budget.configuration.longestPauseMilliseconds)
        }
    }

    private func sleep(milliseconds: Int) {
        var events = [pollfd(fd: budget.wakeup, events: Int16(POLLIN), revents: 0)]
        poll(&events, 1, Int32(milliseconds))
        calm()
    }

    private func calm() {
        var count: UInt64 = 0
        _ = read(budget.wakeup, &count, 8)
    }

    /// One connection, from its first byte to the end of the budget.
    private func session() throws(SharedBudget.Failure) {
        let configuration = budget.configuration
        let connection = try RedisConnection(
            configuration.address, milliseconds: configuration.connectMilliseconds)
        try greet(connection)
        let reserve = try load(connection, BudgetScripts.reserve)
        let apply = try load(connection, BudgetScripts.apply)
        number += 1
        let session = SharedCommand.Session(
            lease: "{stillwatch}:gateway:\(budget.gateway)", number: number,
            gateway: budget.gateway, reserve: reserve,
            apply: apply)
        let leased = try connection.call(
            RedisCommand([
                "SET", session.lease, String(number), "PX", String(configuration.leaseMilliseconds),
            ]))
        guard leased == .text("OK") else { throw Self.failure(leased) ?? .answer }
        try catchUp(connection, session)
        try connection.pipeline()
        begin()
        try serve(connection, session)
    }

    private func greet(_ connection: borrowing RedisConnection) throws(SharedBudget.Failure) {
        let address = budget.configuration.address
        if let password = address.password {
            let command = ["AUTH"] + (address.user.map { [$0] } ?? []) + [password]
            guard try connection.call(RedisCommand(command)) == .text("OK") else {
                throw .credentials
            }
        }
        if address.database != 0 {
            let reply = try connection.call(RedisCommand(["SELECT", String(address.database)]))
            guard reply == .text("OK") else { throw Self.failure(reply) ?? .answer }
        }
    }

    private func load(
        _ connection: borrowing RedisConnection, _ script: String
    ) throws(SharedBudget.Failure) -> String {
        let reply = try connection.call(RedisCommand(["SCRIPT", "LOAD", script]))
        guard case .text(let digest) = reply else { throw Self.failure(reply) ?? .answer }
        return digest
    }

    private static func failure(_ reply: RedisReply) -> SharedBudget.Failure? {
        guard case .error(let word) = reply else { return nil }
        return ["NOAUTH", "NOPERM", "WRONGPASS"].contains(word) ? .credentials : .answer
    }

    /// Tells Redis what it missed until little is left.
    private func catchUp(
        _ connection: borrowing RedisConnection, _ session: SharedCommand.Session
    ) throws(SharedBudget.Failure) {
        while true {
            let pushes = budget.contents.withLock { contents in
                contents.dirty.count > Self.pushedLast
                    ? contents.takePushes(Self.pushedTogether, now: realMicroseconds()) : []
            }
            if pushes.isEmpty { return }
            let command = SharedCommand(kind: .push(pushes), deadline: .max)
            waiting.append(command)
            let reply = try connection.call(command.encoded(session))
            guard reply.integers?.first == 1 else { throw Self.failure(reply) ?? .lease }
            waiting.removeLast()
        }
    }

    /// Lets questions through, behind the rest of what Redis missed.
    private func begin() {
        let deadline = monotonicNanoseconds() + commandNanoseconds
        budget.contents.withLock { contents in
            while case let pushes = contents.takePushes(
                Self.pushedTogether, now: realMicroseconds()),
                !pushes.isEmpty
            {
                contents.queue.append(SharedCommand(kind: .push(pushes), deadline: deadline))
            }
            contents.status.isConnected = true
            contents.outage += 1
        }
        wasUp = true
    }

    private var commandNanoseconds: UInt64 {
        UInt64(budget.configuration.commandMilliseconds) * 1_000_000
    }

    /// Sends and receives until the budget is closed.
    private func serve(
        _ connection: borrowing RedisConnection, _ session: SharedCommand.Session
    ) throws(SharedBudget.Failure) {
        let lease = budget.configuration.leaseMilliseconds
        var renewal = monotonicNanoseconds()
        while true {
            var (batch, isClosing) = budget.contents.withLock { contents in
                let batch = contents.queue
                contents.queue = []
                return (batch, contents.isClosing)
            }
            let now = monotonicNanoseconds()
            if now >= renewal {
                renewal = now + UInt64(lease) * 1_000_000 / 3
                batch.append(
                    SharedCommand(
                        kind: .renew(milliseconds: lease), deadline: now + commandNanoseconds))
            }
            // All of them wait from here on, so that none is forgotten when sending fails.
            waiting += batch
            for command in batch { try connection.append(command.encoded(session)) }
            let isSent = try connection.send()
            if isClosing, waiting.count == answered, end() {
                return giveUpLease(connection, session)
            }
            let deadline = answered < waiting.count ? waiting[answered].deadline : .max
            let patience = min(deadline, renewal)
            let milliseconds = patience > now ? (patience - now) / 1_000_000 + 1 : 0
            var events = [
                pollfd(fd: budget.wakeup, events: Int16(POLLIN), revents: 0),
                pollfd(
                    fd: connection.descriptor, events: Int16(isSent ? POLLIN : POLLIN | POLLOUT),
                    revents: 0),
            ]
            poll(&events, 2, Int32(clamping: milliseconds))
            if events[0].revents != 0 { calm() }
            if events[1].revents & Int16(POLLIN | POLLERR | POLLHUP) != 0 {
                try connection.receive()
                while let reply = try connection.next() { try take(reply, connection, session) }
            } else if monotonicNanoseconds() > deadline {
                throw .timeout
            }
        }
    }

    /// Stops taking questions, unless one came just now.
    private func end() -> Bool {
        budget.contents.withLock { contents in
            guard contents.queue.isEmpty else { return false }
            contents.status.isConnected = false
            return true
        }
    }

    /// What the gateway still holds counts no longer as held from here on. A failure is no matter: the lease runs out.
    private func giveUpLease(
        _ connection: borrowing RedisConnection, _ session: SharedCommand.Session
    ) {
        guard (try? connection.append(RedisCommand(["DEL", session.lease]))) != nil,
            (try? connection.send()) == true
        else { return }
        var events = [pollfd(fd: connection.descriptor, events: Int16(POLLIN), revents: 0)]
        poll(&events, 1, Int32(budget.configuration.commandMilliseconds))
    }

    /// The answer to the first command that waits.
    private func take(
        _ reply: RedisReply, _ connection: borrowing RedisConnection,
        _ session: SharedCommand.Session
    ) throws(SharedBudget.Failure) {
        guard answered < waiting.count else { throw .answer }
        var command = waiting[answered]
        if reply == .error("NOSCRIPT"), !command.isWithScript {
            command.isWithScript = true
            command.deadline = monotonicNanoseconds() + commandNanoseconds
            try connection.append(command.encoded(session))
            pop()
            waiting.append(command)
            return
        }
        guard let numbers = reply.integers, let verdict = numbers.first else {
            throw Self.failure(reply) ?? .answer
        }
        guard verdict != -1 else { throw .lease }
        switch command.kind {
        case .reserve(let reservation, let completion):
            let decision = try Self.decision(reservation, numbers)
            budget.contents.withLock { contents in
                contents.status.decidedShared += 1
                if case .granted = decision { contents.hold(reservation) }
            }
            pop()
            completion(decision)
            return
        case .settle(_, _, _, let completion), .cancel(_, _, _, let completion):
            guard verdict == 1 else { throw .answer }
            pop()
            completion?()
            return
        case .push, .renew:
            guard verdict == 1 else { throw .answer }
            pop()
        }
    }

    private static func decision(
        _ reservation: Reservation, _ numbers: [Int64]
    ) throws(SharedBudget.Failure) -> BudgetDecision {
        if numbers == [1] { return .granted(reservation) }
        let shared = reservation.subject.shared
        guard numbers.count == 6, numbers[0] == 0,
            shared.indices.contains(Int(clamping: numbers[1]))
        else {
            throw .answer
        }
        let limit = shared[Int(numbers[1])].limit
        return .refused(
            BudgetRefusal(
                limit, microseconds: numbers[2], wanted: numbers[3], used: numbers[4],
                held: numbers[5],
                amount: limit.amount, isShare: false))
    }

    private func pop() {
        answered += 1
        if answered == waiting.count || answered >= 1024 {
            waiting.removeFirst(answered)
            answered = 0
        }
    }

    /// Does without Redis what was asked of it and not answered.
    private func fail(_ failure: SharedBudget.Failure) {
        var completions: [() -> Void] = []
        let local = budget.local
        budget.contents.withLock { contents in
            contents.status.isConnected = false
            contents.status.failures[failure, default: 0] += 1
            for counter in contents.counters.values where counter.held > 0 {
                contents.mark(counter)
            }
            let undone = waiting[answered...] + contents.queue
            contents.queue = []
            for command in undone {
                switch command.kind {
                case .reserve(let reservation, let completion):
                    let decision = contents.reserveLocally(reservation, local)
                    completions.append { completion(decision) }
                case .settle(let reservation, let used, let now, let completion):
                    contents.keepUnsent(reservation, used, now: now)
                    if let completion { completions.append(completion) }
                case .cancel(let reservation, _, let now, let completion):
                    contents.cancelUnsent(reservation, now: now)
                    if let completion { completions.append(completion) }
                case .push(let pushes): contents.takeBack(pushes, now: realMicroseconds())
                case .renew: break
                }
            }
        }
        waiting = []
        answered = 0
        for completion in completions { completion() }
    }
}

/// The time of day, in microseconds since 1970 UTC.
private func realMicroseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
}

extension SharedBudget.Contents {
    /// Takes so many of the counters that Redis has to be told of.
    fileprivate mutating func takePushes(_ count: Int, now: Int64) -> [SharedCommand.Push] {
        let taken = dirty.suffix(count)
        dirty.removeLast(taken.count)
        return taken.map { counter in
            counter.isDirty = false
            counter.unsent.advance(to: now, counter.share)
            let level = counter.unsent.level
            counter.unsent = Spending()
            return SharedCommand.Push(counter: counter, held: counter.held, unsent: level)
        }
    }

    /// They were not told for sure.
    fileprivate mutating func takeBack(_ pushes: [SharedCommand.Push], now: Int64) {
        for push in pushes {
            push.counter.unsent.advance(to: now, push.counter.share)
            push.counter.unsent.charge(push.unsent)
            mark(push.counter)
        }
    }
}
