/// How much of a resource may be used by whom in which time.
public struct Limit: Hashable, Sendable {
    /// Whose use is added up.
    public enum Scope: String, CaseIterable, Sendable {
        /// One key.
        case key
        /// All keys of an account.
        case account
        /// All accounts of an organization.
        case organization
        /// All accounts of a campaign that was found.
        case campaign
    }

    /// What is counted.
    public enum Resource: String, CaseIterable, Sendable {
        /// Requests, counted when they begin.
        case requests
        /// Tokens of the question and of the answer.
        case tokens
        /// Micro-US-dollars.
        case microUSD = "usd"
        /// Requests that are being answered at the same time.
        case streams
    }

    /// The time that the amount is for.
    public enum Window: String, CaseIterable, Sendable {
        /// A rate: a bucket that holds the amount and leaks it evenly in a second.
        case second
        /// A rate, by the minute.
        case minute
        /// A rate, by the hour.
        case hour
        /// The amount of a day of the calendar, UTC.
        case day
        /// The amount of a month of the calendar, UTC.
        case month
    }

    /// The largest amount, and the most that one request is charged: Redis' scripts count in doubles, exact to 2^53.
    public static let largestAmount: Int64 = 1_000_000_000_000_000

    /// Whose use is added up.
    public let scope: Scope
    /// What is counted.
    public let resource: Resource
    /// How much of it; micro-US-dollars for money. At least 1.
    public let amount: Int64
    /// The time it is for; none for streams.
    public let window: Window?
    /// The plans it is for; all when empty. A limit counts the use of these plans alone.
    public let plans: Set<String>
    /// Tells limits apart that otherwise count the same, such as the throttles of two rules. Usually empty.
    public let name: String
    /// Whether a client that has used it up is told not to try again.
    public let isHard: Bool

    /// A limit.
    ///
    /// - Parameter isHard: by default what is exhausted for the day or month is hard, a rate is not.
    public init(
        scope: Scope, resource: Resource, amount: Int64, window: Window?, plans: Set<String> = [],
        name: String = "", isHard: Bool? = nil
    ) throws(BudgetError) {
        self.scope = scope
        self.resource = resource
        self.amount = amount
        self.window = window
        self.plans = plans
        self.name = name
        self.isHard = isHard ?? (window == .day || window == .month)
        guard amount >= 1, amount <= Self.largestAmount else {
            throw .badLimit(limit: label, reason: "its amount must be 1 to \(Self.largestAmount)")
        }
        if resource == .streams {
            guard window == nil else {
                throw .badLimit(
                    limit: label,
                    reason: "streams are counted while they are open; leave out the time")
            }
        } else if window == nil {
            throw .badLimit(
                limit: label, reason: "say per what time: second, minute, hour, day or month")
        }
    }

    /// A name for metrics, out of a fixed set of 84: `account_tokens_day`.
    public var label: String {
        "\(scope.rawValue)_\(resource.rawValue)" + (window.map { "_\($0.rawValue)" } ?? "")
    }

    /// What the limit counts, its amount left out, so that use outlives a change of the amount.
    var identity: String {
        var parts = [
            scope.rawValue, resource.rawValue, window?.rawValue ?? "open", Self.escaped(name),
        ]
        parts.append(plans.sorted().map(Self.escaped).joined(separator: ","))
        return parts.joined(separator: "/")
    }

    /// The text with `%`, `/`, `,` and control characters as `%XX`, so that no name can look like two.
    static func escaped(_ text: String) -> String {
        var result: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "%"), UInt8(ascii: "/"), UInt8(ascii: ","), 0..<0x20, 0x7f:
                result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
