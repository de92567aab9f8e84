import Detection

/// Charts without text of their own, so that they stretch to any width; labels are HTML around them.
enum SVG {
    /// A coordinate to one decimal place.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "0" }
        let tenths = Int((min(1e6, max(-1e6, value)) * 10).rounded())
        let sign = tenths < 0 ? "-" : ""
        let rest = tenths.magnitude % 10
        return "\(sign)\(tenths.magnitude / 10)\(rest == 0 ? "" : ".\(rest)")"
    }

    /// One campaign's activity between two moments, with its first flag.
    static func writeLane(_ group: JudgedGroup, from: Int64, to: Int64, page: inout HTMLWriter) {
        let length = max(1, Double(to) - Double(from))
        func x(_ microseconds: Int64) -> Double {
            min(1000, max(0, (Double(microseconds) - Double(from)) / length * 1000))
        }
        let flag = group.firstFlaggedMicroseconds
        var words =
            "Active from \(EventTime.text(group.firstMicroseconds, .minute)) to "
            + EventTime.text(group.lastMicroseconds, .minute)
        if let flag { words += ", first flagged \(EventTime.text(flag, .minute))" }
        page.element(
            "svg",
            [
                "class": "lane", "viewBox": "0 0 1000 16", "preserveAspectRatio": "none",
                "role": "img", "aria-label": words,
            ]
        ) { page in
            page.void("rect", ["class": "f-track", "y": "7", "width": "1000", "height": "2"])
            let (first, last) = (x(group.firstMicroseconds), x(group.lastMicroseconds))
            if let timeline = Timeline(group, limit: 60), timeline.mostExchanges > 0 {
                var (leak, rest) = ("", "")
                for bin in timeline.bins where bin.exchanges > 0 {
                    let start = bin.startSeconds * 1_000_000
                    let left = x(start)
                    let width = max(2, x(start + timeline.binSeconds * 1_000_000) - left)
                    let share = Double(bin.exchanges) / Double(timeline.mostExchanges)
                    let tall = max(1.5, 11 * share)
                    let bar = rectangle(left, 8 - tall / 2, width, tall)
                    if start >= flag ?? .min { rest += bar } else { leak += bar }
                }
                page.void("path", ["class": "f-leak", "d": leak])
                page.void("path", ["class": "f-bar", "d": rest])
            } else {
                page.void(
                    "rect",
                    [
                        "class": "f-bar", "x": number(first), "y": "4",
                        "width": number(max(3, last - first)), "height": "8",
                    ])
            }
            if let flag {
                page.void("path", ["class": "l-flag", "d": "M\(number(x(flag))) 0V16"])
            }
        }
    }

    /// A rectangle as a part of a path.
    static func rectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double) -> String {
        "M\(number(x)) \(number(y))h\(number(width))v\(number(height))h\(number(-width))z"
    }
}
