import CaseFiles
import Detection
import Exchanges
import Scanning

/// Puts a scan's findings into the shapes of the terminal, the summary and the report.
struct ScanOutput {
    let publication: Publication
    let result: ScanResult
    let judgement: Judgement

    private var settings: [SummaryFile.Entry] {
        let (read, judging, output) = (publication.read, publication.judging, publication.output)
        return [
            .init("format", read["--format"]),
            .init("accounts", judging.accounts ?? "none"),
            .init("fdr", "\(judging.fdr)"), .init("max_bad", read["--max-bad"]),
            .init("since", read["--since"]), .init("until", read["--until"]),
        ] + window + [
            .init("rules", read["--rules"]),
            .init("suppress", output.suppress ?? "none"),
            .init("reference", output.reference.reference ?? "shipped"),
            .init("show_text", read["--show-text"]),
            .init("input_price_usd_per_million", "\(output.inputPrice)"),
            .init("output_price_usd_per_million", "\(output.outputPrice)"),
        ]
    }

    /// The days that are kept, where not all are.
    private var window: [SummaryFile.Entry] {
        let value = publication.read[ReadSettings.window]
        return value == "none" ? [] : [.init("window", value)]
    }

    /// Whether a campaign was found.
    var hasCampaign: Bool { judgement.campaigns.contains { $0.verdict == .distillation } }

    private var calibration: [SummaryFile.Entry] {
        Calibration.constants(publication.floors).map {
            .init($0.name, "\($0.value)", explanation: $0.explanation)
        }
    }

    func summary(timings: [(name: String, seconds: Double)]) -> [UInt8] {
        SummaryFile.bytes(
            version: Stillwatch.version, result: result, judgement: judgement, settings: settings,
            calibration: calibration, timings: timings)
    }

    var reportContext: ReportContext {
        var context = ReportContext(title: "Stillwatch report", version: Stillwatch.version)
        context.firstMicroseconds = result.times?.first
        context.lastMicroseconds = result.times?.last
        context.accounts = result.profiles.count
        context.exchanges = result.exchanges
        context.bytesRead = Int(result.bytes)
        context.inputs = result.inputs.map {
            .init(
                name: $0.path, format: $0.format.rawValue, bytes: Int($0.bytes),
                exchanges: $0.exchanges, digest: $0.digest.isEmpty ? "" : "sha256:" + $0.digest)
        }
        context.badRecords = result.bad.map {
            .init(
                reason: $0.reason.rawValue, count: $0.count, firstFile: $0.file,
                byteOffset: Int($0.offset))
        }
        context.ignoredRecords = result.inputs.reduce(0) { $0 + $1.ignored }
        context.settings = settings.map { .init(name: $0.name, value: $0.value) }
        context.calibration = calibration.map {
            .init(name: $0.name, value: $0.value, explanation: $0.explanation)
        }
        context.showsText = publication.read.showsText
        return context
    }

    /// Signs in the order in which they tell one campaign from another.
    private static let telling = [
        "signature_replay", "reasoning_elicitation", "rubric_grading", "data_generation",
        "shared_payment", "shared_network", "shared_system_prompt", "shared_template",
        "coverage_breadth", "signup_burst", "activity_burst", "equal_volumes",
        "partition_without_replacement", "content_exchangeable",
    ]

    /// The campaigns, for the terminal.
    var campaignTable: String {
        var rows = [
            ["campaign", "verdict", "accounts", "exchanges", "output tokens", "q", "signs"]
        ]
        let suppressed = judgement.suppressed.map(\.group)
        for group in judgement.campaigns + suppressed {
            let isSuppressed = suppressed.contains { $0.id == group.id }
            let strong = Set(group.indicators.filter { ($0.pValue ?? 1) < 1e-3 }.map(\.name))
            let signs = Self.telling.filter(strong.contains)
            rows.append([
                group.id, group.verdict.rawValue + (isSuppressed ? ", suppressed" : ""),
                Terminal.grouped(group.members.count),
                Terminal.grouped(group.exchanges), Terminal.grouped(group.outputTokens),
                Self.short(group.qValue), signs.prefix(4).joined(separator: ", "),
            ])
        }
        let accused = judgement.accounts.count { $0.verdict == .distillation }
        let head =
            "\(Terminal.grouped(result.exchanges)) exchanges of \(Terminal.grouped(result.profiles.count)) accounts: "
            + "\(judgement.campaigns.count { $0.verdict == .distillation }) campaigns, \(Terminal.grouped(accused)) accounts accused, "
            + "\(judgement.campaigns.count { $0.verdict == .suspicious }) suspicious groups, \(judgement.cleared.count) look-alikes cleared"
            + (suppressed.isEmpty ? "" : ", \(suppressed.count) findings suppressed")
        if rows.count == 1 { return head }
        return head + "\n\n" + Terminal.table(rows, rightAligned: [2, 3, 4, 5]) + "\n"
    }

    private static func short(_ p: Double) -> String {
        if p >= 0.001 { return "\((p * 1000).rounded() / 1000)" }
        var exponent = 0
        var mantissa = p
        while mantissa < 1, exponent > -300 {
            mantissa *= 10
            exponent -= 1
        }
        return "\((mantissa * 10).rounded() / 10)e\(exponent)"
    }

    /// Names the first bad record of each reason on standard error.
    func printFaults() {
        for entry in result.bad {
            let field = entry.field.isEmpty ? "" : " (\(entry.field))"
            Terminal.message(
                Terminal.safe(
                    "stillwatch: \(entry.count) bad records, \(entry.reason.rawValue)\(field): first in \(entry.file) at byte \(entry.offset)"
                ))
        }
        for use in judgement.suppressionUse where use.isExpired || use.matchedAccounts == 0 {
            let fault =
                use.isExpired
                ? "ended on \(use.entry.until), before the last exchange, and suppresses nothing"
                : "matches no account"
            Terminal.message(
                Terminal.safe(
                    "stillwatch: \(publication.output.suppress ?? ""):\(use.entry.line): the entry \(fault)"
                ))
        }
        for note in judgement.unavailable { Terminal.message("stillwatch: \(note)") }
    }
}
