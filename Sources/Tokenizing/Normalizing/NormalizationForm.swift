/// Puts text in a normalization form of Unicode (UAX #15), by the tables of Unicode 9 that
/// `tokenizers` has.
///
/// Text is cut before scalars that never combine with what stands before them, and what needs no
/// change is copied. Time is linear in the text but for the sorting of marks, O(n log n) in the
/// longest run of them.
struct NormalizationForm: Sendable {
    private let tables: NormalizationTables
    private let composes: Bool
    /// By scalar: bit 0 says that nothing before it changes with it, bit 1 that alone it stays as
    /// it is.
    private let traits: [UInt8]

    private static let isBoundary: UInt8 = 1
    private static let isStable: UInt8 = 2

    static let nfc = NormalizationForm(NormalizationTables.canonical, composes: true)
    static let nfd = NormalizationForm(NormalizationTables.canonical, composes: false)
    static let nfkc = NormalizationForm(NormalizationTables.compatibility, composes: true)
    static let nfkd = NormalizationForm(NormalizationTables.compatibility, composes: false)

    private init(_ tables: NormalizationTables, composes: Bool) {
        self.tables = tables
        self.composes = composes
        var traits = [UInt8](
            repeating: Self.isBoundary | Self.isStable, count: NormalizationTables.end)
        var decomposed: [NormalizationTables.Ordered] = []
        for value in UInt32(0)..<UInt32(NormalizationTables.end) where tables.mayChange(value) {
            decomposed.removeAll(keepingCapacity: true)
            tables.decompose(value, into: &decomposed)
            guard let first = decomposed.first else { continue }
            var trait: UInt8 = 0
            if first.combiningClass == 0, !composes || !tables.isSecond(first.value) {
                trait |= Self.isBoundary
            }
            if composes { tables.compose(&decomposed) }
            if decomposed.count == 1, decomposed[0].value == value { trait |= Self.isStable }
            traits[Int(value)] = trait
        }
        self.traits = traits
    }

    @inline(__always)
    private func traits(of value: UInt32) -> UInt8 {
        value < UInt32(NormalizationTables.end)
            ? traits[Int(value)] : Self.isBoundary | Self.isStable
    }

    /// The normalized form of valid UTF-8.
    func normalized(_ text: [UInt8]) -> [UInt8] {
        text.withUnsafeBufferPointer { text in
            guard let base = text.baseAddress else { return [] }
            var output: [UInt8] = []
            output.reserveCapacity(text.count)
            var segment: [NormalizationTables.Ordered] = []
            var index = 0
            while index < text.count {
                // A scalar, and all behind it up to the next boundary.
                let (value, length) = UTF8Text.scalar(base + index)
                let start = index
                index += length
                if index == text.count || isBoundary(base + index),
                    traits(of: value) & Self.isStable != 0
                {
                    for place in start..<index { output.append(base[place]) }
                    continue
                }
                segment.removeAll(keepingCapacity: true)
                tables.decompose(value, into: &segment)
                while index < text.count, !isBoundary(base + index) {
                    let (value, length) = UTF8Text.scalar(base + index)
                    tables.decompose(value, into: &segment)
                    index += length
                }
                tables.order(&segment)
                if composes { tables.compose(&segment) }
                for scalar in segment { UTF8Text.append(scalar.value, to: &output) }
            }
            return output
        }
    }

    @inline(__always)
    private func isBoundary(_ start: UnsafePointer<UInt8>) -> Bool {
        start[0] < 0x80 || traits(of: UTF8Text.scalar(start).value) & Self.isBoundary != 0
    }
}
