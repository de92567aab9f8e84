import Detection

/// One campaign in full.
struct CampaignSection {
    let group: JudgedGroup
    let outline: ReportOutline
    /// Unique on the page; prefix of the identifiers inside.
    let anchor: String

    /// Writes the section.
    func write(to page: inout HTMLWriter) {
        let titleID = "\(anchor)-title"
        page.element(
            "section",
            ["class": "case \(group.verdict.rawValue)", "id": anchor, "aria-labelledby": titleID]
        ) { page in
            page.element("p", ["class": "casehead"]) { page in
                page.identifier(group.id, limit: 32)
                OverviewSection.tag(group.verdict, to: &page)
            }
            page.element(
                "h3", ["id": titleID],
                text: "\(Readable.count(group.members.count, "account")), "
                    + "\(Readable.large(Int64(group.exchanges))) "
                    + (group.exchanges == 1 ? "exchange" : "exchanges"))
            page.element("p", ["class": "verdict"], text: Self.verdictInWords(group))
            writeFacts(to: &page)
            heading("When", to: &page)
            TimelineFigure(group: group, anchor: anchor).write(to: &page)
            heading("Innocent explanations considered", to: &page)
            Self.writeExplanations(group, to: &page)
            heading("Signs measured on the group", to: &page)
            Self.writeIndicators(group, to: &page)
            heading("What was asked for", to: &page)
            writeCapabilities(to: &page)
            heading("How the accounts are linked", to: &page)
            LinkFigure(group: group, anchor: anchor).write(to: &page)
            heading("What they share", to: &page)
            Self.writeArtefacts(group, to: &page)
            heading("Accounts", to: &page)
            writeAccounts(to: &page)
            heading("Example exchanges", to: &page)
            writeExamples(to: &page)
            if !group.relations.isEmpty {
                heading("Relations to other campaigns", to: &page)
                writeRelations(to: &page)
            }
        }
    }

    private func heading(_ title: String, to page: inout HTMLWriter) {
        page.element("h4", text: title)
    }

    /// The verdict with its p-value and q-value, for a reader without statistics.
    static func verdictInWords(_ group: JudgedGroup) -> String {
        let p = Readable.probability(group.pValue)
        let q = Readable.probability(group.qValue)
        switch group.verdict {
        case .distillation:
            return
                "Accused. Every innocent explanation considered was rejected. Under the one that came "
                + "closest, a group would look like this \(Readable.oneIn(group.pValue)) (p = \(p)). "
                + "Accusing this group and all stronger ones is expected to be wrong for "
                + "\(group.qValue < 0.001 ? "" : "at most ")\(Readable.percent(group.qValue)) of them "
                + "(q = \(q))."
        case .suspicious:
            let standing = group.explanations.filter { !$0.rejected }.count
            return
                "Not accused. There are signs of coordination or harvesting, but "
                + (standing > 0
                    ? "\(Readable.count(standing, "innocent explanation")) still "
                        + "\(standing == 1 ? "stands" : "stand")"
                    : "the evidence does not reach the bound asked for")
                + " (p = \(p), q = \(q)). A person should look at it before anyone acts."
        case .noFinding:
            return "Examined and cleared (p = \(p), q = \(q))."
        case .inconclusive:
            return
                "Too little data to say (p = \(p), q = \(q)). This is not a finding of innocence."
        }
    }

    private func writeFacts(to page: inout HTMLWriter) {
        page.element("dl", ["class": "facts small"]) { page in
            OverviewSection.fact(
                "First exchange", EventTime.text(group.firstMicroseconds, .longDay),
                String(EventTime.text(group.firstMicroseconds, .minute).suffix(5)) + " UTC",
                to: &page)
            OverviewSection.fact(
                "Last exchange", EventTime.text(group.lastMicroseconds, .longDay),
                String(EventTime.text(group.lastMicroseconds, .minute).suffix(5)) + " UTC",
                to: &page)
            OverviewSection.fact(
                "Output tokens taken", Readable.large(group.outputTokens),
                group.reasoningTokens > 0
                    ? "\(Readable.large(group.reasoningTokens)) of them reasoning" : nil, to: &page)
            OverviewSection.fact(
                "Input tokens sent", Readable.large(group.inputTokens), nil, to: &page)
            OverviewSection.fact(
                "Cost at list price", group.listPriceUSD.map(Readable.dollars) ?? "not known",
                group.listPriceUSD == nil ? "no price known for these models" : nil, to: &page)
            OverviewSection.fact(
                "First flagged",
                group.firstFlaggedMicroseconds.map { EventTime.text($0, .longDay) } ?? "never",
                group.firstFlaggedMicroseconds == nil
                    ? nil : "after \(Readable.count(group.exchangesBeforeFlag, "exchange"))",
                to: &page)
        }
    }

