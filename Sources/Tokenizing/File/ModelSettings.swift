/// Reads the field `model`.
enum ModelSettings {
    static func model(
        _ settings: SettingsReader, isByteLevel: Bool
    ) throws(TokenizerError) -> (Vocabulary, BytePairModel) {
        // Old files do not name the type.
        if settings.optional("type") != nil {
            let type = try settings.string("type")
            guard type == "BPE" else {
                throw settings.unsupported("type", "is \(SettingsReader.quoted(type))")
            }
        }
        try settings.allow(only: [
            "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix",
            "fuse_unk", "byte_fallback", "ignore_merges", "vocab", "merges",
        ])
        if let dropout = settings.optional("dropout") {
            guard case .number(0) = dropout else {
                throw settings.unsupported("dropout", "makes ids random")
            }
        }
        for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
            guard try settings.optionalText(name)?.isEmpty ?? true else {
                throw settings.unsupported(name, "is given")
            }
        }
        let options = BytePairModel.Options(
            unknownToken: try settings.optionalText("unk_token").map {
                String(decoding: $0, as: UTF8.self)
            },
            fusesUnknown: try settings.bool("fuse_unk", default: false),
            fallsBackToBytes: try settings.bool("byte_fallback", default: false),
            ignoresMerges: try settings.bool("ignore_merges", default: false))
        let vocabulary = try Vocabulary(try settings.object("vocab"))
        let merges = try merges(settings, vocabulary)
        return (
            vocabulary,
            BytePairModel(
                vocabulary: vocabulary, merges: merges, options: options, isByteLevel: isByteLevel)
        )
    }

    private static func merges(
        _ settings: SettingsReader, _ vocabulary: Vocabulary
    ) throws(TokenizerError) -> [Merge] {
        let values = try settings.array("merges")
        let document = settings.document
        var merges: [Merge] = []
        merges.reserveCapacity(values.count)
        var whole: [UInt8] = []
        for (index, value) in values.enumerated() {
            let left: ArraySlice<UInt8>
            let right: ArraySlice<UInt8>
            switch value {
            case .array(let pair):
                guard pair.count == 2, case .string(let first) = pair[0],
                    case .string(let second) = pair[1]
                else { throw settings.invalid("merges[\(index)]", "must be two tokens") }
                left = document.bytes(first)
                right = document.bytes(second)
            case .string(let text):
                // As in old files: "left right", and a first line with a version.
                let line = document.bytes(text)
                if line.starts(with: Array("#version".utf8)) { continue }
                let parts = line.split(separator: 0x20, omittingEmptySubsequences: false)
                guard parts.count == 2 else {
                    throw settings.invalid("merges[\(index)]", "must be two tokens and a space")
                }
                left = parts[0]
                right = parts[1]
            default: throw settings.invalid("merges[\(index)]", "must be two tokens")
            }
            whole.removeAll(keepingCapacity: true)
            whole += left
            whole += right
            guard let leftID = vocabulary.id(left), let rightID = vocabulary.id(right),
                let mergedID = vocabulary.id(whole)
            else {
                throw settings.invalid(
                    "merges[\(index)]",
                    "\(SettingsReader.quoted(String(decoding: whole, as: UTF8.self))) or a part of "
                        + "it is not in the vocabulary")
            }
            merges.append(Merge(left: leftID, right: rightID, merged: mergedID))
        }
        return merges
    }
}
