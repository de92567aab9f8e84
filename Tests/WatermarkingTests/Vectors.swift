import CCrypto
import Foundation
import Testing

@testable import Watermarking

/// Values that the schemes' own software gave: `Fixtures/*.json`, made by `Scripts/fixtures/watermarks.py`, and with
/// STILLWATCH_VECTORS a folder of more in the same form.
enum Vectors {
    static let folders: [String] = {
        let own = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures").path
        return [own]
            + [ProcessInfo.processInfo.environment["STILLWATCH_VECTORS"]].compactMap(\.self)
    }()

    static func files(_ name: String) -> [String] {
        folders.map { "\($0)/\(name).json" }.filter { FileManager.default.fileExists(atPath: $0) }
    }

    static func read<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }

    /// A scheme from a manifest with these fields.
    static func scheme(
        _ name: String, keys: [String], _ fields: [String: Any]
    ) throws -> WatermarkScheme {
        let (file, commitment) = try WatermarkKeys.make(id: "test", values: keys)
        var all: [String: Any] = [
            "format": "stillwatch-watermark-manifest", "version": 1, "scheme": name,
            "key_ids": ["test"], "valid_from": "2026-01-01T00:00:00Z",
            "key_commitment": commitment,
        ]
        all.merge(fields) { $1 }
        let json = try JSONSerialization.data(withJSONObject: all)
        let manifest = try WatermarkManifest(json: Array(json), path: "manifest.json")
        return try WatermarkScheme(
            manifest: manifest,
            keys: WatermarkKeys(json: file, path: "keys.json", for: manifest))
    }

    /// Whether two numbers agree but for rounding.
    static func agree(_ a: Double, _ b: Double, _ tolerance: Double = 1e-10) -> Bool {
        abs(a - b) <= tolerance * max(1e-300, max(abs(a), abs(b)))
    }

    static func sha256(_ bytes: [UInt8]) -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        EVP_Digest(bytes, bytes.count, &digest, &length, EVP_sha256(), nil)
        return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// A whole number that JSON holds as a number or, outside 2^53, as a text.
struct Whole: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Int64.self) {
            text = String(value)
        } else {
            text = try container.decode(String.self)
        }
    }

    var int64: Int64 { Int64(text) ?? Int64(bitPattern: UInt64(text) ?? 0) }
}
