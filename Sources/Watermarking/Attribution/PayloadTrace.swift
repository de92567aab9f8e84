import Foundation

/// Whose payload texts bear.
///
/// For each account the statistic is the sum of the table's values that its code picks. The hypothesis that is tested is
/// "this account's code played no part in these texts". Under it, and whatever the texts are - unmarked, marked for
/// others, edited, or made up by somebody who does not know the code - the code's symbols are independent and uniform given
/// the table, so that the p-value is exact. Over all accounts the p-values are adjusted by Holm's method (1979), which
/// needs no independence: the probability of naming even one account whose code played no part is at most `alpha`. Several
/// may be named, as when accounts pooled their answers.
package struct PayloadTrace: Sendable {
    /// One account's evidence.
    package struct Account: Hashable, Sendable {
        package let id: String
        /// Sum of the scores that the code picks.
        package let sum: Double
        /// Deviations above the mean over random codes.
        package let zScore: Double
        /// Of this account alone; at least 1e-300.
        package let pValue: Double
        /// Holm's adjustment for all accounts, 0...1.
        package let adjustedPValue: Double
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
        let distribution = CodeSumDistribution(sums: sums, radix: table.radix)
        let picked = codes.map { distribution.sum($0.symbols) }
        let pValues = picked.map { distribution.pValue($0) }
        let order = picked.indices.sorted { (pValues[$0], $0) < (pValues[$1], $1) }
        var accounts: [Account] = []
        var running = 0.0
        var others = 0
        for (rank, index) in order.enumerated() {
            running = max(running, min(1, Double(order.count - rank) * pValues[index]))
            let isNamed = running <= alpha
            if !isNamed {
                guard others < shown else { break }
                others += 1
            }
            accounts.append(
                Account(
                    id: ids[index], sum: distribution.score(picked[index]),
                    zScore: distribution.zScore(picked[index]), pValue: pValues[index],
                    adjustedPValue: running, isNamed: isNamed))
        }
        tested = ids.count
        self.alpha = alpha
        self.accounts = accounts
        presence = PayloadPresence.evidence(
            sums: sums, counts: table.counts, radix: table.radix)
        leastPValue = distribution.leastPossible
    }
}
