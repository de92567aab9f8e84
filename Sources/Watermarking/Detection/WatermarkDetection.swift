import Foundation

/// What a detector says of one document, or of one key's share of it.
package struct MarkEvidence: Hashable, Sendable {
    /// Positions scored.
    package let scored: Int
    /// Sum of their scores.
    package let sum: Double
    /// Deviations above what unmarked text has; 0 without positions.
    package let zScore: Double
    /// Natural logarithm of the probability of such a sum or a higher one in text that the key had no part in.
    package let logPValue: Double

    package var pValue: Double { exp(logPValue) }

    init(scored: Int, sum: Double, null: NullDistribution) {
        let n = Double(scored)
        let spread = (n * null.variance).squareRoot()
        self.init(
            scored: scored, sum: sum,
            zScore: spread > 0 ? (sum - n * null.mean) / spread : 0,
            logPValue: null.logUpperTail(sum: sum, count: scored))
    }

    init(scored: Int, sum: Double, zScore: Double, logPValue: Double) {
        self.scored = scored
        self.sum = sum
        self.zScore = zScore
        self.logPValue = scored == 0 ? 0 : min(0, logPValue)
    }
}

/// What a detector says of one document.
package struct WatermarkDetection: Hashable, Sendable {
    /// Tokens of the answer, up to its end token.
    package let tokens: Int
    /// Positions left out since their window had come before.
    package let repeated: Int
    /// Positions at the start whose context is not known.
    package let skipped: Int
    /// The evidence that the verdict rests on.
    package let evidence: MarkEvidence
    /// SynthID: share of ones, 0...1, and the same with more weight on early layers.
    package let mean: Double?
    package let weightedMean: Double?
    /// SynthID with fitted likelihoods: the probability that the text is marked, given the prior of the fit.
    package let posterior: Double?
    /// What the scheme's own software calls the p-value, where that is an approximation: KGW's normal one, vLLM's of two
    /// keys.
    package let upstreamPValue: Double?
    /// Two keys of SGLang: each key's share of the positions.
    package let keys: [MarkEvidence]
}

/// Which of SynthID's scores the p-value is of.
package enum SynthIDStatistic: Hashable, Sendable {
    /// All layers alike.
    case mean
    /// Early layers weigh more: linearly from 10 to 1, scaled to a mean of 1.
    case weightedMean
    /// The likelihood ratio of a fitted model.
    case bayesian(BayesianLikelihood)
}

/// The likelihood of layers in marked text as transformers' `BayesianDetectorModel` has it: a layer's g-value is 1 with
/// probability (1 + p/2)/2, where p, the probability of two different tokens in the layer's match, is logistic in
/// the g-values of earlier layers.
package struct BayesianLikelihood: Hashable, Sendable {
    /// One for each layer.
    package let beta: [Double]
    /// `delta[l][j]` for j < l.
    package let delta: [[Double]]
    /// The prior probability of marked text, above 0 and below 1.
    package let baseRate: Double

    /// - Throws: when the sizes do not fit each other.
    package init(beta: [Double], delta: [[Double]], baseRate: Double) throws(WatermarkError) {
        guard (1...64).contains(beta.count), delta.count == beta.count,
            zip(delta.indices, delta).allSatisfy({ $1.count >= $0 }),
            (beta + delta.flatMap(\.self)).allSatisfy(\.isFinite), baseRate > 0, baseRate < 1
        else {
            throw .document(
                reason:
                    "a fit needs a finite 'beta' for each layer, 'delta' with a row for each layer, "
                    + "and 'base_rate' above 0 and below 1")
        }
        self.beta = beta
        self.delta = delta
        self.baseRate = baseRate
    }

    /// Reads a fit: a JSON object with `beta`, `delta` and `base_rate`.
    package init(contentsOf path: String) throws(WatermarkError) {
        let bytes = try ProtectedFile.read(path, largest: 1 << 20)
        guard let file = try? JSONDecoder().decode(File.self, from: Data(bytes)) else {
            throw .file(
                path: path, reason: "not a JSON object with 'beta', 'delta' and 'base_rate'")
        }
        do {
            try self.init(beta: file.beta, delta: file.delta, baseRate: file.base_rate)
        } catch {
            throw .file(path: path, reason: error.description)
        }
    }

    /// Writes the fit as it is read.
    package func write(to path: String) throws(WatermarkError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        do {
            try encoder.encode(File(beta: beta, delta: delta, base_rate: baseRate)).write(
                to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw .file(
                path: path, reason: "cannot be written; check the folder and its permissions")
        }
    }

    private struct File: Codable {
        let beta: [Double]
        let delta: [[Double]]
        let base_rate: Double
    }

    /// log P(layers | marked) - log P(layers | unmarked) of one position.
    func logRatio(_ layers: UInt64) -> Double {
        var ratio = 1.0
        for layer in beta.indices {
            var logit = beta[layer]
            for earlier in 0..<layer where layers >> UInt64(earlier) & 1 == 1 {
                logit += delta[layer][earlier]
            }
            let half = 0.5 / (1 + exp(-logit))
            // Products of 64 factors between a half and one and a half stay far from 0.
            ratio *= layers >> UInt64(layer) & 1 == 1 ? 1 + half : 1 - half
        }
        return log(ratio)
    }

    /// Bounds of `logRatio`.
    var range: ClosedRange<Double> {
        let layers = Double(beta.count)
        return layers * log(0.5)...layers * log(1.5)
    }

    /// The posterior probability of marked text after a sum of log ratios.
    func posterior(_ sum: Double) -> Double {
        let prior = min(max(baseRate, 1e-5), 1 - 1e-5)
        return 1 / (1 + exp(-(sum + log(prior) - log(1 - prior))))
    }
}
