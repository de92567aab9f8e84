import Foundation
import Testing

@testable import Watermarking

/// The tests of a suspect against what they promise: seeded simulations and closed forms.
struct ProvenanceStatisticsTests {
    /// More rejections than this come once in 10,000 such simulations if each has the probability alpha.
    private func mostRejections(_ runs: Int, _ alpha: Double) -> Int {
        let n = Double(runs)
        return Int(n * alpha + 3.72 * (n * alpha * (1 - alpha)).squareRoot()) + 1
    }

    private func position(_ pair: Int, _ score: Double, context: UInt64 = 1) -> ProvenancePosition {
        ProvenancePosition(context: context, pair: UInt64(pair) << 20 + 1, score: score, cell: 0)
    }

    private func add(_ test: inout RadioactivityTest, _ position: ProvenancePosition) {
        test.add(
            [position], tokens: 1, isInPrompt: { _ in false }, isInFilter: { _ in true },
            record: { _ in })
    }

    @Test func oneTiltIsTheLikelihoodRatio() {
        // Against the Bernoulli null with the mean q, the tilted null is Bernoulli(q).
        let (p, shift) = (0.25, 0.3)
        let q = p + shift * (p * (1 - p)).squareRoot()
        let martingale = MixtureMartingale(null: .bernoulli(p), shifts: [shift])
        for (count, green) in [(1, 0), (1, 1), (40, 17), (5000, 1500)] {
            var totals = ScoreTotals()
            totals.count = count
            totals.sum = Double(green)
            let expected =
                Double(green) * log(q / p) + Double(count - green) * log((1 - q) / (1 - p))
            #expect(abs(martingale.logValue(totals) - expected) < 1e-9 * max(1, abs(expected)))
        }
        // Against the exponential null it is the exponential distribution with the mean m.
        let m = 1 + shift
        let exponential = MixtureMartingale(null: .exponential, shifts: [shift])
        var totals = ScoreTotals()
        totals.count = 700
        totals.sum = 731.5
        let expected = -700 * log(m) - 731.5 * (1 / m - 1)
        #expect(abs(exponential.logValue(totals) - expected) < 1e-9)
    }

    @Test func aMixtureIsTheMeanOfItsParts() {
        var totals = ScoreTotals()
        totals.count = 300
        totals.sum = 95
        let null = NullDistribution.bernoulli(0.25)
        let parts = [0.05, 0.1, 0.4].map {
            exp(MixtureMartingale(null: null, shifts: [$0]).logValue(totals))
        }
        let mixture = exp(MixtureMartingale(null: null, shifts: [0.05, 0.1, 0.4]).logValue(totals))
        #expect(abs(mixture - parts.reduce(0, +) / 3) < 1e-9)
    }

    @Test(arguments: [
        (NullDistribution.bernoulli(0.25), 1), (.exponential, 2),
        (.lattice([0.0625, 0.25, 0.375, 0.25, 0.0625]), 3), (.largestExponential(of: 4), 4),
    ])
    func anInnocentSuspectWatchedAtEveryTokenIsFoundNoMoreOftenThanStated(
        null: NullDistribution, kind: Int
    ) {
        let (runs, length, alpha) = (2000, 600, 0.05)
        var random = SeededRandom(seed: UInt64(kind))
        var found = 0
        var fixed = 0
        for _ in 0..<runs {
            var test = RadioactivityTest(null: null, plannedCount: length)
            for place in 0..<length {
                let score: Double
                switch kind {
                case 1: score = random.uniform() < 0.25 ? 1 : 0
                case 2: score = -log(random.uniform())
                case 3: score = Double((random.next() & 15).nonzeroBitCount)
                default:
                    score = -log((0..<4).map { _ in random.uniform() }.min() ?? 1)
                }
                add(&test, position(place, score))
            }
            if test.logAnytimeP <= log(alpha) { found += 1 }
            if let planned = test.planned, test.logFixedP(planned) <= log(alpha) { fixed += 1 }
        }
        #expect(found <= mostRejections(runs, alpha), "kind \(kind)")
        #expect(fixed <= mostRejections(runs, alpha), "kind \(kind)")
        // The fixed-size test is exact, not only valid: a lattice of 600 scores loses little of its level.
        #expect(fixed >= Int(0.05 * 2000 - 3.72 * 9.75) - 20, "kind \(kind): \(fixed)")
    }

    @Test func drawsWithoutReplacementAreNoEvidence() throws {
        // Whole lists are drawn, and each run stops when it looks best.
        let scheme = try Vectors.scheme(
            "kgw_lefthash", keys: ["15485863"],
            ["context_width": 1, "vocabulary_size": 64, "gamma": 0.25, "bias": 2.0])
        let scorer = WindowScorer(scheme)
        let (runs, alpha) = (2000, 0.05)
        var random = SeededRandom(seed: 11)
        var found = 0
        for _ in 0..<runs {
            var test = RadioactivityTest(scorer, plannedCount: nil)
            var lists = (0..<12).map { _ in
                (0..<64).map { $0 < 16 ? 1.0 : 0.0 }.shuffled(using: &random)
            }
            var pair = 0
            while let list = lists.indices.randomElement(using: &random) {
                guard let score = lists[list].popLast() else {
                    lists.remove(at: list)
                    continue
                }
                pair += 1
                add(&test, position(pair, score, context: UInt64(list + lists.count * 99) << 16))
            }
            if test.logAnytimeP <= log(alpha) { found += 1 }
        }
        #expect(found <= mostRejections(runs, alpha))
    }

