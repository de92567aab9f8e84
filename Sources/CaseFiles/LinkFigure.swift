import Detection

/// How a group's accounts are linked: a drawing of the strongest links, and the same as tables.
struct LinkFigure {
    let group: JudgedGroup
    /// Unique on the page; prefix of the identifiers inside.
    let anchor: String

    /// Writes the figure.
    func write(to page: inout HTMLWriter) {
        let graph = LinkGraph(group)
        guard !graph.edges.isEmpty else {
            page.element(
                "p", ["class": "muted"], text: "No links between single accounts were kept.")
            return
        }
        page.element("figure") { page in
            page.element("div", ["class": "graph"]) { writeDrawing(graph, to: &$0) }
            writeLegend(graph, to: &page)
            page.element("figcaption", text: summary(graph))
        }
        writeTable(graph, to: &page)
    }

    private func summary(_ graph: LinkGraph) -> String {
        let rest = group.members.count - graph.nodes.count
        return
            "Each dot is an account, larger with more exchanges; each line is one of "
            + "\(Readable.count(graph.edges.count, "link")), coloured by what links the two most. "
            + "Only the strongest links are kept, so a missing line means little."
            + (rest > 0
                ? " \(Readable.count(graph.nodes.count, "account")) drawn, and "
                    + "\(Readable.count(rest)) more." : "")
    }

    private func writeDrawing(_ graph: LinkGraph, to page: inout HTMLWriter) {
        let id = "\(anchor)-links"
        page.element(
            "svg",
            [
                "viewBox": "0 0 \(SVG.number(LinkGraph.width)) \(SVG.number(LinkGraph.height))",
                "role": "img", "aria-labelledby": "\(id)-title \(id)-desc",
            ]
        ) { page in
            page.element("title", ["id": "\(id)-title"], text: "Links between accounts")
            page.element(
                "desc", ["id": "\(id)-desc"],
                text: summary(graph) + " By kind: "
                    + Readable.list(
                        graph.kinds.prefix(8).map {
                            "\(kindName($0.kind)) \(Readable.count($0.links))"
                        })
                    + ".")
            var paths = [String](repeating: "", count: 5)
            for edge in graph.edges {
                let (a, b) = (graph.nodes[edge.first], graph.nodes[edge.second])
                paths[style(edge.kind, graph) - 1] +=
                    "M\(SVG.number(a.x)) \(SVG.number(a.y))L\(SVG.number(b.x)) \(SVG.number(b.y))"
            }
            for (index, path) in paths.enumerated() where !path.isEmpty {
                page.void("path", ["class": "edge e\(index + 1)", "d": path])
            }
            for node in graph.nodes {
                page.element(
                    "circle",
                    [
                        "class": "node", "cx": SVG.number(node.x), "cy": SVG.number(node.y),
                        "r": SVG.number(node.radius),
                    ]
                ) { page in
                    page.element(
                        "title",
                        text: VisibleText.shortened(
                            VisibleText.line(node.member.account), limit: 64)
                            + ", " + Readable.count(node.member.exchanges, "exchange"))
                }
            }
        }
    }

    /// The drawing style of a kind: 1 to 4 for the most frequent kinds, 5 for all others.
    private func style(_ kind: String, _ graph: LinkGraph) -> Int {
        1 + min(4, graph.kinds.firstIndex { $0.kind == kind } ?? 4)
    }

    private func writeLegend(_ graph: LinkGraph, to page: inout HTMLWriter) {
        page.element("ul", ["class": "legend"]) { page in
            for (index, kind) in graph.kinds.prefix(4).enumerated() {
                legendEntry(index + 1, kindName(kind.kind), kind.links, to: &page)
            }
            let others = graph.kinds.dropFirst(4).reduce(0) { $0 + $1.links }
            if others > 0 { legendEntry(5, "Other", others, to: &page) }
        }
    }

    private func legendEntry(
        _ style: Int, _ name: String, _ links: Int, to page: inout HTMLWriter
    ) {
        page.element("li") { page in
            page.element("svg", ["viewBox": "0 0 28 12", "aria-hidden": "true"]) {
                $0.void("path", ["class": "edge e\(style)", "d": "M0 6H28"])
            }
            page.text("\(name) (\(Readable.count(links)))")
        }
    }

    private func kindName(_ kind: String) -> String {
        VisibleText.shortened(VisibleText.line(Wording.kind(kind)), limit: 40)
    }

    private func writeTable(_ graph: LinkGraph, to page: inout HTMLWriter) {
        let shown = graph.edges.prefix(40)
        page.element("details", ["class": "alternative"]) { page in
            page.element(
                "summary",
                text: shown.count < graph.edges.count
                    ? "The \(shown.count) strongest links as a table" : "Links as a table")
            DataTable(
                caption: "Links between two accounts, strongest first",
                columns: [
                    .init("Account"), .init("Account"), .init("Linked most by"),
                    .init("Evidence (nats)", isNumber: true),
                ], isTall: true
            ).write(rows: shown, to: &page) { edge, column, page in
                switch column {
                case 0: page.identifier(graph.nodes[edge.first].member.account, limit: 32)
                case 1: page.identifier(graph.nodes[edge.second].member.account, limit: 32)
                case 2: page.text(kindName(edge.kind))
                default: page.text(Readable.number(edge.weight))
                }
            }
        }
    }
}
