import Dispatch
import Foundation
import Synchronization

/// Similarities of models' answers, prompt by prompt.
struct LineageMeasurement {
    /// Share of the prompts that a reference must have answered.
    private static let leastShare = 0.9
    static let mostModels = 1000

    let prompts: Int
    /// The suspect, then the references.
    let pool: [String]
    /// For each of the pool d(m, j): similarity to the teacher less that to the base, summed over components, each in units
    /// of its deviation over the pool.
    let differences: [[Double]]
    /// Similarity of the suspect to every other model, in the same units.
    let toSuspect: [String: [Double]]
    let leftOut: [String]

    init(_ models: [ModelAnswers], roles: LineageTest.Roles) throws(WatermarkError) {
        guard models.count <= Self.mostModels else {
            throw .document(
                reason: "\(models.count) models; at most \(Self.mostModels) are compared")
        }
        let byName = Dictionary(models.map { ($0.name, $0) }) { first, _ in first }
        let named =
            [roles.suspect, roles.teacher] + [roles.base].compactMap(\.self) + roles.siblings
        guard Set(named).count == named.count else {
            throw .document(reason: "one model has two roles, or is a sibling twice")
        }
        var fixed: [ModelAnswers] = []
        for name in named {
            guard let model = byName[name] else {
                throw .document(reason: "no model '\(name)' among the answers")
            }
            fixed.append(model)
        }
        var keys = Set(fixed[0].answers.keys)
        for model in fixed.dropFirst() { keys.formIntersection(model.answers.keys) }
        let least = Self.leastShare * Double(keys.count)
        var references: [ModelAnswers] = []
        var leftOut: [String] = []
        for model in models.sorted(by: { $0.name < $1.name }) where !named.contains(model.name) {
            if Double(keys.count { model.answers[$0] != nil }) >= least {
                references.append(model)
            } else {
                leftOut.append(model.name)
            }
        }
        for model in references { keys.formIntersection(model.answers.keys) }
        guard !keys.isEmpty else {
            throw .document(reason: "suspect, ours and its base have no prompt in common")
        }
        self.leftOut = leftOut
        prompts = keys.count
        let pool = [fixed[0]] + references
        self.pool = pool.map(\.name)
        let others = Array(fixed.dropFirst()) + references

        let components = PromptComparison.components.count
        // [component][model][prompt]
        var differences = [[[Double]]](
            repeating: [[Double]](repeating: [], count: pool.count), count: components)
        var similarities = [[[Double]]](
            repeating: [[Double]](repeating: [], count: others.count), count: components)
        let hasBase = roles.base != nil
        let order = keys.sorted()
        let (roled, unrelated) = (fixed, references)
        let found = Mutex([PromptResult?](repeating: nil, count: order.count))
        DispatchQueue.concurrentPerform(iterations: order.count) { index in
            let key = order[index]
            let result = PromptResult(
                fixed: roled.map { $0.answers[key] ?? "" },
                references: unrelated.map { $0.answers[key] ?? "" }, hasBase: hasBase)
            found.withLock { $0[index] = result }
        }
        for case let result? in found.withLock({ $0 }) {
            for c in 0..<components {
                for model in pool.indices {
                    differences[c][model].append(result.differences[model][c])
                }
                for model in others.indices {
                    similarities[c][model].append(result.toSuspect[model][c])
                }
            }
        }
        let scales = differences.map(Self.scale)
        self.differences = Self.combined(differences, scales)
        toSuspect = Dictionary(
            zip(others.map(\.name), Self.combined(similarities, scales))
        ) { first, _ in first }
    }

    /// 1 / the deviation of a component's mean over the pool; 0 for one that tells nobody apart.
    private static func scale(_ rows: [[Double]]) -> Double {
        let means = rows.map { $0.reduce(0, +) / Double(max(1, $0.count)) }
        let n = Double(max(1, means.count))
        let middle = means.reduce(0, +) / n
        let deviation =
            (means.reduce(0) { $0 + ($1 - middle) * ($1 - middle) } / n).squareRoot()
        return deviation > 1e-12 ? 1 / deviation : 0
    }

    private static func combined(_ values: [[[Double]]], _ scales: [Double]) -> [[Double]] {
        guard var sums = values.first?.map({ $0.map { _ in 0.0 } }) else { return [] }
        for (component, scale) in zip(values, scales) {
            for model in component.indices {
                for prompt in component[model].indices {
                    sums[model][prompt] += scale * component[model][prompt]
                }
            }
        }
        return sums
    }
}

/// One prompt's similarities, by model and component.
private struct PromptResult: Sendable {
    /// Of the suspect and the references: to the teacher less to the base.
    let differences: [[Double]]
    /// Of the suspect to all others: those with roles, then the references.
    let toSuspect: [[Double]]

    /// - Parameter fixed: answers of the suspect, the teacher, the base if there is one, and siblings.
    init(fixed: [String], references: [String], hasBase: Bool) {
        let own = fixed.map(AnswerFeatures.init)
        let pool = [own[0]] + references.map(AnswerFeatures.init)
        let comparison = PromptComparison(pool: pool)
        let ownWeighed = own.map(comparison.weigh)
        let weighed = [ownWeighed[0]] + pool.dropFirst().map(comparison.weigh)
        differences = weighed.map { answer in
            let near = comparison.similarity(answer, ownWeighed[1])
            guard hasBase else { return near }
            return zip(near, comparison.similarity(answer, ownWeighed[2])).map { $0 - $1 }
        }
        toSuspect = (ownWeighed.dropFirst() + weighed.dropFirst()).map {
            comparison.similarity(ownWeighed[0], $0)
        }
    }
}
