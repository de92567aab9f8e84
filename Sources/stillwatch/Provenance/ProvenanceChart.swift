import Charts
import Foundation

/// The course of a provenance test: p-values against scored tokens, from the traces in its folder.
enum ProvenanceChart {
    private struct Point: Decodable {
        let scored: Double
        let log10_p_descriptive: Double
        let log10_p_anytime: Double
    }

    /// Writes `p-values.svg` beside the report.
    static func write(folder: String, controls: [String], alpha: Double) throws {
        var series: [LineChart.Series] = []
        for (name, place) in [("suspect", "suspect")] + controls.map({ ($0, "controls/\($0)") }) {
            let points = points("\(folder)/\(place)/trace.jsonl")
            series.append(
                .init("\(name), anytime", points.map { ($0.scored, $0.log10_p_anytime) }))
            series.append(
                .init("\(name), at that size", points.map { ($0.scored, $0.log10_p_descriptive) }))
        }
        let chart = LineChart(
            title: "p-values against scored tokens", xLabel: "scored tokens", yLabel: "log10 p",
            series: series, levels: [("alpha", log10(alpha))], isLogarithmic: true)
        try Data(chart.svg().utf8).write(
            to: URL(fileURLWithPath: "\(folder)/p-values.svg"), options: .atomic)
    }

    private static func points(_ path: String) -> [Point] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        let decoder = JSONDecoder()
        return data.split(separator: 0x0A).compactMap {
            try? decoder.decode(Point.self, from: Data($0))
        }
    }
}
