import Sketches
import Testing

@Suite struct TimeHistogramTests {
    private static func histogram(_ times: [Int64], capacity: Int) -> TimeHistogram {
        var histogram = TimeHistogram()
        for time in times { histogram.add(seconds: time, capacity: capacity) }
        return histogram
    }

    /// Times over a span of a few hours to a few years.
    private static func times(_ random: inout SplitMix) -> [Int64] {
        let span = Int64(3600) << Int64.random(in: 1...14, using: &random)
        return (0..<200).map { _ in 1_776_816_000 + Int64.random(in: 0..<span, using: &random) }
    }

    @Test(arguments: UInt64(1)...20) func `the level is the smallest at which all hours fit`(
        seed: UInt64
    ) {
        var random = SplitMix(seed: seed)
        let times = Self.times(&random)
        let capacity = Int.random(in: 2...60, using: &random)
        var level: Int64 = 0
        while Set(times.map { $0 / (3600 << level) }).count > capacity { level += 1 }
        var expected: [Int64: UInt32] = [:]
        for time in times { expected[time / (3600 << level), default: 0] += 1 }
        let histogram = Self.histogram(times, capacity: capacity)
        #expect(Int64(histogram.level) == level, "seed \(seed)")
        let sorted = expected.sorted { $0.key < $1.key }
        #expect(histogram.buckets.map { Int64($0.index) } == sorted.map(\.key), "seed \(seed)")
        #expect(histogram.buckets.map(\.count) == sorted.map(\.value), "seed \(seed)")
    }

    @Test(arguments: UInt64(1)...30) func `any partition merged in any order is equal`(
        seed: UInt64
    ) {
        var random = SplitMix(seed: seed)
        let times = Self.times(&random)
        let capacity = Int.random(in: 2...60, using: &random)
        var parts = [[Int64]](repeating: [], count: Int.random(in: 1...9, using: &random))
        for time in times.shuffled(using: &random) {
            parts[Int.random(in: 0..<parts.count, using: &random)].append(time)
        }
        let merged = mergeInRandomOrder(
            parts.map { Self.histogram($0, capacity: capacity) }, using: &random
        ) { $0.merge($1, capacity: capacity) }
        #expect(merged == Self.histogram(times, capacity: capacity), "seed \(seed)")
    }

    @Test func `a bucket begins at or before its events, also before 1970`() {
        var starts: [Int64] = []
        Self.histogram([-1, 0, 3599, 3600], capacity: 8).forEach { start, _ in
            starts.append(start)
        }
        #expect(starts == [-3600, 0, 3600])
    }

    @Test(arguments: UInt64(1)...10) func `reads what it wrote`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let histogram = Self.histogram(Self.times(&random), capacity: 40)
        var writer = ByteWriter()
        histogram.write(to: &writer)
        var reader = ByteReader(writer.bytes)
        #expect(try TimeHistogram(from: &reader, capacity: 40) == histogram, "seed \(seed)")
        #expect(reader.isAtEnd, "seed \(seed)")
    }

    @Test func `buckets out of order are refused`() {
        var writer = ByteWriter()
        writer.varint(0)
        writer.varint(2)
        for _ in 0..<2 {
            writer.signed(0)
            writer.varint(1)
        }
        #expect(throws: ByteCodingError.self) {
            var reader = ByteReader(writer.bytes)
            _ = try TimeHistogram(from: &reader, capacity: 8)
        }
    }

    @Test(arguments: UInt64(1)...10) func `damaged bytes never trap`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        var writer = ByteWriter()
        Self.histogram(Self.times(&random), capacity: 40).write(to: &writer)
        for _ in 0..<300 {
            var damaged = writer.bytes
            for _ in 0..<3 {
                damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8(
                    truncatingIfNeeded: random.next())
            }
            var reader = ByteReader(damaged)
            if var histogram = try? TimeHistogram(from: &reader, capacity: 40) {
                var starts: [Int64] = []
                histogram.merge(histogram, capacity: 40)
                histogram.forEach { start, _ in starts.append(start) }
                #expect(starts == starts.sorted(), "seed \(seed)")
            }
        }
    }

    @Test func `the farthest bucket of the coarsest level does not trap`() {
        var writer = ByteWriter()
        writer.varint(24)
        writer.varint(1)
        writer.signed(Int64(Int32.max))
        writer.varint(1)
        var reader = ByteReader(writer.bytes)
        if let histogram = try? TimeHistogram(from: &reader, capacity: 8) {
            histogram.forEach { start, _ in #expect(start > 0) }
        }
    }
}
