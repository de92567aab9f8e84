/// Writes elements whose tags always balance and whose text is always escaped.
///
/// The output is HTML that is also well-formed XML: attributes are quoted, void elements closed, no named entities
/// but the five of XML.
struct HTMLWriter {
    /// The text so far.
    private(set) var html = ""
    /// Room left for the full values of shortened identifiers, so that hostile names cannot swell the page.
    private var titleBytesLeft = 2_000_000

    /// Attributes of an element; those with a `nil` value are left out.
    typealias Attributes = KeyValuePairs<String, String?>

    /// An element with content.
    mutating func element(
        _ name: String, _ attributes: Attributes = [:], _ content: (inout HTMLWriter) -> Void
    ) {
        open(name, attributes)
        html += ">"
        content(&self)
        html += "</\(name)>"
        if Self.endsLine.contains(name) { html += "\n" }
    }

    /// An element that holds text only.
    mutating func element(_ name: String, _ attributes: Attributes = [:], text: String) {
        element(name, attributes) { $0.text(text) }
    }

    /// An element without content, closed in its own tag.
    mutating func void(_ name: String, _ attributes: Attributes = [:]) {
        open(name, attributes)
        html += " />"
    }

    /// Text, escaped, with control and direction characters made visible.
    mutating func text(_ string: String) {
        VisibleText.escape(string, into: &html)
    }

    /// Markup or a style sheet that is part of the program. Never pass anything read from data.
    mutating func literal(_ markup: StaticString) {
        html += markup.description
    }

    /// An identifier from the data: isolated from the direction of the text around it, shortened when long, with the
    /// full value in its title.
    mutating func identifier(_ value: String, limit: Int = 48) {
        let line = VisibleText.line(value)
        let short = VisibleText.shortened(line, limit: limit)
        var title: String?
        if short != line {
            let full = VisibleText.shortened(line, limit: titleBytesLeft > 0 ? 16_384 : 256)
            titleBytesLeft -= full.utf8.count
            title = full
        }
        element("bdi", ["class": "id", "title": title], text: short)
    }

    /// A point in time as readers and machines read it.
    mutating func time(_ microseconds: Int64, _ style: EventTime.Style = .minute) {
        element(
            "time", ["datetime": EventTime.text(microseconds, .machine)],
            text: EventTime.text(microseconds, style))
    }

    private mutating func open(_ name: String, _ attributes: Attributes) {
        html += "<\(name)"
        for case (let key, let value?) in attributes {
            html += " \(key)=\""
            VisibleText.escape(value, into: &html)
            html += "\""
        }
    }

    private static let endsLine: Set<String> = [
        "p", "li", "tr", "section", "table", "h1", "h2", "h3", "h4", "dl", "ul", "svg", "div",
        "figure", "title", "style", "header", "nav", "main", "footer", "details",
    ]
}
