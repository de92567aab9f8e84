import Foundation

@testable import Watermarking

/// A teacher that marks, and folders for tests of provenance.
struct ProvenanceFixtures {
    let scheme: WatermarkScheme
    let scorer: WindowScorer

    init(_ scheme: WatermarkScheme) {
        self.scheme = scheme
        scorer = WindowScorer(scheme)
    }

    /// vLLM's Gumbel mark over two tokens.
    static func gumbel(key: String = "81231") throws -> Self {
        Self(
            try Vectors.scheme(
                "gumbel", keys: [key],
                ["context_width": 2, "vocabulary_size": 500, "context_history": 0]))
    }

    static func text(_ count: Int, _ random: inout SeededRandom) -> [UInt32] {
        (0..<count).map { _ in UInt32.random(in: 0..<500, using: &random) }
    }

    /// The best of a few tokens after a window, as a marking teacher would choose.
    func marked(
        after window: [UInt32], _ random: inout SeededRandom
    ) throws -> UInt32 {
        var best: (token: UInt32, score: Double) = (0, -1)
        for token in Self.text(6, &random) {
            let score = try scheme.score(answer: window + [token], prompt: []).last?.score ?? 0
            if score > best.score { best = (token, score) }
        }
        return best.token
    }

    /// A marked text.
    func marked(_ count: Int, _ random: inout SeededRandom) throws -> [UInt32] {
        var tokens = Self.text(2, &random)
        while tokens.count < count {
            tokens.append(try marked(after: Array(tokens.suffix(2)), &random))
        }
        return tokens
    }

    static func line(_ fields: [String: Any]) throws -> String {
        let json = try JSONSerialization.data(withJSONObject: fields, options: .sortedKeys)
        return String(decoding: json, as: UTF8.self) + "\n"
    }
}

/// A folder that goes with its test.
final class ProvenanceFolder {
    let path: String

    init() throws {
        path =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("provenance-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) throws -> String {
        let file = "\(path)/\(name)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        return file
    }

    func bytes(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)"))
    }
}
