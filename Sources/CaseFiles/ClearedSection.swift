import Detection

/// Groups that looked like a campaign, were examined and cleared.
enum ClearedSection {
    /// Writes the section.
    static func write(_ outline: ReportOutline, to page: inout HTMLWriter) {
        let groups = outline.judgement.cleared
        page.element("section", ["id": "cleared", "aria-labelledby": "cleared-title"]) { page in
            page.element("h2", ["id": "cleared-title"], text: "Look-alikes examined and cleared")
            guard !groups.isEmpty else {
                page.element("div", ["class": "empty"]) { page in
                    page.element("p", text: "No group had to be cleared.")
                    page.element(
                        "p",
                        text:
                            "No other accounts acted alike closely enough to be examined as a group."
                    )
                }
                return
            }
            page.element(
                "p",
                text: "These accounts act alike, and an innocent explanation holds for each group. "
                    + "They are listed so that nobody has to find them again, and so that a wrong "
                    + "clearance can be noticed. Being cleared is not a certificate.")
            for group in groups.prefix(ReportOutline.fullCleared) { write(group, to: &page) }
            let rest = groups.dropFirst(ReportOutline.fullCleared)
            if !rest.isEmpty { writeRest(rest, to: &page) }
        }
    }

    private static func write(_ group: JudgedGroup, to page: inout HTMLWriter) {
        page.element("details", ["class": "group"]) { page in
            page.element("summary") { page in
                page.element("h3") {
                    $0.element("bdi", text: resemblance(group))
                }
                page.text(
                    " – \(Readable.count(group.members.count, "account")), "
                        + "\(Readable.large(Int64(group.exchanges))) "
                        + "\(group.exchanges == 1 ? "exchange" : "exchanges") ")
                page.element("span", ["class": "muted"]) { $0.identifier(group.id, limit: 24) }
            }
            let standing = group.explanations.filter { !$0.rejected }
            page.element("p") { page in
                page.text("Active from ")
                page.time(group.firstMicroseconds)
                page.text(" to ")
                page.time(group.lastMicroseconds)
                page.text(
                    " UTC. "
                        + (standing.isEmpty
                            ? "No sign was strong enough for an accusation"
                            : "\(Readable.count(standing.count, "innocent explanation")) "
                                + "\(standing.count == 1 ? "holds" : "hold")")
                        + " (p = \(Readable.probability(group.pValue)), "
                        + "q = \(Readable.probability(group.qValue))).")
            }
            page.element("h4", text: "Why it was cleared")
            CampaignSection.writeExplanations(group, to: &page)
            if !group.indicators.isEmpty {
                page.element("h4", text: "Signs that drew attention")
                CampaignSection.writeIndicators(group, to: &page)
            }
            if !group.sharedArtefacts.isEmpty {
                page.element("h4", text: "What they share")
                CampaignSection.writeArtefacts(group, to: &page)
            }
            if !group.members.isEmpty { writeMembers(group, to: &page) }
        }
    }

    /// The names of the largest members.
    static func writeMembers(_ group: JudgedGroup, to page: inout HTMLWriter) {
        let shown = ReportOutline.largest(group.members).prefix(12)
        let rest = group.members.count - shown.count
        page.element("p", ["class": "note"]) { page in
            page.text("Accounts: ")
            for (index, member) in shown.enumerated() {
                if index > 0 { page.text(", ") }
                page.identifier(member.account, limit: 32)
            }
            page.text(rest > 0 ? ", and \(Readable.count(rest)) more." : ".")
        }
    }

    private static func writeRest(_ groups: ArraySlice<JudgedGroup>, to page: inout HTMLWriter) {
        let shown = groups.prefix(200)
        DataTable(
            caption: "\(Readable.count(groups.count, "smaller group")) cleared"
                + (shown.count < groups.count ? ", the first \(shown.count) listed" : ""),
            columns: [
                .init("Group"), .init("Resembles", isLong: true), .init("Accounts", isNumber: true),
                .init("Exchanges", isNumber: true),
            ], isTall: true
        ).write(rows: shown, to: &page) { group, column, page in
            switch column {
            case 0: page.identifier(group.id, limit: 24)
            case 1: page.text(resemblance(group))
            case 2: page.text(Readable.count(group.members.count))
            default: page.text(Readable.count(group.exchanges))
            }
        }
    }

    /// What the group resembles, with a capital.
    private static func resemblance(_ group: JudgedGroup) -> String {
        let words = VisibleText.shortened(VisibleText.line(group.resembles), limit: 120)
        guard let first = words.first else { return "No innocent kind in particular" }
        return first.uppercased() + words.dropFirst()
    }
}
