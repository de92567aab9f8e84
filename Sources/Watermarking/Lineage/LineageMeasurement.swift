import Foundation

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
        for key in keys.sorted() {
            let own = fixed.map { AnswerFeatures($0.answers[key] ?? "") }
            let poolFeatures =
                [own[0]] + references.map { AnswerFeatures($0.answers[key] ?? "") }
            let comparison = PromptComparison(pool: poolFeatures)
            for (index, features) in poolFeatures.enumerated() {
                let near = comparison.similarity(features, own[1])
                let far =
                    hasBase
                    ? comparison.similarity(features, own[2])
                    : [Double](repeating: 0, count: components)
                for c in 0..<components { differences[c][index].append(near[c] - far[c]) }
            }
            let otherFeatures = Array(own.dropFirst()) + poolFeatures.dropFirst()
            for (index, features) in otherFeatures.enumerated() {
                let near = comparison.similarity(own[0], features)
                for c in 0..<components { similarities[c][index].append(near[c]) }
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
