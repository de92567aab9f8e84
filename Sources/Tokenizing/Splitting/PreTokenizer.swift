/// Cuts a text into the pieces that the model gets one by one.
struct PreTokenizer: Sendable {
    enum Stage: Sendable {
        case split(Splitter)
        /// Puts a space before a piece that does not begin with one.
        case prefixSpace
        case metaspace(Metaspace)
        /// Every byte becomes its letter.
        case byteLevel
    }

    /// Turns spaces into a mark, as SentencePiece does.
    struct Metaspace: Sendable {
        /// Which pieces get a mark in front, unless they begin with one.
        enum Prefix: String, Sendable {
            case always
            /// Only a piece that begins the text.
            case first
            case never
        }

        let mark: [UInt8]
        let prefix: Prefix
        /// Cuts before each mark.
        let splitter: Splitter?
    }

    /// In the order in which they are done. Each gets every piece of the one before.
    let stages: [Stage]

    /// Whether a stage asks which piece begins the text.
    var marksFirst: Bool {
        stages.contains {
            if case .metaspace(let metaspace) = $0 { metaspace.prefix == .first } else { false }
        }
    }

    /// Whether a stage turns bytes into letters.
    var makesLetters: Bool {
        stages.contains { if case .byteLevel = $0 { true } else { false } }
    }

    /// Hands every piece to `model`, from left to right.
    ///
    /// - Parameter isFirst: whether `piece` begins the text.
    func run(
        _ piece: UnsafeBufferPointer<UInt8>, isFirst: Bool, stage: Int = 0, _ model: BytePairModel,
        _ workspace: Workspace, into ids: inout [UInt32]
    ) throws(TokenizerError) {
        guard stage < stages.count else {
            try model.encode(piece, workspace, into: &ids)
            return
        }
        switch stages[stage] {
        case .split(let splitter):
            guard let base = piece.baseAddress else { return }
            try splitter.forEachPiece(of: piece, with: workspace.matcher) {
                (part) throws(TokenizerError) in
                let part = UnsafeBufferPointer(start: base + part.lowerBound, count: part.count)
                let isFirst = isFirst && part.baseAddress == base
                if stage + 1 == stages.count {
                    try model.encode(part, workspace, into: &ids)
                } else {
                    try run(part, isFirst: isFirst, stage: stage + 1, model, workspace, into: &ids)
                }
            }
        case .prefixSpace:
            guard piece.first != 0x20 else {
                try run(piece, isFirst: isFirst, stage: stage + 1, model, workspace, into: &ids)
                return
            }
            try run(
                [0x20] + piece, isFirst: isFirst, stage: stage + 1, model, workspace, into: &ids)
        case .metaspace(let metaspace):
            try run(
                metaspace.marked(piece, isFirst: isFirst), isFirst: isFirst, stage: stage + 1,
                splitter: metaspace.splitter, model, workspace, into: &ids)
        case .byteLevel:
            try run(
                ByteAlphabet.mapped(piece), isFirst: isFirst, stage: stage + 1, model, workspace,
                into: &ids)
        }
    }

    /// Goes on with a piece of other bytes than the text's, cut by `splitter` first.
    private func run(
        _ bytes: [UInt8], isFirst: Bool, stage: Int, splitter: Splitter? = nil,
        _ model: BytePairModel, _ workspace: Workspace, into ids: inout [UInt32]
    ) throws(TokenizerError) {
        var failure: TokenizerError?
        bytes.withUnsafeBufferPointer { bytes in
            do throws(TokenizerError) {
                guard let splitter, let base = bytes.baseAddress else {
                    try run(bytes, isFirst: isFirst, stage: stage, model, workspace, into: &ids)
                    return
                }
                try splitter.forEachPiece(of: bytes, with: workspace.matcher) {
                    (part) throws(TokenizerError) in
                    let part = UnsafeBufferPointer(start: base + part.lowerBound, count: part.count)
                    try run(
                        part, isFirst: isFirst && part.baseAddress == base, stage: stage, model,
                        workspace, into: &ids)
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }
}

extension PreTokenizer.Metaspace {
    /// `piece` with its spaces marked.
    fileprivate func marked(_ piece: UnsafeBufferPointer<UInt8>, isFirst: Bool) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(piece.count + piece.count / 4 + mark.count)
        let isMarked = piece.first == 0x20 || piece.starts(with: mark)
        if prefix == .always || prefix == .first && isFirst, !isMarked { output += mark }
        for byte in piece {
            if byte == 0x20 {
                output += mark
            } else {
                output.append(byte)
            }
        }
        return output
    }
}
