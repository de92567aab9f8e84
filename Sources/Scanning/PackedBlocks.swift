import CCompression
import Glibc

/// Parts of a packed file that can be unpacked apart: Zstandard frames that say how long they are (RFC 8878, 3.1.1), as
/// `pzstd` and block-wise writers make them, or the blocks of BGZF, as `bgzip` does (gzip members whose extra field
/// gives their size; SAM specification, 4.1).
struct PackedBlocks: Equatable, Sendable {
    /// One part.
    struct Block: Equatable, Sendable {
        /// Its first byte in the file.
        let packedStart: Int64
        /// Bytes in the file.
        let packedCount: Int64
        /// Its first byte, unpacked.
        let start: Int64
        /// Bytes, unpacked.
        let count: Int64
    }

    /// The blocks, in order; they cover the file.
    let blocks: [Block]

    /// The blocks of a file; `nil` if it has fewer than two, or does not say how long they are.
    init?(_ file: InputFile) throws(ScanError) {
        guard file.isRegular, file.packing != .plain else { return nil }
        let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .system(operation: "open", path: file.path, errno: errno)
        }
        defer { close(descriptor) }
        var blocks: [Block] = []
        var packed: Int64 = 0
        var start: Int64 = 0
        while packed < file.size {
            let found =
                file.packing == .gzip
                ? Self.member(descriptor, at: packed) : Self.frame(descriptor, at: packed)
            // What cannot be told apart is read as one stream, which says what is wrong if something is.
            guard let found, found.packed > 0, packed + found.packed <= file.size else {
                return nil
            }
            blocks.append(
                Block(
                    packedStart: packed, packedCount: found.packed, start: start,
                    count: found.unpacked))
            packed += found.packed
            let (end, overflow) = start.addingReportingOverflow(found.unpacked)
            if overflow { return nil }
            start = end
        }
        guard blocks.count > 1 else { return nil }
        self.blocks = blocks
    }

    /// The block to go on with when all lines that begin before `position` were read: a share of blocks is read with the line
    /// that begins right behind it. `nil` if no block begins there.
    func position(after position: Int64) -> Int? {
        if position == 0 { return 0 }
        return blocks.firstIndex { $0.start == position - 1 && $0.start > 0 }
    }

    private static func bytes(_ descriptor: Int32, at offset: Int64, _ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var got = -1
        repeat {
            got = pread(descriptor, &bytes, count, off_t(offset))
        } while got < 0
            && errno == EINTR
        return got == count ? bytes : nil
    }

    private static func number(_ bytes: some Sequence<UInt8>) -> Int64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        for byte in bytes {
            value |= UInt64(byte) << shift
            shift += 8
        }
        return Int64(truncatingIfNeeded: value)
    }

    /// The sizes of the BGZF block at `offset`.
    private static func member(
        _ descriptor: Int32, at offset: Int64
    ) -> (packed: Int64, unpacked: Int64)? {
        guard let head = bytes(descriptor, at: offset, 18),
            head.starts(with: [0x1f, 0x8b, 8, 4]), head[10] == 6, head[11] == 0,
            head[12] == UInt8(ascii: "B"), head[13] == UInt8(ascii: "C"), head[14] == 2,
            head[15] == 0
        else { return nil }
        let packed = number(head[16...17]) + 1
        guard let size = bytes(descriptor, at: offset + packed - 4, 4) else { return nil }
        return (packed, number(size))
    }

    /// The sizes of the Zstandard frame at `offset`.
    private static func frame(
        _ descriptor: Int32, at offset: Int64
    ) -> (packed: Int64, unpacked: Int64)? {
        guard let magic = bytes(descriptor, at: offset, 8) else { return nil }
        if number(magic[0..<4]) & 0xffff_fff0 == 0x184d_2a50 {
            return (8 + number(magic[4..<8]), 0)
        }
        guard number(magic[0..<4]) == 0xfd2f_b528 else { return nil }
        let descriptorByte = magic[4]
        let isSingle = descriptorByte & 0x20 != 0
        let dictionary = [0, 1, 2, 4][Int(descriptorByte & 3)]
        let sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][Int(descriptorByte >> 6)]
        guard sizeBytes > 0 else { return nil }
        let sizeOffset = offset + 5 + (isSingle ? 0 : 1) + Int64(dictionary)
        guard let size = bytes(descriptor, at: sizeOffset, sizeBytes) else { return nil }
        let unpacked = number(size) + (sizeBytes == 2 ? 256 : 0)
        guard unpacked >= 0 else { return nil }
        var position = sizeOffset + Int64(sizeBytes)
        while true {
            guard let block = bytes(descriptor, at: position, 3) else { return nil }
            let head = number(block)
            // A run of one byte takes one byte, whatever its length.
            position += 3 + (head >> 1 & 3 == 1 ? 1 : head >> 3)
            if head & 1 == 1 { break }
        }
        if descriptorByte & 4 != 0 { position += 4 }
        return (position - offset, unpacked)
    }
}
