#if canImport(Glibc)
    import Glibc
#endif

/// The ids of words met lately. Of fixed size: a word takes the place of another one.
final class WordCache {
    /// Bytes of the longest word kept.
    static let longestWord = 32
    private static let mostIDs = 7
    /// Words kept; a power of two. In all 1 MiB, so that it stays in the processor's cache.
    private static let words = 1 << 14
    /// Of a word: its length and kind, the number of ids, the ids from byte 4 on, its bytes from
    /// byte 32 on.
    private static let stride = 64

    private let slots: UnsafeMutableRawPointer
    private let hash = ByteHash()

    init() {
        slots = .allocate(byteCount: Self.words * Self.stride, alignment: Self.stride)
        slots.initializeMemory(as: UInt8.self, repeating: 0, count: Self.words * Self.stride)
    }

    deinit { slots.deallocate() }

    /// The place of a word of 1 to `longestWord` bytes. A part of a word is another thing than a
    /// word of the same bytes.
    @inline(__always)
    func place(_ word: UnsafeBufferPointer<UInt8>, isPart: Bool) -> Int {
        guard let base = word.baseAddress else { return 0 }
        let hash = hash.hash(base, word.count) &+ (isPart ? 0x9E37 : 0)
        return Int(truncatingIfNeeded: hash >> 20) & (Self.words - 1)
    }

    @inline(__always)
    private static func mark(_ word: UnsafeBufferPointer<UInt8>, _ isPart: Bool) -> UInt8 {
        UInt8(truncatingIfNeeded: word.count) | (isPart ? 0x80 : 0)
    }

    /// Appends the word's ids if they are at `place`.
    @inline(__always)
    func take(
        _ word: UnsafeBufferPointer<UInt8>, isPart: Bool, at place: Int, into ids: inout [UInt32]
    ) -> Bool {
        let slot = slots + place * Self.stride
        guard slot.load(as: UInt8.self) == Self.mark(word, isPart), let base = word.baseAddress,
            memcmp(slot + 32, base, word.count) == 0
        else { return false }
        let count = Int(slot.load(fromByteOffset: 1, as: UInt8.self))
        for index in 0..<count {
            ids.append(slot.load(fromByteOffset: 4 + 4 * index, as: UInt32.self))
        }
        return true
    }

    /// Keeps the word's ids at `place`, unless they are too many.
    func keep(
        _ word: UnsafeBufferPointer<UInt8>, isPart: Bool, at place: Int, _ ids: ArraySlice<UInt32>
    ) {
        guard ids.count <= Self.mostIDs, let base = word.baseAddress else { return }
        let slot = slots + place * Self.stride
        slot.storeBytes(of: Self.mark(word, isPart), as: UInt8.self)
        slot.storeBytes(of: UInt8(ids.count), toByteOffset: 1, as: UInt8.self)
        for (index, id) in ids.enumerated() {
            slot.storeBytes(of: id, toByteOffset: 4 + 4 * index, as: UInt32.self)
        }
        memcpy(slot + 32, base, word.count)
    }
}
