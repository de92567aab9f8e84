import CCompression
import Detection
import Foundation
import Testing

@testable import Scanning

extension Packed {
    /// One Zstandard frame, with its unpacked size in it or without.
    static func frame(_ bytes: [UInt8], withSize: Bool = true, checksum: Bool = true) -> [UInt8] {
        let context = ZSTD_createCCtx()
        defer { ZSTD_freeCCtx(context) }
        ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, withSize ? 1 : 0)
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, checksum ? 1 : 0)
        var output = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
        let count = ZSTD_compress2(context, &output, output.count, bytes, bytes.count)
        precondition(ZSTD_isError(count) == 0)
        return Array(output[..<count])
    }

    /// A frame that readers skip (RFC 8878, 3.1.2).
    static func skippable(_ bytes: [UInt8]) -> [UInt8] {
        [0x53, 0x2a, 0x4d, 0x18] + littleEndian(bytes.count, 4) + bytes
    }

    static func littleEndian(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// One block of BGZF (SAM specification, 4.1): a gzip member that says how long it is.
    static func block(_ bytes: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        deflateInit2_(
            &stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        defer { deflateEnd(&stream) }
        var input = bytes
        var output = [UInt8](repeating: 0, count: bytes.count + 1024)
        let count = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                deflate(&stream, Z_FINISH)
                return target.count - Int(stream.avail_out)
            }
        }
        let head: [UInt8] = [
            0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 6, 0, 0x42, 0x43, 2, 0,
        ]
        let size = head.count + 2 + count + 8
        precondition(size <= 1 << 16)
        return head + littleEndian(size - 1, 2) + output[..<count]
            + littleEndian(Int(crc32(0, bytes, UInt32(bytes.count))), 4)
            + littleEndian(bytes.count, 4)
    }
}

@Suite struct PackedBlocksTests {
    private static let plain: ScanResult = {
        let folder = Folder()
        return try! SmallLog.scan(try! folder.write("a.jsonl", SmallLog.bytes))
    }()

    /// The log cut at random bytes: mostly inside lines, some before or after a line feed, some next to each other.
    private static func cut(
        _ bytes: [UInt8], longest: Int, _ random: inout SplitMix
    ) -> [[UInt8]] {
        let feeds = bytes.indices.filter { bytes[$0] == 0x0a }
        var cuts: Set<Int> = [0, bytes.count]
        for _ in 0..<40 {
            let feed = feeds.randomElement(using: &random)!
            cuts.insert(Int.random(in: 0...bytes.count, using: &random))
            cuts.insert([feed, feed + 1].randomElement(using: &random)!)
        }
        // A line of 3,000 bytes over several parts, of which some hold no line feed and some one byte.
        let long = feeds.indices.dropFirst().first { feeds[$0] - feeds[$0 - 1] > 3000 }!
        for offset in [1, 2, 900, 1800, 2990] { cuts.insert(feeds[long - 1] + offset) }
        var ordered = cuts.sorted()
        var index = 1
        while index < ordered.count {
            if ordered[index] - ordered[index - 1] > longest {
                ordered.insert(ordered[index - 1] + longest, at: index)
            }
            index += 1
        }
        return zip(ordered, ordered.dropFirst()).map { Array(bytes[$0..<$1]) }
    }

    private static func frames(seed: UInt64, withSize: Bool = true) -> [[UInt8]] {
        var random = SplitMix(seed: seed)
        var frames: [[UInt8]] = []
        for part in cut(SmallLog.bytes, longest: .max, &random) {
            if random.next() % 6 == 0 { frames.append(Packed.frame([], withSize: true)) }
            if random.next() % 6 == 0 { frames.append(Packed.skippable(Array("a\nb\n".utf8))) }
            frames.append(
                Packed.frame(part, withSize: withSize, checksum: random.next() % 2 == 0))
        }
        return frames + [Packed.frame([]), Packed.skippable([])]
    }

    private static func blocks(seed: UInt64) -> [[UInt8]] {
        var random = SplitMix(seed: seed)
        var blocks: [[UInt8]] = []
        for part in cut(SmallLog.bytes, longest: 60_000, &random) {
            if random.next() % 6 == 0 { blocks.append(Packed.block([])) }
            blocks.append(Packed.block(part))
        }
        // What bgzip ends a file with.
        return blocks + [Packed.block([])]
    }

