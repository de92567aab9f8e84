/// A byte-pair model: turns one piece of text into ids.
///
/// Two kinds: over bytes, where every byte has its letter in the vocabulary (GPT-2), and over
/// characters, where one that the vocabulary lacks becomes its bytes' tokens or the unknown token
/// (SentencePiece).
struct BytePairModel: Sendable {
    /// What the file says of the model.
    struct Options: Sendable {
        let unknownToken: String?
        let fusesUnknown: Bool
        let fallsBackToBytes: Bool
        let ignoresMerges: Bool
    }

    /// A symbol that the vocabulary lacks.
    static let none = UInt32.max

    let options: Options
    let isByteLevel: Bool
    private let merges: MergeTable
    /// Whole pieces, for `ignore_merges`.
    private let tokens: TokenTable?
    private let unknown: UInt32?
    /// By byte: the id of its letter, or `none`.
    private let letters: [UInt32]
    /// By scalar of the first plane: its id, or `none`.
    private let characters: [UInt32]
    private let rareCharacters: [UInt32: UInt32]
    /// By byte: its token `<0x00>`, or `none`.
    private let byteTokens: [UInt32]
    /// Neighbours inside of tokens. Text can be cut between any others, since no token reaches
    /// across.
    private let bytePairs: [Bool]
    private let characterPairs: PairSet

    init(vocabulary: Vocabulary, merges: [Merge], options: Options, isByteLevel: Bool) {
        self.options = options
        self.isByteLevel = isByteLevel
        self.merges = MergeTable(merges.map { ($0.left, $0.right, $0.merged) })
        tokens = options.ignoresMerges ? vocabulary.table(ofBytes: isByteLevel) : nil
        unknown = options.unknownToken.flatMap { vocabulary.id(Array($0.utf8)) }
        letters = ByteAlphabet.scalars.map { scalar in
            var letter: [UInt8] = []
            UTF8Text.append(scalar, to: &letter)
            return vocabulary.id(letter) ?? Self.none
        }
        byteTokens = (0..<256).map { byte in
            let digits = Array("0123456789ABCDEF".utf8)
            let name = Array("<0x".utf8) + [digits[byte >> 4], digits[byte & 15]] + Array(">".utf8)
            return options.fallsBackToBytes ? vocabulary.id(name) ?? Self.none : Self.none
        }
        var bytePairs = [Bool](repeating: false, count: 1 << 16)
        var characterPairs = PairSet()
        var characters: [UInt32] = []
        var rare: [UInt32: UInt32] = [:]
        if isByteLevel {
            for merge in merges {
                guard let bytes = ByteAlphabet.bytes(of: vocabulary.bytes(of: merge.merged)) else {
                    continue
                }
                for (left, right) in zip(bytes, bytes.dropFirst()) {
                    bytePairs[Int(left) << 8 | Int(right)] = true
                }
            }
        } else {
            characters = [UInt32](repeating: Self.none, count: 1 << 16)
            vocabulary.forEachCharacter { scalar, id in
                if scalar < 1 << 16 {
                    characters[Int(scalar)] = id
                } else {
                    rare[scalar] = id
                }
            }
            for merge in merges {
                let scalars = UTF8Text.scalars(vocabulary.bytes(of: merge.merged))
                for (left, right) in zip(scalars, scalars.dropFirst()) {
                    characterPairs.insert(left, right)
                }
            }
        }
        self.bytePairs = bytePairs
        self.characterPairs = characterPairs
        self.characters = characters
        rareCharacters = rare
    }

    /// Appends the ids of a piece, which is not empty: bytes of text in a byte-level model, letters
    /// in another.
    @inline(__always)
    func encode(
        _ piece: UnsafeBufferPointer<UInt8>, _ workspace: Workspace, into ids: inout [UInt32]
    ) throws(TokenizerError) {
        guard piece.count <= WordCache.longestWord else {
            try encodeLong(piece, workspace, into: &ids)
            return
        }
        let place = workspace.cache.place(piece, isPart: false)
        if workspace.cache.take(piece, isPart: false, at: place, into: &ids) { return }
        let start = ids.count
        if let id = tokens?.id(piece) {
            ids.append(id)
        } else if isByteLevel {
            try encodeBytes(piece, workspace, into: &ids)
        } else {
            try encodeCharacters(piece, workspace, into: &ids)
        }
        workspace.cache.keep(piece, isPart: false, at: place, ids[start...])
    }

    /// Cuts a long piece where no token reaches across.
    private func encodeLong(
        _ piece: UnsafeBufferPointer<UInt8>, _ workspace: Workspace, into ids: inout [UInt32]
    ) throws(TokenizerError) {
        if let id = tokens?.id(piece) {
            ids.append(id)
            return
        }
        guard let base = piece.baseAddress else { return }
        var start = 0
        if isByteLevel {
            for index in 1..<piece.count {
                let (left, right) = (Int(piece[index - 1]), Int(piece[index]))
                if !bytePairs[left << 8 | right], letters[left] != Self.none,
                    letters[right] != Self.none
                {
                    try encodePart(
                        .init(start: base + start, count: index - start), workspace, into: &ids)
                    start = index
                }
            }
        } else {
            var (left, index) = UTF8Text.scalar(base)
            var leftIsKnown = character(left) != Self.none
            while index < piece.count {
                let (right, length) = UTF8Text.scalar(base + index)
                let rightIsKnown = character(right) != Self.none
                if leftIsKnown, rightIsKnown, !characterPairs.contains(left, right) {
                    try encodePart(
                        .init(start: base + start, count: index - start), workspace, into: &ids)
                    start = index
                }
                left = right
                leftIsKnown = rightIsKnown
                index += length
            }
        }
        try encodePart(
            .init(start: base + start, count: piece.count - start), workspace, into: &ids)
    }

