import Foundation
import Scanning
import Watermarking

/// What `watermark trace` prints.
struct TraceOutput {
    let trace: PayloadTrace
    let evidence: PayloadTable
    let manifest: WatermarkManifest

    private var log10OfPresence: Double { trace.presence.logPValue / log(10) }

    func table() -> String {
        var rows = [["account", "named", "z", "p", "p for all", "step"]]
        for account in trace.accounts {
            rows.append([
                Terminal.safe(account.id), account.isNamed ? "yes" : "no",
                String(format: "%.2f", account.zScore), String(format: "%.3g", account.pValue),
                String(format: "%.3g", account.adjustedPValue), "\(account.step)",
            ])
        }
        let named = trace.named.count
        return """
            \(Terminal.table(rows, rightAligned: [2, 3, 4, 5]))

            \(Terminal.grouped(named)) of \(Terminal.grouped(trace.tested)) accounts named; the \
            probability of naming any whose payload played no part is at most \(trace.alpha).
            \(Terminal.grouped(evidence.scored)) different windows with their tokens in \
            \(Terminal.grouped(evidence.documents)) documents; that these keys marked none of it has \
            log10 p \(String(format: "%.2f", log10OfPresence)).
            """
    }

    func json() -> String {
        var text = JSONText()
        text.object { top in
            top.key("manifest")
            top.string(manifest.fingerprint)
            top.key("documents")
            top.integer(evidence.documents)
            top.key("tokens")
            top.integer(evidence.tokens)
            top.key("positions")
            top.integer(evidence.positions)
            top.key("scored")
            top.integer(evidence.scored)
            top.key("accounts_tested")
            top.integer(trace.tested)
            top.key("alpha")
            top.number(trace.alpha)
            top.key("multiple_testing")
            top.string("Bonferroni over accounts; step k spends alpha / 2^k")
            top.key("least_p_value")
            top.number(trace.leastPValue)
            top.key("marked")
            top.object { marked in
                marked.key("p_value")
                marked.number(trace.presence.pValue)
                marked.key("log10_p")
                marked.number(log10OfPresence)
            }
            top.key("named")
            top.array(trace.named) { $0.string($1.id) }
            top.key("accounts")
            top.array(trace.accounts) { list, account in
                list.object { entry in
                    entry.key("account")
                    entry.string(account.id)
                    entry.key("named")
                    entry.bool(account.isNamed)
                    entry.key("score")
                    entry.number(account.sum)
                    entry.key("z")
                    entry.number(account.zScore)
                    entry.key("p_value")
                    entry.number(account.pValue)
                    entry.key("adjusted_p_value")
                    entry.number(account.adjustedPValue)
                    entry.key("step")
                    entry.integer(account.step)
                }
            }
        }
        return String(decoding: text.bytes, as: UTF8.self)
    }
}
