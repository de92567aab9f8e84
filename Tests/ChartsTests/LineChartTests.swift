import Foundation
import Testing

@testable import Charts

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// Charts are well-formed and inside their picture, whatever they are of.
struct LineChartTests {
    private func numbers(_ svg: String) -> [Double] {
        svg.matches(of: /d="M([0-9.-]+) ([0-9.-]+)/).compactMap { Double($0.output.2) }
    }

    private static let data: [[(x: Double, y: Double)]] = [
        [], [(1, 1)], [(1, 5), (2, 5)], [(0, .nan), (.infinity, 2), (3, 4)],
        [(-1, -1e300), (1, 1e300)], [(1e-9, 0), (1e9, 1)],
        (0..<50_000).map { (Double($0), sin(Double($0))) },
    ]

    @Test(arguments: data.indices, [false, true])
    func chartsAreWellFormed(index: Int, isLogarithmic: Bool) throws {
        for isScattered in [false, true] {
            let chart = LineChart(
                title: "a < b & \"c\"\u{1}", xLabel: "x", yLabel: "y",
                series: [.init("<s>", Self.data[index], isScattered: isScattered)],
                levels: [("one", 1), ("none", .nan)], isLogarithmic: isLogarithmic)
            let svg = chart.svg()
            let document = try XMLDocument(data: Data(svg.utf8))
            #expect(document.rootElement()?.name == "svg")
            #expect(!svg.contains("nan") && !svg.contains("inf"))
            #expect(numbers(svg).allSatisfy { (0...420).contains($0) })
            #expect(svg.utf8.count < 1 << 20)
        }
    }

    @Test func ticksAreRoundAndInside() {
        for (low, high) in [(0.0, 1.0), (-3, 17), (1e-7, 2e-7), (100, 100), (-5, -5)] {
            let scale = Scale([low, high], 0, 100)
            let ticks = scale.ticks
            #expect((2...12).contains(ticks.count), "\(low), \(high): \(ticks)")
            #expect(ticks.allSatisfy { (-1e-6...100.000_001).contains(scale.place($0)) })
        }
    }

    @Test func aHigherValueIsDrawnHigher() {
        let svg = LineChart(
            title: "t", xLabel: "x", yLabel: "y", series: [.init("s", [(0, 0), (1, 10)])]
        ).svg()
        let points = svg.firstMatch(of: /d="M([0-9.]+) ([0-9.]+)L([0-9.]+) ([0-9.]+)"/)?.output
        #expect(
            points.map { Double($0.2)! > Double($0.4)! && Double($0.1)! < Double($0.3)! } == true)
    }
}
