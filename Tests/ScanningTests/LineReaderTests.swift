import Testing

@testable import Scanning

/// Hands out bytes in pieces of random length.
private final class PieceSource: ByteSource {
    private let bytes: [UInt8]
    private var position = 0
    private var random: SplitMix
    var consumed: Int64 { Int64(position) }

    init(_ bytes: [UInt8], seed: UInt64) {
        self.bytes = bytes
        random = SplitMix(seed: seed)
    }

    func read(into destination: UnsafeMutablePointer<UInt8>, count: Int) -> Int {
        let wanted = min(count, bytes.count - position, Int.random(in: 1...9, using: &random))
        for index in 0..<wanted { destination[index] = bytes[position + index] }
        position += wanted
        return wanted
    }
}

@Suite struct LineReaderTests {
    private struct Found: Equatable {
        var text: String
        var offset: Int64
        var isUnterminated = false
        var isTooLong = false
    }

    private func lines(_ text: String, limit: Int = 100, seed: UInt64 = 1) throws -> [Found] {
        let reader = LineReader(PieceSource(Array(text.utf8), seed: seed), offset: 0, limit: limit)
        var found: [Found] = []
        while let line = try reader.next() {
            found.append(
                Found(
                    text: String(decoding: line.bytes, as: UTF8.self), offset: line.offset,
                    isUnterminated: line.isUnterminated, isTooLong: line.isTooLong))
        }
        return found
    }

    @Test func `carriage returns are cut, and an unfinished last line is told`() throws {
        #expect(
            try lines("ab\r\n\ncd") == [
                Found(text: "ab", offset: 0), Found(text: "", offset: 4),
                Found(text: "cd", offset: 5, isUnterminated: true),
            ])
    }

    @Test func `an empty input has no line`() throws { #expect(try lines("").isEmpty) }

    @Test func `a line over the limit is told, and the next one is read`() throws {
        let long = String(repeating: "x", count: 50)
        #expect(
            try lines("a\n\(long)\nb\n", limit: 8) == [
                Found(text: "a", offset: 0), Found(text: "", offset: 2, isTooLong: true),
                Found(text: "b", offset: 53),
            ])
    }

    @Test(arguments: UInt64(1)...20) func `pieces of any length give the same lines`(
        seed: UInt64
    ) throws {
        var random = SplitMix(seed: seed)
        let texts = (0..<60).map { _ in
            String(repeating: "y", count: Int(random.next() % 30))
        }
        let found = try lines(texts.joined(separator: "\n") + "\n", seed: seed)
        #expect(found.map(\.text) == texts, "seed \(seed)")
    }
}
