import Dispatch
import Foundation
import Scanning
import Synchronization
import Watermarking

/// Reads the marks of all documents in files on several threads, and hands them on in the order of the files.
package struct DocumentScan: Sendable {
    package let reader: MarkReader
    /// Threads, from 1.
    package let threads: Int
    /// Longest line, bytes.
    package let longestLine: Int

    package init(_ reader: MarkReader, threads: Int, longestLine: Int) {
        self.reader = reader
        self.threads = threads
        self.longestLine = longestLine
    }

    /// Reads every document.
    ///
    /// - Parameter body: takes what came of a block of lines, and can stop the scan with an error.
    package func run(
        _ files: [InputFile], _ body: ([MarkedDocument]) throws -> Void
    ) throws {
        var blocks = LineBlocks(files, longestLine: longestLine)
        let workers = (0..<threads).map { _ in Worker(reader) }
        while true {
            var batch: [LineBlock] = []
            while batch.count < threads, let block = try blocks.next() {
                batch.append(block)
                if blocks.isStreaming { break }
            }
            if batch.isEmpty { return }
            let read = batch
            let results = Mutex([[MarkedDocument]](repeating: [], count: read.count))
            DispatchQueue.concurrentPerform(iterations: read.count) { index in
                let found = workers[index].read(read[index])
                results.withLock { $0[index] = found }
            }
            for documents in results.withLock({ $0 }) { try body(documents) }
        }
    }

    /// One thread's memory.
    private final class Worker: @unchecked Sendable {
        private let reader: MarkReader
        private let parser = DocumentParser()
        private var document = Document()
        private var scratch = WatermarkDetector.Scratch()

        init(_ reader: MarkReader) { self.reader = reader }

        func read(_ block: LineBlock) -> [MarkedDocument] {
            var found: [MarkedDocument] = []
            if block.isTooLong {
                let bad = BadDocument(
                    "the line is longer than --max-line allows; split the document")
                return [result(block, block.firstLine, nil, .bad(bad))]
            }
            block.forEachLine { bytes, line in
                do {
                    try parser.read(bytes, into: &document)
                    let detection = try detect()
                    found.append(result(block, line, document.id, .detection(detection)))
                } catch {
                    let bad = (error as? BadDocument) ?? BadDocument("\(error)")
                    found.append(result(block, line, document.id, .bad(bad)))
                }
            }
            return found
        }

        private func result(
            _ block: LineBlock, _ line: Int, _ id: String?, _ outcome: MarkedDocument.Outcome
        ) -> MarkedDocument {
            MarkedDocument(
                id: id ?? "\(block.path):\(line)", path: block.path, line: line, outcome: outcome)
        }

        private func detect() throws -> WatermarkDetection {
            switch reader {
            case .tokens(let detector, let encoder):
                try document.encode(encoder)
                return try detector.detect(
                    answer: document.tokens, prompt: document.promptTokens, &scratch)
            case .words(let choice):
                guard document.isText else {
                    throw BadDocument("holds token ids; scheme 'candidates' reads 'text'")
                }
                return choice.detection(document.text)
            }
        }
    }
}
