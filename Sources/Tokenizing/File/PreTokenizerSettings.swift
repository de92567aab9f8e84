/// Reads the field `pre_tokenizer`.
enum PreTokenizerSettings {
    /// How GPT-2 cuts text (Radford et al. 2019).
    private static let gpt2 =
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

    /// What it asks for, sequences laid flat.
    static func stages(
        _ settings: SettingsReader, _ normalizer: Normalizer
    ) throws(TokenizerError) -> [PreTokenizer.Stage] {
        var reader = Reader(normalizer: normalizer)
        try reader.read(settings)
        return reader.stages
    }

    private struct Reader {
        /// Stages of the longest sequence; each piece has a place on the stack for every one.
        private static let most = 32

        let normalizer: Normalizer
        var stages: [PreTokenizer.Stage] = []
        /// Whether stages so far only cut.
        private var onlyCuts = true

        init(normalizer: Normalizer) { self.normalizer = normalizer }

        /// Whether a piece that begins the text can be told. `tokenizers` looks at where the
        /// original of a piece begins, and that is the start for every part of a character that a
        /// step has expanded.
        private var knowsStart: Bool {
            normalizer.steps.isEmpty ? onlyCuts : normalizer.keepsStart && stages.isEmpty
        }

        mutating func read(_ settings: SettingsReader) throws(TokenizerError) {
            switch try settings.string("type") {
            case "Sequence":
                try settings.allow(only: ["type", "pretokenizers"])
                for part in try settings.objects("pretokenizers") {
                    try read(part)
                    guard stages.count <= Self.most else {
                        throw settings.unsupported("pretokenizers", "are more than \(Self.most)")
                    }
                }
            case "ByteLevel": try byteLevel(settings)
            case "Metaspace": try metaspace(settings)
            case "Split":
                try settings.allow(only: ["type", "pattern", "behavior", "invert"])
                stages.append(
                    .split(
                        Splitter(
                            .pattern(try PatternSettings.pattern(settings)),
                            try behavior(settings), isInverted: try settings.bool("invert"))))
            case "Digits":
                try settings.allow(only: ["type", "individual_digits"])
                let behavior: Splitter.Behavior =
                    try settings.bool("individual_digits") ? .isolated : .contiguous
                stages.append(.split(Splitter(.scalars(.numeric), behavior)))
            case "Punctuation":
                try settings.allow(only: ["type", "behavior"])
                let behavior =
                    settings.optional("behavior") == nil ? .isolated : try behavior(settings)
                stages.append(.split(Splitter(.scalars(.punctuation), behavior)))
            case "Whitespace":
                try settings.allow(only: ["type"])
                let word = PatternTranslation.rustWord
                let words = try Pattern(
                    pcre2: "[\(word)]+|[^\(word)\(PatternTranslation.whiteSpaceItems)]+",
                    original: #"\w+|[^\w\s]+"#, path: settings.path, field: settings.field)
                stages.append(.split(Splitter(.pattern(words), .removed, isInverted: true)))
            case "WhitespaceSplit":
                try settings.allow(only: ["type"])
                stages.append(.split(Splitter(.scalars(.whiteSpace), .removed)))
            case let type:
                throw settings.unsupported("type", "is \(SettingsReader.quoted(type))")
            }
        }

        private func behavior(_ settings: SettingsReader) throws(TokenizerError)
            -> Splitter.Behavior
        {
            let name = try settings.string("behavior")
            guard let behavior = Splitter.Behavior(rawValue: name) else {
                throw settings.unsupported("behavior", "is \(SettingsReader.quoted(name))")
            }
            return behavior
        }

        private mutating func byteLevel(_ settings: SettingsReader) throws(TokenizerError) {
            // Offsets are not asked for, so trimming them changes nothing.
            try settings.allow(only: ["type", "add_prefix_space", "trim_offsets", "use_regex"])
            if try settings.bool("add_prefix_space") { stages.append(.prefixSpace) }
            if try settings.bool("use_regex", default: true) {
                let words = try Pattern(
                    oniguruma: PreTokenizerSettings.gpt2, path: settings.path, field: settings.field
                )
                stages.append(.split(Splitter(.pattern(words), .isolated)))
            }
            stages.append(.byteLevel)
            onlyCuts = false
        }

        private mutating func metaspace(_ settings: SettingsReader) throws(TokenizerError) {
            try settings.allow(only: [
                "type", "replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep",
            ])
            let mark = try settings.text("replacement")
            let scalars = UTF8Text.scalars(mark)
            guard scalars.count == 1, let scalar = Unicode.Scalar(scalars[0]) else {
                throw settings.invalid("replacement", "must be one character")
            }
            var prefix = PreTokenizer.Metaspace.Prefix.always
            if settings.optional("prepend_scheme") != nil {
                let name = try settings.string("prepend_scheme")
                guard let scheme = PreTokenizer.Metaspace.Prefix(rawValue: name) else {
                    throw settings.unsupported(
                        "prepend_scheme", "is \(SettingsReader.quoted(name))")
                }
                prefix = scheme
            }
            if try !settings.bool("add_prefix_space", default: true), prefix != .never {
                throw settings.invalid("add_prefix_space", "contradicts prepend_scheme")
            }
            guard prefix != .first || knowsStart else {
                throw settings.unsupported(
                    "prepend_scheme", "is 'first' behind a step that changes where texts begin")
            }
            let splits = try settings.bool("split", default: true)
            stages.append(
                .metaspace(
                    .init(
                        mark: mark, prefix: prefix,
                        splitter: splits
                            ? Splitter(.scalars(ScalarSet(scalar)), .mergedWithNext) : nil)))
            onlyCuts = false
        }
    }
}
