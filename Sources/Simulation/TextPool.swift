/// Index of a text in a `TextPool`; zero is the empty text.
typealias TextID = Int32

/// Languages that texts are written in, as far as the simulator tells them apart.
enum Language: UInt8, CaseIterable {
    case english, chinese, german, french, spanish, portuguese, japanese, russian, other

    init(code: String) {
        switch code.prefix(2) {
        case "en": self = .english
        case "zh": self = .chinese
        case "de": self = .german
        case "fr": self = .french
        case "es": self = .spanish
        case "pt": self = .portuguese
        case "ja": self = .japanese
        case "ru": self = .russian
        default: self = .other
        }
    }
}

/// All texts of a world in one arena. Texts are UTF-8 and unescaped.
final class TextPool {
    private let arena = ByteBuffer(capacity: 1 << 20)
    private var ends: [Int] = [0]
    private var languages: [Language] = [.other]
    private var known: [String: TextID] = [:]

    /// Adds a text; `bytes` must be valid UTF-8.
    func add(_ bytes: UnsafeBufferPointer<UInt8>, _ language: Language) -> TextID {
        arena.append(bytes)
        ends.append(arena.count)
        languages.append(language)
        return TextID(ends.count - 1)
    }

    func add(_ text: String, _ language: Language = .english) -> TextID {
        var copy = text
        return copy.withUTF8 { add($0, language) }
    }

    /// Adds a text once however often it is asked for.
    func intern(_ text: String, _ language: Language = .english) -> TextID {
        if text.isEmpty { return 0 }
        if let id = known[text] { return id }
        let id = add(text, language)
        known[text] = id
        return id
    }

    func bytes(_ id: TextID) -> UnsafeBufferPointer<UInt8> {
        id == 0 ? arena.bytes(0..<0) : arena.bytes(ends[Int(id) - 1]..<ends[Int(id)])
    }

    func length(_ id: TextID) -> Int { id == 0 ? 0 : ends[Int(id)] - ends[Int(id) - 1] }

    func language(_ id: TextID) -> Language { languages[Int(id)] }

    func string(_ id: TextID) -> String { String(decoding: bytes(id), as: UTF8.self) }
}
