import CHiredis
import Glibc
import Synchronization

/// The budgets of several gateways, kept together in Redis or Valkey.
///
/// A thread of its own speaks with Redis: whatever is asked while it waits is sent in one write, and the answers are
/// read in the order of the questions. While Redis is away, or slower than the timeout, each gateway grants leave by
/// itself, out of a `BudgetBook` whose limits are the amount divided by the number of gateways.
///
/// **How far a limit can be passed.** Counted are requests when they begin; tokens and money when they are settled, each
/// request's up to its estimate (what it uses beyond that is charged, and refused to later ones). With an amount `A`, `n`
/// gateways that each were told of `N`, and a share `s = max(1, A / N)` rounded down:
/// - of a day or month, at most `A + n * s`, however often Redis goes away in it: `A` by Redis, and `s` in all by each
///   gateway on its own; with `N = n` and `A >= N`, that is at most `2 A`;
/// - of a rate, in any time `T`, at most `(A + n * s) * (1 + T / window)`;
/// - of streams, at most `A + n * s` are open;
/// - each time that Redis loses its data, as it does without persistence when it is started anew, its part `A` begins
///   anew, less what gateways tell it: what they granted on their own and what their open requests hold;
/// - while one gateway is cut off for longer than its lease and others are not, the streams that it has open are not
///   counted by the others. Its open requests' tokens and money are counted as used.
///
/// When Redis is back, what was used without it is added there before anything else is asked, so that a day's or month's
/// limit is then kept together again, and a rate's as far as it has not leaked.
///
/// In the other direction, a command whose answer never came may have been carried out; what it charged is then charged
/// twice. That is at most what was under way when the connection was lost.
public final class SharedBudget: Sendable {
    /// How Redis is reached and how long it is waited for.
    public struct Configuration: Sendable {
        /// Where Redis is.
        public var address: RedisAddress
        /// How many gateways there are: each grants this share of every limit while Redis is away. At least 1.
        public var gateways: Int
        /// How long leave is waited for before the gateway decides by itself, 1 ms to a minute.
        public var commandMilliseconds = 50
        /// How long connecting, and each step of it, may take, 1 ms to a minute.
        public var connectMilliseconds = 500
        /// After how long what a killed gateway held comes back, 100 ms to a day. Renewed three times in it.
        public var leaseMilliseconds = 15_000
        /// The longest pause between two attempts to connect; the first is 10 ms, and each doubles. 10 ms to an hour.
        public var longestPauseMilliseconds = 1000

        /// The defaults, for this Redis and so many gateways.
        public init(address: RedisAddress, gateways: Int) {
            self.address = address
            self.gateways = gateways
        }
    }

    /// Why Redis was given up on until the next connection.
    public enum Failure: String, Error, Sendable, CaseIterable {
        /// It could not be connected to, or did not answer then.
        case connecting
        /// It wants other credentials, or does not allow these what is needed.
        case credentials
        /// It did not answer in time.
        case timeout
        /// The connection ended.
        case closed
        /// It answered with an error or with what no script answers.
        case answer
        /// It lost the gateway's lease, and probably its data.
        case lease
    }

    /// What the metrics show.
    public struct Status: Sendable, Equatable {
        /// Whether Redis is asked.
        public var isConnected = false
        /// How often each thing went wrong.
        public var failures: [Failure: Int] = [:]
        /// Requests that were granted or refused without Redis.
        public var decidedLocally = 0
        /// Requests that Redis granted or refused.
        public var decidedShared = 0
    }

    struct Contents {
        var status = Status()
        var isClosing = false
        /// How often Redis came.
        var outage = 0
        var queue: [SharedCommand] = []
        var counters: [String: SharedCounter] = [:]
        var dirty: [SharedCounter] = []
        var sweepAt = 1024
    }

    let limits: [Limit]
    let configuration: Configuration
    let local: BudgetBook
    let contents = Mutex(Contents())
    /// Wakes the thread.
    let wakeup: Int32
    /// Names this gateway in Redis; random.
    let gateway: String
    private let thread = Mutex<pthread_t?>(nil)

