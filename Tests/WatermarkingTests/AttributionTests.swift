import CWatermark
import Foundation
import Testing

@testable import Watermarking

/// Makes tables as texts would, without the texts.
private struct SyntheticText {
    let symbolCount: Int
    let radix: Int
    /// Probability of the tokens that are taken: 1 leaves no room for a mark.
    let tokenProbability: Double

    /// `codes` share the tokens evenly; with none the text is unmarked.
    func table(tokens: Int, codes: [PayloadCode], _ numbers: inout SeededRandom) -> PayloadTable {
        var sums = [Double](repeating: 0, count: symbolCount * radix)
        var counts = [Int](repeating: 0, count: symbolCount)
        for token in 0..<tokens {
            let symbol = Int.random(in: 0..<symbolCount, using: &numbers)
            counts[symbol] += 1
            let marked = codes.isEmpty ? nil : codes[token % codes.count].symbols[symbol]
            for value in 0..<radix {
                var u = numbers.uniform()
                // The number of a taken token is the largest of 1/p independent ones.
                if let marked, value == Int(marked) { u = pow(u, tokenProbability) }
                sums[symbol * radix + value] -= log1p(-u)
            }
        }
        return PayloadTable(
            symbolCount: symbolCount, radix: radix, counts: counts, sums: sums)
    }
}

private func book(seed: UInt64, symbols: Int = 32, radix: Int = 16) -> PayloadCodebook {
    PayloadCodebook(
        key: Digest.sha256(Array("seed \(seed)".utf8)), symbolCount: symbols, radix: radix)
}

private func ids(_ count: Int) -> [String] { (0..<count).map { "acct-\($0)" } }

@Suite struct PayloadCodeTests {
    @Test func aCodeFollowsFromKeyAndIDAlone() throws {
        let code = try book(seed: 1).code(for: "acct-7")
        #expect(code == (try book(seed: 1).code(for: "acct-7")))
        #expect(code != (try book(seed: 2).code(for: "acct-7")))
        #expect(code != (try book(seed: 1).code(for: "acct-8")))
        #expect(code.symbols.count == 32)
    }

    /// HMAC-SHA-256 as RFC 2104 has it, worked out with Python's hmac module.
    @Test func aCodeIsThatOfTheDocumentedFormula() throws {
        let book = PayloadCodebook(
            key: [UInt8](repeating: 7, count: 32), symbolCount: 12, radix: 10)
        #expect(try book.code(for: "é").symbols == [5, 1, 6, 7, 4, 5, 6, 0, 6, 3, 4, 3])
    }

    @Test(arguments: [2, 10, 16, 200, 256]) func symbolsAreUniform(radix: Int) throws {
        let book = book(seed: 3, symbols: 256, radix: radix)
        var counts = [Double](repeating: 0, count: radix)
        for id in ids(200) {
            for symbol in try book.code(for: id).symbols { counts[Int(symbol)] += 1 }
        }
        let expected = 200.0 * 256 / Double(radix)
        let chiSquare = counts.reduce(0) { $0 + ($1 - expected) * ($1 - expected) / expected }
        let freedom = Double(radix - 1)
        // Five deviations of chi-square.
        #expect(abs(chiSquare - freedom) < 5 * (2 * freedom).squareRoot() + 5)
    }

    @Test(arguments: [0, 1025]) func anIDOfAnotherLengthIsRefused(length: Int) {
        #expect(throws: WatermarkError.self) {
            try book(seed: 1).code(for: String(repeating: "a", count: length))
        }
    }
}

@Suite struct CodeSumDistributionTests {
    @Test func tailsAreThoseOfAllCodes() {
        var numbers = SeededRandom(seed: 11)
        let (rows, radix) = (5, 4)
        let sums = (0..<rows * radix).map { _ in 20 * numbers.uniform() }
        let distribution = CodeSumDistribution(sums: sums, radix: radix)
        var all: [Int] = []
        for number in 0..<1024 {
            let code = (0..<rows).map { UInt8(number >> (2 * $0) & 3) }
            all.append(distribution.sum(code))
        }
        for sum in all {
            let exact = Double(all.count { $0 >= sum }) / 1024
            #expect(abs(distribution.pValue(sum) - exact) < 1e-9 * exact)
            #expect(distribution.pValue(sum) >= exact)
        }
    }

    @Test func sumsAreThoseOfTheTableUpToRounding() {
        var numbers = SeededRandom(seed: 12)
        let sums = (0..<32 * 16).map { _ in 100 * numbers.uniform() }
        let distribution = CodeSumDistribution(sums: sums, radix: 16)
        let code = (0..<32).map { UInt8($0 % 16) }
        let exact = (0..<32).reduce(0) { $0 + sums[$1 * 16 + Int(code[$1])] }
        // Half a step for each row.
        let step = 32 * 100.0 / 32768
        #expect(abs(distribution.score(distribution.sum(code)) - exact) < 16 * step)
    }

