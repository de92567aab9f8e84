import Detection

/// Why a drill could not be done. Each message says what, and what to do.
public enum DrillError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A list of the grid holds something that is no number of its range.
    case badList(option: String, text: String, expected: String)
    /// The logs are shorter than the campaigns are to run.
    case shortLogs(days: Int)
    /// No account has enough sampled prompts to lend its traffic as cover.
    case noCover

    /// For a reader.
    public var description: String {
        switch self {
        case .badList(let option, let text, let expected):
            "\(option) '\(text)' is not a list of \(expected)"
        case .shortLogs(let days):
            "the logs are shorter than the \(days) days that campaigns are to run; give more logs, or "
                + "fewer --days"
        case .noCover:
            "no account of the logs has eight sampled prompts to lend as cover; give --dilutions 0"
        }
    }
}

/// The campaigns of a drill: every size with every pace and every dilution.
public struct DrillGrid: Sendable, Equatable {
    /// One kind of campaign.
    public struct Cell: Sendable, Hashable {
        /// Accounts.
        public let accounts: Int
        /// Exchanges an account and day, cover included.
        public let rate: Int
        /// Share of exchanges that are cover, 0..<1.
        public let dilution: Double
    }

    /// Accounts, ascending.
    public let sizes: [Int]
    /// Exchanges an account and day, ascending.
    public let rates: [Int]
    /// Shares of cover, ascending.
    public let dilutions: [Double]

    /// Reads lists such as `10,20,50`; repeated values count once.
    ///
    /// - Throws: when a list is empty or a value is outside 1...10,000 accounts, 1...10,000 exchanges a day or
    ///   0...0.99 dilution.
    public init(sizes: String, rates: String, dilutions: String) throws(DrillError) {
        self.sizes = try Self.list(
            sizes, option: "--sizes", expected: "whole numbers from 1 to 10000"
        ) { Int($0).flatMap { (1...10_000).contains($0) ? $0 : nil } }
        self.rates = try Self.list(
            rates, option: "--rates", expected: "whole numbers from 1 to 10000"
        ) { Int($0).flatMap { (1...10_000).contains($0) ? $0 : nil } }
        self.dilutions = try Self.list(
            dilutions, option: "--dilutions", expected: "numbers from 0 to 0.99"
        ) { Double($0).flatMap { (0...0.99).contains($0) ? $0 : nil } }
    }

    private static func list<Value: Comparable & Hashable>(
        _ text: String, option: String, expected: String, _ value: (String) -> Value?
    ) throws(DrillError) -> [Value] {
        var values: Set<Value> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let word = part.filter { $0 != " " }
            guard let value = value(String(word)) else {
                throw .badList(option: option, text: text, expected: expected)
            }
            values.insert(value)
        }
        return values.sorted()
    }

    /// All cells: by dilution, then pace, then size.
    public var cells: [Cell] {
        dilutions.flatMap { dilution in
            rates.flatMap { rate in
                sizes.map { Cell(accounts: $0, rate: rate, dilution: dilution) }
            }
        }
    }
}

/// Whose traffic the cover of an injected account is.
public enum DrillCover: String, Sendable, CaseIterable {
    /// One innocent account's: each injected account stays somebody. The hardest to find, as what it asks depends on the
    /// account again.
    case personal
    /// Any innocent account's, drawn for each exchange: a reseller who deals customers out to accounts.
    case resold
}

/// What a drill does.
public struct DrillSettings: Sendable {
    /// The campaigns to put in.
    public var grid: DrillGrid
    /// Whose traffic the cover is.
    public var cover: DrillCover
    /// Days that each runs; it ends with the logs.
    public var days: Int
    /// Campaigns of each cell, each with draws of its own.
    public var repeats: Int
    /// Seed of all draws.
    public var seed: UInt64
    /// Folder of prompts; `nil` for the built-in grammar.
    public var corpus: String?
    /// How to judge, as a scan would.
    public var judge: JudgeSettings

    /// Makes settings.
    public init(
        grid: DrillGrid, cover: DrillCover = .personal, days: Int, repeats: Int, seed: UInt64,
        corpus: String?,
        judge: JudgeSettings
    ) {
        self.grid = grid
        self.cover = cover
        self.days = days
        self.repeats = repeats
        self.seed = seed
        self.corpus = corpus
        self.judge = judge
    }
}