    /// Starts the thread, which connects. Until it has, leave is granted out of the gateway's share.
    ///
    /// The thread keeps the budget alive until `close`. Its clock is the system's, so the times given to it must be too.
    public init(limits: [Limit], configuration: Configuration) throws(BudgetError) {
        try Self.check(configuration)
        local = try BudgetBook(limits: limits, divisor: Int64(configuration.gateways))
        self.limits = limits
        self.configuration = configuration
        gateway = hexadecimal((0..<16).map { _ in UInt8.random(in: .min ... .max) })
        wakeup = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard wakeup >= 0 else { throw .system(operation: "eventfd", errno: errno) }
        var made = pthread_t()
        // The thread holds the budget until `close`.
        let held = Unmanaged.passRetained(self)
        let code = pthread_create(
            &made, nil,
            { held in
                let budget = Unmanaged<SharedBudget>.fromOpaque(held!).takeRetainedValue()
                SharedBudgetThread(budget).run()
                return nil
            }, held.toOpaque())
        guard code == 0 else {
            held.release()
            throw .system(operation: "pthread_create", errno: code)
        }
        thread.withLock { $0 = made }
    }

    deinit { Glibc.close(wakeup) }

    private static func check(_ configuration: Configuration) throws(BudgetError) {
        let ranges: [(String, Int, ClosedRange<Int>)] = [
            ("gateways", configuration.gateways, 1...1_000_000),
            ("commandMilliseconds", configuration.commandMilliseconds, 1...60_000),
            ("connectMilliseconds", configuration.connectMilliseconds, 1...60_000),
            ("leaseMilliseconds", configuration.leaseMilliseconds, 100...86_400_000),
            ("longestPauseMilliseconds", configuration.longestPauseMilliseconds, 10...3_600_000),
        ]
        for (name, value, range) in ranges where !range.contains(value) {
            throw .badSetting(
                name: name, reason: "\(value) is not in \(range.lowerBound)...\(range.upperBound)")
        }
    }

    /// How Redis does.
    public var status: Status { contents.withLock { $0.status } }

    /// The counters that this principal's requests are measured against; see `BudgetBook.subject`.
    public func subject(
        key: String, account: String, organization: String? = nil, campaign: String? = nil,
        plan: String,
        extra: [Limit] = [], now: Int64
    ) -> BudgetSubject {
        let wanted = local.applicable(
            extra, key: key, account: account, organization: organization, campaign: campaign,
            plan: plan)
        let own = local.subject(
            key: key, account: account, organization: organization, campaign: campaign, plan: plan,
            extra: extra,
            now: now)
        let shared = contents.withLock { contents in
            let shared = wanted.map {
                contents.counter($0.key, $0.limit, Int64(configuration.gateways))
            }
            if contents.counters.count >= contents.sweepAt {
                contents.dropIdle()
                contents.sweepAt = max(1024, 2 * contents.counters.count)
            }
            return shared
        }
        return BudgetSubject(counters: own.counters, shared: shared)
    }

    /// Asks leave for a request: of all its counters, or of none. Parameters as in `BudgetBook.reserve`.
    ///
    /// - Parameter completion: takes the decision, once; on the budget's thread, or on the caller's before this returns
    ///   when Redis is away. It must not block.
    public func reserve(
        _ subject: BudgetSubject, requests: Int64 = 1, tokens: Int64, microUSD: Int64,
        streams: Int64 = 1, now: Int64,
        completion: @escaping @Sendable (BudgetDecision) -> Void
    ) {
        let reservation = Reservation(
            subject: subject,
            amounts: Amounts(
                requests: requests, tokens: tokens, microUSD: microUSD, streams: streams), at: now)
        if subject.isUnlimited { return completion(.granted(reservation)) }
        if let decision = submit(
            .reserve(reservation, completion), otherwise: { $0.reserveLocally(reservation, local) })
        {
            completion(decision)
        }
    }

    /// Ends a request that reached the model: what it used is charged, and its stream closed.
    ///
    /// - Parameter completion: called once it counts, in Redis or, while that is away, here; from any thread.
    public func settle(
        _ reservation: Reservation, tokens: Int64, microUSD: Int64, now: Int64,
        completion: (@Sendable () -> Void)? = nil
    ) {
        if reservation.subject.isUnlimited {
            completion?()
            return
        }
        let used = Amounts(requests: 0, tokens: tokens, microUSD: microUSD, streams: 0)
        if reservation.isLocal {
            local.settle(reservation, tokens: tokens, microUSD: microUSD, now: now)
        }
        let isHere: Bool? = submit(
            .settle(reservation, used, now: now, completion),
            before: { $0.release(reservation) },
            otherwise: {
                $0.keepUnsent(reservation, used, now: now)
                return true
            })
        if isHere != nil { completion?() }
    }

