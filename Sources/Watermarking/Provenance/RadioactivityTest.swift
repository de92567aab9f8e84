import Foundation

/// How a suspect is asked.
package enum ProvenanceProtocol: String, Codable, CaseIterable, Sendable {
    /// Only its answers are known: they are scored.
    case closed
    /// Its weights are: it reads text, and the token it would go on with at each place is scored.
    case open
    /// It is asked for answers that were planted.
    case canary
}

/// What became of the positions that were looked at.
package struct PositionCounts: Codable, Hashable, Sendable {
    /// Answers, or fed texts.
    package var documents = 0
    /// Their tokens.
    package var tokens = 0
    /// Left out: the window occurs in the answer's own prompt, or before in the fed text.
    package var inPrompt = 0
    /// Left out: the window is not in the filter.
    package var filtered = 0
    /// Left out: window and token were scored before.
    package var repeated = 0

    package init() {}
}

/// Green and all tokens seen after each window: for `lefthash`, whose lists are drawn without being put back.
private struct DrawnLists: Sendable {
    private var lists: [UInt64: (drawn: Int, green: Int)] = [:]
    let vocabulary: Double
    let green: Double

    init(vocabulary: Int, share: Double) {
        self.vocabulary = Double(vocabulary)
        green = (share * Double(vocabulary)).rounded()
    }

    /// The mean of the next draw after a window less that of the first, and takes the draw in.
    mutating func drift(_ context: UInt64, _ score: Double) -> Double {
        // As a log of positions keeps it.
        let context = context & ~0xFFFF
        var list = lists[context] ?? (0, 0)
        let left = max(1, vocabulary - Double(list.drawn))
        let mean = (green - Double(list.green)) / left
        list.drawn += 1
        if score > 0.5 { list.green += 1 }
        lists[context] = list
        return list.drawn == 1 ? 0 : mean - green / vocabulary
    }
}

/// The score of a suspect, position by position, each distinct pair of window and token once (Sander et al., NeurIPS 2024,
/// arXiv 2402.14904).
///
/// Under the null hypothesis - the suspect had nothing from the keys - every pair's score is a new draw from the scheme's
/// null, whatever came before. Which pairs are scored and in what order never depends on scores.
struct RadioactivityTest: Sendable {
    private let martingale: MixtureMartingale
    let null: NullDistribution
    /// Scored positions at which the fixed-size p-value is read; `nil` without one.
    let plannedCount: Int?
    private(set) var totals = ScoreTotals()
    /// The totals at the planned count.
    private(set) var planned: ScoreTotals?
    private(set) var counts = PositionCounts()
    /// The largest logarithm of the e-process at the end of a document so far, and the scored positions it was reached with.
    private(set) var largestLogE = 0.0
    private(set) var largestAt = 0
    private var seen = PairSet()
    private var lists: DrawnLists?
    /// Positions by SynthID's 16 bits.
    private var cells: [UInt32]
    private var squaredCells = 0.0

    init(_ scorer: WindowScorer, plannedCount: Int?) {
        null = scorer.scheme.null
        martingale = MixtureMartingale(null: null)
        self.plannedCount = plannedCount
        lists =
            scorer.scheme.manifest.scheme == .kgwLeftHash
            ? DrawnLists(vocabulary: scorer.scheme.manifest.vocabularySize, share: null.mean)
            : nil
        cells = scorer.hasCells ? [UInt32](repeating: 0, count: 1 << 16) : []
    }

    /// For any null, without a scheme.
    init(null: NullDistribution, plannedCount: Int?) {
        self.null = null
        martingale = MixtureMartingale(null: null)
        self.plannedCount = plannedCount
        cells = []
    }

    /// Takes in the positions of one document.
    ///
    /// - Parameters:
    ///   - isInPrompt: windows whose continuation the suspect could read.
    ///   - isInFilter: windows that may be scored.
    ///   - record: is handed each scored position.
    mutating func add(
        _ positions: [ProvenancePosition], tokens: Int, alreadyRepeated: Int = 0,
        isInPrompt: (UInt64) -> Bool, isInFilter: (UInt64) -> Bool,
        record: (ProvenancePosition) -> Void
    ) {
        counts.documents += 1
        counts.tokens += tokens
        counts.inPrompt += alreadyRepeated
        for position in positions {
            if isInPrompt(position.context) {
                counts.inPrompt += 1
            } else if !isInFilter(position.context) {
                counts.filtered += 1
            } else if !seen.insert(position.pair) {
                counts.repeated += 1
            } else {
                score(position)
                record(position)
            }
        }
        look()
    }

    private mutating func score(_ position: ProvenancePosition) {
        totals.count += 1
        totals.sum += position.score
        totals.squares += position.score * position.score
        if lists != nil {
            totals.drift += lists?.drift(position.context, position.score) ?? 0
        }
        if !cells.isEmpty {
            squaredCells += 2 * Double(cells[Int(position.cell)]) + 1
            cells[Int(position.cell)] &+= 1
        }
        if totals.count == plannedCount { planned = totals }
    }

    private mutating func look() {
        let value = logE
        if value > largestLogE {
            largestLogE = value
            largestAt = totals.count
        }
    }

    /// The natural logarithm of the e-process now.
    var logE: Double { martingale.logValue(totals) }

    /// The natural logarithm of the p-value that holds whenever one stops.
    var logAnytimeP: Double { -max(0, largestLogE) }

    /// The natural logarithm of the p-value at these totals, had their count been fixed beforehand.
    func logFixedP(_ totals: ScoreTotals) -> Double {
        null.logUpperTail(sum: totals.sum, count: totals.count)
    }

    var memoryBytes: Int { seen.bytes + cells.count * 4 }

    /// SynthID's table variant: the variance of the sum over that of independent scores, keys drawn anew; 1 elsewhere.
    ///
    /// Scores that come from the same 16 bits are the same, so that texts whose hashes cluster spread wider than the null
    /// says. Unmarked text hardly does: 0.99 to 1.00 for 10,000 to 2,000,000 distinct positions of English under a vocabulary
    /// of 49,152. Marked text does, since the mark prefers some hashes.
    var varianceRatio: Double {
        guard !cells.isEmpty, totals.count > 0 else { return 1 }
        let n = Double(totals.count)
        return (squaredCells - n * n / Double(cells.count)) / n
    }
}

// MARK: Saved

extension RadioactivityTest {
    /// All of the test but what its scored positions say.
    struct Saved: Codable, Hashable {
        var totals: ScoreTotals
        var planned: ScoreTotals?
        var counts: PositionCounts
        var largestLogE: Double
        var largestAt: Int
    }

    var saved: Saved {
        Saved(
            totals: totals, planned: planned, counts: counts, largestLogE: largestLogE,
            largestAt: largestAt)
    }

    /// Goes on from a saved test, after all its positions were replayed.
    mutating func restore(_ saved: Saved) {
        totals = saved.totals
        planned = saved.planned
        counts = saved.counts
        largestLogE = saved.largestLogE
        largestAt = saved.largestAt
    }

    /// Takes a scored position in that was scored before the test was saved.
    mutating func replay(_ position: ProvenancePosition) -> Bool {
        guard seen.insert(position.pair) else { return false }
        score(position)
        return true
    }
}
