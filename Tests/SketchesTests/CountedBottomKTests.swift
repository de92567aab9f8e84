import Sketches
import Testing

@Suite struct CountedBottomKTests {
    private static func sketch(_ keys: [UInt64], k: Int) -> CountedBottomK {
        var sketch = CountedBottomK()
        for key in keys { sketch.add(key, k: k) { "n\(key % 1000)" } }
        return sketch
    }

    private static func bytes(_ sketch: CountedBottomK) -> [UInt8] {
        var writer = ByteWriter()
        sketch.write(to: &writer)
        return writer.bytes
    }

    /// Keys with repeats, more distinct ones than any sketch here keeps.
    private static func keys(_ random: inout SplitMix) -> [UInt64] {
        let distinct = (0..<Int.random(in: 1...80, using: &random)).map { _ in random.next() }
        return (0..<300).map { _ in distinct.randomElement(using: &random)! }
    }

    @Test(arguments: UInt64(1)...20) func `keeps the k smallest keys with exact counts`(
        seed: UInt64
    ) {
        var random = SplitMix(seed: seed)
        let keys = Self.keys(&random)
        let k = Int.random(in: 1...64, using: &random)
        var counts: [UInt64: UInt32] = [:]
        for key in keys { counts[key, default: 0] += 1 }
        let expected = counts.sorted { $0.key < $1.key }.prefix(k)
        let sketch = Self.sketch(keys, k: k)
        #expect(sketch.entries.map(\.key) == expected.map(\.key), "seed \(seed)")
        #expect(sketch.entries.map(\.count) == expected.map(\.value), "seed \(seed)")
        #expect(sketch.isSaturated == (counts.count > k), "seed \(seed)")
    }

    @Test(arguments: UInt64(1)...30) func `any partition merged in any order gives the same bytes`(
        seed: UInt64
    ) {
        var random = SplitMix(seed: seed)
        let keys = Self.keys(&random)
        let k = Int.random(in: 1...64, using: &random)
        var parts = [[UInt64]](repeating: [], count: Int.random(in: 1...9, using: &random))
        for key in keys.shuffled(using: &random) {
            parts[Int.random(in: 0..<parts.count, using: &random)].append(key)
        }
        let merged = mergeInRandomOrder(parts.map { Self.sketch($0, k: k) }, using: &random) {
            $0.merge($1, k: k)
        }
        #expect(Self.bytes(merged) == Self.bytes(Self.sketch(keys, k: k)), "seed \(seed)")
    }

    @Test func `a saturated part makes the union saturated`() {
        var union = Self.sketch([1, 2], k: 2)
        union.merge(Self.sketch([1, 2, 3], k: 2), k: 2)
        #expect(union.isSaturated)
    }

    @Test func `counts stop at the largest value`() throws {
        var writer = ByteWriter()
        writer.varint(1 << 1)
        writer.word(7)
        writer.varint(UInt64(UInt32.max - 1))
        writer.string("")
        var reader = ByteReader(writer.bytes)
        var sketch = try CountedBottomK(from: &reader, k: 4, nameLimit: 8)
        sketch.merge(sketch, k: 4)
        sketch.add(7, k: 4)
        #expect(sketch.count(of: 7) == .max)
    }

    /// The mean of `runs` estimates has a standard error of 1 / sqrt((k - 2) runs); four of them are allowed.
    @Test(arguments: [(64, 1000), (64, 5000), (32, 300)])
    func `distinct keys are estimated without bias`(k: Int, distinct: Int) {
        let runs = 40
        var random = SplitMix(seed: 11)
        var sum = 0.0
        for _ in 0..<runs {
            sum += Self.sketch((0..<distinct).map { _ in random.next() }, k: k).distinct
        }
        let error = abs(sum / Double(runs) / Double(distinct) - 1)
        #expect(error < 4 / (Double((k - 2) * runs)).squareRoot(), "seed 11, k \(k)")
    }

    @Test func `distinct keys are exact until keys are dropped`() {
        #expect(Self.sketch([5, 9, 5, 1], k: 3).distinct == 3)
    }

    @Test(arguments: UInt64(1)...10) func `reads what it wrote`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let sketch = Self.sketch(Self.keys(&random), k: 20)
        var reader = ByteReader(Self.bytes(sketch))
        let copy = try CountedBottomK(from: &reader, k: 20, nameLimit: 8)
        #expect(copy == sketch, "seed \(seed)")
        #expect(reader.isAtEnd, "seed \(seed)")
    }

    @Test func `keys out of order are refused`() {
        var writer = ByteWriter()
        writer.varint(2 << 1)
        for key: UInt64 in [9, 9] {
            writer.word(key)
            writer.varint(1)
            writer.string("")
        }
        #expect(throws: ByteCodingError.self) {
            var reader = ByteReader(writer.bytes)
            _ = try CountedBottomK(from: &reader, k: 4, nameLimit: 8)
        }
    }

    @Test func `more entries than k are refused`() {
        let bytes = Self.bytes(Self.sketch([1, 2, 3], k: 3))
        #expect(throws: ByteCodingError.self) {
            var reader = ByteReader(bytes)
            _ = try CountedBottomK(from: &reader, k: 2, nameLimit: 8)
        }
    }

    @Test(arguments: UInt64(1)...20) func `damaged bytes never trap`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let whole = Self.bytes(Self.sketch(Self.keys(&random), k: 20))
        for cut in 0..<whole.count {
            #expect(throws: ByteCodingError.self, "seed \(seed), cut at \(cut)") {
                var reader = ByteReader(Array(whole[..<cut]))
                _ = try CountedBottomK(from: &reader, k: 20, nameLimit: 8)
            }
        }
        for _ in 0..<50 {
            var damaged = whole
            damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8(
                truncatingIfNeeded: random.next())
            var reader = ByteReader(damaged)
            if var sketch = try? CountedBottomK(from: &reader, k: 20, nameLimit: 8) {
                sketch.merge(sketch, k: 20)
                #expect(sketch.entries.count <= 20, "seed \(seed)")
            }
        }
    }
}
