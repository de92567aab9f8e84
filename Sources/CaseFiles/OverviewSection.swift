import Detection

/// The top of the page: what was found, how sure that is, and all campaigns on one time axis.
enum OverviewSection {
    /// Writes the banner with the finding in a few sentences.
    static func writeHeader(_ outline: ReportOutline, to page: inout HTMLWriter) {
        page.element("header", ["class": "top"]) { page in
            page.element("div", ["class": "wrap"]) { page in
                page.element("p", ["class": "brand"]) { page in
                    page.element("span") { page in
                        page.element("b", text: "Stillwatch")
                        page.text(" · ")
                        page.element(
                            "bdi",
                            text: VisibleText.shortened(
                                VisibleText.line(outline.context.title), limit: 120))
                    }
                    if let first = outline.context.firstMicroseconds,
                        let last = outline.context.lastMicroseconds
                    {
                        page.element("span") { page in
                            page.time(first, .longDay)
                            page.text(" to ")
                            page.time(last, .longDay)
                            page.text(" (UTC)")
                        }
                    }
                }
                page.element("h1", text: outline.headline)
                page.element("p", ["class": "lede"], text: lede(outline))
                if let sure = certainty(outline) {
                    page.element("p", ["class": "sure"], text: sure)
                }
            }
        }
    }

    /// Writes the overview section.
    static func write(_ outline: ReportOutline, to page: inout HTMLWriter) {
        page.element("section", ["id": "overview", "aria-labelledby": "overview-title"]) { page in
            page.element("h2", ["id": "overview-title"], text: "Overview")
            writeFacts(outline, to: &page)
            writeSplit(outline, to: &page)
            if !outline.campaigns.isEmpty { writeCampaigns(outline, to: &page) }
        }
    }

    /// Why nothing was found, in one or two sentences.
    static func absence(_ outline: ReportOutline) -> String {
        let judgement = outline.judgement
        if judgement.accounts.isEmpty {
            return "There was nothing to examine. See data and settings for what was read and what "
                + "could not be."
        }
        if outline.accounts(.inconclusive) == judgement.accounts.count {
            return "None of the \(Readable.count(judgement.accounts.count, "account")) has enough "
                + "exchanges, alone or in a group, to be tested. Scan a longer period, or logs that "
                + "keep more fields."
        }
        return
            "\(Readable.count(judgement.groupsTested, "group")) of accounts that act alike "
            + "\(judgement.groupsTested == 1 ? "was" : "were") tested, and none rejected its innocent "
            + "explanations. That does not prove that there is no campaign: one that is small, slow "
            + "or well disguised can stay below what this data can show."
    }

    private static func lede(_ outline: ReportOutline) -> String {
        let accused = outline.accused
        guard accused.campaigns > 0 else {
            if outline.suspicious.campaigns > 0 {
                let suspects = outline.suspicious
                return "\(Readable.count(suspects.campaigns, "group")) with "
                    + "\(Readable.count(outline.accounts(.suspicious), "account")) and "
                    + "\(Readable.large(Int64(suspects.exchanges))) exchanges "
                    + "\(suspects.campaigns == 1 ? "shows" : "show") signs of coordination or "
                    + "harvesting, but an innocent explanation still stands for each."
            }
            return absence(outline)
        }
        var text =
            "\(Readable.count(outline.accounts(.distillation), "account")) acting together made "
            + "\(Readable.large(Int64(accused.exchanges))) exchanges and took "
            + "\(Readable.large(accused.outputTokens)) output tokens"
        if let price = accused.listPriceUSD {
            text +=
                ", worth \(accused.lacksPrices ? "at least " : "")\(Readable.dollars(price)) at list "
                + "price"
        }
        text += "."
        if outline.suspicious.campaigns > 0 {
            text +=
                " \(Readable.count(outline.suspicious.campaigns, "more group")) "
                + "\(outline.suspicious.campaigns == 1 ? "is" : "are") suspicious, which is not an "
                + "accusation."
        }
        return text
    }

    private static func certainty(_ outline: ReportOutline) -> String? {
        guard outline.accused.campaigns > 0 else { return nil }
        return
            "How sure: of the campaigns accused at this bound, at most \(Readable.percent(outline.judgement.fdr)) "
            + "are expected to be innocent, on average over many scans like this one. "
            + "\(Readable.count(outline.judgement.groupsTested, "group")) "
            + "\(outline.judgement.groupsTested == 1 ? "was" : "were") tested; "
            + "\(Readable.count(outline.judgement.cleared.count)) looked alike and "
            + "\(outline.judgement.cleared.count == 1 ? "was" : "were") cleared."
    }

    private static func writeFacts(_ outline: ReportOutline, to page: inout HTMLWriter) {
        let accused = outline.accused
        let judgement = outline.judgement
        page.element("dl", ["class": "facts"]) { page in
            if accused.campaigns > 0 {
                fact(
                    "Accounts accused", Readable.count(outline.accounts(.distillation)),
                    "of \(Readable.count(outline.context.accounts)) seen", alarm: true, to: &page)
                fact(
                    "Exchanges they made", Readable.large(Int64(accused.exchanges)),
                    "of \(Readable.large(Int64(outline.context.exchanges))) read", to: &page)
                fact(
                    "Output tokens taken", Readable.large(accused.outputTokens), nil, to: &page)
                fact(
                    "Cost at list price", accused.listPriceUSD.map(Readable.dollars) ?? "not known",
                    accused.lacksPrices ? "or more: some models have no known price" : "US dollars",
                    to: &page)
                fact(
                    "Before the first flag", Readable.large(Int64(accused.exchangesBeforeFlag)),
                    "exchanges made before a campaign could be told from chance", to: &page)
            } else {
                fact("Accounts seen", Readable.count(outline.context.accounts), nil, to: &page)
                fact(
                    "Exchanges read", Readable.large(Int64(outline.context.exchanges)), nil,
                    to: &page)
            }
            fact(
                "False-discovery bound", Readable.percent(judgement.fdr),
                "at most this share of accused campaigns is expected to be innocent", to: &page)
            fact(
                "Look-alikes cleared", Readable.count(judgement.cleared.count),
                "of \(Readable.count(judgement.groupsTested, "group")) tested", to: &page)
            fact(
                "Accounts inconclusive", Readable.count(outline.accounts(.inconclusive)),
                "too little data to say", to: &page)
        }
    }

