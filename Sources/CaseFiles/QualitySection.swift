import Detection

/// What was read and how well, and the settings and calibration the verdicts rest on.
enum QualitySection {
    /// Writes the section.
    static func write(_ outline: ReportOutline, to page: inout HTMLWriter) {
        let context = outline.context
        page.element("section", ["id": "data", "aria-labelledby": "data-title"]) { page in
            page.element("h2", ["id": "data-title"], text: "Data and settings")
            page.element("h3", text: "Data quality")
            writeQuality(context, to: &page)
            page.element("h3", text: "Signs this data could not show")
            writeUnavailable(outline.judgement.unavailable, to: &page)
            page.element("h3", text: "What was read")
            writeInputs(context, to: &page)
            page.element("h3", text: "Settings")
            writeSettings(context, to: &page)
            page.element("h3", text: "Calibration")
            writeCalibration(context, to: &page)
        }
    }

    private static func writeQuality(_ context: ReportContext, to page: inout HTMLWriter) {
        let bad = context.badRecords.reduce(0) { $0 + $1.count }
        let share = Double(bad) / Double(max(1, bad + context.exchanges))
        var text =
            "\(Readable.count(context.exchanges, "exchange")) of "
            + "\(Readable.count(context.accounts, "account")) read from "
            + "\(Readable.bytes(context.bytesRead))"
        if let first = context.firstMicroseconds, let last = context.lastMicroseconds {
            text +=
                ", from \(EventTime.text(first, .longMinute)) to \(EventTime.text(last, .longMinute)) UTC"
        }
        text += ". "
        text +=
            bad == 0
            ? "Every record could be read."
            : "\(Readable.count(bad, "record")) (\(Readable.percent(share))) could not be read and "
                + "\(bad == 1 ? "was" : "were") left out."
        if context.ignoredRecords > 0 {
            text +=
                " \(Readable.count(context.ignoredRecords, "record")) held no exchange and "
                + "\(context.ignoredRecords == 1 ? "was" : "were") passed over."
        }
        page.element("p", text: text)
        guard !context.badRecords.isEmpty else { return }
        DataTable(
            caption: "Records that could not be read, with the place of the first of each kind",
            columns: [
                .init("Reason"), .init("Records", isNumber: true), .init("First in", isLong: true),
                .init("At byte", isNumber: true),
            ]
        ).write(rows: context.badRecords.prefix(100), to: &page) { record, column, page in
            switch column {
            case 0: page.text(VisibleText.shortened(Wording.badRecord(record.reason), limit: 80))
            case 1: page.text(Readable.count(record.count))
            case 2: page.identifier(record.firstFile, limit: 80)
            default: page.text(Readable.count(record.byteOffset))
            }
        }
    }

    private static func writeUnavailable(_ notes: [String], to page: inout HTMLWriter) {
        guard !notes.isEmpty else {
            page.element("p", text: "None: the data supports every sign that is looked for.")
            return
        }
        page.element("ul") { page in
            for note in notes.prefix(100) {
                page.element("li", text: VisibleText.shortened(VisibleText.line(note), limit: 400))
            }
        }
    }

    private static func writeInputs(_ context: ReportContext, to page: inout HTMLWriter) {
        guard !context.inputs.isEmpty else {
            page.element("p", text: "No input was read.")
            return
        }
        let shown = context.inputs.prefix(200)
        DataTable(
            caption: shown.count < context.inputs.count
                ? "First \(shown.count) of \(Readable.count(context.inputs.count)) inputs; all are in "
                    + "summary.json"
                : "Inputs, with a digest of their bytes",
            columns: [
                .init("Input", isLong: true), .init("Format"), .init("Size", isNumber: true),
                .init("Exchanges", isNumber: true), .init("Digest", isLong: true),
            ]
        ).write(rows: shown, to: &page) { input, column, page in
            switch column {
            case 0: page.identifier(input.name, limit: 80)
            case 1: page.identifier(input.format)
            case 2: page.text(Readable.bytes(input.bytes))
            case 3: page.text(Readable.count(input.exchanges))
            default: page.identifier(input.digest, limit: 160)
            }
        }
    }

    private static func writeSettings(_ context: ReportContext, to page: inout HTMLWriter) {
        let settings =
            context.settings + [
                .init(
                    name: "Text of prompts in this report",
                    value: context.showsText ? "shown, as asked for" : "not shown")
            ]
        DataTable(
            caption: "Settings of this scan, by Stillwatch "
                + VisibleText.shortened(VisibleText.line(context.version), limit: 60),
            columns: [.init("Setting"), .init("Value", isLong: true)]
        ).write(rows: settings.prefix(200), to: &page) { setting, column, page in
            page.identifier(column == 0 ? setting.name : setting.value, limit: 160)
        }
    }

    private static func writeCalibration(_ context: ReportContext, to page: inout HTMLWriter) {
        guard !context.calibration.isEmpty else {
            page.element("p", text: "No calibration notes were recorded.")
            return
        }
        DataTable(
            caption: "How the error rates were set",
            columns: [
                .init("What"), .init("Value", isNumber: true), .init("Meaning", isLong: true),
            ]
        ).write(rows: context.calibration.prefix(100), to: &page) { note, column, page in
            switch column {
            case 0: page.text(VisibleText.shortened(note.name, limit: 120))
            case 1: page.text(VisibleText.shortened(note.value, limit: 120))
            default: page.text(VisibleText.shortened(note.explanation, limit: 600))
            }
        }
    }
}
