/// What is left of a model's reasoning once it is summarised: its first sentence and how many steps it had.
///
/// Extractive and deterministic; the same text in any number of pieces gives the same summary.
struct ReasoningSummary {
    /// The longest summary, in Unicode scalars.
    static let longest = 200
    /// What is kept of the beginning: four bytes a scalar, and white space before it.
    private static let keptBytes = 4 * longest + 256

    private var beginning: [UInt8] = []
    private var steps = 0
    private var isInStep = false

    /// Whether any text has come that is not white space.
    var isEmpty: Bool { steps == 0 }

    init() {}

    init(of text: [UInt8]) { add(text) }

    /// Adds the next piece of the text in UTF-8. A step is a line that is not blank.
    mutating func add(_ text: [UInt8]) {
        for byte in text {
            switch byte {
            case 0x0A, 0x0D: isInStep = false
            case 0x20, 0x09: break
            default:
                if !isInStep {
                    isInStep = true
                    steps += 1
                }
            }
            let isBlank = byte == 0x20 || (0x09...0x0D).contains(byte)
            if beginning.count < Self.keptBytes, !(beginning.isEmpty && isBlank) {
                beginning.append(byte)
            }
        }
    }

    /// The summary in UTF-8, at most ``longest`` scalars; empty where there was no text.
    var text: [UInt8] {
        guard steps > 0 else { return [] }
        let ending = steps == 1 ? " (1 step)" : " (\(steps) steps)"
        var sentence = firstSentence()
        let room = Self.longest - ending.unicodeScalars.count
        if sentence.count > room { sentence = Array(sentence.prefix(room - 1)) + ["\u{2026}"] }
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: sentence)
        return Array((String(scalars) + ending).utf8)
    }

    private func firstSentence() -> [Unicode.Scalar] {
        // The last bytes kept may be a part of a character; the summary is too short to reach them.
        let scalars = Array(String(decoding: beginning, as: UTF8.self).unicodeScalars)
        var end = scalars.count
        for (index, scalar) in scalars.enumerated() {
            switch scalar {
            case "\n", "\r": end = index
            case "\u{3002}", "\u{FF01}", "\u{FF1F}": end = index + 1
            case ".", "!", "?":
                let isLast =
                    index + 1 == scalars.count || scalars[index + 1].properties.isWhitespace
                guard isLast else { continue }
                end = index + 1
            default: continue
            }
            break
        }
        let sentence = scalars[..<end]
        let isBlank = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
        return Array(sentence.prefix((sentence.lastIndex { !isBlank($0) } ?? -1) + 1))
    }
}
