import Foundation
import Testing

@testable import Watermarking

/// Models that answer with a prompt's words and with habits of their own.
private struct Village {
    var numbers: SeededRandom
    let prompts: Int

    init(seed: UInt64, prompts: Int) {
        numbers = SeededRandom(seed: seed)
        self.prompts = prompts
    }

    /// Words that a model likes.
    mutating func habits() -> [String] {
        (0..<40).map { _ in "habit\(Int.random(in: 0..<400, using: &numbers))" }
    }

    /// Every second word is the prompt's, the others are habits, of `second` with this probability.
    mutating func model(
        _ name: String, _ first: [String], _ second: [String] = [], share: Double = 0
    ) -> ModelAnswers {
        var answers: [String: String] = [:]
        for prompt in 0..<prompts {
            var words: [String] = []
            for place in 0..<50 {
                if place % 2 == 0 {
                    words.append("topic\(prompt)x\(Int.random(in: 0..<30, using: &numbers))")
                } else {
                    let taken =
                        Double.random(in: 0..<1, using: &numbers) < share ? second : first
                    words.append(taken[Int.random(in: 0..<taken.count, using: &numbers)])
                }
            }
            answers["p\(prompt)"] = words.joined(separator: " ") + "."
        }
        return ModelAnswers(name: name, answers: answers)
    }

    /// A teacher, a base, references and a suspect that learned this share of its habits from the teacher; all that is not
    /// learned is the base's, or its own for a suspect that is unrelated.
    mutating func all(
        references: Int, learned: Double, isUnrelated: Bool = false
    ) -> [ModelAnswers] {
        let teacher = habits()
        let base = habits()
        let own = isUnrelated ? habits() : base
        var models = [
            model("ours", teacher), model("base", base),
            model("suspect", own, teacher, share: learned),
        ]
        for index in 0..<references { models.append(model("r\(index)", habits())) }
        return models
    }
}

private let roles = LineageTest.Roles(suspect: "suspect", teacher: "ours", base: "base")

@Suite struct LineageTests {
    @Test func aStudentIsNearerToOurs() throws {
        var village = Village(seed: 1, prompts: 30)
        let test = try LineageTest(
            village.all(references: 20, learned: 0.8), roles: roles)
        #expect(test.verdict == .nearerToOurs)
        #expect(test.reasons.isEmpty)
        #expect(test.rankPValue == 1.0 / 21)
        #expect(test.neighbours.first?.name == "ours")
    }

    @Test func aDescendantIsNearerToItsBase() throws {
        var village = Village(seed: 2, prompts: 30)
        let test = try LineageTest(
            village.all(references: 20, learned: 0.05), roles: roles)
        #expect(test.verdict == .nearerToBase)
        #expect(test.lowerRankPValue == 1.0 / 21)
    }

    @Test func anUnrelatedModelIsNotNearerToOurs() throws {
        for seed in UInt64(10)..<20 {
            var village = Village(seed: seed, prompts: 20)
            let test = try LineageTest(
                village.all(references: 20, learned: 0, isUnrelated: true), roles: roles)
            #expect(test.verdict != .nearerToOurs, "seed \(seed)")
        }
    }

    /// A suspect like every reference is the first of 20 with probability 1/20.
    @Test func theRanksPValueIsUniform() throws {
        let runs = 300
        var first = 0
        var half = 0
        for run in 0..<runs {
            var village = Village(seed: UInt64(100 + run), prompts: 3)
            let test = try LineageTest(
                village.all(references: 19, learned: 0, isUnrelated: true), roles: roles)
            if test.rankPValue <= 0.05 { first += 1 }
            if test.rankPValue <= 0.5 { half += 1 }
        }
        #expect(abs(Double(first) - 15) < 4 * (300 * 0.0475).squareRoot())
        #expect(abs(Double(half) - 150) < 4 * (300 * 0.25).squareRoot())
    }

