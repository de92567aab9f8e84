import Foundation

/// Windows that the teacher wrote: only what a student could have learned there is scored.
///
/// A file of them: eight bytes `SWWINDOW`, version and window width as 32-bit numbers, the manifest's fingerprint (32 bytes),
/// their number, the sorted 64-bit hashes (all little-endian) and SHA-256 of everything before.
package struct WindowFilter: Sendable {
    private static let magic = Array("SWWINDOW".utf8)
    private static let headerSize = 8 + 4 + 4 + 32 + 8
    /// Most windows of a filter.
    static let most = 1 << 29

    private var windows = PairSet()
    private var hashes: [UInt64] = []
    private let width: Int
    private let fingerprint: String
    /// SHA-256 of its file, in lower-case hexadecimal; of one not yet written, of what would be.
    package private(set) var digest = ""

    /// An empty filter for a scheme.
    package init(for scheme: WatermarkScheme) {
        width = WindowScorer(scheme).width
        fingerprint = scheme.manifest.fingerprint
    }

    package var count: Int { windows.count }

    func contains(_ window: UInt64) -> Bool { windows.contains(window) }

    /// Takes in the windows of one marked answer.
    package mutating func add(
        _ answer: [UInt32], _ scheme: WatermarkScheme
    ) throws(WatermarkError) {
        for window in try WindowScorer(scheme).windows(of: answer) where windows.insert(window) {
            hashes.append(window)
        }
        guard count <= Self.most else {
            throw .document(reason: "more than \(Self.most) different windows; use fewer answers")
        }
    }

    /// The bytes of its file.
    package mutating func encoded() -> [UInt8] {
        hashes.sort()
        var bytes = Self.magic
        func put(_ value: some FixedWidthInteger) {
            withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
        }
        bytes.reserveCapacity(Self.headerSize + 8 * hashes.count + 32)
        put(UInt32(1))
        put(UInt32(width))
        bytes.append(contentsOf: Digest.bytes(hexadecimal: fingerprint) ?? [])
        put(UInt64(hashes.count))
        for hash in hashes { put(hash) }
        let sum = Digest.sha256(bytes)
        digest = Digest.hexadecimal(sum)
        return bytes + sum
    }

    /// Writes its file, in the place of a former one.
    package mutating func write(to path: String) throws(ProvenanceError) {
        try GrowingFile.replace(path, encoded())
    }

    /// Reads a filter made for the same manifest.
    package init(contentsOf path: String, for scheme: WatermarkScheme) throws(ProvenanceError) {
        self.init(for: scheme)
        let bytes: [UInt8]
        do throws(WatermarkError) {
            bytes = try ProtectedFile.read(
                path, largest: Self.headerSize + 8 * Self.most + 32)
        } catch { throw .mark(error) }
        func bad(_ reason: String) -> ProvenanceError {
            .file(path: path, reason: reason + "; make it again with 'provenance filter'")
        }
        guard bytes.count >= Self.headerSize + 32, bytes.starts(with: Self.magic) else {
            throw bad("not a filter of windows")
        }
        let sum = Digest.sha256(bytes.dropLast(32))
        guard bytes.suffix(32).elementsEqual(sum) else {
            throw bad("cut off or changed: its checksum does not agree")
        }
        digest = Digest.hexadecimal(sum)
        func number(_ offset: Int, _ size: Int) -> UInt64 {
            (0..<size).reduce(UInt64(0)) { $0 | UInt64(bytes[offset + $1]) << (8 * UInt64($1)) }
        }
        guard number(8, 4) == 1 else { throw bad("this program reads version 1") }
        let made = Digest.hexadecimal(bytes[16..<48])
        guard made == fingerprint, number(12, 4) == UInt64(width) else {
            throw .mark(
                .mismatch(field: "fingerprint", expected: fingerprint, found: made))
        }
        let count = number(48, 8)
        guard count == UInt64((bytes.count - Self.headerSize - 32) / 8),
            (bytes.count - Self.headerSize - 32) % 8 == 0
        else { throw bad("holds another number of windows than it says") }
        bytes.withUnsafeBytes { raw in
            for index in 0..<Int(count) {
                let hash = UInt64(
                    littleEndian: raw.loadUnaligned(
                        fromByteOffset: Self.headerSize + 8 * index, as: UInt64.self))
                if windows.insert(hash) { hashes.append(hash) }
            }
        }
    }
}