    /// Writes one figure of a `dl` of facts.
    static func fact(
        _ name: String, _ value: String, _ note: String?, alarm: Bool = false,
        to page: inout HTMLWriter
    ) {
        page.element("div", ["class": alarm ? "alarm" : nil]) { page in
            page.element("dt", text: name)
            page.element("dd") { page in
                page.text(value)
                if let note { page.element("small", text: note) }
            }
        }
    }

    /// Accounts by verdict as one bar with a legend.
    private static func writeSplit(_ outline: ReportOutline, to page: inout HTMLWriter) {
        let order: [Verdict] = [.distillation, .suspicious, .noFinding, .inconclusive]
        let total = outline.judgement.accounts.count
        guard total > 0 else { return }
        let parts = order.map {
            "\(Wording.verdict($0)): \(Readable.count(outline.accounts($0))) "
                + "(\(Readable.percent(Double(outline.accounts($0)) / Double(total))))"
        }
        page.element("figure") { page in
            page.element(
                "svg",
                [
                    "class": "split", "viewBox": "0 0 1000 10", "preserveAspectRatio": "none",
                    "role": "img", "aria-labelledby": "split-title split-desc",
                ]
            ) { page in
                page.element("title", ["id": "split-title"], text: "Accounts by verdict")
                page.element("desc", ["id": "split-desc"], text: Readable.list(parts))
                var x = 0.0
                for (index, verdict) in order.enumerated() {
                    let count = outline.accounts(verdict)
                    guard count > 0 else { continue }
                    // A few accused accounts among millions must still be visible.
                    let width = max(4, 1000 * Double(count) / Double(total))
                    page.void(
                        "rect",
                        [
                            "class": "s\(index + 1)", "x": SVG.number(x), "y": "0",
                            "width": SVG.number(max(1, width - 2)), "height": "10",
                        ])
                    x += width
                }
            }
            page.element("ul", ["class": "legend"]) { page in
                for (index, part) in parts.enumerated() {
                    page.element("li") { page in
                        page.element(
                            "svg",
                            ["class": "swatch", "viewBox": "0 0 12 12", "aria-hidden": "true"]
                        ) {
                            $0.void(
                                "rect",
                                ["class": "s\(index + 1)", "width": "12", "height": "12"])
                        }
                        page.text(part)
                    }
                }
            }
        }
    }

    /// All campaigns in a table with a lane each on the scan's time axis.
    private static func writeCampaigns(_ outline: ReportOutline, to page: inout HTMLWriter) {
        let shown = outline.campaigns.prefix(ReportOutline.listedCampaigns)
        let start = outline.context.firstMicroseconds ?? shown.map(\.firstMicroseconds).min() ?? 0
        let end = outline.context.lastMicroseconds ?? shown.map(\.lastMicroseconds).max() ?? 1
        page.element(
            "div",
            [
                "class": "scroll", "tabindex": "0", "role": "region",
                "aria-label": "Table of all campaigns",
            ]
        ) { page in
            page.element("table") { page in
                var caption =
                    "Campaigns, accused first. The lane shows when each was active from "
                    + "\(EventTime.text(start, .day)) to \(EventTime.text(end, .day)); the tall mark is "
                    + "the first flag, and orange is what leaked before it."
                if outline.campaigns.count > shown.count {
                    caption +=
                        " First \(shown.count) of \(Readable.count(outline.campaigns.count))."
                }
                page.element("caption") { $0.element("span", text: caption) }
                page.element("thead") { page in
                    page.element("tr") { page in
                        for (title, isNumber) in [
                            ("Campaign", false), ("Verdict", false), ("Accounts", true),
                            ("Exchanges", true), ("q-value", true), ("Activity", false),
                        ] {
                            page.element(
                                "th", ["scope": "col", "class": isNumber ? "num" : nil], text: title
                            )
                        }
                    }
                }
                page.element("tbody") { page in
                    for group in shown {
                        page.element("tr") { page in
                            page.element("th", ["scope": "row"]) { page in
                                if let anchor = outline.anchor(group.id) {
                                    page.element("a", ["href": "#\(anchor)"]) {
                                        $0.identifier(group.id, limit: 24)
                                    }
                                } else {
                                    page.identifier(group.id, limit: 24)
                                }
                            }
                            page.element("td") { tag(group.verdict, to: &$0) }
                            page.element(
                                "td", ["class": "num"], text: Readable.count(group.members.count))
                            page.element(
                                "td", ["class": "num"], text: Readable.count(group.exchanges))
                            page.element(
                                "td", ["class": "num"], text: Readable.probability(group.qValue))
                            page.element("td", ["class": "lanes"]) {
                                SVG.writeLane(group, from: start, to: end, page: &$0)
                            }
                        }
                    }
                }
            }
        }
    }

    /// A verdict as a label.
    static func tag(_ verdict: Verdict, to page: inout HTMLWriter) {
        page.element("span", ["class": "tag \(verdict.rawValue)"], text: Wording.verdict(verdict))
    }
}
