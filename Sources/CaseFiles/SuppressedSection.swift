import Detection

/// Findings that nobody is to act on, with who decided so and why; and what became of every such decision.
enum SuppressedSection {
    /// Whether a list of suppressions was given, so that there is something to say.
    static func isNeeded(_ outline: ReportOutline) -> Bool {
        !outline.judgement.suppressionUse.isEmpty || !outline.judgement.suppressed.isEmpty
    }

    /// Writes the section, if it is needed.
    static func write(_ outline: ReportOutline, to page: inout HTMLWriter) {
        guard isNeeded(outline) else { return }
        let findings = outline.judgement.suppressed
        page.element("section", ["id": "suppressed", "aria-labelledby": "suppressed-title"]) {
            page in
            page.element("h2", ["id": "suppressed-title"], text: "Suppressed")
            page.element(
                "p",
                text: findings.isEmpty
                    ? "No finding is suppressed. The decisions below were looked at."
                    : "\(Readable.count(findings.count, "finding")) that somebody decided not to act "
                        + "on. The measurements are those of the scan; only the verdict is set aside, "
                        + "until the date given.")
            if !findings.isEmpty { writeSummary(findings, to: &page) }
            for finding in findings.prefix(ReportOutline.fullCleared) {
                write(finding, to: &page)
            }
            writeEntries(outline.judgement.suppressionUse, to: &page)
        }
    }

    private static func writeSummary(_ findings: [SuppressedGroup], to page: inout HTMLWriter) {
        let shown = findings.prefix(ReportOutline.listedCampaigns)
        DataTable(
            caption: "Findings set aside"
                + (shown.count < findings.count ? ", the first \(shown.count)" : ""),
            columns: [
                .init("Finding"), .init("Measured"), .init("Accounts", isNumber: true),
                .init("Matched", isNumber: true), .init("Exchanges", isNumber: true),
                .init("q-value", isNumber: true), .init("Who decided", isLong: true),
                .init("Why", isLong: true), .init("Until"),
            ]
        ).write(rows: shown, to: &page) { finding, column, page in
            let group = finding.group
            switch column {
            case 0: page.identifier(group.id, limit: 24)
            case 1: page.text(Wording.verdict(group.verdict))
            case 2: page.text(Readable.count(group.members.count))
            case 3: page.text(Readable.count(finding.matchedMembers))
            case 4: page.text(Readable.count(group.exchanges))
            case 5: page.text(Readable.probability(group.qValue))
            case 6: writeWords(finding.suppression.who, to: &page)
            case 7: writeWords(finding.suppression.why, to: &page)
            default: writeWords(finding.suppression.until, to: &page)
            }
        }
    }

    private static func write(_ finding: SuppressedGroup, to page: inout HTMLWriter) {
        let group = finding.group
        page.element("details", ["class": "group"]) { page in
            page.element("summary") { page in
                page.element("h3") { $0.identifier(group.id, limit: 24) }
                page.text(
                    " – \(Wording.verdict(group.verdict).lowercased()) measured, "
                        + "\(Readable.count(group.members.count, "account")), "
                        + "\(Readable.large(Int64(group.exchanges))) "
                        + (group.exchanges == 1 ? "exchange" : "exchanges"))
            }
            page.element("p") { page in
                page.text("Active from ")
                page.time(group.firstMicroseconds)
                page.text(" to ")
                page.time(group.lastMicroseconds)
                page.text(
                    " UTC; \(Readable.large(group.outputTokens)) output tokens taken "
                        + "(p = \(Readable.probability(group.pValue)), "
                        + "q = \(Readable.probability(group.qValue))).")
            }
            if !group.explanations.isEmpty {
                page.element("h4", text: "Innocent explanations")
                CampaignSection.writeExplanations(group, to: &page)
            }
            if !group.indicators.isEmpty {
                page.element("h4", text: "Signs")
                CampaignSection.writeIndicators(group, to: &page)
            }
            ClearedSection.writeMembers(group, to: &page)
        }
    }

    private static func writeEntries(_ uses: [SuppressionUse], to page: inout HTMLWriter) {
        let shown = uses.prefix(200)
        DataTable(
            caption: "Decisions in the list"
                + (shown.count < uses.count
                    ? ", the first \(shown.count) of \(Readable.count(uses.count))" : ""),
            columns: [
                .init("Line"), .init("Who decided", isLong: true), .init("Why", isLong: true),
                .init("Until"), .init("Accounts matched", isNumber: true),
                .init("Accounts suppressed", isNumber: true), .init("State"),
            ]
        ).write(rows: shown, to: &page) { use, column, page in
            switch column {
            case 0: page.text(Readable.count(use.entry.line))
            case 1: writeWords(use.entry.who, to: &page)
            case 2: writeWords(use.entry.why, to: &page)
            case 3: writeWords(use.entry.until, to: &page)
            case 4: page.text(Readable.count(use.matchedAccounts))
            case 5: page.text(Readable.count(use.suppressedAccounts))
            default:
                page.text(
                    use.isExpired
                        ? "Expired: suppresses nothing"
                        : use.matchedAccounts == 0 ? "In force; matches no account" : "In force")
            }
        }
    }

    /// Words of a person's own, isolated and cut to a sensible length.
    private static func writeWords(_ words: String, to page: inout HTMLWriter) {
        page.element("bdi", text: VisibleText.shortened(VisibleText.line(words), limit: 240))
    }
}