    @Test func theLargestSumIsOneCodesAlone() {
        var numbers = SeededRandom(seed: 13)
        var sums = (0..<32 * 16).map { _ in numbers.uniform() }
        for row in 0..<32 { sums[row * 16 + 3] = 50 }
        let distribution = CodeSumDistribution(sums: sums, radix: 16)
        let pValue = distribution.pValue(distribution.sum([UInt8](repeating: 3, count: 32)))
        #expect(abs(log(pValue) - 32 * log(1.0 / 16)) < 1e-6)
    }

    @Test func withoutTextEverybodysPValueIsOne() {
        let distribution = CodeSumDistribution(
            sums: [Double](repeating: 0, count: 32 * 16), radix: 16)
        #expect(distribution.pValue(distribution.sum([UInt8](repeating: 5, count: 32))) == 1)
    }

    /// 256 symbols of 256 values, where R^-L is no number any more.
    @Test func theLargestPayloadsPValueIsANumber() {
        var numbers = SeededRandom(seed: 14)
        var sums = (0..<256 * 256).map { _ in numbers.uniform() }
        for row in 0..<256 { sums[row * 256] = 100 }
        let distribution = CodeSumDistribution(sums: sums, radix: 256)
        #expect(
            distribution.pValue(distribution.sum([UInt8](repeating: 0, count: 256)))
                == CodeSumDistribution.leastPValue)
    }
}

@Suite struct PayloadTraceTests {
    private let text = SyntheticText(symbolCount: 32, radix: 16, tokenProbability: 0.4)

    private func trace(
        tokens: Int, guilty: [String], accounts: Int, alpha: Double = 0.001, seed: UInt64
    ) throws -> PayloadTrace {
        var numbers = SeededRandom(seed: seed)
        let book = book(seed: seed)
        let codes = try guilty.map { try book.code(for: $0) }
        let table = text.table(tokens: tokens, codes: codes, &numbers)
        return try PayloadTrace(table, ids: ids(accounts), codebook: book, alpha: alpha)
    }

    @Test func oneAccountOf25000IsNamed() throws {
        let trace = try trace(tokens: 1500, guilty: ["acct-24123"], accounts: 25_000, seed: 21)
        #expect(trace.named.map(\.id) == ["acct-24123"])
        #expect(trace.accounts.count == 6)
        #expect(trace.presence.pValue < 1e-6)
    }

    @Test func threeAccountsThatPooledTheirAnswersAreNamed() throws {
        let guilty = ["acct-5", "acct-9000", "acct-17000"]
        let trace = try trace(tokens: 12_000, guilty: guilty, accounts: 25_000, seed: 22)
        #expect(Set(trace.named.map(\.id)) == Set(guilty))
    }

    @Test func nobodyIsNamedForUnmarkedText() throws {
        let trace = try trace(tokens: 20_000, guilty: [], accounts: 25_000, seed: 23)
        #expect(trace.named.isEmpty)
        #expect(trace.presence.pValue > 1e-4)
    }

    @Test func tooLittleTextNamesNobody() throws {
        let trace = try trace(tokens: 20, guilty: ["acct-1"], accounts: 25_000, seed: 24)
        #expect(trace.named.isEmpty)
    }

    @Test func anAccountThatIsNotListedIsNotReplacedByAnother() throws {
        let trace = try trace(tokens: 5000, guilty: ["stranger"], accounts: 25_000, seed: 25)
        #expect(trace.named.isEmpty)
        #expect(trace.presence.pValue < 1e-6)
    }

