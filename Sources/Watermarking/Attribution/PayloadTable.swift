import CWatermark
import Foundation

/// What the texts of a leaked data set, or a student's answers, say of each symbol of a payload: for each of its values the
/// sum of scores of all distinct (window, token) pairs.
package struct PayloadTable: Sendable {
    /// Positions that are scored at once.
    private static let block = 2048

    package let symbolCount: Int
    package let radix: Int
    /// Pairs of each symbol.
    package private(set) var counts: [Int]
    /// Positions of all documents, repeated pairs among them.
    package private(set) var positions = 0
    package private(set) var documents = 0
    package private(set) var tokens = 0

    /// Scores so far; those since are in `products`, as products of 1 - u, so that one logarithm is enough for many.
    private var settled: [Double]
    private var products: [Double]
    private var seen = PairSet()

    private var text: [UInt32] = []
    private var places: [UInt32] = []
    private var contexts: [UInt64] = []
    private var pairs: [UInt64] = []
    private var symbols: [UInt8] = []
    private var complements: [Double] = []

    /// An empty table of `symbolCount` symbols (1...256) of `radix` values (2...256).
    package init(symbolCount: Int, radix: Int) {
        self.symbolCount = symbolCount
        self.radix = radix
        counts = [Int](repeating: 0, count: symbolCount)
        settled = [Double](repeating: 0, count: symbolCount * radix)
        products = [Double](repeating: 1, count: symbolCount * radix)
    }

    /// An empty table for a scheme.
    ///
    /// - Throws: when the scheme has no payload.
    package init(_ scheme: WatermarkScheme) throws(WatermarkError) {
        let book = try PayloadCodebook(scheme)
        self.init(symbolCount: book.symbolCount, radix: book.radix)
    }

    /// A table of sums that were made elsewhere, symbol after symbol.
    init(symbolCount: Int, radix: Int, counts: [Int], sums: [Double]) {
        self.init(symbolCount: symbolCount, radix: radix)
        self.counts = counts
        settled = sums
    }

    /// Distinct (window, token) pairs.
    package var scored: Int { seen.count }

    /// Sums of scores, `radix` for each symbol.
    package var sums: [Double] {
        zip(settled, products).map { $0 - log(max($1, .leastNormalMagnitude)) }
    }

    /// Adds the pairs of one document that are new.
    ///
    /// - Throws: for a token id that is not below the vocabulary's size, and for more tokens than a document may have.
    package mutating func add(
        answer: [UInt32], prompt: [UInt32], scheme: WatermarkScheme
    ) throws(WatermarkError) {
        let answer = try scheme.scored(answer)
        try scheme.check(prompt)
        // A generator's context starts with the answer.
        text.removeAll(keepingCapacity: true)
        text.append(contentsOf: answer)
        documents += 1
        tokens += answer.count
        reserve()
        var start = 0
        while start < text.count {
            let size = min(Self.block, text.count - start)
            for index in 0..<size { places[index] = UInt32(start + index) }
            swm_window_hashes(
                text, places, size, UInt32(scheme.contextWidth), &contexts, &pairs)
            positions += size
            var kept = 0
            for index in 0..<size where seen.insert(pairs[index]) {
                places[kept] = places[index]
                kept += 1
            }
            swm_payload_complements(
                scheme.kernel.pointer, text, places, kept, &symbols, &complements)
            add(kept)
            start += size
        }
    }

    private mutating func reserve() {
        guard places.isEmpty else { return }
        places = [UInt32](repeating: 0, count: Self.block)
        contexts = [UInt64](repeating: 0, count: Self.block)
        pairs = contexts
        symbols = [UInt8](repeating: 0, count: Self.block)
        complements = [Double](repeating: 1, count: Self.block * radix)
    }

    /// Adds the scores of the first `count` positions of a block.
    private mutating func add(_ count: Int) {
        for index in 0..<count {
            let symbol = Int(symbols[index])
            counts[symbol] += 1
            let row = symbol * radix
            let from = index * radix
            for value in 0..<radix {
                let product = products[row + value] * complements[from + value]
                // Factors are above 1e-10: this far from 0 the next one still fits.
                if product > 1e-280 {
                    products[row + value] = product
                } else {
                    settled[row + value] -= log(max(product, .leastNormalMagnitude))
                    products[row + value] = 1
                }
            }
        }
    }
}
