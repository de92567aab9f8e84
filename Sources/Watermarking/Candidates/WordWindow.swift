/// The last few words of a text as bytes, so that rewriting of spaces, punctuation and case leaves n-grams alone.
struct WordWindow {
    private let size: Int
    private var words: [ArraySlice<UInt8>] = []

    init(size: Int) { self.size = size }

    /// The n-gram that ends in this word, its words divided by spaces; `nil` before there are enough words.
    mutating func push(_ word: ArraySlice<UInt8>) -> [UInt8]? {
        if words.count == size { words.removeFirst() }
        words.append(word)
        guard words.count == size else { return nil }
        var gram: [UInt8] = []
        for word in words {
            if !gram.isEmpty { gram.append(0x20) }
            for byte in word { gram.append((0x41...0x5A).contains(byte) ? byte | 0x20 : byte) }
        }
        return gram
    }

    /// Words are runs of ASCII letters and digits with any two-byte characters; a character of three or four bytes is a
    /// word of its own, as scripts that have them mostly write no spaces.
    static func forEachWord(of text: [UInt8], _ body: (ArraySlice<UInt8>) -> Void) {
        var start = 0
        var position = 0
        func endWord() { if start < position { body(text[start..<position]) } }
        while position < text.count {
            switch text[position] {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x80...0xDF: position += 1
            case 0xE0...0xFF:
                endWord()
                start = position
                repeat {
                    position += 1
                } while position < text.count && (0x80...0xBF).contains(text[position])
                endWord()
                start = position
            default:
                endWord()
                position += 1
                start = position
            }
        }
        endWord()
    }
}
