/// A table that scrolls inside its own box, by keyboard too, and says what it holds.
struct DataTable {
    /// One column.
    struct Column {
        let title: String
        let isNumber: Bool
        /// Whether its cells hold text that may wrap.
        let isLong: Bool

        init(_ title: String, isNumber: Bool = false, isLong: Bool = false) {
            self.title = title
            self.isNumber = isNumber
            self.isLong = isLong
        }

        fileprivate var cssClass: String? { isNumber ? "num" : isLong ? "long" : nil }
    }

    let caption: String
    let columns: [Column]
    /// Whether the box has a limited height.
    var isTall = false

    /// Writes the table. The first column heads its row; `cell` writes one cell, given the row and the column's number.
    func write<Rows: Sequence>(
        rows: Rows, to page: inout HTMLWriter,
        cell: (Rows.Element, Int, inout HTMLWriter) -> Void
    ) {
        page.element(
            "div",
            [
                "class": isTall ? "scroll tall" : "scroll", "tabindex": "0", "role": "region",
                "aria-label": "Table: " + VisibleText.shortened(caption, limit: 120),
            ]
        ) { page in
            page.element("table") { page in
                page.element("caption") { $0.element("span", text: caption) }
                page.element("thead") { page in
                    page.element("tr") { page in
                        for column in columns {
                            page.element(
                                "th", ["scope": "col", "class": column.isNumber ? "num" : nil],
                                text: column.title)
                        }
                    }
                }
                page.element("tbody") { page in
                    for row in rows {
                        page.element("tr") { page in
                            for (index, column) in columns.enumerated() {
                                page.element(
                                    index == 0 ? "th" : "td",
                                    ["scope": index == 0 ? "row" : nil, "class": column.cssClass]
                                ) { cell(row, index, &$0) }
                            }
                        }
                    }
                }
            }
        }
    }
}
