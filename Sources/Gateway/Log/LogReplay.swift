import Detection
import Enforcement
import Exchanges
import Foundation
import Scanning
import Store

/// Goes through what the log has beyond what the store knows, after a gateway was killed.
struct LogReplay {
    let folder: LogFolder
    let rules: RuleSet
    let writer: LogWriter
    /// Charged with what each exchange used: account, key, tokens.
    let charge: (_ account: String, _ key: String, _ tokens: Int64, _ model: String) -> Void

    /// - Parameter position: what the store knows up to; `nil` for nothing.
    /// - Returns: exchanges that were found.
    func run(after position: LogPosition?) throws -> Int {
        let extractor = try SignalExtractor(rules: rules)
        let decoder = RecordDecoder(format: .stillwatch)
        var count = 0
        for segment in folder.segments() where segment >= (position?.segment ?? "") {
            let start = segment == position?.segment ? position?.offset ?? 0 : 0
            try LineRange(path: folder.file(of: segment), from: start).forEach(limit: 64 << 20) {
                line in
                decoder.decode(
                    line,
                    exchange: { exchange in
                        count += 1
                        if !exchange.endpoint.hasSuffix("/embeddings") {
                            writer.replay(exchange, extractor.signals(of: exchange))
                        }
                        let tokens =
                            (exchange.usage.inputTokens ?? 0) + (exchange.usage.outputTokens ?? 0)
                        charge(
                            exchange.account.id.string, Self.key(in: line), tokens,
                            exchange.model.string)
                    }, fault: { _ in })
            }
        }
        return count
    }

    /// The key's public part, which the decoder has no use for.
    private static func key(in line: UnsafeRawBufferPointer) -> String {
        let text = String(decoding: line.suffix(512), as: UTF8.self)
        guard let start = text.range(of: "\"gateway\":{\"key\":\"", options: .backwards) else {
            return ""
        }
        return String(text[start.upperBound...].prefix { $0 != "\"" })
    }
}
