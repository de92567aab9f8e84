import Foundation

/// A watermark that needs nothing of a model but several answers to choose from.
///
/// After Bahri and Wieting, "A Watermark for Black-Box Language Models" (arXiv 2410.02099). A secret key gives every
/// n-gram of words a pseudorandom number with distribution F; the score of a text is the sum S over its k distinct
/// n-grams, brought to u = F_k(S), which is uniform in 0...1 over keys. Of m candidates the one with the highest u is
/// sent. Here F is the exponential distribution, whose sums have the gamma distribution, so that F_k and the p-value
/// 1 - F_k(S) are exact for every k.
///
/// - Candidates that are the same text count as one, and win as often as chance would have drawn them: with c copies
///   the comparison is of u^(1/c).
/// - n-grams that several candidates share are left out when choosing, so that the candidates' numbers are independent:
///   over keys each candidate is chosen as often as by lot, which is what distortion-free means.
/// - One answer proves little: without edits its p-value is the least of m uniform numbers, 1/(m+1) on average. Evidence
///   comes from scoring many answers as one text, in which a repeated n-gram counts once.
package struct CandidateChoice: Sendable {
    /// What a text's score says.
    package struct Score: Hashable, Sendable {
        /// The number of distinct n-grams.
        package let nGrams: Int
        /// The sum of their pseudorandom numbers, each with mean 1.
        package let sum: Double
        /// Natural logarithm of the probability of a sum at least this high in text that the key had no part in; 0
        /// without n-grams.
        package let logPValue: Double

        package var pValue: Double { exp(logPValue) }
    }

    /// Words of an n-gram, as in the paper.
    package static let wordsPerNGram = 4

    private let key: SipHash

    /// The mark of a manifest of scheme `candidates`.
    package init(manifest: WatermarkManifest, keys: WatermarkKeys) throws(WatermarkError) {
        guard manifest.scheme == .candidates else {
            throw .mismatch(
                field: "scheme", expected: "candidates", found: manifest.scheme.rawValue)
        }
        guard manifest.contextWidth == Self.wordsPerNGram - 1 else {
            throw .mismatch(
                field: "context_width", expected: "\(manifest.contextWidth)",
                found: "\(Self.wordsPerNGram - 1) words before the last of an n-gram")
        }
        self.init(secret: keys.material)
    }

    /// - Parameter secret: bytes that are hard to guess, best 16 or more; all of them count.
    package init(secret: [UInt8]) {
        // Two halves from fixed keys, so that every byte of a longer secret counts.
        func half(_ number: UInt64) -> UInt64 {
            secret.withUnsafeBytes { SipHash(key: (number, ~number)).hash($0) }
        }
        key = SipHash(key: (half(1), half(2)))
    }

    /// The index of the candidate to send; `nil` without candidates. Of copies the first is chosen.
    package func choose(among candidates: [[UInt8]]) -> Int? {
        guard candidates.count > 1 else { return candidates.isEmpty ? nil : 0 }
        var copies: [[UInt8]: Int] = [:]
        for candidate in candidates { copies[candidate, default: 0] += 1 }
        let grams = candidates.map { Set(hashes(of: $0)) }
        var holders: [UInt64: Int] = [:]
        for (index, set) in grams.enumerated()
        where candidates.firstIndex(of: candidates[index]) == index {
            for gram in set { holders[gram, default: 0] += 1 }
        }
        var best: (index: Int, value: Double)?
        for (index, candidate) in candidates.enumerated() {
            guard candidates.firstIndex(of: candidate) == index else { continue }
            let own = grams[index].filter { holders[$0] == 1 }
            let logarithm: Double
            if own.isEmpty {
                // Nothing of its own: the whole text is its one n-gram.
                logarithm = log(uniform(candidate.withUnsafeBytes { key.hash($0) }))
            } else {
                let sum = own.sorted().reduce(0) { $0 + exponential($1) }
                logarithm = GammaDistribution.logLower(shape: Double(own.count), sum)
            }
            let value = logarithm / Double(copies[candidate] ?? 1)
            if best.map({ value > $0.value }) ?? true { best = (index, value) }
        }
        return best?.index
    }

    /// The score of a text, or of many texts taken as one.
    package func score(_ texts: [UInt8]...) -> Score { score(texts) }

    /// The score of many texts taken as one.
    package func score(_ texts: [[UInt8]]) -> Score {
        var grams: Set<UInt64> = []
        for text in texts { grams.formUnion(hashes(of: text)) }
        // In a fixed order, so that rounding is the same every time.
        let sum = grams.sorted().reduce(0) { $0 + exponential($1) }
        let logPValue =
            grams.isEmpty ? 0 : GammaDistribution.logUpper(shape: Double(grams.count), sum)
        return Score(nGrams: grams.count, sum: sum, logPValue: logPValue)
    }

    /// What a detector says of one text.
    package func detection(_ text: [UInt8]) -> WatermarkDetection {
        let score = score([text])
        let n = Double(score.nGrams)
        var words = 0
        WordWindow.forEachWord(of: text) { _ in words += 1 }
        let all = max(0, words - Self.wordsPerNGram + 1)
        return WatermarkDetection(
            tokens: words, repeated: all - score.nGrams,
            skipped: min(words, Self.wordsPerNGram - 1),
            evidence: MarkEvidence(
                scored: score.nGrams, sum: score.sum,
                zScore: n > 0 ? (score.sum - n) / n.squareRoot() : 0, logPValue: score.logPValue),
            mean: nil, weightedMean: nil, posterior: nil, upstreamPValue: nil, keys: [])
    }

    /// The keyed hash of every n-gram of a text, in order.
    private func hashes(of text: [UInt8]) -> [UInt64] {
        var hashes: [UInt64] = []
        var words = WordWindow(size: Self.wordsPerNGram)
        WordWindow.forEachWord(of: text) { word in
            guard let gram = words.push(word) else { return }
            hashes.append(gram.withUnsafeBytes { key.hash($0) })
        }
        return hashes
    }

    private func uniform(_ hash: UInt64) -> Double {
        // 53 bits in the middle of their interval: never 0 and never 1.
        (Double(hash >> 11) + 0.5) * 0x1p-53
    }

    private func exponential(_ hash: UInt64) -> Double { -log(uniform(hash)) }
}
