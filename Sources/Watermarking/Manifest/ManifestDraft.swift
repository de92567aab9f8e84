import Foundation

/// A manifest to be written, with the common values of a scheme.
package struct ManifestDraft {
    private var fields: [String: JSONField]
    private let scheme: SchemeName

    /// The values that the scheme's own software has unless told otherwise.
    package init(_ scheme: SchemeName, keyID: String, validFrom: String) {
        self.scheme = scheme
        fields = [
            "format": .text("stillwatch-watermark-manifest"), "version": .integer(1),
            "scheme": .text(scheme.rawValue), "key_ids": .list([.text(keyID)]),
            "valid_from": .text(validFrom),
        ]
        let usual: [String: JSONField] = [
            "context_width": .integer(
                scheme.hasGreenLists
                    ? 1 : scheme == .candidates ? 3 : 4),
            "context_history": .integer(
                scheme == .sglangGumbel ? 4096 : scheme.fields.contains("depth") ? 1024 : 8192),
            "depth": .integer(30), "table_size": .integer(65_536), "table_seed": .integer(0),
            "gamma": .number(0.25), "bias": .number(2), "alpha": .number(0.1),
            "payload_symbols": .integer(32), "payload_radix": .integer(16),
        ]
        for name in scheme.fields where !scheme.optionalFields.contains(name) {
            if let value = usual[name] { fields[name] = value }
        }
    }

    /// Numbers that a key of this scheme consists of.
    package var keyCount: Int {
        if scheme == .candidates { return 2 }
        guard case .integer(let depth)? = fields["depth"] else { return 1 }
        return Int(clamping: depth)
    }

    package mutating func set(_ name: String, _ value: Int) {
        fields[name] = .integer(Int64(value))
    }
    package mutating func set(_ name: String, _ value: Double) { fields[name] = .number(value) }
    package mutating func set(_ name: String, _ value: String) { fields[name] = .text(value) }

    /// The manifest's bytes, after a check that it can be read again.
    package func json(path: String) throws(WatermarkError) -> [UInt8] {
        let lines = fields.sorted { $0.key < $1.key }.map { name, value in
            "  \(JSONField.text(name).canonical): \(value.canonical)"
        }
        let bytes = Array(("{\n" + lines.joined(separator: ",\n") + "\n}\n").utf8)
        _ = try WatermarkManifest(json: bytes, path: path)
        return bytes
    }
}

/// Writing manifests and keys.
package enum ManifestFiles {
    /// Writes a new manifest, and its keys so that only the owner may read them. Fails if either file is there.
    package static func create(
        manifest: [UInt8], at path: String, keys: [UInt8], at keysPath: String
    ) throws(WatermarkError) {
        try ProtectedFile.create(keysPath, keys)
        do {
            try ProtectedFile.create(path, manifest, mode: 0o644)
        } catch {
            unlink(keysPath)
            throw error
        }
    }
}
