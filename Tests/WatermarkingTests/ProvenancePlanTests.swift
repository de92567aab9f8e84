import Foundation
import Testing

@testable import Watermarking

struct ProvenancePlanTests {
    @Test func thePublishedCurveIsMet() {
        let curve = ShiftCurve(markedShare: 0.05, exponent: 1, strength: 1)
        for point in ShiftCurve.published {
            let z = curve.shift(point.count) * point.count.squareRoot()
            #expect(abs(NormalTail.logUpper(z) * log10(M_E) - point.log10P) < 1e-6)
        }
        let twice = ShiftCurve(markedShare: 0.1, exponent: 1, strength: 1)
        #expect(abs(twice.shift(30_000) / curve.shift(30_000) - 2) < 1e-9)
    }

    @Test func theNormalApproximationIsMetForSmallShifts() throws {
        // n = ((z_alpha + z_power) / shift)^2, for a test of a mean.
        let shift = 0.03
        let plan = ProvenancePlan(
            null: .bernoulli(0.25), shifts: ShiftCurve(constant: shift), alpha: 1e-6, power: 0.9,
            runs: 200)
        let fixed = try #require(plan.fixedCount)
        let expected = pow((4.7534 + 1.2816) / shift, 2)
        #expect(abs(Double(fixed) / expected - 1) < 0.05)
        let anytime = try #require(plan.anytimeCount)
        #expect(anytime > fixed && anytime < 3 * fixed)
        let interval = try #require(plan.anytimeInterval)
        #expect(interval.contains(anytime))
    }

    @Test func noShiftHasNoPlan() {
        let plan = ProvenancePlan(
            null: .exponential, shifts: ShiftCurve(constant: 0), alpha: 1e-6, power: 0.9, runs: 20)
        #expect(plan.fixedCount == nil)
        #expect(plan.anytimeCount == nil)
    }

    @Test func oneSeedGivesOnePlan() {
        func plan(_ seed: UInt64) -> Int? {
            ProvenancePlan(
                null: .exponential, shifts: ShiftCurve(constant: 0.1), alpha: 1e-6, power: 0.9,
                runs: 100, seed: seed
            ).anytimeCount
        }
        #expect(plan(3) == plan(3))
    }
}
