import Foundation

/// A chart of lines or points as an SVG file that stands by itself: no scripts, no fonts, nothing fetched.
package struct LineChart: Sendable {
    /// Points that belong together. Points with a coordinate that is not finite are left out.
    package struct Series: Sendable {
        package let name: String
        package let points: [(x: Double, y: Double)]
        /// Dots in place of a line.
        package let isScattered: Bool

        package init(_ name: String, _ points: [(x: Double, y: Double)], isScattered: Bool = false)
        {
            self.name = name
            self.points = points.filter { $0.x.isFinite && $0.y.isFinite }
            self.isScattered = isScattered
        }
    }

    /// Most points of a series that are drawn; of more every k-th is.
    static let mostPoints = 20_000

    package let title: String
    package let xLabel: String
    package let yLabel: String
    package let series: [Series]
    /// Values that are marked by a line across, with their names.
    package let levels: [(name: String, y: Double)]
    package let isLogarithmic: Bool

    /// - Parameter isLogarithmic: whether x is drawn by its logarithm; points with x <= 0 are then left out.
    package init(
        title: String, xLabel: String, yLabel: String, series: [Series],
        levels: [(name: String, y: Double)] = [], isLogarithmic: Bool = false
    ) {
        self.title = title
        self.xLabel = xLabel
        self.yLabel = yLabel
        self.isLogarithmic = isLogarithmic
        self.levels = levels.filter(\.y.isFinite)
        self.series = series.map { each in
            isLogarithmic
                ? Series(each.name, each.points.filter { $0.x > 0 }, isScattered: each.isScattered)
                : each
        }
    }

    private static let width = 780.0
    private static let height = 420.0
    private static let left = 72.0
    private static let right = 230.0
    private static let top = 44.0
    private static let bottom = 56.0
    private static let colours = [
        "#0b6e99", "#c2410c", "#15803d", "#7c3aed", "#a16207", "#be185d",
    ]

    /// The file's text.
    package func svg() -> String {
        let all = series.flatMap(\.points)
        let xs = all.map { isLogarithmic ? log10($0.x) : $0.x }
        let ys = all.map(\.y) + levels.map(\.y)
        let across = Scale(xs, Self.left, Self.width - Self.right)
        let up = Scale(ys, Self.height - Self.bottom, Self.top)
        var text =
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" "
            + "role=\"img\" font-family=\"sans-serif\" font-size=\"12\">\n<title>\(Self.escaped(title))</title>\n"
            + "<rect width=\"\(Int(Self.width))\" height=\"\(Int(Self.height))\" fill=\"#fff\"/>\n"
        text += label(Self.left, 24, title, size: 15)
        for tick in up.ticks {
            let y = up.place(tick)
            text += path(
                "M\(Self.number(Self.left)) \(Self.number(y))H\(Self.number(Self.width - Self.right))",
                "#ddd", 1)
            text += label(Self.left - 8, y + 4, Self.value(tick), anchor: "end")
        }
        for tick in isLogarithmic ? across.decades : across.ticks {
            let x = across.place(tick)
            text += path(
                "M\(Self.number(x)) \(Self.number(Self.height - Self.bottom))v5", "#555", 1)
            text += label(
                x, Self.height - Self.bottom + 19,
                isLogarithmic ? Self.value(pow(10, tick)) : Self.value(tick), anchor: "middle")
        }
        text += label(
            (Self.left + Self.width - Self.right) / 2, Self.height - 12, xLabel, anchor: "middle")
        let middle = Self.number((Self.top + Self.height - Self.bottom) / 2)
        text +=
            "<text transform=\"translate(18 \(middle)) rotate(-90)\" text-anchor=\"middle\">"
            + "\(Self.escaped(yLabel))</text>\n"
        for level in levels {
            let y = up.place(level.y)
            text += path(
                "M\(Self.number(Self.left)) \(Self.number(y))H\(Self.number(Self.width - Self.right))",
                "#555", 1, dashes: true)
            text += label(Self.left + 6, y - 5, level.name)
        }
        for (index, each) in series.enumerated() {
            text += draw(each, Self.colours[index % Self.colours.count], across, up)
            let y = Self.top + 14 + 20 * Double(index)
            text +=
                "<rect x=\"\(Self.number(Self.width - Self.right + 14))\" y=\"\(Self.number(y - 10))\" "
                + "width=\"12\" height=\"12\" fill=\"\(Self.colours[index % Self.colours.count])\"/>\n"
            text += label(Self.width - Self.right + 32, y, each.name)
        }
        return text + "</svg>\n"
    }

    private func draw(_ series: Series, _ colour: String, _ across: Scale, _ up: Scale) -> String {
        let step = max(1, (series.points.count + Self.mostPoints - 1) / Self.mostPoints)
        let places = stride(from: 0, to: series.points.count, by: step).map { index in
            let point = series.points[index]
            let x = across.place(isLogarithmic ? log10(point.x) : point.x)
            return "\(Self.number(x)) \(Self.number(up.place(point.y)))"
        }
        guard let first = places.first else { return "" }
        if series.isScattered || places.count == 1 {
            // A line of no length with round ends is a dot.
            let dots = places.map { "M\($0)h0" }.joined()
            return
                "<path d=\"\(dots)\" stroke=\"\(colour)\" stroke-width=\"4\" stroke-linecap=\"round\"/>\n"
        }
        return path("M\(first)" + places.dropFirst().map { "L\($0)" }.joined(), colour, 2)
    }

    private func path(_ data: String, _ colour: String, _ width: Int, dashes: Bool = false)
        -> String
    {
        "<path d=\"\(data)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"\(width)\""
            + (dashes ? " stroke-dasharray=\"5 4\"" : "") + "/>\n"
    }

    private func label(
        _ x: Double, _ y: Double, _ words: String, anchor: String = "start", size: Int = 12
    ) -> String {
        "<text x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" text-anchor=\"\(anchor)\" font-size=\"\(size)\">"
            + "\(Self.escaped(words))</text>\n"
    }

    /// One decimal place.
    static func number(_ value: Double) -> String {
        let tenths = Int((min(1e6, max(-1e6, value)) * 10).rounded())
        let sign = tenths < 0 ? "-" : ""
        let rest = tenths.magnitude % 10
        return "\(sign)\(tenths.magnitude / 10)" + (rest == 0 ? "" : ".\(rest)")
    }

    /// A tick's value in few digits.
    static func value(_ value: Double) -> String {
        String(format: "%g", value == 0 ? 0 : value)
    }

    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case _ where scalar.value < 0x20: result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// A stretch of numbers laid over a stretch of the picture.
struct Scale {
    private let low: Double
    private let high: Double
    private let start: Double
    private let end: Double

    init(_ values: [Double], _ start: Double, _ end: Double) {
        let least = values.min() ?? 0
        let most = values.max() ?? 1
        // A single value lies in the middle.
        let room = most > least ? 0 : max(abs(least), 1) / 2
        low = least - room
        high = most + room
        self.start = start
        self.end = end
    }

    func place(_ value: Double) -> Double {
        start + (value - low) / (high - low) * (end - start)
    }

    /// Some five round numbers.
    var ticks: [Double] {
        let rough = (high - low) / 5
        let power = pow(10, floor(log10(rough)))
        let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough } ?? rough
        let first = (low / step).rounded(.up)
        let last = (high / step).rounded(.down)
        guard step > 0, step.isFinite, last - first < 20 else { return [] }
        return stride(from: first, through: last, by: 1).map { $0 * step }
    }

    /// Whole powers, of a scale by logarithms; its ticks where there are not two.
    var decades: [Double] {
        let whole = stride(from: low.rounded(.up), through: high.rounded(.down), by: 1).map { $0 }
        return whole.count > 1 && whole.count < 20 ? whole : ticks
    }
}