    private func writeCapabilities(to page: inout HTMLWriter) {
        let capabilities = group.capabilities.filter { $0.share.isFinite }
            .sorted { ($1.share, $0.name) < ($0.share, $1.name) }
        guard !capabilities.isEmpty else {
            page.element(
                "p", ["class": "muted"], text: "What was asked for could not be told from the data."
            )
            return
        }
        page.element("table", ["class": "shares"]) { page in
            page.element(
                "caption", ["class": "note"],
                text: "Share of the group's exchanges that target a capability. Shares may overlap."
            )
            page.element("thead", ["class": "hidden"]) { page in
                page.element("tr") { page in
                    page.element("th", ["scope": "col"], text: "Capability")
                    page.element("th", ["scope": "col"], text: "Share")
                    page.element("th", ["scope": "col"], text: "Bar")
                }
            }
            page.element("tbody") { page in
                for capability in capabilities.prefix(20) {
                    page.element("tr") { page in
                        page.element("th", ["scope": "row"]) {
                            $0.element(
                                "bdi",
                                text: VisibleText.shortened(
                                    VisibleText.line(Wording.capability(capability.name)), limit: 48
                                ))
                        }
                        page.element(
                            "td", ["class": "num"], text: Readable.percent(capability.share))
                        page.element("td", ["class": "wide"]) { page in
                            page.element(
                                "svg",
                                [
                                    "class": "track", "viewBox": "0 0 100 10",
                                    "preserveAspectRatio": "none", "aria-hidden": "true",
                                ]
                            ) { page in
                                page.void(
                                    "rect", ["class": "f-track", "width": "100", "height": "10"])
                                page.void(
                                    "rect",
                                    [
                                        "class": "f-bar", "height": "10",
                                        "width": SVG.number(min(1, max(0, capability.share)) * 100),
                                    ])
                            }
                        }
                    }
                }
            }
        }
    }

    private func writeAccounts(to page: inout HTMLWriter) {
        let listed = ReportOutline.largest(group.members)
        let rest = group.members.count - listed.count
        DataTable(
            caption: rest > 0
                ? "The \(listed.count) accounts with the most exchanges, of "
                    + "\(Readable.count(group.members.count)). Times in UTC."
                : "All accounts, most exchanges first. Times in UTC.",
            columns: [
                .init("Account"), .init("Exchanges", isNumber: true), .init("First seen"),
                .init("Last seen"), .init("Created"), .init("First flagged"),
                .init("Before flag", isNumber: true),
            ], isTall: true
        ).write(rows: listed, to: &page) { member, column, page in
            let verdict = outline.verdict(member.account)
            switch column {
            case 0: page.identifier(member.account, limit: 40)
            case 1: page.text(Readable.count(member.exchanges))
            case 2: page.time(member.firstMicroseconds)
            case 3: page.time(member.lastMicroseconds)
            case 4: Self.writeOptional(member.createdMicroseconds, "not known", to: &page)
            case 5: Self.writeOptional(verdict?.firstFlaggedMicroseconds, "–", to: &page)
            default: page.text(verdict?.exchangesBeforeFlag.map { Readable.count($0) } ?? "–")
            }
        }
        if rest > 0 {
            page.element("p", ["class": "note"]) { page in
                page.text(
                    "\(Readable.count(rest, "more account")); every account of this campaign is in "
                )
                page.element("code", text: "verdicts.jsonl")
                page.text(".")
            }
        }
    }

    private static func writeOptional(
        _ microseconds: Int64?, _ absent: String, to page: inout HTMLWriter
    ) {
        if let microseconds {
            page.time(microseconds)
        } else {
            page.element("span", ["class": "muted"], text: absent)
        }
    }

    private func writeExamples(to page: inout HTMLWriter) {
        guard !group.examples.isEmpty else {
            page.element("p", ["class": "muted"], text: "No examples were kept.")
            return
        }
        let showsText = group.examples.contains(where: \.isText)
        page.element(
            "p", ["class": "note"],
            text: showsText
                ? "The beginnings of prompts, shown as text because this report was asked for with "
                    + "text. Handle it as customer data."
                : "Only the shape of each prompt is shown: letters and digits are masked, spaces and "
                    + "punctuation stay. The text itself is not in this report.")
        for example in group.examples.prefix(12) {
            page.element("div", ["class": "example"]) { page in
                page.element("p") { page in
                    page.identifier(example.id)
                    page.text(" by ")
                    page.identifier(example.account, limit: 40)
                    page.text(" at ")
                    page.time(example.timeMicroseconds)
                    page.text(" UTC, model ")
                    page.identifier(example.model)
                    if showsText && !example.isText { page.text(" (shape only)") }
                }
                page.element("pre", ["dir": "auto"]) {
                    $0.text(VisibleText.shortened(example.preview, limit: 800))
                }
            }
        }
    }

    private func writeRelations(to page: inout HTMLWriter) {
        page.element("ul") { page in
            for relation in group.relations.prefix(50) {
                page.element("li") { page in
                    page.element(
                        "b",
                        text: VisibleText.shortened(
                            VisibleText.line(Wording.relation(relation.kind)), limit: 60))
                    page.text(", ")
                    if let anchor = outline.anchor(relation.campaign) {
                        page.element("a", ["href": "#\(anchor)"]) {
                            $0.identifier(relation.campaign)
                        }
                    } else {
                        page.identifier(relation.campaign)
                    }
                    page.text(": " + VisibleText.shortened(relation.reason, limit: 600))
                }
            }
        }
    }
}
