import Foundation

/// The secret numbers that a manifest names, checked against its commitment.
package struct WatermarkKeys: Sendable {
    /// Largest file of keys that is read, bytes.
    static let largest = 1 << 20

    /// The numbers of all key ids, in the manifest's order, as 64 bits.
    let values: [Int64]
    /// The numbers' text and salts as the commitment covers them: what other secrets are derived from.
    let material: [UInt8]

    /// Reads the keys of `manifest` from a file that only its owner may read.
    package init(
        contentsOf path: String, for manifest: WatermarkManifest
    ) throws(WatermarkError) {
        let bytes = try ProtectedFile.read(path, largest: Self.largest, isSecret: true)
        try self.init(json: bytes, path: path, for: manifest)
    }

    /// Reads a keys file's bytes; `path` is for messages.
    package init(
        json: [UInt8], path: String, for manifest: WatermarkManifest
    ) throws(WatermarkError) {
        let file: KeysFile
        do {
            file = try JSONDecoder().decode(KeysFile.self, from: Data(json))
        } catch {
            throw .keys(
                path: path, reason: "not a keys file; 'stillwatch watermark keys' makes one")
        }
        guard file.format == KeysFile.format, file.version == 1 else {
            throw .keys(path: path, reason: "expected format '\(KeysFile.format)', version 1")
        }
        var entries: [(String, KeysFile.Entry)] = []
        for id in manifest.keyIDs {
            guard let entry = file.keys[id] else {
                throw .keys(path: path, reason: "holds no key '\(id)', which the manifest names")
            }
            entries.append((id, entry))
        }
        material = Self.committed(entries)
        let commitment = Digest.hexadecimal(Digest.sha256(material))
        guard Digest.isEqual(commitment, manifest.keyCommitment.lowercased()) else {
            throw .mismatch(
                field: "key_commitment", expected: manifest.keyCommitment, found: commitment)
        }
        var values: [Int64] = []
        for (id, entry) in entries {
            for (index, text) in entry.values.enumerated() {
                guard let value = Int64(text) ?? UInt64(text).map({ Int64(bitPattern: $0) }) else {
                    throw .keys(
                        path: path,
                        reason: "number \(index + 1) of key '\(id)' is no 64-bit number")
                }
                values.append(value)
            }
        }
        self.values = values
    }

    /// What a commitment is the SHA-256 of: key ids, salts and numbers, each on a line.
    static func committed(_ entries: [(String, KeysFile.Entry)]) -> [UInt8] {
        var text = "stillwatch-watermark-keys-v1\n"
        for (id, entry) in entries {
            text += "\(id)\n\(entry.salt.lowercased())\n"
            for value in entry.values { text += "\(value)\n" }
        }
        return Array(text.utf8)
    }

    /// A file of new keys for a manifest, and the commitment to them.
    ///
    /// - Parameter count: numbers, each 63 bits from the system's generator.
    package static func make(
        id: String, count: Int
    ) throws(WatermarkError) -> (file: [UInt8], commitment: String) {
        var values: [String] = []
        for _ in 0..<count {
            guard let bytes = Digest.random(count: 8) else {
                throw .keys(path: "", reason: "the system gives no random numbers")
            }
            let number = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            values.append(String(number >> 1))
        }
        return try make(id: id, values: values)
    }

    /// A file of keys with these numbers, and the commitment to them.
    package static func make(
        id: String, values: [String]
    ) throws(WatermarkError) -> (file: [UInt8], commitment: String) {
        guard let salt = Digest.random(count: 32) else {
            throw .keys(path: "", reason: "the system gives no random numbers")
        }
        let entry = KeysFile.Entry(salt: Digest.hexadecimal(salt), values: values)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        guard let data = try? encoder.encode(KeysFile(keys: [id: entry])) else {
            throw .keys(path: "", reason: "a key id that JSON cannot hold")
        }
        let commitment = Digest.hexadecimal(Digest.sha256(committed([(id, entry)])))
        return (Array(data) + [0x0A], commitment)
    }
}

/// The keys file as it is written.
struct KeysFile: Codable {
    static let format = "stillwatch-watermark-keys"

    struct Entry: Codable {
        /// 32 random bytes in hexadecimal, so that the commitment gives a weak key no guesses.
        let salt: String
        /// 64-bit numbers in decimal digits.
        let values: [String]
    }

    var format = KeysFile.format
    var version = 1
    let keys: [String: Entry]
}
