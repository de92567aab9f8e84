import CaseFiles
import Detection
import Foundation
import FoundationXML
import Testing

@Suite struct HTMLReportTests {
    private static func render(_ fixture: (Judgement, ReportContext)) -> String {
        HTMLReport.render(fixture.0, context: fixture.1)
    }

    /// Rendered once, since it takes a while without optimisation.
    private static let hugePage = render(ReportFixtures.huge())

    private static func page(_ index: Int) -> String {
        all[index].0 == "huge" ? hugePage : render(all[index].1())
    }

    private static let all: [(String, @Sendable () -> (Judgement, ReportContext))] = [
        ("rich", ReportFixtures.rich), ("empty", ReportFixtures.empty),
        ("no data", ReportFixtures.noData), ("inconclusive", ReportFixtures.inconclusive),
        ("hostile", ReportFixtures.hostile), ("huge", ReportFixtures.huge),
        ("suppressed", { ReportFixtures.suppressed(who: "<script>", why: "\u{202E}\u{0}") }),
    ]

    @Test(arguments: all.indices)
    func isWellFormedAndAccessible(index: Int) throws {
        let name = Self.all[index].0
        let page = try ParsedPage(Self.page(index))
        #expect(page.count("h1") == 1, "\(name)")
        for landmark in ["header", "nav", "main", "footer"] {
            #expect(page.count(landmark) == 1, "\(name): \(landmark)")
        }
        #expect(page.count("script") == 0, "\(name)")
        #expect(page.duplicateIDs.isEmpty, "\(name): \(page.duplicateIDs)")
        #expect(page.danglingReferences.isEmpty, "\(name): \(page.danglingReferences)")
        #expect(page.headingJumps.isEmpty, "\(name): \(page.headingJumps)")
        #expect(page.unnamedGraphics == 0, "\(name)")
        #expect(page.tablesWithoutCaption == 0, "\(name)")
        for section in ["overview", "campaigns", "cleared", "method", "data"] {
            #expect(page.ids.contains(section), "\(name): \(section)")
        }
    }

    @Test(arguments: all.indices)
    func needsNoNetwork(index: Int) throws {
        let name = Self.all[index].0
        let page = try ParsedPage(Self.page(index))
        for (element, attribute, value) in page.references {
            #expect(
                value.hasPrefix("#") || value == "data:,",
                "\(name): \(element) \(attribute)=\(value.prefix(80))")
        }
        #expect(page.attributeNames.allSatisfy { !$0.hasPrefix("on") }, "\(name)")
        #expect(!page.styles.contains("url("), "\(name)")
        #expect(!page.styles.contains("@import"), "\(name)")
    }

    @Test func sameInputGivesSameBytes() {
        for fixture in [ReportFixtures.rich, ReportFixtures.hostile] {
            #expect(Self.render(fixture()) == Self.render(fixture()))
        }
    }

    @Test func tellsWhatWasFound() {
        let page = Self.render(ReportFixtures.rich())
        for text in [
            "2 distillation campaigns found", "1 more group is suspicious",
            "3.1 × 10⁻⁹", "at most 1% are expected to be innocent",
            "One prompt template across accounts", "A sign of next year", "93% of exchanges",
            "and 1,054 more", "1,004 more accounts", "href=\"#campaign-1\"", "First flagged",
            "at least $9,526", "Hundreds of strangers who use one open-source tool",
            "A required field is missing", "88,123", "sha256:9f86d081884c7d65", "Not rejected",
            "letters and digits are masked", "No account table", "about once in 320 million",
            "22 Apr 2026", "412,380 exchanges",
        ] {
            #expect(page.contains(text), "\(text)")
        }
        // Accused campaigns come before suspicious ones, whatever the order given.
        let order = ["C-0001", "C-0002", "C-0003"].compactMap { page.range(of: $0)?.lowerBound }
        #expect(order.count == 3 && order == order.sorted())
    }

    @Test func showsWhatIsSuppressed() {
        let page = Self.render(ReportFixtures.suppressed())
        for text in [
            "1 distillation campaign found", "href=\"#suppressed\"", "1 finding that somebody",
            "C-0002", "A. Person, trust team", "Licensed partner, contract 17", "2026-12-31",
            "23,911", "Expired: suppresses nothing", "In force; matches no account",
            "distillation measured, 86 accounts",
        ] {
            #expect(page.contains(text), "\(text)")
        }
        #expect(!Self.render(ReportFixtures.rich()).contains("id=\"suppressed\""))
    }

    @Test func saysWhyNothingWasFound() {
        let empty = Self.render(ReportFixtures.empty())
        #expect(empty.contains("<h1>No campaign found</h1>"))
        #expect(empty.contains("does not prove that there is no campaign"))
        let none = Self.render(ReportFixtures.noData())
        #expect(none.contains("<h1>No exchanges could be read</h1>"))
        let little = Self.render(ReportFixtures.inconclusive())
        #expect(little.contains("<h1>Too little data to say</h1>"))
        #expect(little.contains("None of the 12 accounts has enough exchanges"))
        var (judgement, context) = ReportFixtures.rich()
        judgement.campaigns.removeAll { $0.verdict == .distillation }
        context.title = "Suspicious only"
        let suspicious = HTMLReport.render(judgement, context: context)
        #expect(suspicious.contains("<h1>No accusation; 1 suspicious group</h1>"))
        #expect(!suspicious.contains("How sure"))
    }

    @Test func hostileStringsStayText() throws {
        let html = Self.render(ReportFixtures.hostile())
        #expect(!html.contains("<script"))
        #expect(!html.contains("<img"))
        #expect(html.components(separatedBy: "</style>").count == 2)
        #expect(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
        #expect(html.contains("a[U+202E]gpj.exe"))
        #expect(html.contains("␀␇␛[31m␍␊"))
        for scalar in html.unicodeScalars {
            let isControl = scalar.properties.generalCategory == .control && scalar != "\n"
            #expect(!isControl && scalar.properties.generalCategory != .format, "\(scalar.value)")
        }
        // A long name is cut where it is read, and whole in its title.
        let long = String(repeating: "long-", count: 2048)
        #expect(html.contains("title=\"\(long)\""))
        #expect(!html.contains(">\(long)"))
        #expect(html.utf8.count < 6_000_000)
    }

    @Test func hugeCampaignsMakeASmallPage() {
        let html = Self.hugePage
        #expect(html.utf8.count < 8_000_000)
        #expect(html.contains("of 25,000"))
        #expect(html.contains("24,800 more accounts"))
        #expect(html.contains("10 more campaigns not shown in full"))
        #expect(html.contains("70 smaller groups cleared"))
    }

    /// Writes a page to look at, and for the check in a browser. `STILLWATCH_SAMPLE` chooses the fixture.
    @Test func writesASample() throws {
        let environment = ProcessInfo.processInfo.environment
        guard let path = environment["STILLWATCH_SAMPLE_REPORT"] else { return }
        let name = environment["STILLWATCH_SAMPLE"] ?? "rich"
        let fixture = try #require(Self.all.first { $0.0 == name }?.1)
        try Self.render(fixture()).write(toFile: path, atomically: true, encoding: .utf8)
    }
}

