import CWatermark

/// A position that can be scored once, with what tells whether it may be.
struct ProvenancePosition: Hashable, Sendable {
    let context: UInt64
    let pair: UInt64
    let score: Double
    /// SynthID's table variant reads 16 bits of a hash: positions with the same ones have the same score. 0 elsewhere.
    let cell: UInt16
}

/// Scores what a suspect wrote or predicts.
struct WindowScorer: Sendable {
    let scheme: WatermarkScheme
    /// Tokens before the scored one that its score is drawn anew for. `lefthash` reads the last token alone, whatever its
    /// manifest's width, so that wider windows would count one draw several times.
    let width: Int
    /// Whether scores come from 65,536 cells.
    let hasCells: Bool

    init(_ scheme: WatermarkScheme) {
        self.scheme = scheme
        width = scheme.manifest.scheme == .kgwLeftHash ? 1 : scheme.precedingWidth
        hasCells = scheme.manifest.scheme == .synthid && (1 << 16) % scheme.manifest.tableSize == 0
    }

    /// Positions of an answer, its windows within the answer alone.
    func closed(answer: [UInt32]) throws(WatermarkError) -> [ProvenancePosition] {
        let scored = try scheme.score(answer: answer, prompt: [])
        guard width != scheme.precedingWidth || hasCells else {
            return scored.map {
                ProvenancePosition(context: $0.context, pair: $0.pair, score: $0.score, cell: 0)
            }
        }
        let positions = scored.map { UInt32($0.position) }
        let (contexts, pairs) = hashes(answer, positions)
        return scored.indices.map { index in
            ProvenancePosition(
                context: contexts[index], pair: pairs[index], score: scored[index].score,
                cell: hasCells ? cell(answer, Int(positions[index])) : 0)
        }
    }

    /// Positions of a fed text: the window before each, with the prediction in the place of its token.
    ///
    /// A window that came before in the `attention` tokens before is left out, since what followed it there can be copied. So is
    /// one that holds the end token, and a prediction that is the end token.
    /// - Parameter attention: tokens that the suspect sees, itself among them; `nil` for the whole text.
    func open(
        tokens: [UInt32], predictions: [UInt32], attention: Int?
    ) throws(WatermarkError) -> (positions: [ProvenancePosition], repeated: Int) {
        try scheme.check(tokens)
        try scheme.check(predictions)
        let reach = scheme.precedingWidth
        guard tokens.count > reach else { return ([], 0) }
        let places = (UInt32(width)..<UInt32(tokens.count)).map { $0 }
        let (windows, _) = hashes(tokens, places)
        var last: [UInt64: Int] = [:]
        last.reserveCapacity(windows.count)
        let end = scheme.manifest.endToken
        var lastEnd = -1
        var repeated = 0
        var blocks: [UInt32] = []
        var ends: [UInt32] = []
        for place in 0..<tokens.count {
            defer { if tokens[place] == end { lastEnd = place } }
            guard place >= width else { continue }
            let window = windows[place - width]
            let former = last.updateValue(place, forKey: window)
            guard place >= reach, place - lastEnd > reach, predictions[place] != end else {
                continue
            }
            if let former, place - former <= attention ?? .max {
                repeated += 1
                continue
            }
            blocks.append(contentsOf: tokens[place - reach..<place])
            blocks.append(predictions[place])
            ends.append(UInt32(blocks.count - 1))
        }
        guard !blocks.isEmpty else { return ([], repeated) }
        // Blocks of one window each: what is scored between them is passed over.
        let scored = try scheme.score(answer: blocks, prompt: [])
        let (contexts, pairs) = hashes(blocks, ends)
        let positions = ends.indices.map { index in
            ProvenancePosition(
                context: contexts[index], pair: pairs[index],
                score: scored[Int(ends[index]) - reach].score,
                cell: hasCells ? cell(blocks, Int(ends[index])) : 0)
        }
        return (positions, repeated)
    }

    /// Windows of a text that have a token after them.
    func windows(of tokens: [UInt32]) throws(WatermarkError) -> [UInt64] {
        try scheme.check(tokens)
        guard tokens.count > width else { return [] }
        return hashes(tokens, (UInt32(width)..<UInt32(tokens.count)).map { $0 }).contexts
    }

    private func hashes(
        _ tokens: [UInt32], _ positions: [UInt32]
    ) -> (contexts: [UInt64], pairs: [UInt64]) {
        var contexts = [UInt64](repeating: 0, count: positions.count)
        var pairs = contexts
        swm_window_hashes(
            tokens, positions, positions.count, UInt32(width), &contexts, &pairs)
        if scheme.kernel.greenCache != nil {
            swm_green_draws(
                scheme.kernel.pointer, tokens, positions, positions.count, &pairs)
        }
        return (contexts, pairs)
    }

    /// The 16 bits that SynthID's table variant reads.
    private func cell(_ tokens: [UInt32], _ position: Int) -> UInt16 {
        let factor = UInt16(truncatingIfNeeded: 6_364_136_223_846_793_005)
        var hash: UInt16 = 1
        for index in position - width...position {
            hash = (hash &+ UInt16(truncatingIfNeeded: tokens[index])) &* factor &+ 1
        }
        return hash
    }
}
