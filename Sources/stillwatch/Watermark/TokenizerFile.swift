import Documents
import Foundation
import Scanning
import Tokenizing
import Watermarking

/// The tokenizer that a mark was made with.
enum TokenizerFile {
    /// Turns texts into the token ids of a tokenizer, after a check that it is the manifest's.
    static func encoder(
        _ path: String, _ manifest: WatermarkManifest
    ) throws -> MarkReader.Encoder {
        let tokenizer = try Tokenizer(contentsOf: path)
        try manifest.requireTokenizer(digest: tokenizer.digest)
        guard tokenizer.vocabularySize <= manifest.vocabularySize else {
            throw WatermarkError.mismatch(
                field: "vocabulary_size", expected: "\(manifest.vocabularySize)",
                found: "a tokenizer of \(tokenizer.vocabularySize) tokens")
        }
        return { try tokenizer.encode($0) }
    }

    /// SHA-256 of a file, in lower-case hexadecimal.
    static func digest(_ path: String) throws -> String {
        guard let file = try InputSet([path]).files.first else {
            throw WatermarkError.file(path: path, reason: "not a file")
        }
        return try FileDigest.sha256(of: file)
    }
}
