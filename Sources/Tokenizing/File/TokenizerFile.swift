import CCrypto
import Foundation

/// The parts of a tokenizer.json, read and checked.
struct TokenizerFile {
    /// Bytes of the largest file read: about ten times what the largest vocabularies take.
    static let largest = 256 << 20

    let digest: String
    let vocabulary: Vocabulary
    let model: BytePairModel
    let normalizer: Normalizer
    let preTokenizer: PreTokenizer
    /// With their ids, in the file's order.
    let added: [(token: AddedToken, id: UInt32)]

    init(contentsOf path: String) throws(TokenizerError) {
        let bytes = try Self.bytes(of: path)
        digest = Self.sha256(bytes)
        let document: JSONDocument
        do {
            document = try bytes.withUnsafeBufferPointer { bytes throws(JSONDocument.Failure) in
                try JSONDocument(bytes)
            }
        } catch {
            throw .notJSON(path: path, offset: error.offset, reason: error.reason)
        }
        let settings = try SettingsReader(
            path: path, document: document, field: "", value: document.root)
        // Truncation and padding are about a model's input, the post-processor adds tokens that no
        // answer has, and the decoder is for the way back: none of them is asked for here.
        try settings.allow(only: [
            "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer",
            "post_processor", "decoder", "model",
        ])
        let normalizer = Normalizer(
            steps: settings.optional("normalizer") == nil
                ? [] : try NormalizerSettings.steps(try settings.object("normalizer")))
        var stages =
            settings.optional("pre_tokenizer") == nil
            ? [] : try PreTokenizerSettings.stages(try settings.object("pre_tokenizer"), normalizer)
        // Where letters go straight to the model, it takes the bytes they stand for.
        var isByteLevel = false
        if case .byteLevel = stages.last {
            stages.removeLast()
            isByteLevel = true
        }
        self.normalizer = normalizer
        preTokenizer = PreTokenizer(stages: stages)
        (vocabulary, model) = try ModelSettings.model(
            try settings.object("model"), isByteLevel: isByteLevel)
        added = try AddedTokenSettings.tokens(settings, vocabulary)
    }

    private static func bytes(of path: String) throws(TokenizerError) -> [UInt8] {
        guard let file = fopen(path, "rb") else {
            throw .unreadable(path: path, reason: String(cString: strerror(errno)))
        }
        defer { fclose(file) }
        var status = stat()
        guard fstat(fileno(file), &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .unreadable(path: path, reason: "it is no file")
        }
        let size = Int(status.st_size)
        guard size <= largest else { throw .tooLarge(path: path, bytes: size, limit: largest) }
        var bytes = [UInt8](repeating: 0, count: size)
        let got = fread(&bytes, 1, size, file)
        guard got == size else {
            throw .unreadable(path: path, reason: "it changed while it was read")
        }
        return bytes
    }

    private static func sha256(_ bytes: [UInt8]) -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        EVP_Digest(bytes, bytes.count, &digest, &length, EVP_sha256(), nil)
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self
        )
    }
}