    @inline(__always)
    private func encodePart(
        _ part: UnsafeBufferPointer<UInt8>, _ workspace: Workspace, into ids: inout [UInt32]
    ) throws(TokenizerError) {
        guard part.count <= WordCache.longestWord else {
            if isByteLevel {
                try encodeBytes(part, workspace, into: &ids)
            } else {
                try encodeCharacters(part, workspace, into: &ids)
            }
            return
        }
        let place = workspace.cache.place(part, isPart: true)
        if workspace.cache.take(part, isPart: true, at: place, into: &ids) { return }
        let start = ids.count
        if isByteLevel {
            try encodeBytes(part, workspace, into: &ids)
        } else {
            try encodeCharacters(part, workspace, into: &ids)
        }
        workspace.cache.keep(part, isPart: true, at: place, ids[start...])
    }

    private func encodeBytes(
        _ piece: UnsafeBufferPointer<UInt8>, _ workspace: Workspace, into ids: inout [UInt32]
    ) throws(TokenizerError) {
        let merger = workspace.merger
        try merger.removeAll(reserving: piece.count)
        var hasUnknown = false
        for byte in piece {
            let letter = letters[Int(byte)]
            if letter == Self.none {
                hasUnknown = true
                break
            }
            try merger.append(letter)
        }
        if hasUnknown {
            // A letter that the vocabulary lacks is treated as any other character.
            try encodeLetters(ByteAlphabet.mapped(piece), workspace, into: &ids)
            return
        }
        finish(workspace, into: &ids)
    }

    private func encodeLetters(
        _ letters: [UInt8], _ workspace: Workspace, into ids: inout [UInt32]
    ) throws(TokenizerError) {
        var failure: TokenizerError?
        letters.withUnsafeBufferPointer { letters in
            do throws(TokenizerError) {
                try encodeCharacters(letters, workspace, into: &ids)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    private func encodeCharacters(
        _ piece: UnsafeBufferPointer<UInt8>, _ workspace: Workspace, into ids: inout [UInt32]
    ) throws(TokenizerError) {
        guard let base = piece.baseAddress else { return }
        let merger = workspace.merger
        try merger.removeAll(reserving: min(piece.count, SymbolMerger.most))
        // An unknown token that waits until what follows is known not to be fused with it. As in
        // `tokenizers`, bytes that stand for a character do not end the wait, so they come before
        // it.
        var unknownWaits = false
        var index = 0
        while index < piece.count {
            let (scalar, length) = UTF8Text.scalar(base + index)
            defer { index += length }
            let id = isByteLevel ? letter(scalar) : character(scalar)
            if id != Self.none {
                if unknownWaits, let unknown {
                    try merger.append(unknown)
                    unknownWaits = false
                }
                try merger.append(id)
                continue
            }
            if options.fallsBackToBytes,
                (index..<index + length).allSatisfy({ byteTokens[Int(base[$0])] != Self.none })
            {
                for place in index..<index + length {
                    try merger.append(byteTokens[Int(base[place])])
                }
                continue
            }
            guard let name = options.unknownToken else { continue }
            guard let unknown else { throw .noUnknownToken(name: SettingsReader.quoted(name)) }
            if unknownWaits, !options.fusesUnknown { try merger.append(unknown) }
            unknownWaits = true
        }
        if unknownWaits, let unknown { try merger.append(unknown) }
        finish(workspace, into: &ids)
    }

    @inline(__always)
    private func finish(_ workspace: Workspace, into ids: inout [UInt32]) {
        workspace.merger.merge(by: merges)
        workspace.merger.append(to: &ids)
    }

    /// The id of a character, or `none`.
    @inline(__always)
    private func character(_ scalar: UInt32) -> UInt32 {
        scalar < 1 << 16 ? characters[Int(scalar)] : rareCharacters[scalar] ?? Self.none
    }

    /// The id of a byte's letter, or `none`.
    private func letter(_ scalar: UInt32) -> UInt32 {
        ByteAlphabet.scalars.firstIndex(of: scalar).map { letters[$0] } ?? Self.none
    }
}

/// One merge of the file, by ids.
struct Merge: Sendable {
    let left: UInt32
    let right: UInt32
    let merged: UInt32
}

/// Pairs of neighbouring characters.
struct PairSet: Sendable {
    private var slots = [UInt64](repeating: 0, count: 1024)
    private var count = 0
    private let hash = ByteHash()

    @inline(__always)
    private func slot(_ key: UInt64) -> Int {
        var slot = Int(truncatingIfNeeded: hash.hash(key)) & (slots.count - 1)
        while slots[slot] != 0, slots[slot] != key { slot = (slot + 1) & (slots.count - 1) }
        return slot
    }

    // One more than the pair, since 0 is no pair.
    @inline(__always)
    private static func key(_ left: UInt32, _ right: UInt32) -> UInt64 {
        (UInt64(left) << 32 | UInt64(right)) + 1
    }

    mutating func insert(_ left: UInt32, _ right: UInt32) {
        let key = Self.key(left, right)
        let place = slot(key)
        if slots[place] == key { return }
        slots[place] = key
        count += 1
        if count * 2 > slots.count {
            let old = slots
            slots = [UInt64](repeating: 0, count: old.count * 2)
            for key in old where key != 0 { slots[slot(key)] = key }
        }
    }

    @inline(__always)
    func contains(_ left: UInt32, _ right: UInt32) -> Bool {
        let key = Self.key(left, right)
        return slots[slot(key)] == key
    }
}
