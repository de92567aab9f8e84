import CPCRE2

/// Scalars that PCRE2's Unicode tables and those of `tokenizers` tell apart: assigned in one, not
/// yet in the other.
///
/// Oniguruma and Rust's `regex` in `tokenizers` 0.23 follow Unicode 16; PCRE2 follows the version
/// it was built for (14 in Debian 12). A pattern only asks for general categories, so each such
/// scalar can stand in the text that PCRE2 sees as another one of the same category and length, and
/// every match is where it should be.
struct RecentScalars: Sendable {
    /// The Unicode version of `tokenizers` 0.23.
    static let reference = UnicodeVersion(major: 16, minor: 0)
    /// For this process's PCRE2.
    static let current = RecentScalars(library: .ofPCRE2)

    /// No assigned scalar that a category matters for lies above; what does is in none of the
    /// planes that grow.
    private static let end: UInt32 = 0x40000
    /// Bit n: scalar n has a stand-in.
    private let isRecent: [UInt64]
    private let standIns: [UInt32: UInt32]
    /// The lowest scalar with a stand-in.
    private let lowest: UInt32

    /// Compares `library`'s version with the reference.
    init(library: UnicodeVersion) {
        var bits = [UInt64](repeating: 0, count: Int(Self.end) / 64)
        var standIns: [UInt32: UInt32] = [:]
        if library != Self.reference {
            let (older, newer) = (min(library, Self.reference), max(library, Self.reference))
            var oldest: [Kind: UInt32] = [:]
            var recent: [(scalar: UInt32, kind: Kind)] = []
            for value in UInt32(0x80)..<Self.end {
                guard let scalar = Unicode.Scalar(value), let age = UnicodeVersion(of: scalar)
                else {
                    continue
                }
                let category = scalar.properties.generalCategory
                let kind = Kind(category: category, length: scalar.utf8.count)
                if age <= older {
                    if oldest[kind] == nil { oldest[kind] = value }
                } else if age <= newer {
                    recent.append((value, kind))
                }
            }
            for (value, kind) in recent {
                // What the reference does not know yet is unassigned to it.
                let wanted =
                    library < Self.reference
                    ? kind : Kind(category: .unassigned, length: kind.length)
                guard let standIn = oldest[wanted] else { continue }
                bits[Int(value >> 6)] |= 1 << (value & 63)
                standIns[value] = standIn
            }
        }
        isRecent = bits
        lowest = standIns.keys.min() ?? .max
        self.standIns = standIns
    }

    private struct Kind: Hashable {
        let category: Unicode.GeneralCategory
        let length: Int
    }

    /// Whether a pattern that names `ranges` would tell a scalar from its stand-in.
    func areSeparated(by ranges: [ClosedRange<UInt32>]) -> Bool {
        ranges.contains { range in
            standIns.contains { range.contains($0.key) != range.contains($0.value) }
        }
    }

    /// Whether `text`, in valid UTF-8, holds a scalar with a stand-in.
    func occur(in text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let base = text.baseAddress, lowest != .max else { return false }
        var index = 0
        while index < text.count {
            if index + 8 <= text.count,
                UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self)
                    & 0x8080_8080_8080_8080 == 0
            {
                index += 8
                continue
            }
            let lead = base[index]
            if lead < 0xE0 {
                index += lead < 0x80 ? 1 : 2
                continue
            }
            let (value, length) = UTF8Text.scalar(base + index)
            if hasStandIn(value) { return true }
            index += length
        }
        return false
    }

    @inline(__always)
    private func hasStandIn(_ value: UInt32) -> Bool {
        value >= lowest && value < Self.end && isRecent[Int(value >> 6)] >> (value & 63) & 1 == 1
    }

    /// `text` with every scalar that has a stand-in replaced by it; as many bytes as before.
    func replaced(in text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        guard let base = text.baseAddress else { return bytes }
        var index = 0
        while index < text.count {
            let (value, length) = UTF8Text.scalar(base + index)
            UTF8Text.append(standIns[value] ?? value, to: &bytes)
            index += length
        }
        return bytes
    }
}

/// A version of the Unicode Standard.
struct UnicodeVersion: Comparable, Sendable {
    let major: Int
    let minor: Int

    init(major: Int, minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// The version in which `scalar` was assigned.
    init?(of scalar: Unicode.Scalar) {
        guard let age = scalar.properties.age else { return nil }
        self.init(major: age.major, minor: age.minor)
    }

    /// That of the PCRE2 library.
    static let ofPCRE2: UnicodeVersion = {
        var text = [UInt8](repeating: 0, count: 64)
        guard pcre2_config_8(UInt32(PCRE2_CONFIG_UNICODE_VERSION), nil) <= 64,
            pcre2_config_8(UInt32(PCRE2_CONFIG_UNICODE_VERSION), &text) > 0
        else { return RecentScalars.reference }
        let parts = String(decoding: text.prefix { $0 != 0 }, as: UTF8.self).split(separator: ".")
            .compactMap { Int($0) }
        return parts.count < 2
            ? RecentScalars.reference : UnicodeVersion(major: parts[0], minor: parts[1])
    }()

    static func < (one: UnicodeVersion, other: UnicodeVersion) -> Bool {
        (one.major, one.minor) < (other.major, other.minor)
    }
}
