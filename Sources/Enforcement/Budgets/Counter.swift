/// What one subject of a limit has used and what is held for its requests that are on their way.
///
/// Tokens and money are held at their estimate from reserve to settle, and charged at what they were then; so nothing
/// has to be taken back from a bucket that leaks. Requests are charged at once. Streams are only held.
/// Guarded by the lock of the book it belongs to.
final class Counter: @unchecked Sendable {
    let key: String
    let limit: Limit
    let pace: Pace
    let resource: Limit.Resource
    var spending = Spending()
    var held: Int64 = 0

    init(key: String, limit: Limit, amount: Int64) {
        self.key = key
        self.limit = limit
        pace = Pace(limit.window, amount: amount)
        resource = limit.resource
    }

    /// Whether it is as a new one would be.
    func isIdle(_ now: Int64) -> Bool {
        spending.advance(to: now, pace)
        return spending.level == 0 && held == 0
    }
}

/// What a request takes, or is thought to.
struct Amounts: Sendable, Equatable {
    var requests: Int64
    var tokens: Int64
    var microUSD: Int64
    var streams: Int64

    init(requests: Int64, tokens: Int64, microUSD: Int64, streams: Int64) {
        self.requests = Self.clamped(requests)
        self.tokens = Self.clamped(tokens)
        self.microUSD = Self.clamped(microUSD)
        self.streams = Self.clamped(streams)
    }

    private static func clamped(_ amount: Int64) -> Int64 {
        max(0, min(amount, Limit.largestAmount))
    }

    /// What is charged at once.
    @inline(__always)
    func charge(_ resource: Limit.Resource) -> Int64 { resource == .requests ? requests : 0 }

    /// What is held until it is settled.
    @inline(__always)
    func hold(_ resource: Limit.Resource) -> Int64 {
        switch resource {
        case .requests: 0
        case .tokens: tokens
        case .microUSD: microUSD
        case .streams: streams
        }
    }

    /// What is charged when it is settled, `self` being what was used.
    @inline(__always)
    func late(_ resource: Limit.Resource) -> Int64 {
        switch resource {
        case .requests, .streams: 0
        case .tokens: tokens
        case .microUSD: microUSD
        }
    }
}

/// The counters that a principal's requests are measured against. Made once for a principal and a campaign, and kept.
public final class BudgetSubject: Sendable {
    let counters: [Counter]
    /// The same counters in Redis; empty where they are not shared.
    let shared: [SharedCounter]

    init(counters: [Counter], shared: [SharedCounter] = []) {
        self.counters = counters
        self.shared = shared
    }

    /// Whether no limit applies.
    public var isUnlimited: Bool { counters.isEmpty }
}

/// Leave for one request. It is either settled or cancelled, once.
public struct Reservation: Sendable {
    let subject: BudgetSubject
    let amounts: Amounts
    let at: Int64
    /// Whether a gateway granted it by itself, since Redis could not be asked.
    var isLocal = false
    /// And in which time without it.
    var outage = 0
}

/// Why a request may not begin.
public struct BudgetRefusal: Sendable, Equatable {
    /// The limit that forbids it; of several a hard one, then the one that lasts longest.
    public let limit: Limit
    /// After how many seconds the same request may be granted, if nothing else is asked meanwhile. At least 1.
    public let retryAfterSeconds: Int64
    /// Whether the client is told not to try again: a day or month is used up, or the request alone is over the limit.
    public let isHard: Bool
    /// What is left of the limit.
    public let remaining: Int64
}

/// The answer to a request for leave.
public enum BudgetDecision: Sendable {
    /// It may begin.
    case granted(Reservation)
    /// It may not, and nothing was taken.
    case refused(BudgetRefusal)
}
