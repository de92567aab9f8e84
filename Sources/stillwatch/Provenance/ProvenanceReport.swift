import Foundation
import Scanning
import Watermarking

/// What a provenance test found, with everything that is needed to judge it.
struct ProvenanceReport {
    let manifest: WatermarkManifest
    let null: NullDistribution
    let suspect: ProvenanceResult
    let controls: [ProvenanceResult]
    let verdict: ProvenanceVerdict
    let deciding: DecidingTest
    let alpha: Double
    let controlAlpha: Double
    let tests: Int
    /// Windows of the filter; `nil` without one.
    let filterWindows: Int?
    /// Controls that were asked for and not tested.
    let missingControls: [String]
    let isStopped: Bool

    private static let ten = log10(M_E)

    /// A probability given by its natural logarithm, also where it is too small for a number.
    static func probability(_ logP: Double) -> String {
        let exponent = logP * ten
        if exponent == 0 { return "1" }
        if exponent > -3 { return String(format: "%.3g", exp(logP)) }
        guard exponent.isFinite else { return "0" }
        let whole = exponent.rounded(.down)
        return String(format: "%.1fe%.0f", pow(10, exponent - whole), whole)
    }

    private static func short(_ value: Double) -> String { String(format: "%.4f", value) }

    func write(to folder: String) throws {
        for (name, text) in [("report.json", json), ("report.md", markdown)] {
            try Data((text + "\n").utf8).write(
                to: URL(fileURLWithPath: "\(folder)/\(name)"), options: .atomic)
        }
    }

    // MARK: Words

    private var hypothesis: String {
        "The suspect has nothing from the keys: each distinct pair of window and token has a score drawn from the scheme's null "
            + "(mean \(Self.short(null.mean)), variance \(Self.short(null.variance))), whatever came before."
    }

    private var assumptions: [String] {
        var lines = [
            "The keys were drawn at random, were committed to before, and neither the suspect nor its data had anything of them but "
                + "through the teacher's answers.",
            "Each distinct pair of window and token is scored once over the whole run; which are scored, and in what order, does not "
                + "depend on scores.",
        ]
        switch suspect.settings.method {
        case .open:
            lines.append(
                "Of the fed text, windows that came before within the suspect's sight are left out, since what followed can be copied."
            )
        default:
            lines.append(
                suspect.settings.skipsPromptWindows
                    ? "Windows that occur in an answer's own prompt are left out. Nothing else that is marked was in the suspect's context."
                    : "Prompts hold nothing that is marked: windows of prompts were scored too.")
        }
        if filterWindows != nil {
            lines.append(
                "The filter is taken as given. It was made from marked answers, so that it depends on the keys through windows that "
                    + "follow a scored token; the effect is of second order and the controls show it."
            )
        }
        switch manifest.scheme {
        case .kgwLeftHash:
            lines.append(
                "Green lists hold a fixed number of tokens. The anytime-valid test accounts for what of a list was seen; the fixed-size "
                    + "one takes draws as independent, which errs on the suspect's side.")
        case .synthid:
            lines.append(
                "Scores depend on 16 bits of a hash of window and token; unmarked text spreads evenly over them, so that the sum "
                    + "varies as that of independent scores. The controls' ratio of variances shows it (1 is even): "
                    + (controls.isEmpty
                        ? "none were tested."
                        : controls.map { "\($0.name) \(Self.short($0.varianceRatio))" }.joined(
                            separator: ", ") + "."))
        default: break
        }
        return lines
    }

    private static let limits = [
        "Spoofing: whoever has marked answers can train a third model to write the mark, and feed its text to the suspect (DITTO, "
            + "CDG-KD). The test shows that the suspect learned marked text, not who collected it.",
        "Insiders: whoever had the keys can make any model or file pass. The commitment shows when the keys were fixed, not who saw them.",
        "Marked text in public: a suspect that learned from answers that others published shows the mark too.",
        "Removal: paraphrasing the training data, or neutralising the mark when answering (Pan et al., ACL 2025), hides it. No evidence "
            + "is not evidence of innocence.",
        "Stopping at the smallest of many fixed-size p-values is not honest: they wander. Only the p-value at the planned number of "
            + "tokens and the anytime-valid one count; those at other sizes describe.",
        "A test result is no legal conclusion.",
    ]

