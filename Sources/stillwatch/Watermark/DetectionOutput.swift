import Charts
import Documents
import Foundation
import Scanning
import Watermarking

/// What `watermark detect` prints: a line for each document, and what they come to.
struct DetectionOutput {
    private let format: WatermarkDetectCommand.Format
    private let alpha: Double
    private var pending: [UInt8] = []
    private(set) var documents = 0
    private(set) var bad = 0
    private(set) var firstBad = ""
    private(set) var found = 0
    private let plot: String?
    /// Place and z of documents, for a chart: all of the first, then every so many.
    private var points: [(x: Double, y: Double)] = []
    private var stride = 1
    private static let mostPoints = 20_000

    init(format: WatermarkDetectCommand.Format, alpha: Double, plot: String?) {
        self.format = format
        self.alpha = alpha
        self.plot = plot
    }

    private mutating func note(_ detection: WatermarkDetection) {
        guard plot != nil, documents % stride == 0 else { return }
        points.append((Double(documents), detection.evidence.zScore))
        guard points.count > Self.mostPoints else { return }
        stride *= 2
        points = points.filter { Int($0.x) % stride == 0 }
    }

    /// Draws z by document.
    func draw() throws {
        guard let plot else { return }
        let chart = LineChart(
            title: "z by document", xLabel: "document", yLabel: "deviations above unmarked text",
            series: [.init("documents", points, isScattered: true)])
        try Data(chart.svg().utf8).write(to: URL(fileURLWithPath: plot), options: .atomic)
    }

    mutating func write(_ batch: [MarkedDocument]) {
        if documents == 0, format == .table, !batch.isEmpty {
            pending += Array(Self.row(["z", "log10 p", "scored", "repeated", "document"]).utf8)
        }
        for document in batch {
            documents += 1
            switch document.outcome {
            case .detection(let detection):
                note(detection)
                let isFound = detection.evidence.logPValue <= log(alpha)
                if isFound { found += 1 }
                switch format {
                case .json: pending += Self.json(document.id, detection)
                case .table: pending += Array(row(document.id, detection, isFound).utf8)
                }
            case .bad(let reason):
                bad += 1
                let place = "\(document.path), line \(document.line): \(reason)"
                if firstBad.isEmpty { firstBad = place }
                switch format {
                case .json: pending += Self.json(document, reason)
                case .table:
                    flush()
                    Terminal.message("stillwatch: \(Terminal.safe(place))")
                }
            }
            if pending.count > 1 << 16 { flush() }
        }
        // Lines of a stream are shown as they come.
        flush()
    }

    mutating func flush() {
        FileHandle.standardOutput.write(Data(pending))
        pending.removeAll(keepingCapacity: true)
    }

    mutating func finish() {
        flush()
        let expected = Double(documents - bad) * alpha
        Terminal.message(
            "\(Terminal.grouped(documents)) documents, \(Terminal.grouped(found)) with p at or below "
                + "\(alpha) (by chance \(String(format: "%.2g", expected)))"
                + (bad > 0 ? ", \(Terminal.grouped(bad)) unreadable" : ""))
    }

    private static func row(_ cells: [String]) -> String {
        var line = ""
        for cell in cells.dropLast() {
            line += String(repeating: " ", count: max(0, 10 - cell.count)) + cell + "  "
        }
        return line + (cells.last ?? "") + "\n"
    }

    private func row(_ id: String, _ detection: WatermarkDetection, _ isFound: Bool) -> String {
        let evidence = detection.evidence
        return Self.row([
            String(format: "%.2f", evidence.zScore),
            String(format: "%.2f", evidence.logPValue / log(10)), "\(evidence.scored)",
            "\(detection.repeated)", Terminal.safe(id) + (isFound ? "  *" : ""),
        ])
    }

    private static func json(_ id: String, _ detection: WatermarkDetection) -> [UInt8] {
        var text = JSONText()
        text.object { line in
            line.key("id")
            line.string(id)
            line.key("tokens")
            line.integer(detection.tokens)
            line.key("n")
            line.integer(detection.evidence.scored)
            line.key("repeated")
            line.integer(detection.repeated)
            line.key("skipped")
            line.integer(detection.skipped)
            evidence(&line, detection.evidence)
            let more: [(String, Double?)] = [
                ("mean", detection.mean), ("weighted_mean", detection.weightedMean),
                ("posterior", detection.posterior), ("upstream_p_value", detection.upstreamPValue),
            ]
            for (name, value) in more {
                guard let value else { continue }
                line.key(name)
                line.number(value)
            }
            if !detection.keys.isEmpty {
                line.key("keys")
                line.array(detection.keys) { list, key in
                    list.object { entry in
                        entry.key("n")
                        entry.integer(key.scored)
                        evidence(&entry, key)
                    }
                }
            }
        }
        text.newline()
        return text.bytes
    }

    private static func evidence(_ line: inout JSONText, _ evidence: MarkEvidence) {
        line.key("score")
        line.number(evidence.sum)
        line.key("z")
        line.number(evidence.zScore)
        line.key("p_value")
        line.number(evidence.pValue)
        line.key("log10_p")
        line.number(evidence.logPValue / log(10))
    }

    private static func json(_ document: MarkedDocument, _ reason: BadDocument) -> [UInt8] {
        var text = JSONText()
        text.object { line in
            line.key("id")
            line.string(document.id)
            line.key("line")
            line.integer(document.line)
            line.key("error")
            line.string(reason.description)
        }
        text.newline()
        return text.bytes
    }
}
