import Foundation

/// Decompositions, compositions and combining classes of Unicode 9.
///
/// Foundation is asked for the decomposition of each scalar once. Its own normalization is not
/// used: it follows a newer version of Unicode, and takes quadratic time on long runs of marks.
struct NormalizationTables: Sendable {
    /// A scalar and its canonical combining class.
    struct Ordered {
        let value: UInt32
        let combiningClass: UInt8
    }

    static let canonical = NormalizationTables { $0.decomposedStringWithCanonicalMapping }
    static let compatibility = NormalizationTables { $0.decomposedStringWithCompatibilityMapping }

    /// No scalar of Unicode 9 above it decomposes, composes, or has a combining class.
    static let end = 0x30000
    /// The version of the tables in `tokenizers` 0.23.
    private static let version = UnicodeVersion(major: 9, minor: 0)

    // Hangul syllables (Unicode 16, section 3.12).
    private static let syllables: Range<UInt32> = 0xAC00..<0xAC00 + 11172
    private static let leading: Range<UInt32> = 0x1100..<0x1100 + 19
    private static let vowels: Range<UInt32> = 0x1161..<0x1161 + 21
    private static let trailing: Range<UInt32> = 0x11A8..<0x11A8 + 27
    private static let trailings: UInt32 = 28

    private let classes: [UInt8]
    private let decompositions: [UInt32: [Ordered]]
    /// First scalar in the high half, second in the low one.
    private let compositions: [UInt64: UInt32]
    private let seconds: Set<UInt32>

    private init(decomposition: (String) -> String) {
        var classes = [UInt8](repeating: 0, count: Self.end)
        var known: [Unicode.Scalar] = []
        for value in UInt32(0xA0)..<UInt32(Self.end) {
            // Ideographs and symbols of these blocks neither decompose nor combine; asking takes
            // time.
            if 0x3400..<0xA000 ~= value || Self.syllables.contains(value)
                || value >= 0x20000 && value < 0x2F800
            {
                continue
            }
            guard let scalar = Unicode.Scalar(value), let age = UnicodeVersion(of: scalar),
                age <= Self.version
            else { continue }
            classes[Int(value)] = UInt8(
                clamping: scalar.properties.canonicalCombiningClass.rawValue)
            known.append(scalar)
        }
        var decompositions: [UInt32: [Ordered]] = [:]
        var compositions: [UInt64: UInt32] = [:]
        for scalar in known {
            let text = String(scalar)
            let whole = decomposition(text).unicodeScalars.map(\.value)
            if whole != [scalar.value] {
                decompositions[scalar.value] = whole.map {
                    Ordered(value: $0, combiningClass: $0 < UInt32(Self.end) ? classes[Int($0)] : 0)
                }
            }
            // Compositions are canonical in every form. Foundation knows what is excluded: it
            // composes back to itself only what may be composed.
            let canonical = Array(text.decomposedStringWithCanonicalMapping.unicodeScalars)
            guard canonical.count > 1, let last = canonical.last,
                Array(text.precomposedStringWithCanonicalMapping.unicodeScalars) == [scalar]
            else { continue }
            let before = String(String.UnicodeScalarView(canonical.dropLast()))
            let first = Array(before.precomposedStringWithCanonicalMapping.unicodeScalars)
            guard first.count == 1 else { continue }
            compositions[UInt64(first[0].value) << 32 | UInt64(last.value)] = scalar.value
        }
        self.classes = classes
        self.decompositions = decompositions
        self.compositions = compositions
        seconds = Set(compositions.keys.map { UInt32(truncatingIfNeeded: $0) })
    }

    /// Whether a scalar decomposes, combines, or composes with one before it.
    func mayChange(_ value: UInt32) -> Bool {
        classes[Int(value)] != 0 || decompositions[value] != nil || Self.syllables.contains(value)
            || isSecond(value)
    }

    /// Whether a scalar may compose with one before it.
    func isSecond(_ value: UInt32) -> Bool {
        seconds.contains(value) || Self.vowels.contains(value) || Self.trailing.contains(value)
    }

    /// Appends the full decomposition of a scalar.
    func decompose(_ value: UInt32, into output: inout [Ordered]) {
        if Self.syllables.contains(value) {
            let index = value - Self.syllables.lowerBound
            let vowel = index / Self.trailings
            let count = UInt32(Self.vowels.count)
            output.append(.init(value: Self.leading.lowerBound + vowel / count, combiningClass: 0))
            output.append(.init(value: Self.vowels.lowerBound + vowel % count, combiningClass: 0))
            if index % Self.trailings != 0 {
                output.append(
                    .init(
                        value: Self.trailing.lowerBound + index % Self.trailings - 1,
                        combiningClass: 0))
            }
        } else if let decomposition = decompositions[value] {
            output += decomposition
        } else {
            output.append(
                .init(
                    value: value, combiningClass: value < UInt32(Self.end) ? classes[Int(value)] : 0
                ))
        }
    }

    /// Puts every run of marks in canonical order: by class, those of one class as they were.
    func order(_ scalars: inout [Ordered]) {
        var start = 0
        while start < scalars.count {
            guard scalars[start].combiningClass != 0 else {
                start += 1
                continue
            }
            var end = start + 1
            while end < scalars.count, scalars[end].combiningClass != 0 { end += 1 }
            // The standard library's sort keeps the order of equal elements.
            if end - start > 1 {
                scalars[start..<end].sort { $0.combiningClass < $1.combiningClass }
            }
            start = end
        }
    }

    /// Composes what can be composed; `scalars` are decomposed and in order.
    func compose(_ scalars: inout [Ordered]) {
        guard scalars.count > 1 else { return }
        var starter: Int? = scalars[0].combiningClass == 0 ? 0 : nil
        var lastClass = -1
        var kept = 1
        for place in 1..<scalars.count {
            let scalar = scalars[place]
            let combiningClass = Int(scalar.combiningClass)
            if let starter, lastClass < combiningClass,
                let composed = composition(scalars[starter].value, scalar.value)
            {
                scalars[starter] = Ordered(value: composed, combiningClass: 0)
                continue
            }
            scalars[kept] = scalar
            if combiningClass == 0 {
                starter = kept
                lastClass = -1
            } else {
                lastClass = combiningClass
            }
            kept += 1
        }
        scalars.removeSubrange(kept...)
    }

    private func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if Self.leading.contains(first), Self.vowels.contains(second) {
            let vowel = UInt32(Self.vowels.count)
            let pair = (first - Self.leading.lowerBound) * vowel + second - Self.vowels.lowerBound
            return Self.syllables.lowerBound + pair * Self.trailings
        }
        if Self.syllables.contains(first), Self.trailing.contains(second),
            (first - Self.syllables.lowerBound) % Self.trailings == 0
        {
            return first + second - Self.trailing.lowerBound + 1
        }
        return compositions[UInt64(first) << 32 | UInt64(second)]
    }
}
