import CWatermark
import Foundation
import Testing

@testable import Watermarking

/// Students that are trained here, on a teacher's answers with and without a mark.
struct StudentTests {
    private static let vocabulary = 3000
    private static let choices = 30

    /// A language in which the last token says how likely 30 next ones are; the teacher and people both speak it.
    private static func next(_ last: UInt32) -> [(token: UInt32, probability: Double)] {
        var random = SeededRandom(seed: UInt64(last) + 1)
        let total = (1...choices).reduce(0.0) { $0 + 1 / Double($1) }
        return (1...choices).map { rank in
            (UInt32(random.next() % UInt64(vocabulary)), 1 / Double(rank) / total)
        }
    }

    private static let language = (0..<UInt32(vocabulary)).map(next)

    private static func scheme(key: UInt64) throws -> WatermarkScheme {
        try Vectors.scheme(
            "gumbel", keys: [String(key)],
            ["context_width": 2, "vocabulary_size": vocabulary, "context_history": 8192])
    }

    /// A text of the language; with a scheme, chosen by its numbers.
    private static func text(
        _ count: Int, marked scheme: WatermarkScheme?, _ random: inout SeededRandom
    ) -> [UInt32] {
        var tokens = [UInt32(random.next() % UInt64(vocabulary)), 0]
        tokens[1] = UInt32(random.next() % UInt64(vocabulary))
        var block = [UInt32](repeating: 0, count: 3 * choices)
        let positions = (0..<UInt32(choices)).map { 3 * $0 + 2 }
        var complements = [Double](repeating: 0, count: choices)
        while tokens.count < count {
            let likely = language[Int(tokens[tokens.count - 1])]
            if let scheme {
                for (index, each) in likely.enumerated() {
                    block[3 * index] = tokens[tokens.count - 2]
                    block[3 * index + 1] = tokens[tokens.count - 1]
                    block[3 * index + 2] = each.token
                }
                swm_philox_complements(
                    scheme.kernel.pointer, 0, block, positions, choices, &complements)
            } else {
                for index in complements.indices { complements[index] = random.uniform() }
            }
            let best = likely.indices.max {
                log1p(-complements[$0]) / likely[$0].probability
                    < log1p(-complements[$1]) / likely[$1].probability
            }
            tokens.append(likely[best ?? 0].token)
        }
        return tokens
    }

    /// A model of two tokens before, which falls back to one: all that it knows is what it was taught.
    private struct Student {
        private var pairs: [UInt64: [UInt32]] = [:]
        private var singles: [UInt32: [UInt32]] = [:]

        mutating func learn(_ tokens: [UInt32]) {
            for index in 2..<max(2, tokens.count) {
                let key = UInt64(tokens[index - 2]) << 32 | UInt64(tokens[index - 1])
                pairs[key, default: []].append(tokens[index])
                singles[tokens[index - 1], default: []].append(tokens[index])
            }
        }

        func answer(_ count: Int, _ random: inout SeededRandom) -> [UInt32] {
            var tokens = (0..<2).map { _ in UInt32(random.next() % UInt64(vocabulary)) }
            while tokens.count < count {
                let last = tokens[tokens.count - 1]
                let key = UInt64(tokens[tokens.count - 2]) << 32 | UInt64(last)
                let seen = pairs[key] ?? singles[last] ?? [0]
                tokens.append(seen[Int(random.next() % UInt64(seen.count))])
            }
            return tokens
        }
    }

    /// Answers of a student that was taught 200,000 tokens, of which this share bears the mark.
    private static func answers(share: Double, _ scheme: WatermarkScheme, seed: UInt64)
        -> [[UInt32]]
    {
        var random = SeededRandom(seed: seed)
        var student = Student()
        let documents = 1000
        for index in 0..<documents {
            let isMarked = Double(index) < share * Double(documents)
            student.learn(text(200, marked: isMarked ? scheme : nil, &random))
        }
        return (0..<600).map { _ in student.answer(300, &random) }
    }

    private static func test(
        _ answers: [[UInt32]], _ scheme: WatermarkScheme
    ) throws -> RadioactivityTest {
        let scorer = WindowScorer(scheme)
        var test = RadioactivityTest(scorer, plannedCount: nil)
        for answer in answers {
            test.add(
                try scorer.closed(answer: answer), tokens: answer.count, isInPrompt: { _ in false },
                isInFilter: { _ in true }, record: { _ in })
        }
        return test
    }

    @Test(arguments: [0.05, 0.1, 1])
    func studentsOfMarkedAnswersAreFound(share: Double) throws {
        for seed in UInt64(1)...2 {
            let scheme = try Self.scheme(key: 90_000 + seed)
            let test = try Self.test(Self.answers(share: share, scheme, seed: seed), scheme)
            #expect(test.totals.count < 300_000)
            #expect(test.largestLogE > -log(1e-6), "share \(share), seed \(seed)")
            // Under another key there is nothing to be found.
            let other = try Self.scheme(key: 1)
            let control = try Self.test(Self.answers(share: share, scheme, seed: seed), other)
            #expect(control.largestLogE < -log(1e-4), "share \(share), seed \(seed)")
        }
    }

    @Test func studentsOfOthersAreRejectedNoMoreOftenThanStated() throws {
        // 200 keys that the students' teachers had nothing of: at 0.05 more than 19 rejections come once in 100 runs
        // of a test that keeps its word, whenever it is looked at.
        var rejected = 0
        for seed in UInt64(0)..<4 {
            let teacher = try Self.scheme(key: 70_000 + seed)
            let answers = Self.answers(share: 0.5, teacher, seed: 100 + seed)
            for key in UInt64(0)..<50 {
                let test = try Self.test(
                    Array(answers.prefix(80)), Self.scheme(key: 1000 * seed + key))
                if test.largestLogE >= -log(0.05) { rejected += 1 }
            }
        }
        #expect(rejected <= 19)
    }
}
