import Documents
import Foundation
import Scanning
import Watermarking

/// The tokenizer that a mark was made with.
enum TokenizerFile {
    /// Turns texts into the token ids of a tokenizer, after a check that it is the manifest's.
    static func encoder(
        _ path: String, _ manifest: WatermarkManifest
    ) throws -> MarkReader.Encoder {
        try manifest.requireTokenizer(digest: digest(path))
        throw WatermarkError.file(path: path, reason: "texts cannot be read yet; give token ids")
    }

    /// SHA-256 of a file, in lower-case hexadecimal.
    static func digest(_ path: String) throws -> String {
        guard let file = try InputSet([path]).files.first else {
            throw WatermarkError.file(path: path, reason: "not a file")
        }
        return try FileDigest.sha256(of: file)
    }
}
