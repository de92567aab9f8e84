import Foundation

/// Whether a suspect knows canaries' secret answers.
///
/// The hypothesis that is tested for each line is "nothing that the suspect says depends on this line's secrets". Given the
/// suspect's answers, of which those to question j name n_j of its k_j alternatives, each secret is then among them with
/// probability n_j / k_j, independently of the others: the number of hits is a Poisson-binomial variable whose tail is
/// exact, whatever the answers are and however many alternatives they list. Over lines p-values are adjusted by Holm's
/// method (1979). Lines that no campaign was given are controls: they are hit by chance alone.
package struct CanaryTest: Sendable {
    /// One line's evidence.
    package struct Line: Hashable, Sendable {
        /// From 1, as in the gateway's file.
        package let number: Int
        /// Campaigns that were given this line, of those asked about.
        package let campaigns: [String]
        /// Ids of the canaries that the suspect knows.
        package let hits: [String]
        /// Natural logarithm of the p-value of this line alone.
        package let logPValue: Double
        /// Over all lines that were tested, 0...1.
        package let adjustedPValue: Double
        package let isKnown: Bool
    }

    /// What was asked of one question.
    package struct Asked: Hashable, Sendable {
        package let question: CanaryQuestion
        package let answers: Int
        /// Alternatives that the answers name.
        package let named: Int
    }

    package let asked: [Asked]
    package let alpha: Double
    /// Lines that were tested: those with the least p-values first.
    package let lines: [Line]
    /// Lines that were not tested, their hits, and the hits that chance gives them on average.
    package let controlLines: Int
    package let controlHits: Int
    package let expectedControlHits: Double
    /// The least p-value that these answers allow: every secret hit.
    package let leastLogPValue: Double

    package var known: [Line] { lines.filter(\.isKnown) }

    /// - Parameters:
    ///   - answers: the suspect's, by the question's id; several samples of one question count together.
    ///   - campaigns: those asked about; with none every line is tested, and there are no controls.
    ///   - alpha: the bound on the probability that any line is said to be known though it is not, above 0 and below 1.
    package init(
        _ set: CanarySet, answers: [String: [String]], campaigns: [String], alpha: Double = 0.001
    ) throws(WatermarkError) {
        guard alpha > 0, alpha < 1 else {
            throw .document(reason: "alpha is \(alpha); it must be above 0 and below 1")
        }
        let ids = Set(set.questions.map(\.id))
        if let stranger = answers.keys.sorted().first(where: { !ids.contains($0) }) {
            throw .document(
                reason: "an answer to question '\(stranger)', which this set does not have")
        }
        guard answers.values.contains(where: { !$0.isEmpty }) else {
            throw .document(reason: "no answer to any of the set's questions")
        }
        var asked: [Asked] = []
        var chances: [Double] = []
        var hits = [[String]](repeating: [], count: set.lines.count)
        for (index, question) in set.questions.enumerated() {
            let given = answers[question.id] ?? []
            let finder = AlternativeFinder(question.alternatives)
            let found = given.reduce(into: Set<Int>()) { $0.formUnion(finder.found(in: $1)) }
            asked.append(Asked(question: question, answers: given.count, named: found.count))
            chances.append(Double(found.count) / Double(question.alternatives.count))
            guard !found.isEmpty else { continue }
            for line in set.lines.indices {
                let canary = set.lines[line][index]
                if let secret = finder.index(ofWhole: canary.answer), found.contains(secret) {
                    hits[line].append(canary.id)
                }
            }
        }
        let given = Dictionary(grouping: campaigns) { set.line(for: $0) }
        let tested = campaigns.isEmpty ? Array(set.lines.indices) : given.keys.sorted()
        let logs = tested.map {
            PoissonBinomial.logUpper(successes: hits[$0].count, probabilities: chances)
        }
        let order = tested.indices.sorted { (logs[$0], $0) < (logs[$1], $1) }
        var lines: [Line] = []
        var running = 0.0
        for (rank, index) in order.enumerated() {
            running = max(running, min(1, Double(tested.count - rank) * exp(logs[index])))
            lines.append(
                Line(
                    number: tested[index] + 1, campaigns: given[tested[index]] ?? [],
                    hits: hits[tested[index]], logPValue: logs[index], adjustedPValue: running,
                    isKnown: running <= alpha))
        }
        self.asked = asked
        self.alpha = alpha
        self.lines = lines
        let controls = Set(set.lines.indices).subtracting(tested)
        controlLines = controls.count
        controlHits = controls.reduce(0) { $0 + hits[$1].count }
        expectedControlHits = Double(controls.count) * chances.reduce(0, +)
        leastLogPValue = PoissonBinomial.logUpper(
            successes: chances.count { $0 > 0 }, probabilities: chances)
    }
}
