import Sketches

/// What one pass over a prompt's bytes leaves: hashes of its fixed parts and a sample of its words. No text.
public struct TextSketch: Sendable {
    /// Words kept for the content sample.
    public static let wordLimit = 24
    /// Shingles kept for block detection.
    public static let shingleLimit = 4

    /// Bins (0..<`ContentBins.count`) of the words with the smallest hashes, ascending by hash.
    public var bins = InlineArray<24, UInt16>(repeating: 0)
    /// How many of `bins` are set.
    public var binCount: UInt8 = 0
    /// The smallest hashes of runs of five words; zero where there are fewer.
    public var shingles = InlineArray<4, UInt32>(repeating: 0)
    /// Hash of the first eight words; zero when there are fewer than eight.
    public var prefix: UInt32 = 0
    /// Hash of the last eight words; zero when there are fewer than eight.
    public var suffix: UInt32 = 0
    /// Hash of the lines' beginnings with what follows left out.
    public var skeleton: UInt32 = 0
    /// Number of words.
    public var words: UInt32 = 0

    /// The sketch of no text.
    public init() {}
}

/// The dimensions of content vectors.
public enum ContentBins {
    /// Words are hashed to this many bins. 1,024 keeps a dense vector at 4 KB, with about one word in forty of a
    /// prompt colliding with another of the same prompt.
    public static let count = 1024
}

/// Reads the text of one prompt, block by block, and fills a `TextSketch`. Allocates nothing.
///
/// A word is a run of ASCII letters and digits and of bytes from 0x80 up, folded to lower case, with every digit
/// read as 0. In scripts without spaces (lead bytes 0xE3 to 0xED) each pair of neighbouring characters is a word.
/// Words are hashed as they are read; the content sample is the bottom-k of distinct word hashes (A. Broder, "On the
/// resemblance and containment of documents", 1997), so that equal words are kept in equal texts.
struct TextSketcher {
    private(set) var sketch = TextSketch()

    private var minimumWords = InlineArray<24, UInt32>(repeating: .max)
    private var minimumCount = 0
    private var wordThreshold = UInt32.max
    private var minimumShingles = InlineArray<4, UInt32>(repeating: .max)
    private var shingleThreshold = UInt32.max

    private var ring = InlineArray<8, UInt32>(repeating: 0)
    private var wordCount: UInt32 = 0
    private var rolling: UInt32 = 0
    private var prefixHash: UInt64 = 0

    private var lineHash: UInt32 = 0
    private var lineHead: UInt32 = 0
    private var lineWords = 0
    private var lineOpen = true
    private var lines = 0
    private var skeletonHash: UInt64 = 0

    private var word: UInt32 = 2_166_136_261
    private var wordLength = 0
    private var previousCharacter: UInt32 = 0

    /// FNV-1a's prime; a word's hash is mixed again when it ends.
    private static let prime: UInt32 = 16_777_619
    private static let base: UInt32 = 0x9e37_79b1
    /// `base` to the fifth power, to take the oldest word out of a rolling hash of five.
    private static let base5: UInt32 = base &* base &* base &* base &* base

    /// Lines after this many do not count for the skeleton: templates begin with their structure.
    private static let skeletonLines = 16