    @Test func aSuspectInAReferencesPlaceHasThatReferencesStatistic() throws {
        var village = Village(seed: 3, prompts: 10)
        let models = village.all(references: 10, learned: 0.5)
        let test = try LineageTest(models, roles: roles)
        let other = try LineageTest(
            models, roles: LineageTest.Roles(suspect: "r4", teacher: "ours", base: "base"))
        let placed = try #require(test.references.first { $0.name == "r4" })
        #expect(abs(placed.statistic - other.suspect.statistic) < 1e-9)
    }

    @Test func fewReferencesCannotTell() throws {
        var village = Village(seed: 4, prompts: 30)
        let test = try LineageTest(village.all(references: 18, learned: 0.8), roles: roles)
        #expect(test.verdict == .cannotTell)
        #expect(test.reasons == ["18 references, and alpha 0.05 needs 19 at least"])
    }

    @Test func fewPromptsCannotTell() throws {
        var village = Village(seed: 5, prompts: 19)
        let test = try LineageTest(village.all(references: 20, learned: 0.8), roles: roles)
        #expect(test.verdict == .cannotTell)
        #expect(test.reasons == ["19 prompts in common, and 20 are needed"])
    }

    @Test func withoutABaseItCannotTell() throws {
        var village = Village(seed: 6, prompts: 30)
        let test = try LineageTest(
            village.all(references: 20, learned: 0.8),
            roles: LineageTest.Roles(suspect: "suspect", teacher: "ours", base: nil))
        #expect(test.verdict == .cannotTell)
        #expect(test.reasons == ["no base was given to compare with"])
    }

    /// A twin of ours explains as much.
    @Test func aSiblingAsNearCannotTell() throws {
        var village = Village(seed: 7, prompts: 30)
        let teacher = village.habits()
        let base = village.habits()
        var models = [
            village.model("ours", teacher), village.model("twin", teacher),
            village.model("base", base), village.model("suspect", base, teacher, share: 0.8),
        ]
        for index in 0..<20 { models.append(village.model("r\(index)", village.habits())) }
        let test = try LineageTest(
            models,
            roles: LineageTest.Roles(
                suspect: "suspect", teacher: "ours", base: "base", siblings: ["twin"]))
        #expect(test.verdict == .cannotTell)
        #expect(test.reasons == ["as near to twin as to ours"])
        #expect(test.references.count == 20)
        // As a reference it ranks as high as the suspect, or nearly, and the paired test says so.
        let asReference = try LineageTest(models, roles: roles)
        #expect(asReference.verdict == .cannotTell)
    }

    @Test func modelsThatAnswerTooLittleAreLeftOut() throws {
        var village = Village(seed: 8, prompts: 30)
        var models = village.all(references: 20, learned: 0.8)
        models.append(ModelAnswers(name: "short", answers: ["p1": "a"]))
        let test = try LineageTest(models, roles: roles)
        #expect(test.leftOut == ["short"])
        #expect(test.prompts == 30)
    }

    @Test(
        arguments: [
            LineageTest.Roles(suspect: "ours", teacher: "ours", base: "base"),
            LineageTest.Roles(suspect: "nobody", teacher: "ours", base: "base"),
            LineageTest.Roles(
                suspect: "suspect", teacher: "ours", base: "base", siblings: ["base"]),
        ])
    func rolesThatDoNotFitAreRefused(roles: LineageTest.Roles) {
        var village = Village(seed: 9, prompts: 2)
        let models = village.all(references: 1, learned: 0)
        #expect(throws: WatermarkError.self) { try LineageTest(models, roles: roles) }
    }

    @Test func emptyAnswersAreNearToNothing() throws {
        var village = Village(seed: 9, prompts: 20)
        var models = village.all(references: 20, learned: 0)
        models[2] = ModelAnswers(
            name: "suspect", answers: models[2].answers.mapValues { _ in "" })
        #expect(try LineageTest(models, roles: roles).verdict == .cannotTell)
    }
}

