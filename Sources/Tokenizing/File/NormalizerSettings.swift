/// Reads the field `normalizer`.
enum NormalizerSettings {
    /// Steps of the longest sequence.
    private static let most = 32
    /// Bytes of the longest text that is put in.
    private static let longest = 64

    /// What it asks for, sequences laid flat.
    static func steps(_ settings: SettingsReader) throws(TokenizerError) -> [Normalizer.Step] {
        switch try settings.string("type") {
        case "Sequence":
            try settings.allow(only: ["type", "normalizers"])
            var steps: [Normalizer.Step] = []
            for part in try settings.objects("normalizers") {
                steps += try self.steps(part)
                guard steps.count <= most else {
                    throw settings.unsupported("normalizers", "are more than \(most)")
                }
            }
            return steps
        case "NFC":
            try settings.allow(only: ["type"])
            return [.form(.nfc)]
        case "NFD":
            try settings.allow(only: ["type"])
            return [.form(.nfd)]
        case "NFKC":
            try settings.allow(only: ["type"])
            return [.form(.nfkc)]
        case "NFKD":
            try settings.allow(only: ["type"])
            return [.form(.nfkd)]
        case "Lowercase":
            try settings.allow(only: ["type"])
            return [.lowercase]
        case "ByteLevel":
            try settings.allow(only: ["type"])
            return [.byteLevel]
        case "Strip":
            try settings.allow(only: ["type", "strip_left", "strip_right"])
            return [
                .strip(
                    left: try settings.bool("strip_left"), right: try settings.bool("strip_right"))
            ]
        case "Prepend":
            try settings.allow(only: ["type", "prepend"])
            return [.prepend(try short("prepend", settings))]
        case "Replace":
            try settings.allow(only: ["type", "pattern", "content"])
            return [
                .replace(
                    try PatternSettings.pattern(settings), with: try short("content", settings))
            ]
        case let type:
            throw settings.unsupported("type", "is \(SettingsReader.quoted(type))")
        }
    }
    private static func short(
        _ name: String, _ settings: SettingsReader
    ) throws(TokenizerError) -> [UInt8] {
        let text = try settings.text(name)
        guard text.count <= longest else {
            throw settings.unsupported(name, "is longer than \(longest) bytes")
        }
        return text
    }
}
