import Foundation

/// What of a test must not change while it runs.
package struct ProvenanceSettings: Codable, Hashable, Sendable {
    package var method: ProvenanceProtocol
    /// The suspect: a file's path, or an address and a model. Never holds a key.
    package var suspect: String
    /// Scored positions that were planned beforehand, for the fixed-size test; `nil` without one.
    package var plannedCount: Int?
    /// Whether windows of an answer's own prompt are left out.
    package var skipsPromptWindows = true
    /// Tokens that a reading suspect sees at once; `nil` for the whole text.
    package var attention: Int?
    /// SHA-256 of the filter's file.
    package var filterDigest: String?
    /// SHA-256 of the tokenizer's file, where texts are read.
    package var tokenizerDigest: String?

    package init(method: ProvenanceProtocol, suspect: String) {
        self.method = method
        self.suspect = suspect
    }
}

/// A test as it is saved: everything but the scored positions, which `positions.bin` holds.
struct ProvenanceState: Codable, Hashable {
    static let format = "stillwatch-provenance-state"

    var format = Self.format
    var version = 1
    /// The manifest's.
    let fingerprint: String
    let settings: ProvenanceSettings
    var test: RadioactivityTest.Saved
    /// Lines without an answer.
    var failed = 0
    /// How far the input was read, and the SHA-256 of that.
    var inputBytes = 0
    var inputLines = 0
    var inputDigest: String
    /// Of `positions.bin`, in hexadecimal.
    var checksum: String
    var traceBytes = 0
    var traced = 0

    /// JSON and, on a second line, its SHA-256.
    func encoded() -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Holds nothing that JSON has no form for.
        let json = (try? encoder.encode(self)).map { Array($0) } ?? []
        return json + [0x0A] + Array(Digest.hexadecimal(Digest.sha256(json)).utf8) + [0x0A]
    }

    /// Reads a saved state; `nil` if there is none.
    init?(at path: String) throws(ProvenanceError) {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let bytes: [UInt8]
        do throws(WatermarkError) {
            bytes = try ProtectedFile.read(path, largest: 1 << 20)
        } catch { throw .mark(error) }
        let lines = bytes.split(separator: 0x0A)
        guard lines.count == 2, bytes.last == 0x0A,
            Digest.hexadecimal(Digest.sha256(lines[0])) == String(decoding: lines[1], as: UTF8.self)
        else {
            throw .state(
                path: path,
                reason: "cut off or changed: its checksum does not agree; use another state folder")
        }
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(lines[0]))
        } catch {
            throw .state(path: path, reason: "not a state of a provenance test")
        }
        guard format == Self.format, version == 1 else {
            throw .state(path: path, reason: "expected format '\(Self.format)', version 1")
        }
        guard test.totals.count >= 0, inputBytes >= 0, inputLines >= 0, traceBytes >= 0 else {
            throw .state(path: path, reason: "holds a number below 0")
        }
    }

    init(_ scheme: WatermarkScheme, _ settings: ProvenanceSettings) {
        fingerprint = scheme.manifest.fingerprint
        self.settings = settings
        test = RadioactivityTest.Saved(
            totals: ScoreTotals(), planned: nil, counts: PositionCounts(), largestLogE: 0,
            largestAt: 0)
        inputDigest = RunningDigest().hexadecimal
        checksum = ""
    }

    /// Fails, naming the field, if the state is of another test.
    func require(
        _ scheme: WatermarkScheme, _ settings: ProvenanceSettings, path: String
    ) throws(ProvenanceError) {
        guard fingerprint == scheme.manifest.fingerprint else {
            throw .mark(
                .mismatch(
                    field: "fingerprint", expected: scheme.manifest.fingerprint,
                    found: "\(fingerprint) in \(path)"))
        }
        func differ(_ name: String, _ now: String, _ then: String) -> ProvenanceError {
            .state(
                path: path,
                reason:
                    "was begun with \(name) \(then), and now it is \(now); a test goes on as it began, "
                    + "or again from the start in another state folder")
        }
        let old = self.settings
        func text(_ value: (some Any)?) -> String { value.map { "\($0)" } ?? "none" }
        if old.method != settings.method {
            throw differ("protocol", settings.method.rawValue, old.method.rawValue)
        }
        if old.suspect != settings.suspect {
            throw differ("suspect", settings.suspect, old.suspect)
        }
        if old.plannedCount != settings.plannedCount {
            throw differ(
                "planned scored tokens", text(settings.plannedCount), text(old.plannedCount))
        }
        if old.skipsPromptWindows != settings.skipsPromptWindows {
            throw differ(
                "prompt windows skipped", "\(settings.skipsPromptWindows)",
                "\(old.skipsPromptWindows)")
        }
        if old.attention != settings.attention {
            throw differ("attention", text(settings.attention), text(old.attention))
        }
        if old.filterDigest != settings.filterDigest {
            throw differ("filter", text(settings.filterDigest), text(old.filterDigest))
        }
        if old.tokenizerDigest != settings.tokenizerDigest {
            throw differ("tokenizer", text(settings.tokenizerDigest), text(old.tokenizerDigest))
        }
    }
}
