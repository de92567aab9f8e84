/// Turns text into token ids, as `tokenizers` 0.23 does for the same `tokenizer.json` with
/// `encode(text, add_special_tokens=False)`.
///
/// Byte-pair models, over bytes or characters. What a file asks for and is not built is an error
/// when it is read, so there are no ids other than the model's. Added tokens are found in the text,
/// special ones too. Truncation and padding are left out. Threads may share a tokenizer.
package struct Tokenizer: Sendable {
    /// Tokens of the model and added ones. A model's last layer may have more rows.
    package let vocabularySize: Int
    /// SHA-256 of the file, in hexadecimal.
    package let digest: String

    private let model: BytePairModel
    private let vocabulary: Vocabulary
    private let normalizer: Normalizer
    private let preTokenizer: PreTokenizer
    /// Looked for in the text as it is.
    private let rawTokens: AddedTokens
    /// Looked for in normalized text.
    private let normalizedTokens: AddedTokens
    private let added: [UInt32: [UInt8]]
    /// Whether tokens are made of the letters that stand for bytes.
    private let isMadeOfLetters: Bool
    private let pool = WorkspacePool()

    /// Reads a `tokenizer.json` of at most 256 MiB.
    package init(contentsOf path: String) throws(TokenizerError) {
        let file = try TokenizerFile(contentsOf: path)
        digest = file.digest
        model = file.model
        vocabulary = file.vocabulary
        normalizer = file.normalizer
        preTokenizer = file.preTokenizer
        isMadeOfLetters =
            file.model.isByteLevel || file.preTokenizer.makesLetters || file.normalizer.makesLetters
        let matcher = PatternMatcher()
        var raw: [(token: AddedToken, id: UInt32, wanted: [UInt8])] = []
        var normalized = raw
        var texts: Set<[UInt8]> = []
        for (index, (token, id)) in file.added.enumerated() {
            guard token.isNormalized else {
                raw.append((token, id, token.content))
                continue
            }
            let wanted = try file.normalizer.normalized(token.content, with: matcher)
            guard !wanted.isEmpty, wanted.count <= AddedTokens.longest else {
                throw .unsupported(
                    path: path, field: "added_tokens[\(index)].content",
                    reason: "is empty or too long once normalized")
            }
            // `tokenizers` takes either of them, by chance.
            guard texts.insert(wanted).inserted else {
                throw .unsupported(
                    path: path, field: "added_tokens[\(index)].content",
                    reason: "is another added token once normalized")
            }
            normalized.append((token, id, wanted))
        }
        // A token that is the first half of an expanded character would leave a second piece that
        // begins the text.
        guard normalized.isEmpty || file.normalizer.steps.isEmpty || !file.preTokenizer.marksFirst
        else {
            throw .unsupported(
                path: path, field: "added_tokens",
                reason: "are normalized, beside a pre_tokenizer whose prepend_scheme is 'first'")
        }
        rawTokens = try AddedTokens(raw, path: path)
        normalizedTokens = try AddedTokens(normalized, path: path)
        added = Dictionary(file.added.map { ($0.id, $0.token.content) }) { first, _ in first }
        vocabularySize =
            file.vocabulary.count
            + file.added.count { !file.vocabulary.contains($0.id) }
    }

    /// The ids of a text, without those of a post-processor. What is no UTF-8 counts as U+FFFD, as
    /// it does with Python's `errors="replace"`.
    package func encode(_ text: UnsafeBufferPointer<UInt8>) throws(TokenizerError) -> [UInt32] {
        guard UTF8Text.isValid(text) else {
            return try withBytes(UTF8Text.repaired(text)) { (text) throws(TokenizerError) in
                try encodeValid(text)
            }
        }
        return try encodeValid(text)
    }

    /// The ids of a text.
    package func encode(_ text: [UInt8]) throws(TokenizerError) -> [UInt32] {
        try withBytes(text) { (text) throws(TokenizerError) in try encode(text) }
    }

    /// The ids of a text.
    package func encode(_ text: String) throws(TokenizerError) -> [UInt32] {
        try encode(Array(text.utf8))
    }

    /// The bytes that ids stand for, for reports. Byte-level models give back the text they were
    /// given; in others, spaces that a normalizer or pre-tokenizer put in are there, and what
    /// normalization took is not.
    package func decode(_ ids: [UInt32]) throws(TokenizerError) -> [UInt8] {
        var output: [UInt8] = []
        for id in ids {
            if let content = added[id] {
                output += content
                continue
            }
            guard vocabulary.contains(id) else { throw .unknownID(id) }
            output += text(of: vocabulary.bytes(of: id))
        }
        return output
    }

    private func text(of token: ArraySlice<UInt8>) -> [UInt8] {
        if isMadeOfLetters { return ByteAlphabet.bytes(of: token) ?? Array(token) }
        let token = Array(token)
        if model.options.fallsBackToBytes, token.count == 6, token.starts(with: "<0x".utf8),
            token[5] == UInt8(ascii: ">"),
            let byte = UInt8(String(decoding: token[3..<5], as: UTF8.self), radix: 16)
        {
            return [byte]
        }
        return Array(
            String(decoding: token, as: UTF8.self).split(
                separator: "\u{2581}", omittingEmptySubsequences: false
            ).joined(separator: " ").utf8)
    }

    private func encodeValid(_ text: UnsafeBufferPointer<UInt8>) throws(TokenizerError) -> [UInt32]
    {
        let workspace = pool.take()
        defer { pool.give(workspace) }
        var ids: [UInt32] = []
        ids.reserveCapacity(text.count / 4 + 16)
        try rawTokens.forEachPart(of: text, with: workspace.matcher) {
            (part) throws(TokenizerError) in
            switch part {
            case .token(let id): ids.append(id)
            case .text(let range):
                let piece = UnsafeBufferPointer(rebasing: text[range])
                let isFirst = range.lowerBound == 0
                guard !normalizer.steps.isEmpty else {
                    try encodeNormalized(piece, isFirst: isFirst, workspace, into: &ids)
                    return
                }
                let normalized = try normalizer.normalized(Array(piece), with: workspace.matcher)
                try withBytes(normalized) { (piece) throws(TokenizerError) in
                    try encodeNormalized(piece, isFirst: isFirst, workspace, into: &ids)
                }
            }
        }
        return ids
    }

    private func encodeNormalized(
        _ text: UnsafeBufferPointer<UInt8>, isFirst: Bool, _ workspace: Workspace,
        into ids: inout [UInt32]
    ) throws(TokenizerError) {
        try normalizedTokens.forEachPart(of: text, with: workspace.matcher) {
            (part) throws(TokenizerError) in
            switch part {
            case .token(let id): ids.append(id)
            case .text(let range):
                try preTokenizer.run(
                    UnsafeBufferPointer(rebasing: text[range]),
                    isFirst: isFirst && range.lowerBound == 0, model, workspace, into: &ids)
            }
        }
    }

    private func withBytes<Result>(
        _ bytes: [UInt8], _ body: (UnsafeBufferPointer<UInt8>) throws(TokenizerError) -> Result
    ) throws(TokenizerError) -> Result {
        try bytes.withUnsafeBufferPointer { (bytes) throws(TokenizerError) in try body(bytes) }
    }
}