    /// Gives back all of a request that did not reach the model. Of a rate's requests, only what has not leaked since;
    /// and while Redis is away, the requests that Redis was charged stay charged.
    public func cancel(
        _ reservation: Reservation, now: Int64, completion: (@Sendable () -> Void)? = nil
    ) {
        if reservation.subject.isUnlimited {
            completion?()
            return
        }
        if reservation.isLocal { local.cancel(reservation, now: now) }
        let isHere: Bool? = submit(
            .cancel(
                reservation, ageMicroseconds: max(0, now - reservation.at), now: now, completion),
            before: { $0.release(reservation) },
            otherwise: {
                $0.cancelUnsent(reservation, now: now)
                return true
            })
        if isHere != nil { completion?() }
    }

    /// Sends what waits, gives the lease back and ends the thread. What still holds then counts as used.
    ///
    /// Takes as long as one command and one attempt to connect may. Afterwards leave is granted as while Redis is away.
    public func close() {
        contents.withLock { $0.isClosing = true }
        wake()
        guard
            let thread = thread.withLock({ thread in
                defer { thread = nil }
                return thread
            })
        else { return }
        pthread_join(thread, nil)
    }

    /// Queues a command, or does without Redis: which of both is decided and done under one lock, so that what happens
    /// while Redis comes or goes is counted once.
    private func submit<Local>(
        _ command: SharedCommand.Kind, before: (inout Contents) -> Void = { _ in },
        otherwise: (inout Contents) -> Local
    ) -> Local? {
        let deadline =
            monotonicNanoseconds() + UInt64(configuration.commandMilliseconds) * 1_000_000
        let (done, isFirst): (Local?, Bool) = contents.withLock { contents in
            before(&contents)
            guard contents.status.isConnected else { return (otherwise(&contents), false) }
            contents.queue.append(SharedCommand(kind: command, deadline: deadline))
            return (nil, contents.queue.count == 1)
        }
        if isFirst { wake() }
        return done
    }

    private func wake() {
        var one: UInt64 = 1
        _ = write(wakeup, &one, 8)
    }
}

/// Time that no clock setting changes.
func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

// What is done without Redis. All under the lock.
extension SharedBudget.Contents {
    mutating func counter(_ key: String, _ limit: Limit, _ gateways: Int64) -> SharedCounter {
        if let known = counters[key] { return known }
        let made = SharedCounter(key: key, limit: limit, gateways: gateways)
        counters[key] = made
        return made
    }

    mutating func dropIdle() {
        for key in Array(counters.keys) {
            if isKnownUniquelyReferenced(&counters[key]!), counters[key]!.held == 0 {
                counters[key] = nil
            }
        }
    }

    /// Leave out of the gateway's share.
    mutating func reserveLocally(_ reservation: Reservation, _ local: BudgetBook) -> BudgetDecision
    {
        status.decidedLocally += 1
        for counter in reservation.subject.shared { mark(counter) }
        let decision = local.reserve(reservation.subject, reservation.amounts, now: reservation.at)
        guard case .granted(var granted) = decision else { return decision }
        granted.isLocal = true
        granted.outage = outage
        hold(granted)
        for counter in granted.subject.shared {
            let charge = granted.amounts.charge(counter.limit.resource)
            if charge > 0 {
                counter.unsent.advance(to: granted.at, counter.share)
                counter.unsent.charge(charge)
            }
        }
        return .granted(granted)
    }

    func hold(_ reservation: Reservation) {
        for counter in reservation.subject.shared {
            counter.held += reservation.amounts.hold(counter.limit.resource)
        }
    }

    mutating func release(_ reservation: Reservation) {
        for counter in reservation.subject.shared {
            counter.held -= reservation.amounts.hold(counter.limit.resource)
        }
    }

    /// Keeps what a request used for when Redis is back.
    mutating func keepUnsent(_ reservation: Reservation, _ used: Amounts, now: Int64) {
        for counter in reservation.subject.shared {
            let late = used.late(counter.limit.resource)
            if late > 0 {
                counter.unsent.advance(to: now, counter.share)
                counter.unsent.charge(late)
            }
            mark(counter)
        }
    }

    /// Takes back what a cancelled request of this gateway's own share was charged.
    mutating func cancelUnsent(_ reservation: Reservation, now: Int64) {
        for counter in reservation.subject.shared {
            let charge = reservation.amounts.charge(counter.limit.resource)
            // What was charged in an earlier outage has been sent.
            if reservation.isLocal, reservation.outage == outage, charge > 0 {
                counter.unsent.advance(to: now, counter.share)
                counter.unsent.refund(charge, chargedAt: reservation.at, now: now, counter.share)
            }
            mark(counter)
        }
    }

    /// Redis has to be told of the counter when it is back.
    mutating func mark(_ counter: SharedCounter) {
        if counter.isDirty { return }
        counter.isDirty = true
        dirty.append(counter)
    }
}
