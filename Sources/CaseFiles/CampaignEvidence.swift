import Detection

/// The parts of a group's evidence that campaigns and cleared groups show alike.
extension CampaignSection {
    /// Innocent explanations, with what was measured for each.
    static func writeExplanations(_ group: JudgedGroup, to page: inout HTMLWriter) {
        guard !group.explanations.isEmpty else {
            page.element("p", ["class": "muted"], text: "None was recorded.")
            return
        }
        page.element("ul", ["class": "points"]) { page in
            for explanation in group.explanations.prefix(40) {
                page.element("li") { page in
                    page.element("div") { page in
                        page.element("h5") {
                            $0.element(
                                "bdi",
                                text: VisibleText.shortened(
                                    explanation.statement.isEmpty
                                        ? Readable.name(explanation.name) : explanation.statement,
                                    limit: 600))
                        }
                        page.element(
                            "p", ["class": "why"],
                            text: VisibleText.shortened(explanation.reason, limit: 1200))
                    }
                    page.element("div") { page in
                        page.element(
                            "span",
                            ["class": explanation.rejected ? "tag" : "tag no_finding"],
                            text: explanation.rejected ? "Rejected" : "Not rejected")
                        page.element("dl", ["class": "measure"]) { page in
                            if let p = explanation.pValue {
                                pair("p-value", Readable.probability(p), to: &page)
                                pair("By chance", Readable.oneIn(p), to: &page)
                            } else {
                                pair("Decided", "on a fact, not by a test", to: &page)
                            }
                        }
                    }
                }
            }
        }
    }

    /// Indicators, each with its meaning, its measured value and the exchanges that show it.
    static func writeIndicators(_ group: JudgedGroup, to page: inout HTMLWriter) {
        guard !group.indicators.isEmpty else {
            page.element("p", ["class": "muted"], text: "None was recorded.")
            return
        }
        page.element("ul", ["class": "points"]) { page in
            for indicator in group.indicators.prefix(60) {
                let term = Wording.indicator(indicator.name)
                page.element("li") { page in
                    page.element("div") { page in
                        page.element("h5") {
                            $0.element(
                                "bdi",
                                text: VisibleText.shortened(VisibleText.line(term.title), limit: 80)
                            )
                        }
                        if !term.meaning.isEmpty {
                            page.element("p", ["class": "why"], text: term.meaning)
                        }
                        writeExchangeIDs(indicator.exchangeIDs, to: &page)
                    }
                    page.element("dl", ["class": "measure"]) { page in
                        pair("Measured", value(indicator.value, unit: indicator.unit), to: &page)
                        pair("Threshold", value(indicator.threshold, unit: ""), to: &page) {
                            isShare(indicator.unit) ? Readable.percent(indicator.threshold) : nil
                        }
                        if let p = indicator.pValue {
                            pair("p-value", Readable.probability(p), to: &page)
                            pair("By chance", Readable.oneIn(p), to: &page)
                        } else {
                            pair("p-value", "none; shown as context", to: &page)
                        }
                    }
                }
            }
        }
    }

    /// Things the members share and strangers seldom do.
    static func writeArtefacts(_ group: JudgedGroup, to page: inout HTMLWriter) {
        guard !group.sharedArtefacts.isEmpty else {
            page.element(
                "p", ["class": "muted"],
                text: "Nothing rare is shared, or the data does not hold it.")
            return
        }
        let shown = group.sharedArtefacts.prefix(40)
        DataTable(
            caption: shown.count < group.sharedArtefacts.count
                ? "First \(shown.count) of \(Readable.count(group.sharedArtefacts.count)) shared "
                    + "things. Prompt text is given as a digest."
                : "Shared things. Prompt text is given as a digest.",
            columns: [
                .init("Kind"), .init("Value", isLong: true),
                .init("Accounts of the group", isNumber: true),
                .init("Accounts in the scan", isNumber: true),
            ]
        ).write(rows: shown, to: &page) { artefact, column, page in
            switch column {
            case 0:
                page.text(
                    VisibleText.shortened(VisibleText.line(Wording.kind(artefact.kind)), limit: 60))
            case 1: page.identifier(artefact.value, limit: 80)
            case 2: page.text(Readable.count(artefact.accounts))
            default: page.text(Readable.count(artefact.accountsInScan))
            }
        }
    }

    private static func writeExchangeIDs(_ ids: [String], to page: inout HTMLWriter) {
        guard !ids.isEmpty else { return }
        page.element("p", ["class": "note"]) { page in
            page.text(ids.count == 1 ? "Seen in " : "Seen in, among others, ")
            for (index, id) in ids.prefix(5).enumerated() {
                if index > 0 { page.text(", ") }
                page.identifier(id, limit: 40)
            }
            page.text(".")
        }
    }

    private static func isShare(_ unit: String) -> Bool { unit.hasPrefix("share") }

    private static func value(_ value: Double, unit: String) -> String {
        if isShare(unit) {
            return "\(Readable.percent(value))\(unit.dropFirst("share".count))"
        }
        let unit = VisibleText.shortened(VisibleText.line(unit), limit: 60)
        return unit.isEmpty ? Readable.number(value) : "\(Readable.number(value)) \(unit)"
    }

    private static func pair(
        _ name: String, _ value: String, to page: inout HTMLWriter, instead: () -> String? = { nil }
    ) {
        page.element("dt", text: name)
        page.element("dd", text: instead() ?? value)
    }
}
