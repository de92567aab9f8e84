import Foundation

/// Whose payload texts bear.
///
/// For each account the statistic is the sum of the table's values that its code picks. The hypothesis that is tested is
/// "this account's code played no part in these texts". Under it, and whatever the texts are - unmarked, marked for
/// others, edited, or made up by somebody who does not know the code - the code's symbols are independent and uniform given
/// the table, so that the p-value is exact.
///
/// Where accounts pooled their answers, the one with most of them hides the others: so once accounts are named, the values
/// that their codes pick are replaced by the mean of their row's others, and everybody else is tested again. Step k names
/// whose p-value is at most alpha / (2^k N) for N accounts, which is Bonferroni's bound with alpha spent in halves. What
/// the first wrong step would be given depends on the texts and on the codes of accounts that did play a part alone, so
/// the probability of naming even one account whose code played no part is at most `alpha`.
package struct PayloadTrace: Sendable {
    /// One account's evidence.
    package struct Account: Hashable, Sendable {
        package let id: String
        /// Sum of the scores that the code picks.
        package let sum: Double
        /// Deviations above the mean over random codes.
        package let zScore: Double
        /// Of this account alone, at this step; at least 1e-300.
        package let pValue: Double
        /// For all accounts and steps, 0...1: the account is named if it is at most alpha.
        package let adjustedPValue: Double
        /// The step that it was named in, from 1 on; for others the one with their least adjusted p-value.
        package let step: Int
        package let isNamed: Bool
    }

    /// Most accounts of one trace.
    package static let mostAccounts = 50_000_000

    /// All accounts that were tested.
    package let tested: Int
    package let alpha: Double
    /// Accounts that are named, then those next to being named: the least p-values first.
    package let accounts: [Account]
    /// Whether the texts are marked by these keys at all, whoever for.
    package let presence: MarkEvidence
    /// The least p-value that the table allows any account: about R^-L, and 1 without text.
    package let leastPValue: Double

    package var named: [Account] { accounts.filter(\.isNamed) }

    /// - Parameters:
    ///   - ids: accounts, each once.
    ///   - alpha: the bound on the probability of any false attribution, above 0 and below 1.
    ///   - shown: accounts that are kept beside those that are named.
    package init(
        _ table: PayloadTable, ids: [String], codebook: PayloadCodebook, alpha: Double = 0.001,
        shown: Int = 5
    ) throws(WatermarkError) {
        guard ids.count <= Self.mostAccounts else {
            throw .document(
                reason: "\(ids.count) accounts; a trace takes at most \(Self.mostAccounts)")
        }
        guard Set(ids).count == ids.count else {
            throw .document(reason: "an account is in the list twice; give each once")
        }
        var codes: [PayloadCode] = []
        codes.reserveCapacity(ids.count)
        for id in ids { codes.append(try codebook.code(for: id)) }
        try self.init(table, ids: ids, codes: codes, alpha: alpha, shown: shown)
    }

    init(
        _ table: PayloadTable, ids: [String], codes: [PayloadCode], alpha: Double, shown: Int
    ) throws(WatermarkError) {
        guard alpha > 0, alpha < 1 else {
            throw .document(reason: "alpha is \(alpha); it must be above 0 and below 1")
        }
        let sums = table.sums
        var steps = Steps(sums: sums, radix: table.radix, codes: codes, alpha: alpha)
        while steps.next() {}
        let best = steps.best
        let order = best.indices.sorted {
            (best[$0].adjusted, best[$0].pValue, $0) < (best[$1].adjusted, best[$1].pValue, $1)
        }
        var accounts: [Account] = []
        var others = 0
        for index in order {
            if !best[index].isNamed {
                guard others < shown else { continue }
                others += 1
            }
            accounts.append(
                Account(
                    id: ids[index], sum: best[index].sum, zScore: best[index].zScore,
                    pValue: best[index].pValue, adjustedPValue: best[index].adjusted,
                    step: best[index].step, isNamed: best[index].isNamed))
        }
        tested = ids.count
        self.alpha = alpha
        self.accounts = accounts
        presence = PayloadPresence.evidence(
            sums: sums, counts: table.counts, radix: table.radix)
        leastPValue = steps.leastPValue
    }
}

/// The steps of a trace.
private struct Steps {
    struct Result {
        var sum = 0.0
        var zScore = 0.0
        var pValue = 1.0
        var adjusted = Double.infinity
        var step = 0
        var isNamed = false
    }

    /// Alpha is halved at each, so that there is nothing left for more.
    private static let most = 64

    private let radix: Int
    private let codes: [PayloadCode]
    private let alpha: Double
    private let original: [Double]
    private var sums: [Double]
    /// Cells of the table that a named account's code picks.
    private var isTaken: [Bool]
    private var step = 0
    private(set) var best: [Result]
    /// Of the first step.
    private(set) var leastPValue = 1.0

    init(sums: [Double], radix: Int, codes: [PayloadCode], alpha: Double) {
        self.radix = radix
        self.codes = codes
        self.alpha = alpha
        original = sums
        self.sums = sums
        isTaken = [Bool](repeating: false, count: sums.count)
        best = [Result](repeating: Result(), count: codes.count)
    }

    /// Tests everybody who is not yet named; whether that named anybody.
    mutating func next() -> Bool {
        guard step < Self.most else { return false }
        step += 1
        let distribution = CodeSumDistribution(sums: sums, radix: radix)
        if step == 1 { leastPValue = distribution.leastPossible }
        let factor = Double(codes.count) * pow(2, Double(step))
        var named: [Int] = []
        for index in codes.indices where !best[index].isNamed {
            let sum = distribution.sum(codes[index].symbols)
            let pValue = distribution.pValue(sum)
            let adjusted = min(1, factor * pValue)
            guard adjusted < best[index].adjusted else { continue }
            best[index] = Result(
                sum: distribution.score(sum), zScore: distribution.zScore(sum), pValue: pValue,
                adjusted: adjusted, step: step, isNamed: adjusted <= alpha)
            if adjusted <= alpha { named.append(index) }
        }
        for index in named { take(codes[index].symbols) }
        return !named.isEmpty
    }

    private mutating func take(_ symbols: [UInt8]) {
        for (row, value) in symbols.enumerated() where (row + 1) * radix <= sums.count {
            isTaken[row * radix + min(Int(value), radix - 1)] = true
            let cells = row * radix..<(row + 1) * radix
            let free = cells.filter { !isTaken[$0] }
            let mean = free.reduce(0) { $0 + original[$1] } / Double(max(1, free.count))
            for cell in cells where isTaken[cell] { sums[cell] = mean }
        }
    }
}
