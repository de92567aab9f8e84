/// A country by its ISO 3166-1 alpha-2 code.
package struct CountryCode: Hashable, Sendable, CustomStringConvertible {
    /// 26 times the first letter plus the second, both counted from A.
    let index: UInt16

    /// `nil` unless `text` is two ASCII letters; case does not count.
    package init?(_ text: some StringProtocol) {
        var index: UInt16 = 0
        var count = 0
        for byte in text.utf8 {
            let letter = byte | 0x20
            guard letter >= 0x61, letter <= 0x7A, count < 2 else { return nil }
            index = index * 26 + UInt16(letter - 0x61)
            count += 1
        }
        guard count == 2 else { return nil }
        self.index = index
    }

    package var description: String {
        String(decoding: [0x41 + UInt8(index / 26), 0x41 + UInt8(index % 26)], as: UTF8.self)
    }
}

/// A set of countries as one bit a code.
package struct CountrySet: Hashable, Sendable {
    private var words: [UInt64] = []

    /// The empty set.
    package init() {}

    package init(_ countries: some Sequence<CountryCode>) {
        for country in countries { insert(country) }
    }

    package var isEmpty: Bool { words.isEmpty }

    package mutating func insert(_ country: CountryCode) {
        // 26 x 26 codes are 676 bits.
        if words.isEmpty { words = [UInt64](repeating: 0, count: 11) }
        words[Int(country.index >> 6)] |= 1 << UInt64(country.index & 63)
    }

    /// Whether the country is known and in the set.
    package func contains(_ country: CountryCode?) -> Bool {
        guard let country, !words.isEmpty else { return false }
        return words[Int(country.index >> 6)] & (1 << UInt64(country.index & 63)) != 0
    }
}
