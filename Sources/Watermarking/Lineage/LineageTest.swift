import Foundation

/// Whether a suspect is nearer to our model (the teacher) than to the base it is said to come from, judged by answers to the
/// same prompts, without marks.
///
/// For each prompt j and model m, d(m, j) is the similarity of m's answer to the teacher's less that to the base's, and D(m) is
/// its mean over prompts. Similarities weigh what few of a pool answer: the suspect and the references, all treated
/// alike. Three hypotheses are tested, and all must be rejected for "nearer to ours than to its base":
///
/// - the suspect is exchangeable with the references: p = (1 + references with D at least the suspect's) / (1 + M), valid
///   whatever the prompts are (conformal rank; Vovk et al. 2005), and no smaller than 1 / (1 + M);
/// - the mean of d(suspect, j) over prompts like these is not above 0;
/// - it is not above that of each reference: the largest of the paired p-values over references.
///
/// The last two are Student's tests over prompts and assume that prompts are independent draws of the kind one would ask.
/// Siblings, models as near to ours by birth as a copy would be by training, are no references: of them the suspect must
/// besides be less near than of ours. A model that is near to ours for another reason and is neither base, reference nor
/// sibling is not told apart from one that learned from ours.
package struct LineageTest: Sendable {
    /// What is said of the suspect.
    package enum Verdict: String, Hashable, Sendable {
        case nearerToOurs = "nearer to ours than to its base"
        case nearerToBase = "nearer to its base"
        case cannotTell = "can't tell"
    }

    /// Who is who, by name.
    package struct Roles: Hashable, Sendable {
        package var suspect: String
        package var teacher: String
        package var base: String?
        /// Other models that answer like ours by birth.
        package var siblings: [String]

        package init(suspect: String, teacher: String, base: String?, siblings: [String] = []) {
            self.suspect = suspect
            self.teacher = teacher
            self.base = base
            self.siblings = siblings
        }
    }

    /// A reference, or the suspect, in the suspect's place.
    package struct Placed: Hashable, Sendable {
        package let name: String
        /// D, in units of its components' deviations over the pool.
        package let statistic: Double
    }

    /// A model beside the suspect.
    package struct Neighbour: Hashable, Sendable {
        package let name: String
        /// Mean over prompts, in the same units.
        package let similarity: Double
    }

    /// A sibling against the teacher.
    package struct Sibling: Hashable, Sendable {
        package let name: String
        /// Mean of the suspect's similarity to ours less that to the sibling.
        package let statistic: Double
        /// Of "the suspect is no nearer to ours than to the sibling".
        package let pValue: Double
    }

    /// Fewest prompts for a verdict, unless another number is given.
    package static let leastPrompts = 20

    package let verdict: Verdict
    /// What stands against another verdict.
    package let reasons: [String]
    package let alpha: Double
    package let prompts: Int
    package let suspect: Placed
    /// References by their statistic, the highest first.
    package let references: [Placed]
    /// Models left out since they answer too few of the prompts.
    package let leftOut: [String]
    /// Of exchangeability: the suspect's rank from above and from below.
    package let rankPValue: Double
    package let lowerRankPValue: Double
    /// Of "not nearer to ours" and of "not nearer to its base", over prompts.
    package let promptPValue: Double
    package let lowerPromptPValue: Double
    /// Of "not above every reference", over prompts.
    package let aboveReferencesPValue: Double
    package let siblings: [Sibling]
    /// All models by their similarity to the suspect, the nearest first.
    package let neighbours: [Neighbour]

    /// - Parameters:
    ///   - models: the suspect, the teacher, the base, siblings, and as references all others.
    ///   - alpha: of each test, above 0 and below 1.
    /// - Throws: for a role that no model has, one model in two roles, and models without a prompt in common.
    package init(
        _ models: [ModelAnswers], roles: Roles, alpha: Double = 0.05,
        leastPrompts: Int = LineageTest.leastPrompts
    ) throws(WatermarkError) {
        guard alpha > 0, alpha < 1 else {
            throw .document(reason: "alpha is \(alpha); it must be above 0 and below 1")
        }
        let measured = try LineageMeasurement(models, roles: roles)
        self.alpha = alpha
        prompts = measured.prompts
        leftOut = measured.leftOut
        let suspectRow = measured.differences[0]
        let mean = Self.mean(suspectRow)
        suspect = Placed(name: roles.suspect, statistic: mean)
        let others = measured.differences.dropFirst()
        let means = others.map(Self.mean)
        references = zip(measured.pool.dropFirst(), means).map(Placed.init)
            .sorted { ($1.statistic, $0.name) < ($0.statistic, $1.name) }
        let total = Double(means.count + 1)
        rankPValue = Double(1 + means.count { $0 >= mean }) / total
        lowerRankPValue = Double(1 + means.count { $0 <= mean }) / total
        promptPValue = StudentT.pValueOfPositiveMean(suspectRow)
        lowerPromptPValue = StudentT.pValueOfPositiveMean(suspectRow.map { -$0 })
        aboveReferencesPValue =
            others.map { row in
                StudentT.pValueOfPositiveMean(zip(suspectRow, row).map { $0 - $1 })
            }.max() ?? 1
        let toTeacher = measured.toSuspect[roles.teacher] ?? []
        siblings = roles.siblings.map { name in
            let difference = zip(toTeacher, measured.toSuspect[name] ?? []).map { $0 - $1 }
            return Sibling(
                name: name, statistic: Self.mean(difference),
                pValue: StudentT.pValueOfPositiveMean(difference))
        }
        neighbours = measured.toSuspect.map { Neighbour(name: $0, similarity: Self.mean($1)) }
            .sorted { ($1.similarity, $0.name) < ($0.similarity, $1.name) }

        var lacking: [String] = []
        if roles.base == nil { lacking.append("no base was given to compare with") }
        if prompts < leastPrompts {
            lacking.append("\(prompts) prompts in common, and \(leastPrompts) are needed")
        }
        let needed = Int((1 / alpha - 1 - 1e-9).rounded(.up))
        if means.count < needed {
            lacking.append(
                "\(means.count) references, and alpha \(alpha) needs \(needed) at least")
        }
        var against: [String] = []
        if promptPValue > alpha { against.append("not nearer to ours beyond what prompts vary") }
        if rankPValue > alpha, means.count >= needed {
            against.append(
                "\(means.count { $0 >= mean }) of \(means.count) unrelated models rank as high")
        }
        if aboveReferencesPValue > alpha {
            against.append("not above every reference beyond what prompts vary")
        }
        for sibling in siblings where sibling.pValue > alpha {
            against.append("as near to \(sibling.name) as to ours")
        }
        let median = means.isEmpty ? 0 : means.sorted()[means.count / 2]
        if !lacking.isEmpty {
            verdict = .cannotTell
            reasons = lacking
        } else if against.isEmpty {
            verdict = .nearerToOurs
            reasons = []
        } else if lowerPromptPValue <= alpha, mean < median {
            verdict = .nearerToBase
            reasons = against
        } else {
            verdict = .cannotTell
            reasons = against
        }
    }

    private static func mean(_ values: [Double]) -> Double {
        values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
    }
}
