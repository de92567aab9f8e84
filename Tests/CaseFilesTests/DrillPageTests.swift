import CaseFiles
import Testing

@Suite struct DrillPageTests {
    private static func page(_ name: String = "seed", _ value: String = "1") -> String {
        DrillPage(
            version: "0.1.0",
            rows: [
                .init(
                    accounts: 1200, rate: 10, dilution: 0.3, caught: 2, trials: 3,
                    interval: 0.21...0.94, secondsToFlag: 129_600, leakedShare: 0.042,
                    newlyAccused: 4),
                .init(
                    accounts: 10, rate: 10, dilution: 0.8, caught: 0, trials: 3,
                    interval: 0...0.56, secondsToFlag: nil, leakedShare: nil, newlyAccused: 0),
            ], findings: ["Nothing <b>else</b>."], settings: [(name, value)]
        ).render()
    }

    @Test func `figures stand in their rows`() {
        let page = Self.page()
        for text in [
            "1,200", "2 of 3", "21% to 94%", "1.5 days", "0 of 3", "never", "all", "30%", "4.2%",
        ] {
            #expect(page.contains(">\(text)<"), "\(text)")
        }
    }

    @Test func `the page is well formed, needs no network and takes strings for text`() throws {
        let html = Self.page("<script>", "\u{202E}")
        let page = try ParsedPage(html)
        #expect(page.count("script") == 0 && page.count("h1") == 1 && page.count("main") == 1)
        #expect(page.duplicateIDs.isEmpty && page.danglingReferences.isEmpty)
        #expect(page.headingJumps.isEmpty && page.tablesWithoutCaption == 0)
        #expect(page.references.allSatisfy { $0.2.hasPrefix("#") || $0.2 == "data:," })
        #expect(html.contains("Nothing &lt;b&gt;else&lt;/b&gt;."))
    }
}
