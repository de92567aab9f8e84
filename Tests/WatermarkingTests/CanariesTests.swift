import Foundation
import Testing

@testable import Watermarking

/// Bytes of SHA-256 over a seed and a counter.
private func seeded(_ seed: Int) -> (Int) -> [UInt8]? {
    var counter = 0
    return { count in
        var bytes: [UInt8] = []
        while bytes.count < count {
            bytes += Digest.sha256(Array("\(seed) \(counter)".utf8))
            counter += 1
        }
        return Array(bytes[..<count])
    }
}

private func set(
    _ questions: [(text: String, alternatives: CanaryAlternatives)] = [], count: Int = 3,
    lines: Int = 64, seed: Int = 1
) throws -> CanarySet {
    try CanarySet.draw(
        name: "test", questions: questions, count: count, lines: lines, random: seeded(seed))
}

private let list = (0..<1000).map { "river \($0)" }

@Suite struct CanaryAlternativesTests {
    @Test(arguments: [CanaryAlternatives.name, .code, .number])
    func everyAlternativeIsFoundAsItself(alternatives: CanaryAlternatives) {
        let finder = AlternativeFinder(alternatives)
        let step = max(1, alternatives.count / 5000)
        for index in stride(from: 0, to: alternatives.count, by: step) {
            let text = alternatives.text(at: index)
            #expect(finder.found(in: "It is \(text), I think.") == [index])
        }
    }

    @Test func aListsAlternativesAreFoundAsThemselves() throws {
        let finder = AlternativeFinder(try CanaryAlternatives(list: list))
        #expect(finder.found(in: "the River 17 and river 999") == [17, 999])
    }

    @Test(
        arguments: [
            ("KV-4821", ["kv4821", "KV 4821", "**KV‑4821**", "the code: K V 4821!", "ＫＶ-4821"]),
            ("12345", ["12,345", "12 345", "12.345 tiles", "**12345**"]),
        ])
    func spellingsOfOneAnswerAreTheSame(answer: String, spellings: [String]) {
        let finder = AlternativeFinder(answer == "12345" ? .number : .code)
        for spelling in spellings {
            #expect(finder.found(in: spelling).contains(finder.index(ofWhole: answer) ?? -1))
        }
    }

    @Test func partsOfLongerWordsAreNoAlternatives() {
        #expect(AlternativeFinder(.number).found(in: "call 1234567 or x12345 or 1234").isEmpty)
        #expect(AlternativeFinder(.code).found(in: "AKV-48210, IO-1234").isEmpty)
    }

    @Test(
        arguments: [
            Array(list.dropLast()), list + ["RIVER 7"], list + ["  "], list + ["two\nlines"],
            list + [String(repeating: "x", count: 201)],
        ])
    func aListThatMakesNoTestIsRefused(texts: [String]) {
        #expect(throws: WatermarkError.self) { try CanaryAlternatives(list: texts) }
    }
}

@Suite struct CanarySetTests {
    @Test func secretsAreUniform() throws {
        let set = try set(
            [("Which river?", CanaryAlternatives(list: list))], lines: 20_000, seed: 4)
        var counts = [Double](repeating: 0, count: 1000)
        let finder = AlternativeFinder(set.questions[0].alternatives)
        for line in set.lines { counts[try #require(finder.index(ofWhole: line[0].answer))] += 1 }
        let chiSquare = counts.reduce(0) { $0 + ($1 - 20) * ($1 - 20) / 20 }
        #expect(abs(chiSquare - 999) < 5 * (2 * 999.0).squareRoot())
    }

    @Test func aSetReadsBackFromItsFile() throws {
        let set = try set(
            [
                ("Which river?", CanaryAlternatives(list: list)), ("Which code?", .code),
                ("Wer schrieb \"Ü/ß\"?", .name),
            ])
        #expect(try CanarySet(json: set.json, path: "canaries.json") == set)
    }

    @Test func theGatewaysFileHasALineForEachSetOfSecrets() throws {
        let set = try set(lines: 16)
        let lines = set.gatewayFile.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 17 && lines[16].isEmpty)
        for (index, line) in set.lines.enumerated() {
            for canary in line {
                #expect(lines[index].contains("\(canary.question.text) \(canary.answer)."))
            }
        }
    }

    /// FNV-1a of "C-0001" is 0x8971_5CF0_76B8_35AA by another implementation.
    @Test func aCampaignsLineIsTheGateways() throws {
        #expect(
            try set(lines: 1000).line(for: "C-0001") == Int(0x8971_5CF0_76B8_35AA as UInt64 % 1000))
    }

