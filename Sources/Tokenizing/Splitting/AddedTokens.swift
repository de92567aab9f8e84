/// Tokens that are found in the text itself, before anything else is done to it.
struct AddedToken: Sendable, Equatable {
    let content: [UInt8]
    /// Only where no word goes on before or behind it.
    let singleWord: Bool
    /// Takes the white space before it along.
    let stripsLeft: Bool
    /// Takes the white space behind it along.
    let stripsRight: Bool
    /// Is looked for in normalized text.
    let isNormalized: Bool
}

/// Finds added tokens in a text: from the left, and of those that begin at one place the longest.
struct AddedTokens: Sendable {
    /// A part of a text: an added token, or what stands between two.
    enum Part {
        case token(UInt32)
        case text(Range<Int>)
    }

    /// Bytes of the longest content. A search costs at most this many steps for each byte of text.
    static let longest = 1024

    private struct Node {
        /// Children in `edges`.
        var children = 0..<0
        /// Index of the token that ends here, or -1.
        var token = -1
    }

    private let tokens: [(token: AddedToken, id: UInt32)]
    private let nodes: [Node]
    private let edges: [(byte: UInt8, node: Int)]
    /// By byte: whether a token begins with it.
    private let begins: [Bool]
    private let word: Pattern?

    /// Tokens with the bytes that are looked for: none are empty, and no two equal.
    init(
        _ tokens: [(token: AddedToken, id: UInt32, wanted: [UInt8])], path: String
    ) throws(TokenizerError) {
        self.tokens = tokens.map { ($0.token, $0.id) }
        var begins = [Bool](repeating: false, count: 256)
        var children: [[UInt8: Int]] = [[:]]
        var ends = [-1]
        for (index, token) in tokens.enumerated() {
            guard let first = token.wanted.first else { continue }
            begins[Int(first)] = true
            var node = 0
            for byte in token.wanted {
                if let child = children[node][byte] {
                    node = child
                } else {
                    children[node][byte] = children.count
                    node = children.count
                    children.append([:])
                    ends.append(-1)
                }
            }
            ends[node] = index
        }
        var nodes: [Node] = []
        var edges: [(byte: UInt8, node: Int)] = []
        for (node, children) in children.enumerated() {
            let start = edges.count
            edges += children.map { ($0.key, $0.value) }
            nodes.append(Node(children: start..<edges.count, token: ends[node]))
        }
        self.begins = begins
        self.nodes = nodes
        self.edges = edges
        word =
            tokens.contains { $0.token.singleWord }
            ? try Pattern(
                pcre2: "[\(PatternTranslation.rustWord)]", original: "\\w", path: path,
                field: "added_tokens") : nil
    }

    var isEmpty: Bool { tokens.isEmpty }

    /// Hands the parts of `text` to `take`, from left to right.
    func forEachPart(
        of text: UnsafeBufferPointer<UInt8>, with matcher: PatternMatcher,
        _ take: (Part) throws(TokenizerError) -> Void
    ) throws(TokenizerError) {
        guard !isEmpty, let base = text.baseAddress else {
            if text.count > 0 { try take(.text(0..<text.count)) }
            return
        }
        var done = 0
        var index = 0
        // White space behind a match that was looked at already, so that it is looked at once.
        var spaces = 0..<0
        while index < text.count {
            guard begins[Int(text[index])], let (found, length) = longestMatch(in: text, at: index)
            else {
                index += 1
                continue
            }
            var (start, end) = (index, index + length)
            index = end
            let (token, id) = tokens[found]
            if token.singleWord, try isInsideWord(start..<end, of: text, with: matcher) { continue }
            if token.stripsLeft {
                start = max(UTF8Text.trailingSpace(base, min(done, start)..<start).lowerBound, done)
            }
            if token.stripsRight {
                if end < spaces.lowerBound || end >= spaces.upperBound {
                    spaces = UTF8Text.leadingSpace(base, end..<text.count)
                }
                end = max(end, spaces.upperBound)
            }
            if done < start { try take(.text(done..<start)) }
            // With all of its text in the white space of the token before it, it still counts.
            try take(.token(id))
            done = end
        }
        if done < text.count { try take(.text(done..<text.count)) }
    }

    private func longestMatch(
        in text: UnsafeBufferPointer<UInt8>, at start: Int
    ) -> (token: Int, length: Int)? {
        var best: (token: Int, length: Int)?
        var node = 0
        var index = start
        search: while index < text.count {
            for edge in nodes[node].children where edges[edge].byte == text[index] {
                node = edges[edge].node
                index += 1
                if nodes[node].token >= 0 { best = (nodes[node].token, index - start) }
                continue search
            }
            break
        }
        return best
    }

    private func isInsideWord(
        _ range: Range<Int>, of text: UnsafeBufferPointer<UInt8>, with matcher: PatternMatcher
    ) throws(TokenizerError) -> Bool {
        if range.lowerBound > 0 {
            var before = range.lowerBound - 1
            while before > 0, text[before] & 0xC0 == 0x80 { before -= 1 }
            if try isWord(text, before, with: matcher) { return true }
        }
        guard range.upperBound < text.count else { return false }
        return try isWord(text, range.upperBound, with: matcher)
    }

    private func isWord(
        _ text: UnsafeBufferPointer<UInt8>, _ start: Int, with matcher: PatternMatcher
    ) throws(TokenizerError) -> Bool {
        guard let word else { return false }
        let end = start + UTF8Text.length(lead: text[start])
        let scalar = UnsafeBufferPointer(rebasing: text[start..<end])
        var isWord = false
        let splitter = Splitter(.pattern(word), .isolated)
        try splitter.forEachPart(of: scalar, with: matcher) { _, isMatch in isWord = isMatch }
        return isWord
    }
}