    @Test(arguments: UInt64(1)...4, ["zst", "gz"])
    func `frames and blocks cut anywhere give what the plain file gives`(
        seed: UInt64, ending: String
    ) throws {
        let folder = Folder()
        let packed = ending == "zst" ? Self.frames(seed: seed) : Self.blocks(seed: seed)
        let path = try folder.write("a.jsonl.\(ending)", packed.joined())
        let found = try #require(try PackedBlocks(InputSet([path]).files[0])).blocks
        #expect(found.count == packed.count)
        #expect(found.map(\.packedCount) == packed.map { Int64($0.count) })
        #expect(found.last.map { $0.start + $0.count } == Int64(SmallLog.bytes.count))
        var random = SplitMix(seed: seed)
        for rangeBytes: Int64 in [1, 700, 20_000, 1 << 30] {
            let (result, pieces) = try SmallLog.scan(path, rangeBytes: rangeBytes, &random)
            expectSame(result, Self.plain, "\(rangeBytes) bytes a piece, seed \(seed)")
            #expect(rangeBytes > 20_000 ? pieces == 2 : pieces > 8, "seed \(seed)")
        }
        for threads in [1, 4] {
            expectSame(
                try SmallLog.scan(path, threads: threads), Self.plain,
                "\(threads) threads, seed \(seed)")
        }
        #expect(Self.plain.bad.map(\.count) == [1, 2], "bad records are among them")
    }

    /// More than one piece of the size that a scan cuts.
    @Test(arguments: ["zst", "gz"]) func `a large file is read in several pieces`(
        ending: String
    ) throws {
        var bytes: [UInt8] = []
        while bytes.count < 34 << 20 { bytes += SmallLog.bytes + [0x0a] }
        let folder = Folder()
        let path = try folder.write("a.jsonl", bytes)
        let step = ending == "zst" ? 1_000_003 : 60_000
        let packed = stride(from: 0, to: bytes.count, by: step).flatMap { start in
            let part = Array(bytes[start..<min(start + step, bytes.count)])
            return ending == "zst" ? Packed.frame(part) : Packed.block(part)
        }
        let packedPath = try folder.write("b.jsonl.\(ending)", packed)
        expectSame(
            try SmallLog.scan(packedPath, threads: 3), try SmallLog.scan(path, threads: 2), ending)
    }

    @Test func `frames that do not say their size, and plain gzip members, are read as a stream`()
        throws
    {
        let folder = Folder()
        let half = SmallLog.bytes.count / 2
        let halves = [Array(SmallLog.bytes[..<half]), Array(SmallLog.bytes[half...])]
        let paths = [
            try folder.write(
                "a.jsonl.zst", Self.frames(seed: 1, withSize: false).joined()),
            try folder.write("b.jsonl.gz", halves.flatMap { Packed.gzip($0) }),
            // One frame leaves nothing to deal out.
            try folder.write("c.jsonl.zst", Packed.frame(SmallLog.bytes)),
        ]
        for path in paths {
            #expect(try PackedBlocks(InputSet([path]).files[0]) == nil)
            expectSame(try SmallLog.scan(path, threads: 4), Self.plain, path)
        }
    }

    @Test(arguments: ["zst", "gz"]) func `damage in the middle is an error that names the file`(
        ending: String
    ) throws {
        let folder = Folder()
        let packed =
            ending == "zst"
            ? Self.frames(seed: 2).map { $0 } : Self.blocks(seed: 2)
        // A large one in the middle: its head, its data, its end.
        let place = try #require(
            packed.indices.filter { $0 > 5 && $0 < packed.count - 5 }.max {
                packed[$0].count < packed[$1].count
            })
        let size = packed[place].count
        // The data's first bytes tell the sizes of what follows; Zstandard without a checksum does not notice all.
        for offset in [0, 1, size / 3, size / 2, size - 3] {
            var damaged = packed
            damaged[place][offset] ^= 0xff
            if offset == size - 3, ending == "zst" {
                // Cut instead: what is there may be data.
                damaged[place].removeLast(3)
            }
            let path = try folder.write("a\(offset).jsonl.\(ending)", damaged.joined())
            var random = SplitMix(seed: 1)
            for rangeBytes: Int64 in [5000, 1 << 30] {
                do {
                    let found = try SmallLog.scan(path, rangeBytes: rangeBytes, &random).result
                    // Without a checksum a flipped byte can be read as another text.
                    #expect(
                        ending == "zst" && found.profiles != Self.plain.profiles,
                        "byte \(offset) of \(size)")
                } catch let error as ScanError {
                    guard case .damaged(let named, _, _) = error else {
                        Issue.record("\(error)")
                        continue
                    }
                    #expect(named == path)
                    #expect("\(error)".contains(path))
                }
            }
        }
    }

    @Test func `sizes that are not true, or sum to more than there can be, are damage`() throws {
        let folder = Folder()
        // A single segment whose size takes eight bytes, then one empty last block.
        func lying(_ size: Int64) -> [UInt8] {
            [0x28, 0xb5, 0x2f, 0xfd, 0xe0] + Packed.littleEndian(Int(size), 8) + [1, 0, 0]
        }
        for sizes in [[Int64.max, .max], [5, 7], [1 << 62, 1 << 62, 1 << 62]] {
            let path = try folder.write("a.jsonl.zst", sizes.flatMap(lying))
            do {
                _ = try SmallLog.scan(path, threads: 2)
                Issue.record("\(sizes) were believed")
            } catch let error as ScanError {
                guard case .damaged(let named, _, _) = error else {
                    Issue.record("\(error)")
                    continue
                }
                #expect(named == path)
            }
        }
    }
}