    @Test func writtenFilesAreTheirOwnersAndNeverReplaced() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let set = try set(lines: 4)
        try set.write(folder: folder.path)
        let path = folder.appendingPathComponent("canaries.json").path
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        #expect(try CanarySet(contentsOf: path) == set)
        #expect(
            try CanaryCommitment(contentsOf: folder.appendingPathComponent("commitment.json").path)
                == set.commitment)
        #expect(throws: WatermarkError.self) { try set.write(folder: folder.path) }
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        #expect(throws: WatermarkError.self) { try CanarySet(contentsOf: path) }
    }

    @Test(
        arguments: [
            "", "{}", "[]", #"{"format":"stillwatch-canaries","version":2}"#,
            #"""
            {"format":"stillwatch-canaries","version":1,"name":"x","salt":"","lines":[[{"answer":"no","nonce":""}]],
            "questions":[{"question":"Which?","kind":"code"}]}
            """#,
            #"""
            {"format":"stillwatch-canaries","version":1,"name":"x","salt":"","lines":[[]],
            "questions":[{"question":"Which?","kind":"code"}]}
            """#,
            #"""
            {"format":"stillwatch-canaries","version":1,"name":"x","salt":"","lines":[[]],
            "questions":[{"question":"Which?","kind":"list"}]}
            """#,
        ])
    func aFileThatIsNoSetIsRefused(json: String) {
        #expect(throws: WatermarkError.self) {
            try CanarySet(json: Array(json.utf8), path: "canaries.json")
        }
    }

    @Test func withoutRandomnessNothingIsDrawn() {
        #expect(throws: WatermarkError.self) {
            try CanarySet.draw(name: "x", questions: [], random: { _ in nil })
        }
    }

    @Test(arguments: ["", " ? ", "two\nlines", String(repeating: "a", count: 2001)])
    func aQuestionThatCannotBePlantedIsRefused(text: String) {
        #expect(throws: WatermarkError.self) { try set([(text, .code)]) }
    }

    @Test func theSameQuestionTwiceIsRefused() {
        #expect(throws: WatermarkError.self) { try set([("Which?", .code), ("Which?", .name)]) }
    }
}

@Suite struct CanaryCommitmentTests {
    @Test func theSetOpensItsCommitment() throws {
        let set = try set()
        #expect(set.commitment.differences(from: set).isEmpty)
    }

    @Test func aChangedSecretIsNamed() throws {
        let set = try set()
        var lines = set.lines
        let old = lines[5][1]
        lines[5][1] = Canary(
            id: old.id, question: old.question, answer: "Other", nonce: old.nonce)
        let changed = CanarySet(
            name: set.name, questions: set.questions, lines: lines, salt: set.salt)
        #expect(set.commitment.differences(from: changed) == [.changed(id: "6.q2")])
    }

    @Test func missingAndAddedCanariesAreNamed() throws {
        let set = try set(count: 1, lines: 4)
        let shorter = CanarySet(
            name: set.name, questions: set.questions, lines: Array(set.lines.dropLast()),
            salt: set.salt)
        #expect(set.commitment.differences(from: shorter) == [.missing(id: "4.q1")])
        #expect(shorter.commitment.differences(from: set) == [.added(id: "4.q1")])
    }

    @Test func anotherNameOrSaltIsSeen() throws {
        let set = try set()
        let renamed = CanarySet(
            name: "other", questions: set.questions, lines: set.lines, salt: set.salt)
        #expect(set.commitment.differences(from: renamed) == [.header])
    }

    @Test func aChangedListOfAlternativesChangesEveryCommitment() throws {
        let one = try set([("Which?", CanaryAlternatives(list: list))], lines: 2)
        let two = try set([("Which?", CanaryAlternatives(list: list + ["Po"]))], lines: 2)
        let changed = CanarySet(
            name: one.name, questions: two.questions,
            lines: one.lines.map { line in
                line.map {
                    Canary(
                        id: $0.id, question: two.questions[0], answer: $0.answer, nonce: $0.nonce)
                }
            }, salt: one.salt)
        #expect(one.commitment.differences(from: changed).count == 2)
    }

    @Test func oneCanaryOpensByItself() throws {
        let set = try set()
        let opening = CanaryOpening(set.lines[3][0])
        #expect(set.commitment.canaries.contains { $0 == (opening.id, opening.commitment) })
    }

    /// Worked out with Python's hashlib.
    @Test func aCommitmentIsThatOfTheDocumentedFormula() {
        let question = CanaryQuestion(id: "q1", text: "Which?", alternatives: .code)
        let canary = Canary(
            id: "1.q1", question: question, answer: "KV-4821",
            nonce: String(repeating: "0a", count: 32))
        #expect(
            canary.commitment == "cbc17b36f0d7dafa124f8697f55615e8f8668c39824abe1726475bd5e47ed5e2")
    }
}

@Suite struct CanaryTestTests {
    @Test func aSuspectThatKnowsOneLineIsKnown() throws {
        let set = try set(lines: 1024)
        let campaigns = ["C-0001", "C-0002", "C-0003"]
        let line = set.line(for: "C-0002")
        let answers = Dictionary(
            uniqueKeysWithValues: set.lines[line].map {
                ($0.question.id, ["It is \($0.answer.lowercased()), surely."])
            })
        let test = try CanaryTest(set, answers: answers, campaigns: campaigns)
        #expect(test.known.map(\.campaigns) == [["C-0002"]])
        #expect(test.known.first?.hits.count == 3)
        // One alternative each of 5,760,000, 36,000 and 90,000.
        let exact = -log(5_760_000.0 * 36_000 * 90_000)
        let found = try #require(test.known.first?.logPValue)
        #expect(abs(found - exact) < 1e-9)
        #expect(test.controlHits == 0)
        #expect(test.controlLines == 1021)
    }

    /// Naming everything hits everything, and shows nothing.
    @Test func aSuspectThatListsEveryAlternativeIsNotKnown() throws {
        let set = try set([("Which?", CanaryAlternatives(list: list))], lines: 8)
        let test = try CanaryTest(
            set, answers: ["q1": [list.joined(separator: ", ")]], campaigns: [])
        #expect(test.lines.allSatisfy { $0.hits.count == 1 && $0.logPValue == 0 })
        #expect(test.known.isEmpty)
    }

    @Test func aSuspectThatKnowsNothingIsNotKnown() throws {
        let set = try set(lines: 1024)
        let answers = ["q1": ["I do not know."], "q2": ["Perhaps Robin?"], "q3": ["12000"]]
        let test = try CanaryTest(set, answers: answers, campaigns: ["C-0001"])
        #expect(test.known.isEmpty)
        #expect(test.asked.map(\.named) == [0, 1, 1])
    }

    @Test func samplesOfOneQuestionCountTogether() throws {
        let set = try set([("Which?", .code)], lines: 1)
        let answer = set.lines[0][0].answer
        let test = try CanaryTest(
            set, answers: ["q1": ["AA-0000", "AA-0001", answer, answer]], campaigns: [])
        #expect(abs(test.lines[0].logPValue - log(3 / 5_760_000)) < 1e-9)
    }

    /// 20,000 lines whose secrets the answers know nothing of.
    @Test func hitsByChanceAreAsOftenAsStated() throws {
        let alternatives = try CanaryAlternatives(list: list)
        let texts = (1...4).map { ("Question \($0)?", alternatives) }
        let set = try set(texts, lines: 20_000, seed: 9)
        // 100, 200, 50 and no alternatives of 1,000.
        let answers = [
            "q1": [list[..<100].joined(separator: "; ")],
            "q2": [list[300..<500].joined(separator: "; ")],
            "q3": [list[950...].joined(separator: "; ")], "q4": ["none"],
        ]
        let test = try CanaryTest(set, answers: answers, campaigns: [])
        let hits = Double(test.lines.reduce(0) { $0 + $1.hits.count })
        let deviation = (20_000 * 0.2975).squareRoot()
        #expect(abs(hits - 7000) < 5 * deviation)
        // P(2 or 3 hits) = 0.1*0.2*0.95 + 0.1*0.8*0.05 + 0.9*0.2*0.05 + 0.1*0.2*0.05 = 0.033.
        let two = test.lines.filter { $0.hits.count >= 2 }
        #expect(abs(Double(two.count) - 660) < 5 * 25.3)
        let exact = log(0.033)
        for line in two where line.hits.count == 2 { #expect(abs(line.logPValue - exact) < 1e-9) }
        #expect(test.known.isEmpty)
    }

    @Test func controlsAreCountedAgainstTheirExpectation() throws {
        let set = try set(
            [("Which?", CanaryAlternatives(list: list))], lines: 5000, seed: 12)
        let test = try CanaryTest(
            set, answers: ["q1": [list[..<100].joined(separator: "; ")]], campaigns: ["C-1"])
        #expect(abs(test.expectedControlHits - 499.9) < 1e-9)
        #expect(abs(Double(test.controlHits) - 499.9) < 5 * (499.9 * 0.9).squareRoot())
    }

    @Test(arguments: [["q9": ["x"]], [:], ["q1": []]])
    func answersToNothingThatWasAskedAreRefused(answers: [String: [String]]) throws {
        let set = try set(lines: 2)
        #expect(throws: WatermarkError.self) {
            try CanaryTest(set, answers: answers, campaigns: [])
        }
    }

    @Test func tailsAreThoseOfAllOutcomes() {
        let probabilities = [0.5, 0.1, 0.01, 0.0, 0.9, 0.3]
        for successes in 0...6 {
            var exact = 0.0
            for outcome in 0..<64 where outcome.nonzeroBitCount >= successes {
                exact += probabilities.indices.reduce(1.0) {
                    $0 * (outcome >> $1 & 1 == 1 ? probabilities[$1] : 1 - probabilities[$1])
                }
            }
            let found = exp(
                PoissonBinomial.logUpper(successes: successes, probabilities: probabilities))
            #expect(abs(found - exact) < 1e-12)
        }
    }

    @Test func aTailTooSmallForANumberHasALogarithm() {
        let found = PoissonBinomial.logUpper(
            successes: 64, probabilities: [Double](repeating: 1e-7, count: 64))
        #expect(abs(found - 64 * log(1e-7)) < 1e-9 * abs(found))
    }
}