    private var multiplicity: String {
        "Tests counted: \(tests). The deciding p-value is multiplied by that (Bonferroni). Suspects, protocols, filters and manifests "
            + "that were tried and are not reported count too."
    }

    // MARK: Table

    private var rows: [[String]] {
        var rows = [
            [
                "model", "scored", "mean", "shift (sd)", "95 % sequence", "p planned", "p anytime",
                "log10 e",
            ]
        ]
        for result in [suspect] + controls {
            rows.append([
                result.name, Terminal.grouped(result.scored), Self.short(result.mean),
                Self.short(result.shift),
                result.shiftBounds.map {
                    "\(Self.short($0.lowerBound)) to \(Self.short($0.upperBound))"
                } ?? "",
                result.logFixedP.map(Self.probability) ?? "-", Self.probability(result.logAnytimeP),
                String(format: "%.2f", result.logE * Self.ten),
            ])
        }
        return rows
    }

    var table: String {
        Terminal.table(rows, rightAligned: [1, 2, 3, 5, 6, 7]) + "\n\(verdict.outcome.rawValue): "
            + verdict.reasons.joined(separator: "; ")
    }

    // MARK: Markdown

    var markdown: String {
        func cells(_ row: [String]) -> String { "| " + row.joined(separator: " | ") + " |" }
        var lines = ["# Provenance test", "", "**\(verdict.outcome.rawValue)**", ""]
        lines += verdict.reasons.map { "- \($0)" }
        lines += ["", cells(rows[0]), cells(rows[0].map { _ in "---" })] + rows[1...].map(cells)
        lines += ["", "## What was tested", ""]
        lines += [
            "- Suspect: `\(Self.plain(suspect.settings.suspect))`, SHA-256 of what it said: `\(suspect.inputDigest)`",
            "- Protocol: \(suspect.settings.method.rawValue)",
            "- Scheme: \(manifest.scheme.rawValue); manifest `\(manifest.fingerprint)`; key commitment `\(manifest.keyCommitment)`",
            "- Null hypothesis: \(hypothesis)",
            "- Deciding test: \(deciding.rawValue), at p \(alpha); controls together at \(controlAlpha)",
            "- Planned scored tokens: "
                + (suspect.settings.plannedCount.map { Terminal.grouped($0) } ?? "none"),
            "- Filter: "
                + (filterWindows.map {
                    "\(Terminal.grouped($0)) windows, SHA-256 `\(suspect.settings.filterDigest ?? "")`"
                } ?? "none"),
            "- \(multiplicity)",
        ]
        if isStopped {
            lines.append("- Stopped before its end; the anytime-valid p-value holds all the same.")
        }
        if controls.isEmpty {
            lines.append(
                "- No control was tested: a base or an unrelated model belongs beside a finding.")
        }
        for name in missingControls { lines.append("- Control \(name) was not tested.") }
        lines += ["", "## Tokens", ""]
        lines += [
            cells([
                "model", "answers", "without answer", "tokens", "in own prompt or seen before",
                "filtered", "scored before", "scored",
            ]),
            cells(Array(repeating: "---", count: 8)),
        ]
        for result in [suspect] + controls {
            let numbers = [
                result.counts.documents, result.failed, result.counts.tokens,
                result.counts.inPrompt,
                result.counts.filtered, result.counts.repeated, result.scored,
            ]
            lines.append(cells([result.name] + numbers.map { Terminal.grouped($0) }))
        }
        lines += ["", "## The tests", ""]
        lines += [
            "- Anytime: e = \(String(format: "%.2f", suspect.largestLogE * Self.ten)) in log10 at its largest, at "
                + "\(Terminal.grouped(suspect.largestAt)) scored tokens; p = min(1, 1 / largest e) = "
                + "\(Self.probability(suspect.logAnytimeP)). It holds whenever one stops (Ville's inequality).",
            "- Fixed size: "
                + (suspect.logFixedP.map {
                    "p = \(Self.probability($0)) at the planned number of tokens."
                } ?? "no p-value, since the planned number was not reached or there was none."),
            "- At the number reached p would be \(Self.probability(suspect.logDescriptiveP)); it describes and decides nothing.",
        ]
        lines += ["", "## Assumptions", ""] + assumptions.map { "- \($0)" }
        lines += ["", "## Limits", ""] + Self.limits.map { "- \($0)" }
        return lines.joined(separator: "\n")
    }