/// What the tests ask of a page, read by an XML parser, which stops at the first unbalanced tag or unescaped character.
final class ParsedPage: NSObject, XMLParserDelegate {
    private(set) var ids: Set<String> = []
    private(set) var duplicateIDs: [String] = []
    private(set) var references: [(element: String, attribute: String, value: String)] = []
    private(set) var attributeNames: Set<String> = []
    private(set) var styles = ""
    private(set) var headingJumps: [String] = []
    private(set) var unnamedGraphics = 0
    private(set) var tablesWithoutCaption = 0
    private var counts: [String: Int] = [:]
    private var labels: [String] = []
    private var open: [String] = []
    private var level = 0
    private var lastTableHasCaption = true

    struct Malformed: Error { let line: Int, description: String }

    init(_ html: String) throws {
        super.init()
        let parser = XMLParser(data: Data(html.utf8))
        parser.delegate = self
        guard parser.parse() else {
            throw Malformed(
                line: parser.lineNumber, description: "\(String(describing: parser.parserError))")
        }
    }

    func count(_ element: String) -> Int { counts[element] ?? 0 }

    var danglingReferences: [String] {
        labels.filter { !ids.contains($0) }
            + references.map(\.value).filter {
                $0.hasPrefix("#") && !ids.contains(String($0.dropFirst()))
            }
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
        qualifiedName: String?, attributes: [String: String]
    ) {
        counts[name, default: 0] += 1
        open.append(name)
        attributeNames.formUnion(attributes.keys)
        if let id = attributes["id"], !ids.insert(id).inserted { duplicateIDs.append(id) }
        for key in ["src", "href", "action", "data", "srcset", "xlink:href"] {
            if let value = attributes[key] { references.append((name, key, value)) }
        }
        for id in (attributes["aria-labelledby"] ?? "").split(separator: " ") {
            labels.append(String(id))
        }
        if name.count == 2, name.hasPrefix("h"), let next = Int(name.dropFirst()) {
            if next > level + 1 { headingJumps.append("h\(level) to h\(next)") }
            level = next
        }
        if name == "svg", attributes["aria-hidden"] == nil,
            attributes["role"] != "img"
                || (attributes["aria-label"] == nil && attributes["aria-labelledby"] == nil)
        {
            unnamedGraphics += 1
        }
        if name == "table" { lastTableHasCaption = false }
        if name == "caption" { lastTableHasCaption = true }
        if name == "tbody", !lastTableHasCaption { tablesWithoutCaption += 1 }
    }

    func parser(
        _ parser: XMLParser, didEndElement name: String, namespaceURI: String?,
        qualifiedName: String?
    ) { open.removeLast() }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
        if open.last == "style" { styles += string }
    }
}
