/// The tokens of a model and their ids. No token and no id is there twice.
struct Vocabulary: Sendable {
    private let bytes: [UInt8]
    private let tokens: [(token: Range<Int>, id: UInt32)]
    private let table: TokenTable
    private let places: [UInt32: Int]

    var count: Int { tokens.count }

    /// The object `vocab` of a model.
    init(_ settings: SettingsReader) throws(TokenizerError) {
        bytes = settings.document.bytes
        var tokens: [(token: Range<Int>, id: UInt32)] = []
        tokens.reserveCapacity(settings.all.count)
        var places: [UInt32: Int] = [:]
        places.reserveCapacity(settings.all.count)
        for member in settings.all {
            let name = member.name
            guard case .number(let number) = member.value, let id = SettingsReader.id(number) else {
                throw settings.invalid(
                    SettingsReader.quoted(settings.document.string(name)),
                    "must be a token id, 0 to 4294967294")
            }
            guard places.updateValue(tokens.count, forKey: id) == nil else {
                throw settings.invalid("", "two tokens have the id \(id)")
            }
            tokens.append((name.start..<name.start + name.count, id))
        }
        let bytes = bytes
        guard
            let table = TokenTable(
                tokens.lazy.map { (bytes[$0.token], $0.id) }, count: tokens.count)
        else { throw settings.invalid("", "a token is there twice, or tokens take 4 GiB") }
        self.tokens = tokens
        self.table = table
        self.places = places
    }

    /// The id of a token.
    func id(_ token: some Collection<UInt8>) -> UInt32? { table.id(token) }

    /// The token of an id of this vocabulary; nothing for another id.
    func bytes(of id: UInt32) -> ArraySlice<UInt8> {
        guard let place = places[id] else { return [] }
        return bytes[tokens[place].token]
    }

    /// Whether a token has this id.
    func contains(_ id: UInt32) -> Bool { places[id] != nil }

    /// Tokens by the text they stand for; in a byte-level vocabulary those that are letters
    /// throughout.
    func table(ofBytes isByteLevel: Bool) -> TokenTable? {
        guard isByteLevel else { return table }
        var texts: [(ArraySlice<UInt8>, UInt32)] = []
        texts.reserveCapacity(tokens.count)
        for (token, id) in tokens {
            if let text = ByteAlphabet.bytes(of: bytes[token]) { texts.append((text[...], id)) }
        }
        return TokenTable(texts, count: texts.count)
    }

    /// Hands every token of one character to `take`.
    func forEachCharacter(_ take: (UInt32, UInt32) -> Void) {
        for (token, id) in tokens where token.count > 0 && token.count <= 4 {
            let scalars = UTF8Text.scalars(bytes[token])
            if scalars.count == 1 { take(scalars[0], id) }
        }
    }
}