    /// 1,000 runs, marked for two accounts that are among those tested: the share of runs that name anybody else is at most
    /// alpha, up to three deviations of a binomial share.
    @Test(arguments: [30, 600]) func falseAttributionIsBounded(tokens: Int) throws {
        let text = SyntheticText(symbolCount: 12, radix: 4, tokenProbability: 0.4)
        let (runs, alpha, accounts) = (1000, 0.05, 60)
        var wrong = 0
        var small = 0
        for run in 0..<runs {
            let seed = UInt64(1000 + run)
            var numbers = SeededRandom(seed: seed)
            let book = book(seed: seed, symbols: 12, radix: 4)
            // One of them far ahead, so that there are second steps.
            let guilty = Array(repeating: "acct-0", count: 9) + ["acct-1"]
            let table = text.table(
                tokens: tokens, codes: try guilty.map { try book.code(for: $0) }, &numbers)
            let trace = try PayloadTrace(table, ids: ids(accounts), codebook: book, alpha: alpha)
            if trace.named.contains(where: { !guilty.contains($0.id) }) { wrong += 1 }
            let distribution = CodeSumDistribution(sums: table.sums, radix: 4)
            for id in ids(accounts).dropFirst(2) {
                let sum = distribution.sum(try book.code(for: id).symbols)
                if distribution.pValue(sum) <= 0.05 { small += 1 }
            }
        }
        #expect(
            Double(wrong)
                <= alpha * Double(runs) + 3 * (Double(runs) * alpha * (1 - alpha)).squareRoot())
        // One by one the p-values of the first step are exact, not only bounds, once sums rarely tie.
        let all = Double(runs * (accounts - 2))
        #expect(Double(small) <= 0.05 * all + 4 * (all * 0.0475).squareRoot())
        #expect(Double(small) >= 0.04 * all)
    }

    @Test func adjustedPValuesAreBonferronisWithHalfOfAlpha() throws {
        let trace = try trace(tokens: 300, guilty: ["acct-3"], accounts: 50, seed: 26)
        let adjusted = trace.accounts.map(\.adjustedPValue)
        #expect(adjusted == adjusted.sorted())
        #expect(adjusted[0] == 2 * 50 * trace.accounts[0].pValue)
        #expect(adjusted.allSatisfy { $0 <= 1 })
    }

    /// The first step sees the account with 16 answers of 20 alone.
    @Test func accomplicesWithFewAnswersAreNamedToo() throws {
        let few = ["acct-1", "acct-1", "acct-1", "acct-2"]
        let trace = try trace(
            tokens: 60_000, guilty: Array(repeating: "acct-0", count: 16) + few, accounts: 25_000,
            seed: 27)
        #expect(trace.named.map(\.id) == ["acct-0", "acct-1", "acct-2"])
        #expect(trace.named.map(\.step) == [1, 2, 2] || trace.named.map(\.step) == [1, 2, 3])
    }

    /// As many colluders as a symbol has values, so that a row's cells run out.
    @Test func manyColludersAreNamedAndNobodyElse() throws {
        let guilty = (0..<20).map { "acct-\($0)" }
        let trace = try trace(tokens: 100_000, guilty: guilty, accounts: 1000, seed: 28)
        #expect(Set(trace.named.map(\.id)).isSubset(of: Set(guilty)))
        #expect(trace.named.count >= 4)
    }

    @Test func anAccountGivenTwiceIsRefused() throws {
        let table = PayloadTable(symbolCount: 32, radix: 16)
        #expect(throws: WatermarkError.self) {
            try PayloadTrace(table, ids: ["a", "b", "a"], codebook: book(seed: 1))
        }
    }

    @Test(arguments: [0, 1, -1, Double.nan]) func alphaOutsideItsRangeIsRefused(alpha: Double) {
        let table = PayloadTable(symbolCount: 32, radix: 16)
        #expect(throws: WatermarkError.self) {
            try PayloadTrace(table, ids: ["a"], codebook: book(seed: 1), alpha: alpha)
        }
    }
}

@Suite struct PayloadTableTests {
    private let vocabulary = 64

    private func scheme() throws -> WatermarkScheme {
        let entry = KeysFile.Entry(
            salt: String(repeating: "5a", count: 32), values: ["81985529216486895"])
        let commitment = Digest.hexadecimal(
            Digest.sha256(WatermarkKeys.committed([("k", entry)])))
        let json = """
            {"format": "stillwatch-watermark-manifest", "version": 1, "scheme": "gumbel_payload",
            "key_ids": ["k"], "valid_from": "2026-01-01T00:00:00Z", "context_width": 4,
            "vocabulary_size": \(vocabulary), "context_history": 0, "payload_symbols": 16,
            "payload_radix": 8, "key_commitment": "\(commitment)"}
            """
        let manifest = try WatermarkManifest(json: Array(json.utf8), path: "M.json")
        let keys = try JSONEncoder().encode(KeysFile(keys: ["k": entry]))
        return try WatermarkScheme(
            manifest: manifest,
            keys: WatermarkKeys(json: Array(keys), path: "K.json", for: manifest))
    }

