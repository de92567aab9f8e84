import CWatermark
import Foundation

/// One scored position of an answer.
package struct ScoredPosition: Hashable, Sendable {
    /// A hash of the window before the token, under no key.
    package let context: UInt64
    /// A hash of window and token together; for KGW of the draw that decides the position. Equal pairs, equal scores.
    package let pair: UInt64
    /// Index of the token in the answer.
    package let position: Int
    /// Distributed as the scheme's `null` in text that the key had no part in.
    package let score: Double

    package init(context: UInt64, pair: UInt64, position: Int, score: Double) {
        self.context = context
        self.pair = pair
        self.position = position
        self.score = score
    }
}

/// A manifest's scheme with its keys: scores tokens.
package struct WatermarkScheme: Sendable {
    /// Most tokens of one document, answer and prompt together.
    package static let longestDocument = 1 << 28

    package let manifest: WatermarkManifest
    /// How `score` is distributed in text that the keys had no part in.
    package let null: NullDistribution
    let kernel: SchemeKernel
    /// Secret bytes from which other secrets of this key set are derived.
    let material: [UInt8]

    /// - Parameter cacheBytes: most memory for green lists of KGW.
    /// - Throws: what of the manifest or the number of keys does not fit the scheme.
    package init(
        manifest: WatermarkManifest, keys: WatermarkKeys, cacheBytes: Int = 1 << 30
    ) throws(WatermarkError) {
        self.manifest = manifest
        material = keys.material
        var values = keys.values
        let counts: ClosedRange<Int>
        switch manifest.scheme {
        case .synthid, .synthidDeepMind: counts = manifest.depth...manifest.depth
        case .sglangGumbel: counts = 1...2
        case .candidates:
            throw .unsupported(
                scheme: manifest.scheme.rawValue,
                reason: "scores words of texts, not tokens")
        default: counts = 1...1
        }
        guard counts.contains(values.count) else {
            let expected =
                counts.count == 1
                ? "\(counts.lowerBound)" : "\(counts.lowerBound) or \(counts.upperBound)"
            throw .mismatch(
                field: manifest.depth > 0 ? "depth" : "key_ids",
                expected: "\(expected) numbers as keys", found: "\(values.count)")
        }
        var start: UInt64 = 0
        if manifest.scheme == .dualKeyGumbel {
            values = ["key_a", "key_b"].map { SchemeKeys.derived(keys.values[0], domain: $0) }
        } else if manifest.scheme == .synthidDeepMind {
            start = SchemeKeys.hashStart(values)
        }
        let kernel = try SchemeKernel(
            manifest, keys: values, hashStart: start, cacheBytes: cacheBytes)
        self.kernel = kernel
        hasTwoKeys = values.count == 2 && manifest.depth == 0
        switch manifest.scheme {
        case .synthid, .synthidDeepMind:
            layerMasks = LayerMasks(kernel, manifest)
            null = .lattice(layerMasks?.onesDistribution(depth: manifest.depth) ?? [1])
        case .kgwLeftHash, .kgwSelfHash:
            layerMasks = nil
            let green = swm_green_tokens(kernel.pointer, nil, 0, nil, nil)
            null = .bernoulli(Double(green) / Double(manifest.vocabularySize))
        case .dualKeyGumbel:
            layerMasks = nil
            null = .exponentials(
                means: [1 - manifest.alpha, manifest.alpha].filter { $0 > 0 })
        case .gumbelPayload:
            layerMasks = nil
            null = .largestExponential(of: manifest.payloadRadix)
        case .gumbel, .sglangGumbel, .candidates:
            layerMasks = nil
            null = .exponential
        }
    }

    /// Whether each token is under one of two keys.
    let hasTwoKeys: Bool
    /// SynthID: what the layers of a position look like in text that the keys had no part in.
    let layerMasks: LayerMasks?

    package var contextWidth: Int { manifest.contextWidth }

    /// Tokens before a scored one that its score depends on. KGW's `selfhash` counts the scored token among its window.
    var precedingWidth: Int {
        manifest.scheme == .kgwSelfHash ? manifest.contextWidth - 1 : manifest.contextWidth
    }

    /// Whether a generator's context goes on from the prompt: in the other schemes it starts with the answer.
    var continuesPrompt: Bool {
        switch manifest.scheme {
        case .kgwLeftHash, .kgwSelfHash, .sglangGumbel: true
        default: false
        }
    }

    /// Every position of `answer` that can be scored, repeated windows among them.
    ///
    /// The prompt is context alone, and for schemes whose context goes on from it: without one the first tokens, whose
    /// context is then not known, are left out.
    /// - Throws: for a token id that is not below the vocabulary's size.
    package func score(
        answer: [UInt32], prompt: [UInt32]
    ) throws(WatermarkError) -> [ScoredPosition] {
        let answer = try scored(answer)
        try check(prompt)
        let known = continuesPrompt ? Array(prompt.suffix(precedingWidth)) : []
        let tokens = known + answer
        let first = max(precedingWidth, known.count)
        guard tokens.count > first else { return [] }
        let positions = (UInt32(first)..<UInt32(tokens.count)).map { $0 }
        let scores = scores(tokens, positions)
        var contexts = [UInt64](repeating: 0, count: positions.count)
        var pairs = contexts
        swm_window_hashes(
            tokens, positions, positions.count, UInt32(precedingWidth), &contexts, &pairs)
        if kernel.greenCache != nil {
            swm_green_draws(kernel.pointer, tokens, positions, positions.count, &pairs)
        }
        return positions.indices.map { index in
            ScoredPosition(
                context: contexts[index], pair: pairs[index],
                position: Int(positions[index]) - known.count, score: scores[index])
        }
    }

    /// The answer up to its end token, checked.
    func scored(_ answer: [UInt32]) throws(WatermarkError) -> [UInt32] {
        try check(answer)
        guard let end = manifest.endToken, let index = answer.firstIndex(of: end) else {
            return answer
        }
        return Array(answer[..<index])
    }

    func check(_ tokens: [UInt32]) throws(WatermarkError) {
        guard tokens.count <= Self.longestDocument else {
            throw .document(
                reason:
                    "\(tokens.count) tokens; a document has at most \(Self.longestDocument)")
        }
        let size = UInt32(manifest.vocabularySize)
        var largest: UInt32 = 0
        for token in tokens { largest = max(largest, token) }
        if largest >= size, let index = tokens.firstIndex(where: { $0 >= size }) {
            throw .document(
                reason:
                    "token \(index + 1) is \(tokens[index]), and the manifest's vocabulary_size is "
                    + "\(size): another tokenizer, or another manifest?")
        }
    }

    /// Scores at these positions, as `null` describes.
    private func scores(_ tokens: [UInt32], _ positions: [UInt32]) -> [Double] {
        var scores = [Double](repeating: 0, count: positions.count)
        switch manifest.scheme {
        case .synthid, .synthidDeepMind:
            var layers = [UInt64](repeating: 0, count: tokens.count - manifest.contextWidth)
            swm_synthid_layers(kernel.pointer, tokens, tokens.count, &layers)
            for (index, position) in positions.enumerated() {
                scores[index] = Double(
                    layers[Int(position) - manifest.contextWidth].nonzeroBitCount)
            }
        case .kgwLeftHash, .kgwSelfHash:
            var flags = [UInt8](repeating: 0, count: positions.count)
            swm_green_flags(kernel.greenCache, tokens, positions, positions.count, &flags)
            for index in positions.indices { scores[index] = Double(flags[index]) }
        case .gumbel, .candidates:
            swm_philox_complements(
                kernel.pointer, 0, tokens, positions, positions.count, &scores)
            for index in positions.indices { scores[index] = -log(scores[index]) }
        case .dualKeyGumbel:
            var second = scores
            swm_philox_complements(
                kernel.pointer, 0, tokens, positions, positions.count, &scores)
            swm_philox_complements(
                kernel.pointer, 1, tokens, positions, positions.count, &second)
            for index in positions.indices {
                scores[index] =
                    -(1 - manifest.alpha) * log(scores[index])
                    - manifest.alpha * log(second[index])
            }
        case .sglangGumbel:
            swm_murmur_complements(
                kernel.pointer, 2, tokens, positions, positions.count, &scores, nil)
            for index in positions.indices { scores[index] = -log(scores[index]) }
        case .gumbelPayload:
            let radix = manifest.payloadRadix
            var symbols = [UInt8](repeating: 0, count: positions.count)
            var all = [Double](repeating: 0, count: positions.count * radix)
            swm_payload_complements(
                kernel.pointer, tokens, positions, positions.count, &symbols, &all)
            for index in positions.indices {
                let least = all[index * radix..<(index + 1) * radix].min() ?? 1
                scores[index] = -log(least)
            }
        }
        return scores
    }
}
