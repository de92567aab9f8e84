/// A set of scalars that pieces are cut at, as the functions of `tokenizers` decide it.
struct ScalarSet: Sendable {
    /// Bit n: scalar n is in the set.
    private let bits: [UInt64]

    private init(below end: UInt32, _ isIn: (Unicode.Scalar) -> Bool) {
        var bits = [UInt64](repeating: 0, count: Int(end / 64) + 1)
        for value in 0..<end {
            guard let scalar = Unicode.Scalar(value), isIn(scalar) else { continue }
            bits[Int(value >> 6)] |= 1 << (value & 63)
        }
        self.bits = bits
    }

    /// White space.
    static let whiteSpace = ScalarSet(below: 0x3001) { scalar in
        PatternTranslation.whiteSpace.contains { $0.contains(scalar.value) }
    }

    /// Numbers of every kind: `char::is_numeric` of Rust. None is above plane 1.
    static let numeric = ScalarSet(below: 0x20000) { scalar in
        switch scalar.properties.generalCategory {
        case .decimalNumber, .letterNumber, .otherNumber: true
        default: false
        }
    }

    /// ASCII punctuation and symbols, and what was punctuation in Unicode 8, whose tables
    /// `tokenizers` has for this.
    static let punctuation = ScalarSet(below: 0x20000) { scalar in
        if scalar.isASCII {
            return scalar.value > 0x20 && scalar.value < 0x7F && !scalar.properties.isAlphabetic
                && scalar.properties.numericType == nil
        }
        // Both have become symbols or letters since.
        if scalar.value == 0x166D || scalar.value == 0x111C9 { return true }
        guard let age = UnicodeVersion(of: scalar), age <= UnicodeVersion(major: 8, minor: 0) else {
            return false
        }
        switch scalar.properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation:
            return true
        default: return false
        }
    }

    /// One scalar alone.
    init(_ scalar: Unicode.Scalar) {
        self.init(below: scalar.value + 1) { $0 == scalar }
    }

    @inline(__always)
    func contains(_ scalar: UInt32) -> Bool {
        let word = Int(scalar >> 6)
        return word < bits.count && bits[word] >> (scalar & 63) & 1 == 1
    }
}
