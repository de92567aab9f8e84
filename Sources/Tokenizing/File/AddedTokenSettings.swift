/// Reads the field `added_tokens`.
enum AddedTokenSettings {
    /// Of all contents together; real files have some 100 kB.
    private static let mostBytes = 1 << 21

    static func tokens(
        _ settings: SettingsReader, _ vocabulary: Vocabulary
    ) throws(TokenizerError) -> [(token: AddedToken, id: UInt32)] {
        guard settings.optional("added_tokens") != nil else { return [] }
        var tokens: [(token: AddedToken, id: UInt32)] = []
        var places: [[UInt8]: Int] = [:]
        var highest: UInt32?
        var bytes = 0
        for reader in try settings.objects("added_tokens") {
            try reader.allow(only: [
                "id", "content", "single_word", "lstrip", "rstrip", "normalized", "special",
            ])
            let token = AddedToken(
                content: try reader.text("content"),
                singleWord: try reader.bool("single_word"),
                stripsLeft: try reader.bool("lstrip"), stripsRight: try reader.bool("rstrip"),
                isNormalized: try reader.bool("normalized"))
            let declared = try reader.id("id")
            // Read for its type alone: special tokens are found as the others are.
            _ = try reader.bool("special")
            if token.content.isEmpty { continue }
            guard token.content.count <= AddedTokens.longest else {
                throw reader.unsupported("content", "is longer than \(AddedTokens.longest) bytes")
            }
            bytes += token.content.count
            guard bytes <= Self.mostBytes else {
                throw reader.unsupported(
                    "content", "makes more than \(Self.mostBytes) bytes in all")
            }
            if let place = places[token.content] {
                guard tokens[place].token == token, tokens[place].id == declared else {
                    throw reader.invalid("content", "is there twice, and not alike")
                }
                continue
            }
            // `tokenizers` numbers tokens itself and only warns of other ids in the file.
            let size = UInt32(clamping: vocabulary.count)
            let given: UInt32
            if let id = vocabulary.id(token.content) {
                given = id
            } else if let highest, highest >= size || size == 0 {
                given = highest + 1
            } else {
                given = size
            }
            guard given == declared else {
                throw reader.invalid(
                    "id", "is \(declared), but tokenizers gives the token \(given)")
            }
            highest = max(highest ?? 0, given)
            places[token.content] = tokens.count
            tokens.append((token, given))
        }
        return tokens
    }
}