    /// What each byte is: 0 separator, 1 line feed, 2 colon, 3 first byte of a wide character, else the folded byte.
    private static let table: InlineArray<256, UInt8> = {
        var table = InlineArray<256, UInt8>(repeating: 0)
        for byte in 0..<256 {
            switch UInt8(byte) {
            case 0x0a: table[byte] = 1
            case UInt8(ascii: ":"): table[byte] = 2
            case 0xe3...0xed: table[byte] = 3
            case 0x80...0xff: table[byte] = UInt8(byte)
            case UInt8(ascii: "a")...UInt8(ascii: "z"): table[byte] = UInt8(byte)
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): table[byte] = UInt8(byte) | 0x20
            case UInt8(ascii: "0")...UInt8(ascii: "9"): table[byte] = UInt8(ascii: "0")
            default: break
            }
        }
        return table
    }()

    /// Reads one block of text.
    mutating func add(_ text: UnsafeBufferPointer<UInt8>) {
        guard let base = text.baseAddress else { return }
        let count = text.count
        var index = 0
        var hash = word
        var length = wordLength
        while index < count {
            let byte = base[index]
            let kind = Self.table[Int(byte)]
            if kind > 3 {
                hash = (hash ^ UInt32(kind)) &* Self.prime
                length &+= 1
                index &+= 1
                continue
            }
            if length > 0 {
                endWord(hash)
                hash = 2_166_136_261
                length = 0
            }
            switch kind {
            case 3:
                let end = min(count, index &+ 3)
                var character: UInt32 = 0
                while index < end {
                    character = character &<< 8 | UInt32(base[index])
                    index &+= 1
                }
                if previousCharacter != 0 {
                    endWord((previousCharacter &* Self.prime ^ character) &* Self.base)
                }
                previousCharacter = character
                continue
            case 1:
                endLine()
            case 2:
                if lineWords <= 3 { lineOpen = false }
            default:
                break
            }
            previousCharacter = 0
            index &+= 1
        }
        if length > 0 { endWord(hash) }
        word = 2_166_136_261
        wordLength = 0
        previousCharacter = 0
        endLine()
    }

    @inline(__always)
    private mutating func endWord(_ raw: UInt32) {
        // Two rounds of a multiply-xorshift: FNV's high bits alone are too weak to rank words by.
        var hash = raw ^ (raw &>> 15)
        hash = hash &* 0x2c1b_3c6d
        hash ^= hash &>> 12
        hash = hash &* 0x297a_2d39
        hash ^= hash &>> 15

        if hash < wordThreshold { keepWord(hash) }

        let slot = Int(wordCount & 7)
        let oldest = wordCount >= 5 ? ring[Int((wordCount &- 5) & 7)] : 0
        rolling = rolling &* Self.base &+ hash &- oldest &* Self.base5
        ring[slot] = hash
        wordCount &+= 1
        if wordCount >= 5 {
            var shingle = rolling ^ (rolling &>> 16)
            shingle = shingle &* 0x85eb_ca6b
            shingle ^= shingle &>> 13
            if shingle < shingleThreshold { keepShingle(shingle) }
        }
        if wordCount <= 8 { prefixHash = Hash64.combine(prefixHash, UInt64(hash)) }

        if lines < Self.skeletonLines {
            lineWords &+= 1
            if lineWords <= 4 { lineHash = lineHash &* Self.base &+ hash }
            if lineOpen, lineWords <= 3 { lineHead = lineHead &* Self.base &+ hash }
        }
    }

    private mutating func endLine() {
        if lineWords > 0, lines < Self.skeletonLines {
            // A short line without a colon is structure as a whole; of any other only the head is.
            let whole = lineWords <= 4 && lineOpen
            skeletonHash = Hash64.combine(
                skeletonHash, whole ? UInt64(lineHash) : UInt64(lineHead) | 1 << 32)
            lines &+= 1
        }
        lineHash = 0
        lineHead = 0
        lineWords = 0
        lineOpen = true
    }

    private mutating func keepWord(_ hash: UInt32) {
        var position = minimumCount
        while position > 0, minimumWords[position - 1] > hash { position -= 1 }
        if position > 0, minimumWords[position - 1] == hash { return }
        if minimumCount < TextSketch.wordLimit { minimumCount += 1 }
        var index = minimumCount - 1
        while index > position {
            minimumWords[index] = minimumWords[index - 1]
            index -= 1
        }
        minimumWords[position] = hash
        if minimumCount == TextSketch.wordLimit { wordThreshold = minimumWords[23] }
    }

    private mutating func keepShingle(_ hash: UInt32) {
        var position = 4
        while position > 0, minimumShingles[position - 1] > hash { position -= 1 }
        if position == 4 || (position > 0 && minimumShingles[position - 1] == hash) { return }
        var index = 3
        while index > position {
            minimumShingles[index] = minimumShingles[index - 1]
            index -= 1
        }
        minimumShingles[position] = hash
        shingleThreshold = minimumShingles[3]
    }

    /// The sketch of everything read.
    mutating func finish() -> TextSketch {
        var result = TextSketch()
        for index in 0..<minimumCount {
            // The low bits choose the bin: the high ones decided which words are kept.
            result.bins[index] = UInt16(minimumWords[index] & UInt32(ContentBins.count - 1))
        }
        result.binCount = UInt8(minimumCount)
        for index in 0..<4 where minimumShingles[index] != .max {
            result.shingles[index] = minimumShingles[index]
        }
        if wordCount >= 8 {
            result.prefix = UInt32(truncatingIfNeeded: prefixHash) | 1
            var suffix: UInt64 = 0
            for offset in 0..<8 {
                suffix = Hash64.combine(
                    suffix, UInt64(ring[Int((wordCount &+ UInt32(offset)) & 7)]))
            }
            result.suffix = UInt32(truncatingIfNeeded: suffix) | 1
        }
        result.skeleton = UInt32(truncatingIfNeeded: skeletonHash)
        result.words = wordCount
        return result
    }
}
