import Foundation

/// What the test of one suspect or control gave.
package struct ProvenanceResult: Sendable {
    /// Share of confidence that the sequence of the mean lacks.
    package static let sequenceAlpha = 0.05

    package let name: String
    package let settings: ProvenanceSettings
    package let counts: PositionCounts
    /// Lines without an answer.
    package let failed: Int
    /// Scored positions, the sum of their scores and the mean of one.
    package let scored: Int
    package let sum: Double
    package let mean: Double
    /// Mean above the null's in standard deviations of one score, with a 95 % confidence sequence.
    package let shift: Double
    package let shiftBounds: ClosedRange<Double>?
    /// Natural logarithms. At the planned number of positions; `nil` if it was not reached or there was no plan.
    package let logFixedP: Double?
    /// At the number reached: describes, and decides nothing.
    package let logDescriptiveP: Double
    package let logE: Double
    package let largestLogE: Double
    package let largestAt: Int
    package let logAnytimeP: Double
    /// Variance of the sum over that of independent scores; see `RadioactivityTest.varianceRatio`.
    package let varianceRatio: Double
    /// SHA-256 of what was read.
    package let inputDigest: String
    package let memoryBytes: Int

    init(
        name: String, settings: ProvenanceSettings, test: RadioactivityTest, failed: Int,
        inputDigest: String
    ) {
        self.name = name
        self.settings = settings
        self.failed = failed
        self.inputDigest = inputDigest
        counts = test.counts
        let totals = test.totals
        let deviation = test.null.variance.squareRoot()
        scored = totals.count
        sum = totals.sum
        mean = totals.count > 0 ? totals.sum / Double(totals.count) : test.null.mean
        shift = deviation > 0 ? (mean - test.null.mean) / deviation : 0
        shiftBounds = MeanSequence.bounds(
            totals, null: test.null, alpha: Self.sequenceAlpha,
            tightestAt: settings.plannedCount ?? 50_000
        ).map { $0.lowerBound / deviation...$0.upperBound / deviation }
        logFixedP = test.planned.map { test.logFixedP($0) }
        logDescriptiveP = test.logFixedP(totals)
        logE = test.logE
        largestLogE = test.largestLogE
        largestAt = test.largestAt
        logAnytimeP = test.logAnytimeP
        varianceRatio = test.varianceRatio
        memoryBytes = test.memoryBytes
    }
}

/// Which of both tests decides. Chosen beforehand; the other one is shown beside it.
package enum DecidingTest: String, CaseIterable, Sendable {
    /// The e-process, whenever one stops.
    case anytime
    /// The p-value at the planned number of scored tokens.
    case fixed
}

/// What a suspect's test says, with its controls beside it.
package struct ProvenanceVerdict: Hashable, Sendable {
    package enum Outcome: String, Sendable {
        case consistent = "consistent with training on marked answers"
        case none = "no evidence"
        case inconclusive = "inconclusive"
    }

    /// Variance ratios of controls above this are too far from the null for a finding. A suspect's own may be: a mark
    /// prefers some hashes to others, and text that learned from it follows.
    static let largestVarianceRatio = 1.1

    /// Without a plan fewer scored tokens are too few: a student of 5 % marked answers shows p = 0.1 there (Sander et al.).
    static let leastScored = 1000

    package let outcome: Outcome
    /// Why, a sentence each.
    package let reasons: [String]
    /// The natural logarithm of the deciding p-value, times the number of tests; `nil` if there is none.
    package let logP: Double?

    /// Weighs a suspect's result.
    ///
    /// - Parameters:
    ///   - alpha: level of the suspect's test, before Bonferroni's correction for `tests`.
    ///   - controlAlpha: level for all controls together.
    ///   - tests: suspects, protocols and manifests tried in all, those not shown among them.
    package init(
        suspect: ProvenanceResult, controls: [ProvenanceResult], deciding: DecidingTest,
        alpha: Double, controlAlpha: Double, tests: Int
    ) {
        func logP(_ result: ProvenanceResult) -> Double? {
            deciding == .anytime ? result.logAnytimeP : result.logFixedP
        }
        let corrected = logP(suspect).map { min(0, $0 + log(Double(max(1, tests)))) }
        self.logP = corrected
        var reasons: [String] = []
        let level = log(controlAlpha / Double(max(1, controls.count)))
        let bad = controls.filter { (logP($0) ?? $0.logAnytimeP) <= level }.map(\.name)
        if !bad.isEmpty {
            reasons.append(
                "the test rejects for \(bad.joined(separator: ", ")), a control that should not "
                    + "show the mark: its null does not describe such text, or the control is no control"
            )
        }
        for control in controls where control.varianceRatio > Self.largestVarianceRatio {
            reasons.append(
                "the scheme's hashes of \(control.name)'s text cluster: the sum of its scores varies "
                    + "\((control.varianceRatio * 100).rounded() / 100) times as much as the null says"
            )
        }
        let isFound = corrected.map { $0 <= log(alpha) } ?? false
        if let planned = suspect.settings.plannedCount, suspect.scored < planned, !isFound {
            reasons.append(
                "\(suspect.scored) of \(planned) planned tokens were scored; too few to say more")
        } else if suspect.settings.plannedCount == nil, suspect.scored < Self.leastScored, !isFound
        {
            reasons.append(
                "\(suspect.scored) tokens were scored; fewer than \(Self.leastScored) say nothing "
                    + "without a plan")
        } else if corrected == nil {
            reasons.append("the fixed-size test needs a planned number of scored tokens")
        }
        if !reasons.isEmpty {
            outcome = .inconclusive
        } else if isFound {
            outcome = .consistent
            reasons.append("the p-value is at or below \(alpha) after correction for \(tests)")
        } else {
            outcome = .none
            reasons.append("the p-value is above \(alpha) after correction for \(tests)")
        }
        self.reasons = reasons
    }
}
