/// Reads `pattern` fields: `{"String": "..."}` or `{"Regex": "..."}`.
enum PatternSettings {
    static func pattern(_ settings: SettingsReader) throws(TokenizerError) -> Pattern {
        let pattern = try settings.object("pattern")
        try pattern.allow(only: ["String", "Regex"])
        if pattern.optional("Regex") != nil, pattern.optional("String") == nil {
            return try Pattern(
                oniguruma: try pattern.string("Regex"), path: settings.path,
                field: pattern.place("Regex"))
        }
        guard pattern.optional("Regex") == nil else {
            throw pattern.invalid("Regex", "stands beside String")
        }
        return try Pattern(
            literal: try pattern.string("String"), path: settings.path,
            field: pattern.place("String"))
    }
}
