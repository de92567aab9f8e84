/// Hashing of byte runs and integers, the same on every machine and in every release.
///
/// Serialised sketches hold these hashes, so the functions are part of the profile format: a change needs a new
/// format version. Not for adversarial tables: an attacker who can choose inputs can find collisions.
public enum Hash64 {
    /// The finaliser of MurmurHash3: a bijection on 64-bit words with full avalanche.
    @inlinable public static func mix(_ value: UInt64) -> UInt64 {
        var h = value
        h ^= h &>> 33
        h = h &* 0xff51_afd7_ed55_8ccd
        h ^= h &>> 33
        h = h &* 0xc4ce_b9fe_1a85_ec53
        h ^= h &>> 33
        return h
    }

    /// Hash of an ordered pair.
    @inlinable public static func combine(_ a: UInt64, _ b: UInt64) -> UInt64 {
        mix(a ^ (mix(b) &+ 0x9e37_79b9_7f4a_7c15 &+ (a &<< 6) &+ (a &>> 2)))
    }

    /// Hash of `count` bytes at `base`. Reads 8 bytes a step.
    @inlinable public static func bytes(
        _ base: UnsafePointer<UInt8>?, count: Int, seed: UInt64 = 0
    ) -> UInt64 {
        var h = seed ^ (UInt64(truncatingIfNeeded: count) &* 0x9e37_79b9_7f4a_7c15)
        guard let base, count > 0 else { return mix(h) }
        let raw = UnsafeRawPointer(base)
        var offset = 0
        while offset &+ 8 <= count {
            let word = UInt64(
                littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let product = (h ^ word).multipliedFullWidth(by: 0xa076_1d64_78bd_642f)
            h = product.high ^ product.low ^ word.byteSwapped
            offset &+= 8
        }
        if offset < count {
            var tail: UInt64 = 0
            var shift: UInt64 = 0
            while offset < count {
                tail |= UInt64(base[offset]) &<< shift
                shift &+= 8
                offset &+= 1
            }
            let product = (h ^ tail).multipliedFullWidth(by: 0xe703_7ed1_a0b4_28db)
            h = product.high ^ product.low
        }
        return mix(h)
    }

    /// Hash of a string's UTF-8.
    public static func string(_ text: String, seed: UInt64 = 0) -> UInt64 {
        var copy = text
        return copy.withUTF8 { bytes($0.baseAddress, count: $0.count, seed: seed) }
    }
}
