/// Cuts a piece of text at delimiters.
struct Splitter: Sendable {
    /// What pieces are cut at.
    enum Delimiter: Sendable {
        case pattern(Pattern)
        case scalars(ScalarSet)
    }

    /// What becomes of the delimiters.
    enum Behavior: String, Sendable {
        /// They are dropped.
        case removed = "Removed"
        /// Each is a piece.
        case isolated = "Isolated"
        /// Each goes to the piece before it.
        case mergedWithPrevious = "MergedWithPrevious"
        /// Each goes to the piece after it.
        case mergedWithNext = "MergedWithNext"
        /// Those that follow each other are one piece.
        case contiguous = "Contiguous"
    }

    let delimiter: Delimiter
    let behavior: Behavior
    /// Whether the delimiters are what the pattern does not match.
    let isInverted: Bool

    init(_ delimiter: Delimiter, _ behavior: Behavior, isInverted: Bool = false) {
        self.delimiter = delimiter
        self.behavior = behavior
        self.isInverted = isInverted
    }

    /// Hands every part of `text` to `take`, and whether it is a match. Empty matches are parts
    /// too.
    @inline(__always)
    func forEachPart(
        of text: UnsafeBufferPointer<UInt8>, with matcher: PatternMatcher,
        _ take: (Range<Int>, Bool) throws(TokenizerError) -> Void
    ) throws(TokenizerError) {
        switch delimiter {
        case .pattern(let pattern):
            guard RecentScalars.current.occur(in: text) else {
                try Self.forEachPart(of: text, pattern, with: matcher, take)
                return
            }
            // As long as the text, so every place is that of the text.
            let shadow = RecentScalars.current.replaced(in: text)
            var failure: TokenizerError?
            shadow.withUnsafeBufferPointer { shadow in
                do throws(TokenizerError) {
                    try Self.forEachPart(of: shadow, pattern, with: matcher, take)
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
        case .scalars(let scalars):
            try Self.forEachPart(of: text, scalars, take)
        }
    }

    @inline(__always)
    private static func forEachPart(
        of text: UnsafeBufferPointer<UInt8>, _ pattern: Pattern, with matcher: PatternMatcher,
        _ take: (Range<Int>, Bool) throws(TokenizerError) -> Void
    ) throws(TokenizerError) {
        var done = 0
        var start = 0
        var lastEnd = -1
        while start <= text.count, let match = try matcher.match(pattern, in: text, from: start) {
            if match.isEmpty, match.upperBound == lastEnd {
                // An empty match right behind a match is none.
                start += start < text.count ? UTF8Text.length(lead: text[start]) : 1
                continue
            }
            if done < match.lowerBound { try take(done..<match.lowerBound, false) }
            try take(match, true)
            done = match.upperBound
            start = done
            lastEnd = done
        }
        if done < text.count { try take(done..<text.count, false) }
    }

    @inline(__always)
    private static func forEachPart(
        of text: UnsafeBufferPointer<UInt8>, _ scalars: ScalarSet,
        _ take: (Range<Int>, Bool) throws(TokenizerError) -> Void
    ) throws(TokenizerError) {
        guard let base = text.baseAddress else { return }
        var done = 0
        var index = 0
        while index < text.count {
            let (value, length) = UTF8Text.scalar(base + index)
            if scalars.contains(value) {
                if done < index { try take(done..<index, false) }
                try take(index..<index + length, true)
                done = index + length
            }
            index += length
        }
        if done < text.count { try take(done..<text.count, false) }
    }

    /// Hands every piece of `text` to `take`, from left to right; none is empty.
    @inline(__always)
    func forEachPiece(
        of text: UnsafeBufferPointer<UInt8>, with matcher: PatternMatcher,
        _ take: (Range<Int>) throws(TokenizerError) -> Void
    ) throws(TokenizerError) {
        var waiting: Range<Int>?
        var waitingIsDelimiter = false
        try forEachPart(of: text, with: matcher) { (part, isMatch) throws(TokenizerError) in
            let isDelimiter = isMatch != isInverted
            let joins: Bool
            switch behavior {
            case .removed:
                if !isDelimiter, !part.isEmpty { try take(part) }
                return
            case .isolated:
                if !part.isEmpty { try take(part) }
                return
            case .contiguous: joins = waitingIsDelimiter == isDelimiter
            case .mergedWithPrevious: joins = isDelimiter && !waitingIsDelimiter
            case .mergedWithNext: joins = waitingIsDelimiter && !isDelimiter
            }
            if joins, let before = waiting {
                waiting = before.lowerBound..<part.upperBound
            } else {
                if let before = waiting, !before.isEmpty { try take(before) }
                waiting = part
            }
            waitingIsDelimiter = isDelimiter
        }
        if let waiting, !waiting.isEmpty { try take(waiting) }
    }
}
