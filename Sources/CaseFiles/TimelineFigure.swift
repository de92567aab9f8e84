import Detection

/// When a group was active: exchanges and active accounts over time, with the first flag and what leaked before it.
struct TimelineFigure {
    let group: JudgedGroup
    /// Unique on the page; prefix of the identifiers inside.
    let anchor: String

    /// Writes the figure and the same numbers as a table.
    func write(to page: inout HTMLWriter) {
        guard let timeline = Timeline(group), timeline.mostExchanges > 0 else {
            page.element("p", ["class": "muted"], text: "No timeline was recorded for this group.")
            return
        }
        page.element("figure") { page in
            page.element("div", ["class": "chart"]) { page in
                writeFlag(timeline, to: &page)
                page.element(
                    "div", ["class": "name"],
                    text: "Exchanges per \(EventTime.step(seconds: timeline.binSeconds))")
                writeAxis(timeline.mostExchanges, to: &page)
                page.element("div", ["class": "plot"]) { writeBars(timeline, to: &$0) }
                let joined = timeline.binSeconds > timeline.stepSeconds
                page.element(
                    "div", ["class": "name"],
                    text: "Active accounts"
                        + (joined
                            ? " (most in any \(EventTime.step(seconds: timeline.stepSeconds)))"
                            : ""))
                writeAxis(timeline.mostAccounts, to: &page)
                page.element("div", ["class": "plot"]) { writeSteps(timeline, to: &$0) }
                page.element("div", ["class": "dates"]) { page in
                    page.time(timeline.bins[0].startSeconds * 1_000_000, .day)
                    page.time(timeline.endMicroseconds, .day)
                }
            }
            page.element("figcaption", text: summary(timeline))
        }
        writeTable(timeline, to: &page)
    }

    private func summary(_ timeline: Timeline) -> String {
        var text =
            "Active for \(EventTime.duration(seconds: (group.lastMicroseconds - group.firstMicroseconds) / 1_000_000)), "
            + "at most \(Readable.count(timeline.mostExchanges, "exchange")) per "
            + "\(EventTime.step(seconds: timeline.binSeconds)). "
        if let flag = group.firstFlaggedMicroseconds {
            let share = Double(group.exchangesBeforeFlag) / Double(max(1, group.exchanges))
            let wait = (flag - group.firstMicroseconds) / 1_000_000
            text +=
                "The pooled accounts could first be told from chance on "
                + "\(EventTime.text(flag, .longMinute)) UTC"
                + (wait > 0
                    ? ", \(EventTime.duration(seconds: wait)) after the first exchange" : "")
                + ". By then \(Readable.count(group.exchangesBeforeFlag, "exchange")) "
                + "(\(Readable.percent(share)), orange) had leaked."
        } else {
            text += "At no time did the pooled accounts pass the test for an accusation."
        }
        return text
    }

    private func writeFlag(_ timeline: Timeline, to page: inout HTMLWriter) {
        guard let flag = group.firstFlaggedMicroseconds else { return }
        let position = timeline.position(microseconds: flag)
        let percent = SVG.number((position > 0.5 ? 1 - position : position) * 100)
        page.element("div", ["class": "flagrow", "aria-hidden": "true"]) { page in
            page.element(
                "span",
                [
                    "class": position > 0.5 ? "flag left" : "flag",
                    "style": position > 0.5 ? "right:\(percent)%" : "left:\(percent)%",
                ], text: "First flagged")
        }
    }

    private func writeAxis(_ most: Int, to page: inout HTMLWriter) {
        page.element("div", ["class": "axis", "aria-hidden": "true"]) { page in
            page.element("span", text: Readable.short(most))
            page.element("span", text: "0")
        }
    }

    private func writeBars(_ timeline: Timeline, to page: inout HTMLWriter) {
        chart("bars", "Exchanges over time", summary(timeline), to: &page) { page in
            let width = 1000 / Double(timeline.bins.count)
            let gap = timeline.bins.count > 60 ? 0.12 : 0.2
            let flag = group.firstFlaggedMicroseconds.map {
                timeline.position(microseconds: $0) * 1000
            }
            var (leak, rest) = ("", "")
            for (index, bin) in timeline.bins.enumerated() where bin.exchanges > 0 {
                let tall = max(
                    0.8, 100 * Double(bin.exchanges) / Double(timeline.mostExchanges))
                let left = Double(index) * width
                let bar = SVG.rectangle(
                    left + width * gap / 2, 100 - tall, width * (1 - gap), tall)
                if let flag, left + width / 2 >= flag { rest += bar } else { leak += bar }
            }
            let wasFlagged = group.firstFlaggedMicroseconds != nil
            page.void("path", ["class": "l-grid", "d": "M0 50H1000"])
            if !leak.isEmpty {
                page.void("path", ["class": wasFlagged ? "f-leak" : "f-bar", "d": leak])
            }
            if !rest.isEmpty { page.void("path", ["class": "f-bar", "d": rest]) }
            writeFlagLine(flag, to: &page)
        }
    }

    private func writeSteps(_ timeline: Timeline, to page: inout HTMLWriter) {
        let most = Double(max(1, timeline.mostAccounts))
        chart(
            "steps", "Active accounts over time",
            "At most \(Readable.count(timeline.mostAccounts, "account")) active at once.", to: &page
        ) { page in
            let width = 1000 / Double(timeline.bins.count)
            var path = "M0 100"
            for (index, bin) in timeline.bins.enumerated() {
                let top = 100 - 96 * Double(bin.accounts) / most
                path += "V\(SVG.number(top))H\(SVG.number(Double(index + 1) * width))"
            }
            page.void("path", ["class": "f-soft", "d": path + "V100z"])
            page.void("path", ["class": "l-bar", "d": path])
            writeFlagLine(
                group.firstFlaggedMicroseconds.map { timeline.position(microseconds: $0) * 1000 },
                to: &page)
        }
    }

    private func writeFlagLine(_ x: Double?, to page: inout HTMLWriter) {
        guard let x else { return }
        page.void("path", ["class": "l-flag", "d": "M\(SVG.number(x)) 0V100"])
    }

    private func chart(
        _ name: String, _ title: String, _ description: String, to page: inout HTMLWriter,
        content: (inout HTMLWriter) -> Void
    ) {
        let id = "\(anchor)-\(name)"
        page.element(
            "svg",
            [
                "class": name, "viewBox": "0 0 1000 100", "preserveAspectRatio": "none",
                "role": "img", "aria-labelledby": "\(id)-title \(id)-desc",
            ]
        ) { page in
            page.element("title", ["id": "\(id)-title"], text: title)
            page.element("desc", ["id": "\(id)-desc"], text: description)
            content(&page)
        }
    }

    private func writeTable(_ timeline: Timeline, to page: inout HTMLWriter) {
        page.element("details", ["class": "alternative"]) { page in
            page.element("summary", text: "Timeline as a table")
            DataTable(
                caption: "Exchanges and active accounts per "
                    + EventTime.step(seconds: timeline.binSeconds),
                columns: [
                    .init("From (UTC)"), .init("Exchanges", isNumber: true),
                    .init("Active accounts", isNumber: true),
                ], isTall: true
            ).write(rows: timeline.bins, to: &page) { bin, column, page in
                switch column {
                case 0: page.time(bin.startSeconds * 1_000_000)
                case 1: page.text(Readable.count(bin.exchanges))
                default: page.text(Readable.count(bin.accounts))
                }
            }
        }
    }
}
