import Foundation
import Scanning

/// What the commands say to people: messages on standard error, data on standard output.
enum Terminal {
    static func message(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }

    static func output(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }

    static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
    static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Text from logs may hold control characters that a terminal would obey; they are shown as dots.
    static func safe(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map {
                    $0.value < 0x20 || (0x7f..<0xa0).contains($0.value) ? "·" : $0
                }))
    }

    static func grouped(_ value: some BinaryInteger) -> String {
        let digits = String(value)
        var result = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0, result.last != "-" { result += "," }
            result.append(digit)
        }
        return result
    }

    /// Columns padded to their widest cell; numbers to the right.
    static func table(_ rows: [[String]], rightAligned: Set<Int>) -> String {
        guard let first = rows.first else { return "" }
        let widths = first.indices.map { column in
            rows.map { $0[column].count }.max() ?? 0
        }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                line += rightAligned.contains(column) ? padding + cell : cell + padding
                if column + 1 < row.count { line += "  " }
            }
            while line.last == " " { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }
}

/// Shows how far a scan is: a bar on a terminal, a line every ten seconds otherwise.
final class ProgressDisplay: @unchecked Sendable {
    // Only the display's own thread draws; `stop` waits for it to end.
    private let progress: ScanProgress
    private let started = ContinuousClock.now
    private let done = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    init(_ progress: ScanProgress) {
        self.progress = progress
        Thread.detachNewThread { [self] in
            let live = Terminal.errorIsTerminal
            let interval: DispatchTimeInterval = live ? .milliseconds(200) : .seconds(10)
            while done.wait(timeout: .now() + interval) == .timedOut {
                if live {
                    FileHandle.standardError.write(Data(("\r\u{1b}[K" + line()).utf8))
                } else {
                    Terminal.message(line())
                }
            }
            if live { FileHandle.standardError.write(Data("\r\u{1b}[K".utf8)) }
            ended.signal()
        }
    }

    func stop() {
        done.signal()
        ended.wait()
    }

    private func line() -> String {
        let read = Double(progress.bytesRead)
        let total = Double(progress.bytesInAll)
        let elapsed = (ContinuousClock.now - started) / .seconds(1)
        let rate = read / max(0.001, elapsed)
        let figures =
            "\(Terminal.grouped(progress.exchangesRead)) exchanges, \(megabytes(read)), \(megabytes(rate))/s"
        guard total > 0 else { return "reading: " + figures }
        let share = min(1, read / total)
        let filled = Int(share * 24)
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 24 - filled)
        let left = rate > 0 ? Int(((total - read) / rate).rounded(.up)) : 0
        return "[\(bar)] \(Int(share * 100)) %  \(figures), \(left) s left"
    }

    private func megabytes(_ value: Double) -> String {
        value < 1e9
            ? "\(Int(value / 1e6)) MB" : "\((value / 1e8).rounded() / 10) GB"
    }
}