    /// Tokens that the library's generator chooses under a code, or that chance does.
    private func marked(
        _ count: Int, _ code: PayloadCode?, _ scheme: WatermarkScheme,
        _ numbers: inout SeededRandom, prompt: [UInt32] = []
    ) throws -> [UInt32] {
        var generator: OpaquePointer?
        #expect(swm_generator_create(scheme.kernel.pointer, &generator) == 0)
        defer { swm_generator_destroy(generator) }
        if let code {
            #expect(swm_generator_set_payload(generator, code.symbols, code.symbols.count) == 0)
        }
        #expect(swm_generator_reset(generator, prompt, prompt.count) == 0)
        var text: [UInt32] = []
        var scores = [Float](repeating: 0, count: vocabulary)
        for index in 0..<count {
            // Another distribution at each position, a few bits each.
            for token in 0..<vocabulary {
                scores[token] = -logf(1 + Float((token + 37 * index) % vocabulary))
            }
            var token: UInt32 = 0
            if code != nil {
                let random = [numbers.next(), numbers.next()]
                let status = swm_generator_choose(
                    generator, scores, vocabulary, random, &token, nil)
                #expect(status == 0)
                swm_generator_accept(generator, token)
            } else {
                let keys = scores.map { log(-log(numbers.uniform())) - Double($0) }
                token = UInt32(keys.indices.min { keys[$0] < keys[$1] } ?? 0)
            }
            text.append(token)
        }
        return text
    }

    @Test func whatTheGeneratorMarksNamesItsAccount() throws {
        let scheme = try scheme()
        let book = try PayloadCodebook(scheme)
        var numbers = SeededRandom(seed: 31)
        var table = try PayloadTable(scheme)
        let code = try book.code(for: "acct-77")
        for answer in 0..<4 {
            let prompt = (0..<UInt32(answer)).map { $0 + 3 }
            try table.add(
                answer: marked(250, code, scheme, &numbers, prompt: prompt), prompt: prompt,
                scheme: scheme)
        }
        let trace = try PayloadTrace(table, ids: ids(1000), codebook: book)
        #expect(trace.named.map(\.id) == ["acct-77"])
        #expect(code == (try PayloadCode(id: "acct-77", scheme: scheme)))
        // The cells that the code picks have what marked text has, all others what chance gives.
        let picked = code.symbols.enumerated().reduce(0) {
            $0 + table.sums[$1.offset * 8 + Int($1.element)]
        }
        let others = (table.sums.reduce(0, +) - picked) / Double(7 * table.scored)
        #expect(picked > 1.5 * Double(table.scored))
        #expect(abs(others - 1) < 4 / Double(7 * table.scored).squareRoot())
    }

    @Test func unmarkedTokensScoreAsTheNullSays() throws {
        let scheme = try scheme()
        var numbers = SeededRandom(seed: 32)
        var table = try PayloadTable(scheme)
        // Three blocks of a scheme's window at least.
        try table.add(
            answer: marked(5000, nil, scheme, &numbers), prompt: [1, 2, 3, 4, 5], scheme: scheme)
        #expect(table.counts.reduce(0, +) == table.scored)
        let cells = Double(table.scored * 8)
        let mean = table.sums.reduce(0, +) / cells
        #expect(abs(mean - 1) < 4 / cells.squareRoot())
    }

    @Test func repeatedTextAddsNothing() throws {
        let scheme = try scheme()
        var numbers = SeededRandom(seed: 33)
        let answer = try marked(300, nil, scheme, &numbers)
        var once = try PayloadTable(scheme)
        try once.add(answer: answer, prompt: [9], scheme: scheme)
        var twice = once
        try twice.add(answer: answer, prompt: [9], scheme: scheme)
        #expect(twice.sums == once.sums)
        #expect(twice.scored == once.scored)
        #expect(twice.positions == 2 * once.positions)
    }

    /// The sums are those of single logarithms.
    @Test func sumsAreThoseOfEachPositionsScore() throws {
        let scheme = try scheme()
        var numbers = SeededRandom(seed: 34)
        let answer = try marked(3000, nil, scheme, &numbers)
        var table = try PayloadTable(scheme)
        try table.add(answer: answer, prompt: [], scheme: scheme)
        var symbols = [UInt8](repeating: 0, count: answer.count)
        var complements = [Double](repeating: 0, count: answer.count * 8)
        swm_payload_complements(
            scheme.kernel.pointer, answer, Array(0..<UInt32(answer.count)), answer.count, &symbols,
            &complements)
        var expected = [Double](repeating: 0, count: 16 * 8)
        var seen: Set<[UInt32]> = []
        for index in answer.indices
        where seen.insert(
            Array(answer[max(0, index - 4)...index])
        ).inserted {
            for value in 0..<8 {
                expected[Int(symbols[index]) * 8 + value] -= log(complements[index * 8 + value])
            }
        }
        #expect(zip(table.sums, expected).allSatisfy { abs($0 - $1) < 1e-9 * $1 })
    }

    @Test func aTokenBeyondTheVocabularyIsRefused() throws {
        let scheme = try scheme()
        var table = try PayloadTable(scheme)
        #expect(throws: WatermarkError.self) {
            try table.add(answer: [1, 2, 64], prompt: [], scheme: scheme)
        }
    }
}