@Suite struct AnswerFeaturesTests {
    private func similarity(_ a: String, _ b: String, pool: [String]) -> [Double] {
        let comparison = PromptComparison(pool: pool.map(AnswerFeatures.init))
        return comparison.similarity(
            comparison.weigh(AnswerFeatures(a)), comparison.weigh(AnswerFeatures(b)))
    }

    @Test func anAnswerIsLikeItself() {
        let text = "Water boils at one hundred degrees at sea level, and lower on mountains."
        let found = similarity(text, text, pool: [text, "something else entirely here", "third"])
        #expect(found.allSatisfy { abs($0 - 1) < 1e-12 })
    }

    /// Nothing of what everybody says counts.
    @Test func whatEverybodyAnswersWeighsNothing() {
        let common = "the capital of France is Paris"
        let found = similarity(
            common + " indeed", common + " surely",
            pool: [common, common + " x", common + " y z"])
        #expect(found[0] < 0.05)
        #expect(found[2] < 0.05)
    }

    @Test func sharedLongRunsAreSeen() {
        let run = "seven unlikely words that stand in order"
        let found = similarity(
            "a b c " + run, run + " d e f g", pool: ["other text of seven or eight words here"])
        #expect(found[2] > 0.2)
        #expect(similarity("a b c d e f g", "g f e d c b a", pool: ["x"])[2] == 0)
    }

    @Test func textWithoutSpacesIsComparedByCharacters() {
        let found = similarity("水在海平面一百度时沸腾", "水在海平面一百度时会沸腾", pool: ["山上的水沸点较低"])
        #expect(found[1] > 0.5)
    }

    @Test func layoutIsStyle() {
        let list = "# Title\n- one\n- two\n- three"
        let plain = "One and two and three go here, all in a row"
        let pool = [list, plain, "1. First\n2. Second"]
        #expect(
            similarity(list, "# Other\n- four\n- five\n- six", pool: pool)[3]
                > similarity(plain, "# Other\n- four\n- five\n- six", pool: pool)[3])
    }
}

@Suite struct StudentTTests {
    /// scipy.stats.t.sf.
    @Test(
        arguments: [
            (0.0, 5.0, 0.5), (2.0, 1.0, 0.14758361765043326), (2.0, 10.0, 0.03669401738537018),
            (-1.5, 7.0, 0.911350756505015),
            (8.0, 30.0, 3.1329112378503795e-09), (4.0, 804.0, 3.4591847994304125e-05),
        ])
    func tailsAreThoseOfTables(t: Double, freedom: Double, expected: Double) {
        #expect(abs(StudentT.upper(t, freedom: freedom) - expected) < 1e-9 * max(1e-3, expected))
    }

    @Test func theTestOfAMeanIsScipys() {
        // scipy.stats.ttest_1samp([1, 2, 3, -1, 0.5], 0, alternative="greater").
        #expect(
            abs(StudentT.pValueOfPositiveMean([1, 2, 3, -1, 0.5]) - 0.09007591377890774) < 1e-12)
        #expect(StudentT.pValueOfPositiveMean([1]) == 1)
        #expect(StudentT.pValueOfPositiveMean([0, 0, 0]) == 1)
    }
}

@Suite struct ModelAnswersTests {
    private func file(_ text: String) throws -> String {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(
            UUID().uuidString
        ).path
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test func idsAreTextsOrNumbersAndTheFirstAnswerCounts() throws {
        let path = try file(
            """
            {"prompt_id": 7, "answer": "a"}
            {"prompt_id": "7", "answer": "b"}

            {"prompt": "Why?", "answer": "c", "generator": "x"}
            """)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let model = try ModelAnswers(name: "m", contentsOf: path)
        #expect(model.answers == ["7": "a", "Why?": "c"])
    }

    @Test(arguments: ["[]", #"{"answer": "a"}"#, #"{"prompt": "a", "answer": 1}"#])
    func whatIsNoAnswerIsRefused(text: String) throws {
        let path = try file(text)
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(throws: WatermarkError.self) { try ModelAnswers(name: "m", contentsOf: path) }
    }
}
