import Testing

@testable import CaseFiles

@Suite struct ReadableTests {
    @Test(arguments: [
        (0, "0"), (999, "999"), (1234, "1,234"), (28_800_000, "28,800,000"), (-1234, "−1,234"),
    ])
    func separatesThousands(value: Int, text: String) { #expect(Readable.count(value) == text) }

    @Test(
        arguments: [
            (3.1e-9, "3.1 × 10⁻⁹"), (0.01, "0.01"), (0.000_72, "7.2 × 10⁻⁴"), (0.0012, "0.0012"),
            (1, "1"), (0, "below 10⁻³⁰⁰"), (.leastNonzeroMagnitude, "5 × 10⁻³²⁴"), (0.999, "1"),
            (9.96e-5, "1 × 10⁻⁴"),
        ] as [(Double, String)])
    func writesProbabilities(value: Double, text: String) {
        #expect(Readable.probability(value) == text)
    }

    @Test(
        arguments: [
            (0.93, "93%"), (0.004, "0.4%"), (0.0004, "under 0.1%"), (1, "100%"), (0, "0%"),
            (0.9996, "over 99.9%"), (0.01, "1%"), (0.125, "13%"), (0.064, "6.4%"),
        ] as [(Double, String)])
    func writesPercentages(value: Double, text: String) { #expect(Readable.percent(value) == text) }

    @Test(
        arguments: [
            (1, "1"), (0.041, "0.041"), (12.346, "12.3"), (1234.5, "1,235"), (1e20, "1 × 10²⁰"),
            (-2.5, "−2.5"), (999.9, "1000"), (1e-5, "1 × 10⁻⁵"), (.infinity, "∞"),
        ] as [(Double, String)])
    func writesNumbers(value: Double, text: String) { #expect(Readable.number(value) == text) }

    @Test(
        arguments: [
            (999_999, "1 million"), (999_000, "999,000"), (28_812_345, "28.8 million"),
            (999_900_000, "1 billion"), (4, "4"),
        ] as [(Int64, String)])
    func writesLargeNumbers(value: Int64, text: String) { #expect(Readable.large(value) == text) }

    @Test func writesMoneyAndSizes() {
        #expect(Readable.dollars(12_340.4) == "$12,340")
        #expect(Readable.dollars(3.05) == "$3.05")
        #expect(Readable.dollars(0.001) == "under $0.01")
        #expect(Readable.bytes(512) == "512 bytes")
        #expect(Readable.bytes(48_213_441_902) == "48.2 GB")
        #expect(Readable.oneIn(3.1e-9) == "about once in 320 million")
        #expect(Readable.oneIn(0.05) == "about once in 20")
    }

    @Test(
        arguments: [
            (0, "1970-01-01 00:00"), (-1, "1969-12-31 23:59"),
            (1_776_816_000_000_000, "2026-04-22 00:00"),
            (951_782_400_000_000, "2000-02-29 00:00"), (4_107_542_399_999_999, "2100-02-28 23:59"),
        ] as [(Int64, String)])
    func writesTimes(microseconds: Int64, text: String) {
        #expect(EventTime.text(microseconds, .minute) == text)
    }

    @Test(
        arguments: [
            (0, "0 seconds"), (59, "59 seconds"), (3600, "1 hour"), (90_061, "1 day 1 hour"),
            (86_460, "1 day"), (7_261, "2 hours 1 minute"),
        ] as [(Int64, String)])
    func writesDurations(seconds: Int64, text: String) {
        #expect(EventTime.duration(seconds: seconds) == text)
    }
}
