/// The page of a drill: what was put into the logs, what of it was found, and how soon. In the look of the report,
/// self-contained, without scripts.
public struct DrillPage: Sendable {
    /// One kind of campaign.
    public struct Row: Sendable {
        /// Accounts.
        public let accounts: Int
        /// Exchanges an account and day.
        public let rate: Int
        /// Share of cover, 0...1.
        public let dilution: Double
        /// Campaigns caught.
        public let caught: Int
        /// Campaigns tried.
        public let trials: Int
        /// 95 % interval of the share caught.
        public let interval: ClosedRange<Double>
        /// Median seconds from the first exchange to the flag; `nil` when none was caught.
        public let secondsToFlag: Double?
        /// Mean share of the harvest made before the flag; `nil` when none was caught.
        public let leakedShare: Double?
        /// Most of the user's own accounts that one campaign got accused.
        public let newlyAccused: Int

        /// Makes a row.
        public init(
            accounts: Int, rate: Int, dilution: Double, caught: Int, trials: Int,
            interval: ClosedRange<Double>, secondsToFlag: Double?, leakedShare: Double?,
            newlyAccused: Int
        ) {
            self.accounts = accounts
            self.rate = rate
            self.dilution = dilution
            self.caught = caught
            self.trials = trials
            self.interval = interval
            self.secondsToFlag = secondsToFlag
            self.leakedShare = leakedShare
            self.newlyAccused = newlyAccused
        }
    }

    private let version: String
    private let rows: [Row]
    private let findings: [String]
    private let settings: [(name: String, value: String)]

    /// A page of these rows, with the findings in sentences and the settings in the order to show.
    public init(
        version: String, rows: [Row], findings: [String], settings: [(name: String, value: String)]
    ) {
        self.version = version
        self.rows = rows
        self.findings = findings
        self.settings = settings
    }

    /// Writes the page; the same content gives the same bytes.
    public func render() -> String {
        var page = HTMLWriter()
        page.literal("<!DOCTYPE html>\n")
        page.element("html", ["lang": "en"]) { page in
            HTMLReport.writeHead(title: "Stillwatch drill", to: &page)
            page.element("body") { page in
                page.element("header", ["class": "top"]) { page in
                    page.element("div", ["class": "wrap"]) { page in
                        page.element("p", ["class": "brand"]) {
                            $0.element("b", text: "Stillwatch")
                        }
                        page.element("h1", text: "Which campaigns would be caught here")
                        page.element(
                            "p", ["class": "lede"],
                            text:
                                "Simulated campaigns were put into these logs and judged as a scan "
                                + "judges.")
                    }
                }
                page.element("div", ["class": "wrap"]) { page in
                    page.element("main", ["id": "findings"]) { write(to: &$0) }
                }
                page.element("footer", ["class": "wrap"]) {
                    $0.element("p", ["class": "foot"], text: "Written by Stillwatch \(version).")
                }
            }
        }
        return page.html + "\n"
    }

    private func write(to page: inout HTMLWriter) {
        page.element("section", ["id": "found", "aria-labelledby": "found-title"]) { page in
            page.element("h2", ["id": "found-title"], text: "What was found")
            page.element("ul") { page in
                for finding in findings { page.element("li", text: finding) }
            }
            DataTable(
                caption: "Campaigns by cover, pace and size",
                columns: [
                    .init("Cover"), .init("Exchanges an account and day", isNumber: true),
                    .init("Accounts", isNumber: true), .init("Caught", isNumber: true),
                    .init("95% interval", isNumber: true), .init("Time to flag", isNumber: true),
                    .init("Leaked before", isNumber: true), .init("Newly accused", isNumber: true),
                ]
            ).write(rows: rows, to: &page) { row, column, page in
                page.text(Self.cell(row, column))
            }
        }
        page.element("section", ["id": "method", "aria-labelledby": "method-title"]) { page in
            page.element("h2", ["id": "method-title"], text: "How to read this")
            for text in Self.notes { page.element("p", text: text) }
        }
        page.element("section", ["id": "data", "aria-labelledby": "data-title"]) { page in
            page.element("h2", ["id": "data-title"], text: "Settings")
            DataTable(
                caption: "Settings of the drill",
                columns: [.init("Setting"), .init("Value", isLong: true)]
            ).write(rows: settings, to: &page) { entry, column, page in
                page.identifier(column == 0 ? entry.name : entry.value, limit: 120)
            }
        }
    }

    private static func cell(_ row: Row, _ column: Int) -> String {
        switch column {
        case 0: return Readable.percent(row.dilution)
        case 1: return Readable.count(row.rate)
        case 2: return Readable.count(row.accounts)
        case 3: return "\(row.caught) of \(row.trials)"
        case 4:
            return Readable.percent(row.interval.lowerBound) + " to "
                + Readable.percent(row.interval.upperBound)
        case 5:
            return row.secondsToFlag.map { Readable.number($0 / 86_400) + " days" } ?? "never"
        case 6: return row.leakedShare.map(Readable.percent) ?? "all"
        default: return Readable.count(row.newlyAccused)
        }
    }

    private static let notes = [
        "Each campaign is a clean hydra: accounts that share neither cards nor addresses, made within "
            + "days of each other, among which one collection of prompts is dealt out. Cover is real: "
            + "sampled exchanges of innocent accounts of these logs, dealt again; of one such account "
            + "for each injected one (personal) or of any (resold). Caught means that at "
            + "least half of a campaign's accounts are accused.",
        "The harvest's prompts come from the simulator or from the corpus given, so a campaign with "
            + "prompts closer to these logs' own may be harder to find. Leaked is the share of the "
            + "harvest made before the first flag. Newly accused are accounts of these logs that are "
            + "accused with a campaign and were not without it: the most in one trial.",
    ]
}
