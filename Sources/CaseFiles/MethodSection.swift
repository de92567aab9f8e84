import Detection

/// How the verdicts came about, what they mean, what they cannot say, and how to check one by hand.
enum MethodSection {
    /// Writes the section.
    static func write(_ outline: ReportOutline, to page: inout HTMLWriter) {
        page.element("section", ["id": "method", "aria-labelledby": "method-title"]) { page in
            page.element("h2", ["id": "method-title"], text: "How to read this")
            page.element("h3", text: "What the verdicts mean")
            page.element("ul", ["class": "points"]) { page in
                for verdict in [
                    Verdict.distillation, .suspicious, .noFinding, .inconclusive,
                ] {
                    page.element("li", ["class": "single"]) { page in
                        page.element("div") { page in
                            OverviewSection.tag(verdict, to: &page)
                            page.element("p", text: Wording.meaning(verdict))
                        }
                    }
                }
            }
            page.element("h3", text: "The method in short")
            writeList("ol", steps(outline), to: &page)
            page.element("h3", text: "What this report cannot say")
            writeList("ul", limits, to: &page)
            page.element("h3", text: "How to check an accusation by hand")
            writeList("ol", checks, to: &page)
        }
    }

    private static func writeList(_ name: String, _ items: [String], to page: inout HTMLWriter) {
        page.element(name) { page in
            for item in items { page.element("li") { $0.element("p", text: item) } }
        }
    }

    private static func steps(_ outline: ReportOutline) -> [String] {
        [
            "Every account's exchanges are summarised: its prompts' shapes, hours, volumes, clients, "
                + "networks and sign-up facts.",
            "Accounts that share rare things, or act alike, are linked; closely linked accounts form a "
                + "group. A campaign spreads its work so thin that no single account stands out, so "
                + "groups are judged and not accounts.",
            "Each group is tested against innocent explanations, such as independent people, one "
                + "company or one public tool. A p-value says how often a group would look at least "
                + "this extreme if the explanation held.",
            "A group is accused only if all of them are rejected; its p-value is the largest of theirs.",
            "With many groups tested, some look extreme by chance. The q-value corrects for that: "
                + "groups are accused up to a q-value of \(Readable.number(outline.judgement.fdr)), so "
                + "that at most \(Readable.percent(outline.judgement.fdr)) of accusations are expected "
                + "to be wrong.",
        ]
    }

    private static let limits = [
        "It cannot name who is behind a campaign, what they intended, or whether a model was trained. "
            + "It says that accounts act as one and harvest as if to train one.",
        "It considers the innocent explanations it knows. One that nobody thought of could fit a group "
            + "as well.",
        "The error bound is an average over scans whose innocent traffic is like the calibration's. It "
            + "is not the probability that one given account is innocent.",
        "Members were grouped by their links. A bystander can be drawn into a true campaign, so check "
            + "an account's own links before acting on it.",
        "Finding nothing is weak evidence of absence: short logs, missing fields and careful disguise "
            + "all hide campaigns.",
        "Costs are list prices of the tokens logged, not losses.",
    ]

    private static let checks = [
        "Take three accounts from the middle of the campaign's table, not the busiest. Look up the "
            + "exchange ids given with the strongest signs in your own logs, and read them side by side.",
        "Ask whether one employer, course, open-source tool or reseller would explain what they share. "
            + "Search the shared system prompt or template in public code: a published one clears much.",
        "Compare the shared things with the whole scan: the two right columns of the table show how "
            + "rare each is.",
        "Look at what the report did not use: billing, sign-up messages, support tickets, contracts "
            + "that allow synthetic data.",
        "Write down the innocent explanation you find most likely, and what would refute it. If "
            + "nothing does, do not act on the accusation.",
        "Run the scan again on a later period. A real campaign usually persists or moves; chance does not.",
    ]
}
