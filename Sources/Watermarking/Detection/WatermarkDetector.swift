import CWatermark
import Foundation

/// Which positions of a document are one piece of evidence.
package enum RepeatRule: Hashable, Sendable {
    /// Those whose score is the same draw of the keyed hash. P-values hold under this rule alone.
    case draws
    /// Those with the same window, as in the schemes' own software.
    case windows
    /// None: a window counts as often as it comes, as some engines' detectors have it.
    case counted
}

/// Reads the mark of one scheme in documents. Threads may share it, each with a scratch of its own.
package struct WatermarkDetector: Sendable {
    /// Memory that a thread uses again for one document after the other.
    package struct Scratch: Sendable {
        var tokens: [UInt32] = []
        var positions: [UInt32] = []
        var hashes: [UInt64] = []
        var pairs: [UInt64] = []
        var layers: [UInt64] = []
        var values: [Double] = []
        var more: [Double] = []
        var flags: [UInt8] = []
        var seen = ContextSet()

        package init() {}

        /// Room for `count` positions.
        mutating func reserve(_ count: Int) {
            guard hashes.count < count else { return }
            // Room to grow, but for documents that are large by themselves.
            let size = max(1024, count < 1 << 20 ? count + count / 2 : count)
            hashes = [UInt64](repeating: 0, count: size)
            pairs = hashes
            layers = hashes
            values = [Double](repeating: 0, count: size)
            more = values
            flags = [UInt8](repeating: 0, count: size)
        }
    }

    package let scheme: WatermarkScheme
    package let statistic: SynthIDStatistic
    /// What becomes of windows that come again.
    package let repeats: RepeatRule
    private let weights: LayerWeights?
    private let weightedNull: NullDistribution?
    private let bayesianNull: NullDistribution?

    /// - Parameter statistic: which score the p-value is of, for SynthID.
    package init(
        _ scheme: WatermarkScheme, statistic: SynthIDStatistic = .weightedMean,
        repeats: RepeatRule = .draws
    ) throws(WatermarkError) {
        self.scheme = scheme
        self.statistic = statistic
        self.repeats = repeats
        let depth = scheme.manifest.depth
        guard let masks = scheme.layerMasks else {
            weights = nil
            weightedNull = nil
            bayesianNull = nil
            return
        }
        let weights = LayerWeights(depth: depth)
        self.weights = weights
        switch statistic {
        case .mean:
            weightedNull = nil
            bayesianNull = nil
        case .weightedMean:
            weightedNull = masks.distribution(in: 0...Double(depth)) { weights.sum($0) }
            bayesianNull = nil
        case .bayesian(let likelihood):
            guard likelihood.beta.count == depth else {
                throw .mismatch(
                    field: "depth", expected: "\(depth)",
                    found: "a fit of \(likelihood.beta.count) layers")
            }
            weightedNull = nil
            bayesianNull = masks.distribution(in: likelihood.range) { likelihood.logRatio($0) }
        }
    }

    /// Reads one document.
    ///
    /// - Throws: for a token id that is not below the vocabulary's size, and for more tokens than a document may have.
    package func detect(
        answer: [UInt32], prompt: [UInt32] = [], _ scratch: inout Scratch
    ) throws(WatermarkError) -> WatermarkDetection {
        try scheme.check(answer)
        try scheme.check(prompt)
        var count = answer.count
        if let end = scheme.manifest.endToken, let index = answer.firstIndex(of: end) {
            count = index
        }
        switch scheme.manifest.scheme {
        case .synthid, .synthidDeepMind: return layers(answer, count, &scratch)
        default:
            let known = scheme.continuesPrompt ? prompt.suffix(scheme.precedingWidth) : []
            scratch.tokens.removeAll(keepingCapacity: true)
            scratch.tokens.append(contentsOf: known)
            scratch.tokens.append(contentsOf: answer[..<count])
            return windows(known: known.count, answer: count, &scratch)
        }
    }

    // MARK: SynthID

    /// The layers of the positions that are scored, for a fit.
    package func layers(
        of answer: [UInt32], _ scratch: inout Scratch
    ) throws(WatermarkError) -> [UInt64] {
        let answer = try scheme.scored(answer)
        var kept: [UInt64] = []
        eachLayers(answer, answer.count, &scratch) { kept.append($0) }
        return kept
    }

    /// The answer alone, since a generator's context starts with it. A context that is among the last `contextHistory`
    /// ones, or zero while the history is not yet full of others, is masked, as in transformers.
    private func eachLayers(
        _ answer: [UInt32], _ count: Int, _ scratch: inout Scratch, _ body: (UInt64) -> Void
    ) {
        let positions = max(0, count - scheme.contextWidth)
        scratch.reserve(positions)
        swm_synthid_layers(scheme.kernel.pointer, answer, count, &scratch.layers)
        swm_synthid_contexts(scheme.kernel.pointer, answer, count, &scratch.hashes)
        let deduplicates = repeats != .counted
        if deduplicates { scratch.seen.reset(for: positions) }
        let history = scheme.manifest.contextHistory
        for index in 0..<positions {
            let hash = scratch.hashes[index]
            if deduplicates, history > 0 {
                let former = scratch.seen.update(hash, UInt32(index))
                if let former, index - Int(former) <= history { continue }
                if hash == 0, index < history { continue }
            }
            body(scratch.layers[index])
        }
    }

    private func layers(
        _ answer: [UInt32], _ count: Int, _ scratch: inout Scratch
    ) -> WatermarkDetection {
        let width = scheme.contextWidth
        let depth = Double(scheme.manifest.depth)
        let positions = max(0, count - width)
        var scored = 0
        var ones = 0
        var weighted = 0.0
        var logRatio = 0.0
        eachLayers(answer, count, &scratch) { mask in
            scored += 1
            ones += mask.nonzeroBitCount
            if let weights { weighted += weights.sum(mask) }
            if case .bayesian(let likelihood) = statistic { logRatio += likelihood.logRatio(mask) }
        }
        let cells = Double(scored) * depth
        let evidence: MarkEvidence
        var posterior: Double?
        switch statistic {
        case .mean: evidence = MarkEvidence(scored: scored, sum: Double(ones), null: scheme.null)
        case .weightedMean:
            evidence = MarkEvidence(
                scored: scored, sum: weighted, null: weightedNull ?? scheme.null)
        case .bayesian(let likelihood):
            evidence = MarkEvidence(
                scored: scored, sum: logRatio, null: bayesianNull ?? scheme.null)
            posterior = likelihood.posterior(logRatio)
        }
        return WatermarkDetection(
            tokens: count, repeated: positions - scored, skipped: min(count, width),
            evidence: evidence, mean: scored > 0 ? Double(ones) / cells : nil,
            weightedMean: scored > 0 ? weighted / cells : nil, posterior: posterior,
            upstreamPValue: nil, keys: [])
    }

    // MARK: Windows

    /// `scratch.tokens` are the known tokens of the prompt, then the answer.
    private func windows(
        known: Int, answer count: Int, _ scratch: inout Scratch
    ) -> WatermarkDetection {
        let name = scheme.manifest.scheme
        let width = scheme.precedingWidth
        // vLLM fills what lies before the answer; SGLang's context at a prompt's start is short.
        let isFilled = [.gumbel, .dualKeyGumbel, .gumbelPayload].contains(name)
        let isShort = name == .sglangGumbel && known > 0
        let first = isFilled || isShort ? known : max(known, min(width, known + count))
        let total = known + count
        scratch.reserve(max(0, total - first))
        scratch.positions.removeAll(keepingCapacity: true)
        if first < total { scratch.positions.append(contentsOf: UInt32(first)..<UInt32(total)) }
        var candidates = scratch.positions.count
        if repeats != .counted { candidates = leaveOutRepeats(width, &scratch) }
        let repeated = candidates - scratch.positions.count
        let evidence: MarkEvidence
        var upstream: Double?
        var keys: [MarkEvidence] = []
        let kept = scratch.positions.count
        switch name {
        case .kgwLeftHash, .kgwSelfHash:
            swm_green_flags(
                scheme.kernel.greenCache, scratch.tokens, scratch.positions, kept,
                &scratch.flags)
            var green = 0
            for index in 0..<kept { green += Int(scratch.flags[index]) }
            evidence = MarkEvidence(scored: kept, sum: Double(green), null: scheme.null)
            let gamma = scheme.manifest.gamma
            let spread = (Double(kept) * gamma * (1 - gamma)).squareRoot()
            if kept > 0 {
                let z = (Double(green) - gamma * Double(kept)) / spread
                upstream = 0.5 * erfc(z / 2.0.squareRoot())
            }
        case .sglangGumbel:
            swm_murmur_complements(
                scheme.kernel.pointer, 2, scratch.tokens, scratch.positions, kept,
                &scratch.values, &scratch.flags)
            evidence = MarkEvidence(
                scored: kept, sum: Self.sumOfScores(scratch.values, kept), null: scheme.null)
            if scheme.hasTwoKeys { keys = shares(kept, scratch) }
        case .dualKeyGumbel:
            (evidence, upstream) = twoKeys(kept, &scratch)
        case .gumbelPayload:
            evidence = payload(kept, scratch)
        default:
            swm_philox_complements(
                scheme.kernel.pointer, 0, scratch.tokens, scratch.positions, kept,
                &scratch.values)
            evidence = MarkEvidence(
                scored: kept, sum: Self.sumOfScores(scratch.values, kept), null: scheme.null)
        }
        return WatermarkDetection(
            tokens: count, repeated: repeated, skipped: first - known, evidence: evidence,
            mean: nil, weightedMean: nil, posterior: nil, upstreamPValue: upstream, keys: keys)
    }

    /// Leaves of `scratch.positions` those whose draw is new. Gives the number looked at.
    ///
    /// The Gumbel schemes draw one set of numbers for a context, so that the context alone counts. KGW's draws go with the
    /// token: by what seeds them, or by the window with its token as in transformers' `ignore_repeated_ngrams`.
    private func leaveOutRepeats(_ width: Int, _ scratch: inout Scratch) -> Int {
        let count = scratch.positions.count
        let isKGW = scheme.manifest.scheme.hasGreenLists
        if isKGW, repeats == .draws {
            swm_green_draws(
                scheme.kernel.pointer, scratch.tokens, scratch.positions, count, &scratch.pairs)
        } else {
            swm_window_hashes(
                scratch.tokens, scratch.positions, count, UInt32(width), &scratch.hashes,
                &scratch.pairs)
        }
        scratch.seen.reset(for: count)
        let limit =
            scheme.manifest.scheme == .sglangGumbel
            ? max(1, scheme.manifest.contextHistory) : Int.max
        var kept = 0
        var looked = 0
        for index in 0..<count {
            looked += 1
            let hash = isKGW ? scratch.pairs[index] : scratch.hashes[index]
            guard scratch.seen.insert(hash) else { continue }
            scratch.positions[kept] = scratch.positions[index]
            kept += 1
            if kept == limit { break }
        }
        scratch.positions.removeLast(count - kept)
        return looked
    }

    /// The sum of -log of `count` numbers above 1e-10, with one logarithm for 24 of them.
    static func sumOfScores(_ values: [Double], _ count: Int) -> Double {
        var sum = 0.0
        var index = 0
        while index < count {
            let end = min(index + 24, count)
            var product = 1.0
            while index < end {
                product *= values[index]
                index += 1
            }
            sum -= log(product)
        }
        return sum
    }

    private func shares(_ count: Int, _ scratch: Scratch) -> [MarkEvidence] {
        (0...1).map { key in
            let own = (0..<count).filter { Int(scratch.flags[$0]) == key }
            return MarkEvidence(
                scored: own.count, sum: own.reduce(0) { $0 - log(scratch.values[$1]) },
                null: .exponential)
        }
    }

    /// The weighted sum of both keys' scores, as vLLM fuses them. Its own p-value takes the sum for a gamma variable,
    /// which holds at alpha 0, 1/2 and 1 alone; ours is of the sum as it is.
    private func twoKeys(_ count: Int, _ scratch: inout Scratch) -> (MarkEvidence, Double?) {
        let alpha = scheme.manifest.alpha
        swm_philox_complements(
            scheme.kernel.pointer, 0, scratch.tokens, scratch.positions, count, &scratch.values)
        swm_philox_complements(
            scheme.kernel.pointer, 1, scratch.tokens, scratch.positions, count, &scratch.more)
        let sum =
            (1 - alpha) * Self.sumOfScores(scratch.values, count)
            + alpha * Self.sumOfScores(scratch.more, count)
        let evidence = MarkEvidence(scored: count, sum: sum, null: scheme.null)
        let variance = (1 - alpha) * (1 - alpha) + alpha * alpha
        guard count > 0 else { return (evidence, nil) }
        let upstream = exp(
            GammaDistribution.logUpper(shape: Double(count) / variance, sum / variance))
        return (evidence, upstream)
    }

    /// Without a list of payloads: the largest score over a symbol's values at each position.
    private func payload(_ count: Int, _ scratch: Scratch) -> MarkEvidence {
        let radix = scheme.manifest.payloadRadix
        var symbols = [UInt8](repeating: 0, count: count)
        var all = [Double](repeating: 0, count: count * radix)
        swm_payload_complements(
            scheme.kernel.pointer, scratch.tokens, scratch.positions, count, &symbols, &all)
        // A payload's symbol has one value throughout, so sums by symbol and value are what a mark raises.
        var sums = [Double](repeating: 0, count: scheme.manifest.payloadSymbols * radix)
        var counts = [Int](repeating: 0, count: scheme.manifest.payloadSymbols)
        for index in 0..<count {
            let symbol = Int(symbols[index])
            counts[symbol] += 1
            for value in 0..<radix {
                sums[symbol * radix + value] -= log(all[index * radix + value])
            }
        }
        return PayloadPresence.evidence(sums: sums, counts: counts, radix: radix)
    }
}