    /// A name without what Markdown or a terminal would obey.
    private static func plain(_ text: String) -> String {
        Terminal.safe(text).replacingOccurrences(of: "`", with: "'")
    }

    // MARK: JSON

    var json: String {
        var text = JSONText()
        text.object { object in
            func string(_ name: String, _ value: String) {
                object.key(name)
                object.string(value)
            }
            string("format", "stillwatch-provenance-report")
            object.key("version")
            object.integer(1)
            string("verdict", verdict.outcome.rawValue)
            object.key("reasons")
            object.array(verdict.reasons) { $0.string($1) }
            object.key("log10_p")
            object.number((verdict.logP ?? .nan) * Self.ten)
            string("protocol", suspect.settings.method.rawValue)
            string("scheme", manifest.scheme.rawValue)
            string("fingerprint", manifest.fingerprint)
            string("key_commitment", manifest.keyCommitment)
            string("null_hypothesis", hypothesis)
            object.key("null_mean")
            object.number(null.mean)
            object.key("null_variance")
            object.number(null.variance)
            string("deciding", deciding.rawValue)
            object.key("alpha")
            object.number(alpha)
            object.key("control_alpha")
            object.number(controlAlpha)
            object.key("tests")
            object.integer(tests)
            string("multiplicity", multiplicity)
            object.key("stopped_early")
            object.bool(isStopped)
            object.key("filter_windows")
            object.number(filterWindows.map { Double($0) } ?? .nan)
            object.key("filter_sha256")
            if let digest = suspect.settings.filterDigest {
                object.string(digest)
            } else {
                object.null()
            }
            object.key("suspect")
            Self.write(suspect, &object)
            object.key("controls")
            object.array(controls) { Self.write($1, &$0) }
            object.key("missing_controls")
            object.array(missingControls) { $0.string($1) }
            object.key("assumptions")
            object.array(assumptions) { $0.string($1) }
            object.key("limits")
            object.array(Self.limits) { $0.string($1) }
        }
        return String(decoding: text.bytes, as: UTF8.self)
    }

    private static func write(_ result: ProvenanceResult, _ text: inout JSONText) {
        text.object { object in
            func integer(_ name: String, _ value: Int) {
                object.key(name)
                object.integer(value)
            }
            func number(_ name: String, _ value: Double?) {
                object.key(name)
                object.number(value ?? .nan)
            }
            object.key("name")
            object.string(result.name)
            object.key("source")
            object.string(result.settings.suspect)
            object.key("input_sha256")
            object.string(result.inputDigest)
            integer("answers", result.counts.documents)
            integer("without_answer", result.failed)
            integer("tokens", result.counts.tokens)
            integer("in_prompt", result.counts.inPrompt)
            integer("filtered", result.counts.filtered)
            integer("repeated", result.counts.repeated)
            integer("scored", result.scored)
            number("planned", result.settings.plannedCount.map { Double($0) })
            number("sum", result.sum)
            number("mean", result.mean)
            number("shift", result.shift)
            object.key("shift_95")
            object.array(result.shiftBounds.map { [$0.lowerBound, $0.upperBound] } ?? []) {
                $0.number($1)
            }
            number("log10_p_planned", result.logFixedP.map { $0 * ten })
            number("log10_p_descriptive", result.logDescriptiveP * ten)
            number("log10_e", result.logE * ten)
            number("log10_e_largest", result.largestLogE * ten)
            integer("largest_at", result.largestAt)
            number("log10_p_anytime", result.logAnytimeP * ten)
            number("variance_ratio", result.varianceRatio)
        }
    }
}
