import Detection

/// The report for people: one self-contained page that needs no network and no scripts.
///
/// The same judgement and context give the same bytes. The page is well-formed XML as well as HTML, and its size is
/// bounded by the number of campaigns shown in full, not by the number of accounts.
public struct HTMLReport {
    /// Writes the page.
    public static func render(_ judgement: Judgement, context: ReportContext) -> String {
        let outline = ReportOutline(judgement, context)
        var page = HTMLWriter()
        page.literal("<!DOCTYPE html>\n")
        page.element("html", ["lang": "en"]) { page in
            let title =
                outline.headline + " · "
                + VisibleText.shortened(VisibleText.line(outline.context.title), limit: 80)
            writeHead(title: title, to: &page)
            page.element("body") { page in
                page.element("a", ["class": "skip", "href": "#findings"], text: "Skip to findings")
                OverviewSection.writeHeader(outline, to: &page)
                page.element("div", ["class": "wrap layout"]) { page in
                    writeContents(outline, to: &page)
                    page.element("main", ["id": "findings", "tabindex": "-1"]) { page in
                        OverviewSection.write(outline, to: &page)
                        writeCampaigns(outline, to: &page)
                        SuppressedSection.write(outline, to: &page)
                        ClearedSection.write(outline, to: &page)
                        MethodSection.write(outline, to: &page)
                        QualitySection.write(outline, to: &page)
                    }
                }
                page.element("footer", ["class": "wrap"]) { page in
                    page.element(
                        "p", ["class": "foot"],
                        text: "Written by Stillwatch \(context.version). The same input and "
                            + "settings give this page again, byte for byte.")
                }
            }
        }
        return page.html + "\n"
    }

    /// The head that all pages share.
    static func writeHead(title: String, to page: inout HTMLWriter) {
        page.element("head") { page in
            page.void("meta", ["charset": "utf-8"])
            page.void(
                "meta",
                [
                    "http-equiv": "Content-Security-Policy",
                    "content": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
                ])
            page.void(
                "meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"])
            page.void("meta", ["name": "referrer", "content": "no-referrer"])
            page.void("meta", ["name": "robots", "content": "noindex"])
            page.void("meta", ["name": "color-scheme", "content": "light dark"])
            // An empty icon keeps browsers from asking for one.
            page.void("link", ["rel": "icon", "href": "data:,"])
            page.element("title", text: title)
            page.element("style") { $0.literal(ReportStyle.sheet) }
        }
    }

    private static func writeContents(_ outline: ReportOutline, to page: inout HTMLWriter) {
        page.element("nav", ["class": "contents", "aria-label": "Contents"]) { page in
            page.element("ul") { page in
                entry("overview", "Overview", to: &page)
                page.element("li") { page in
                    page.element("a", ["href": "#campaigns"], text: "Campaigns")
                    let listed = outline.campaigns.prefix(20)
                    if !listed.isEmpty {
                        page.element("ul") { page in
                            for group in listed {
                                guard let anchor = outline.anchor(group.id) else { continue }
                                page.element("li") { page in
                                    page.element("a", ["href": "#\(anchor)"]) {
                                        $0.identifier(group.id, limit: 20)
                                    }
                                    page.text(" ")
                                    page.element(
                                        "span", ["class": "muted"],
                                        text: Wording.verdict(group.verdict).lowercased())
                                }
                            }
                        }
                    }
                }
                if SuppressedSection.isNeeded(outline) {
                    entry("suppressed", "Suppressed", to: &page)
                }
                entry("cleared", "Cleared look-alikes", to: &page)
                entry("method", "How to read this", to: &page)
                entry("data", "Data and settings", to: &page)
            }
        }
    }

    private static func entry(_ anchor: String, _ title: String, to page: inout HTMLWriter) {
        page.element("li") { $0.element("a", ["href": "#\(anchor)"], text: title) }
    }

    private static func writeCampaigns(_ outline: ReportOutline, to page: inout HTMLWriter) {
        page.element("section", ["id": "campaigns", "aria-labelledby": "campaigns-title"]) { page in
            page.element("h2", ["id": "campaigns-title"], text: "Campaigns")
            if outline.campaigns.isEmpty {
                page.element("div", ["class": "empty"]) { page in
                    page.element("p", text: "No group was accused or found suspicious.")
                    page.element("p", text: OverviewSection.absence(outline))
                }
            }
            let shown = outline.campaigns.prefix(ReportOutline.fullCampaigns)
            for (index, group) in shown.enumerated() {
                CampaignSection(
                    group: group, outline: outline, anchor: ReportOutline.anchor(position: index)
                ).write(to: &page)
            }
            let rest = outline.campaigns.count - ReportOutline.fullCampaigns
            if rest > 0 {
                page.element(
                    "p", ["class": "note"],
                    text:
                        "\(Readable.count(rest, "more campaign")) not shown in full here; all are "
                        + "in campaigns.jsonl.")
            }
        }
    }
}
