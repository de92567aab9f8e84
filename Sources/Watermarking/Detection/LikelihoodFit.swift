import Foundation

/// Fits `BayesianLikelihood` to marked documents by maximum likelihood.
///
/// Each layer is a model of its own: the probability of two different tokens in its match is logistic in the g-values of the
/// layers before. Unmarked text needs no fit, its layers are fair coins. Coefficients are held back by a penalty, so that few
/// documents give a model close to one without `delta`.
package struct LikelihoodFit: Sendable {
    /// Most positions that are fitted to; later ones are passed over.
    package static let mostPositions = 100_000
    /// Fewest for a fit.
    package static let leastPositions = 1000
    private static let steps = 120
    /// Weight of the squares of `delta`, in positions.
    private static let penalty = 5.0

    private var masks: [UInt64] = []
    private let depth: Int

    init(depth: Int) { self.depth = depth }

    /// - Throws: when the scheme is not one of SynthID's.
    package init(_ scheme: WatermarkScheme) throws(WatermarkError) {
        guard scheme.manifest.depth > 0 else {
            throw .unsupported(
                scheme: scheme.manifest.scheme.rawValue, reason: "has no layers to fit")
        }
        self.init(depth: scheme.manifest.depth)
    }

    /// Positions so far.
    package var count: Int { masks.count }

    /// Adds a marked document's layers, as `WatermarkDetector` scores them.
    package mutating func add(_ layers: some Sequence<UInt64>) {
        for mask in layers where masks.count < Self.mostPositions { masks.append(mask) }
    }

    /// The fit.
    ///
    /// - Parameter baseRate: the prior probability of marked text.
    package func fitted(baseRate: Double) throws(WatermarkError) -> BayesianLikelihood {
        guard masks.count >= Self.leastPositions else {
            throw .document(
                reason:
                    "\(masks.count) positions of marked text; a fit needs \(Self.leastPositions)")
        }
        var beta: [Double] = []
        var delta: [[Double]] = []
        for layer in 0..<depth {
            let weights = fitted(layer)
            beta.append(weights[0])
            delta.append(Array(weights[1...]) + [Double](repeating: 0, count: depth - layer))
        }
        return try BayesianLikelihood(beta: beta, delta: delta, baseRate: baseRate)
    }

    /// Intercept and coefficients of one layer, by gradient ascent with a step for each coefficient (Adam, Kingma and Ba 2015).
    private func fitted(_ layer: Int) -> [Double] {
        var weights = [Double](repeating: 0, count: layer + 1)
        weights[0] = -2
        var first = [Double](repeating: 0, count: layer + 1)
        var second = first
        let n = Double(masks.count)
        for step in 1...Self.steps {
            var gradient = [Double](repeating: 0, count: layer + 1)
            for mask in masks {
                var logit = weights[0]
                var bits = mask & ((1 << UInt64(layer)) - 1)
                while bits != 0 {
                    logit += weights[bits.trailingZeroBitCount + 1]
                    bits &= bits - 1
                }
                let two = 1 / (1 + exp(-logit))
                let half = 0.5 * two
                // d log(1 +- p/2) / d logit.
                let isOne = mask >> UInt64(layer) & 1 == 1
                let slope = (isOne ? 1 / (1 + half) : -1 / (1 - half)) * half * (1 - two)
                gradient[0] += slope
                bits = mask & ((1 << UInt64(layer)) - 1)
                while bits != 0 {
                    gradient[bits.trailingZeroBitCount + 1] += slope
                    bits &= bits - 1
                }
            }
            let rate = 0.5 / (1 + Double(step) / 10)
            for index in weights.indices {
                let held = index == 0 ? 0 : 2 * Self.penalty * weights[index]
                let slope = (gradient[index] - held) / n
                first[index] = 0.9 * first[index] + 0.1 * slope
                second[index] = 0.99 * second[index] + 0.01 * slope * slope
                let mean = first[index] / (1 - pow(0.9, Double(step)))
                let spread = (second[index] / (1 - pow(0.99, Double(step)))).squareRoot()
                weights[index] += rate * mean / (spread + 1e-9)
            }
        }
        return weights
    }
}