    @Test func driftIsWhatAListHasLeft() throws {
        let scheme = try Vectors.scheme(
            "kgw_lefthash", keys: ["15485863"],
            ["context_width": 1, "vocabulary_size": 64, "gamma": 0.25, "bias": 2.0])
        var test = RadioactivityTest(WindowScorer(scheme), plannedCount: nil)
        add(&test, position(1, 1, context: 1 << 20))
        #expect(test.totals.drift == 0)
        add(&test, position(2, 0, context: 1 << 20))
        #expect(abs(test.totals.drift - (15.0 / 63 - 0.25)) < 1e-12)
        add(&test, position(3, 0, context: 2 << 20))
        add(&test, position(4, 0, context: 1 << 20))
        #expect(abs(test.totals.drift - (15.0 / 63 + 15.0 / 62 - 0.5)) < 1e-12)
    }

    @Test func aShiftIsFoundAtAboutThePlannedSize() {
        let null = NullDistribution.bernoulli(0.25)
        let shift = 0.1
        let plan = ProvenancePlan(
            null: null, shifts: ShiftCurve(constant: shift), alpha: 1e-6, power: 0.9, runs: 400)
        guard let fixedCount = plan.fixedCount, let anytimeCount = plan.anytimeCount else {
            Issue.record("no plan")
            return
        }
        let q = 0.25 + shift * (0.25 * 0.75).squareRoot()
        var random = SeededRandom(seed: 5)
        var fixed = 0
        var anytime = 0
        let runs = 300
        for _ in 0..<runs {
            var test = RadioactivityTest(null: null, plannedCount: fixedCount)
            for place in 0..<max(fixedCount, anytimeCount) {
                add(&test, position(place, random.uniform() < q ? 1 : 0))
                if place + 1 == anytimeCount, test.logAnytimeP <= log(1e-6) { anytime += 1 }
            }
            if let planned = test.planned, test.logFixedP(planned) <= log(1e-6) { fixed += 1 }
        }
        // 0.9 with four standard errors of both simulations.
        #expect(abs(Double(fixed) / Double(runs) - 0.9) < 0.07)
        #expect(abs(Double(anytime) / Double(runs) - 0.9) < 0.1)
        #expect(anytimeCount > fixedCount)
    }

    @Test func theSequenceHoldsTheMeanAtAllSizesAtOnce() {
        var random = SeededRandom(seed: 8)
        let runs = 500
        var missed = 0
        for _ in 0..<runs {
            var totals = ScoreTotals()
            var isMissed = false
            for _ in 0..<1500 {
                let score = random.uniform() < 0.3 ? 1.0 : 0.0
                totals.count += 1
                totals.sum += score
                totals.squares += score * score
                // Its guarantee is for large samples.
                guard totals.count >= 200 else { continue }
                let bounds = MeanSequence.bounds(
                    totals, null: .bernoulli(0.25), alpha: 0.05, tightestAt: 700)
                if let bounds, !bounds.contains(0.05) { isMissed = true }
            }
            if isMissed { missed += 1 }
        }
        #expect(missed <= mostRejections(runs, 0.05))
    }

    @Test func pairsAreHeldOnceInBoundedMemory() {
        var set = PairSet()
        var random = SeededRandom(seed: 3)
        let hashes = [0, .max] + (0..<200_000).map { _ in random.next() }
        let fresh = hashes.count { set.insert($0) }
        let again = hashes.count { set.insert($0) }
        #expect(fresh == hashes.count)
        #expect(again == 0)
        #expect(hashes.allSatisfy { set.contains($0) })
        #expect(!(0..<1000).contains { _ in set.contains(random.next()) })
        #expect(set.count == hashes.count)
        #expect(set.bytes < 13 * hashes.count)
    }

    @Test func clustersOfSixteenBitsAreSeen() throws {
        let scheme = try Vectors.scheme(
            "synthid", keys: ["1", "2", "3"],
            [
                "context_width": 4, "vocabulary_size": 1000, "context_history": 1024, "depth": 3,
                "table_size": 65_536, "table_seed": 0,
            ])
        let scorer = WindowScorer(scheme)
        var random = SeededRandom(seed: 4)
        func ratio(_ cells: Range<UInt16>) -> Double {
            var test = RadioactivityTest(scorer, plannedCount: nil)
            for place in 0..<20_000 {
                add(
                    &test,
                    ProvenancePosition(
                        context: 1, pair: UInt64(place), score: 1,
                        cell: .random(in: cells, using: &random)))
            }
            return test.varianceRatio
        }
        // Even cells: 1 less what falls into full ones. A tenth of them: 1 + n (10 - 1) / 65,536.
        #expect(abs(ratio(0..<65_535) - 1) < 0.02)
        #expect(abs(ratio(0..<6554) - (1 + 20_000 * 9.0 / 65_536)) < 0.1)
        // Positions with the same 16 bits have the same score.
        let tokens = (0..<40_000).map { _ in UInt32.random(in: 0..<1000, using: &random) }
        var scores: [UInt16: Double] = [:]
        var same = 0
        for position in try scorer.closed(answer: tokens) {
            if let former = scores.updateValue(position.score, forKey: position.cell) {
                same += 1
                #expect(former == position.score)
            }
        }
        #expect(same > 1000)
    }
}
