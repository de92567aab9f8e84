import Sketches
import Testing

@Suite struct ByteCodingTests {
    @Test(arguments: [0, 1, 127, 128, 300, UInt64(UInt32.max), .max - 1, .max])
    func `varints are read as written`(value: UInt64) throws {
        var writer = ByteWriter()
        writer.varint(value)
        var reader = ByteReader(writer.bytes)
        #expect(try reader.varint() == value)
        #expect(reader.isAtEnd)
    }

    @Test(arguments: [0, -1, 1, Int64.min, Int64.max, -123_456])
    func `signed integers are read as written`(value: Int64) throws {
        var writer = ByteWriter()
        writer.signed(value)
        var reader = ByteReader(writer.bytes)
        #expect(try reader.signed() == value)
    }

    @Test func `words and strings are read as written`() throws {
        var writer = ByteWriter()
        writer.word(0x0102_0304_0506_0708)
        writer.word32(0x090a_0b0c)
        writer.string("naïve 漢字")
        #expect(writer.bytes.prefix(4) == [8, 7, 6, 5])
        var reader = ByteReader(writer.bytes)
        #expect(try reader.word() == 0x0102_0304_0506_0708)
        #expect(try reader.word32() == 0x090a_0b0c)
        #expect(try reader.string(limit: 64) == "naïve 漢字")
    }

    @Test func `a varint of more than 64 bits is refused`() {
        #expect(throws: ByteCodingError.invalid(what: "varint", offset: 0)) {
            var reader = ByteReader([UInt8](repeating: 0xff, count: 9) + [2])
            _ = try reader.varint()
        }
    }

    @Test func `a length past the end is refused with its offset`() {
        #expect(throws: ByteCodingError.truncated(offset: 1)) {
            var reader = ByteReader([9, 65, 66])
            _ = try reader.string(limit: 64)
        }
    }

    @Test func `a length above the limit is refused before it is believed`() {
        #expect(throws: ByteCodingError.invalid(what: "string length", offset: 0)) {
            var writer = ByteWriter()
            writer.varint(.max)
            var reader = ByteReader(writer.bytes)
            _ = try reader.string(limit: 64)
        }
    }

    @Test(arguments: UInt64(1)...20) func `random reads of random bytes stay in bounds`(
        seed: UInt64
    ) {
        var random = SplitMix(seed: seed)
        for _ in 0..<100 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                Bool.random(using: &random) ? 0xff : UInt8(truncatingIfNeeded: random.next())
            }
            var reader = ByteReader(bytes)
            do {
                while !reader.isAtEnd {
                    switch random.next() % 7 {
                    case 0: _ = try reader.varint()
                    case 1: _ = try reader.signed()
                    case 2: _ = try reader.word()
                    case 3: _ = try reader.word32()
                    case 4: _ = try reader.varint32()
                    case 5: _ = try reader.count(limit: 1000, what: "things")
                    default: _ = try reader.string(limit: 16)
                    }
                }
            } catch {}
            #expect(reader.offset <= bytes.count, "seed \(seed)")
        }
    }
}
