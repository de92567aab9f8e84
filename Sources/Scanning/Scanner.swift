import Detection
import Dispatch
import Exchanges
import Synchronization

/// How far a scan is, for a progress display. Safe to read from any thread.
public final class ScanProgress: Sendable {
    private let bytes = Atomic<Int64>(0)
    private let exchanges = Atomic<Int64>(0)
    private let total = Atomic<Int64>(0)

    /// Nothing read yet.
    public init() {}

    /// Bytes read from disk so far.
    public var bytesRead: Int64 { bytes.load(ordering: .relaxed) }
    /// Exchanges decoded so far.
    public var exchangesRead: Int64 { exchanges.load(ordering: .relaxed) }
    /// Bytes on disk to read; zero when unknown.
    public var bytesInAll: Int64 { total.load(ordering: .relaxed) }

    func add(bytes count: Int64, exchanges: Int64) {
        bytes.wrappingAdd(count, ordering: .relaxed)
        self.exchanges.wrappingAdd(exchanges, ordering: .relaxed)
    }

    package func setTotal(_ value: Int64) { total.store(value, ordering: .relaxed) }
}

/// A run of whole lines of one input.
package struct InputPart: Sendable {
    /// The input.
    package let file: InputFile
    /// Its first byte, unpacked, at the beginning of a line.
    package let start: Int64
    /// The end of its last line; `.max` for all there is.
    package let end: Int64
    /// The format; `nil` for a stream, which tells it from its first record.
    package let format: LogFormat?
    /// Whether the digest of the whole file is wanted.
    package let isDigested: Bool

    package init(
        file: InputFile, start: Int64, end: Int64, format: LogFormat?, isDigested: Bool
    ) {
        self.file = file
        self.start = start
        self.end = end
        self.format = format
        self.isDigested = isDigested
    }
}

/// Reads inputs into profiles, on several threads.
///
/// Work is cut into ranges of plain files and whole packed files. Each thread takes the next piece and has a decoder and
/// an extractor of its own; all add to one profile table, and since a profile is the same to the byte in whatever order
/// exchanges came, so is the result.
public struct Scanner: Sendable {
    /// Bytes of one range of a plain file: large enough to make its set-up cheap, small enough to share out evenly.
    package static let rangeBytes: Int64 = 16 << 20

    private let options: ScanOptions
    private let rules: RuleSet

    /// A scanner with these options and rules.
    public init(options: ScanOptions, rules: RuleSet) {
        self.options = options
        self.rules = rules
    }

    enum Piece: Sendable {
        case range(file: Int, start: Int64, end: Int64)
        /// Blocks of a packed file, up to `end` unpacked.
        case blocks(file: Int, first: PackedBlocks.Block, end: Int64, packed: Int64)
        case digest(file: Int)
    }

    /// Reads all inputs.
    ///
    /// - Parameter isPart: whether the inputs are a part of what is judged together, so that the share of bad records is
    ///   the caller's to judge.
    /// - Throws: when an input cannot be read, its format is unknown, or too many records are bad.
    public func scan(
        _ inputs: InputSet, progress: ScanProgress, isPart: Bool = false
    ) throws(ScanError) -> ScanResult {
        var parts: [InputPart] = []
        for file in inputs.files {
            parts.append(
                InputPart(
                    file: file, start: 0, end: file.isSeekable ? file.size : .max,
                    format: try format(of: file), isDigested: file.size > 0))
        }
        let result = try read(parts, progress: progress)
        if !isPart { try result.requireReadable(limit: options.maximumBadShare) }
        return result
    }

    /// Reads the parts of a list; the share of bad records is the caller's to judge.
    ///
    /// - Throws: when an input cannot be read, or its format is unknown.
    public func read(_ list: PartList, progress: ScanProgress) throws(ScanError) -> ScanResult {
        var formats: [String: LogFormat] = [:]
        var parts: [InputPart] = []
        for part in list.parts {
            if formats[part.file.path] == nil {
                formats[part.file.path] = try format(of: part.file)
            }
            parts.append(
                InputPart(
                    file: part.file, start: part.start, end: part.end,
                    format: formats[part.file.path], isDigested: part.isDigested))
        }
        if parts.isEmpty { return ScanResult(profiles: ProfileSet(), inputs: [], bad: []) }
        return try read(parts, progress: progress).withJoinedInputs
    }

    /// Reads parts of inputs, each of another file; the share of bad records is the caller's to judge.
    ///
    /// - Throws: when an input cannot be read, or a stream's format is unknown.
    package func read(
        _ parts: [InputPart], progress: ScanProgress
    ) throws(ScanError) -> ScanResult {
        let files = parts.map(\.file)
        let known = parts.map(\.format)
        let pieces = try Self.pieces(of: parts)
        progress.setTotal(
            files.contains { $0.size == 0 }
                ? 0
                : parts.reduce(0) { $0 + min($1.end, $1.file.size) - min($1.start, $1.file.size) })

        let threads = min(options.threads, max(1, pieces.count))
        let next = Atomic<Int>(0)
        let outcomes = Mutex<[Result<ScanWorker, ScanError>]>([])
        let options = options
        let rules = rules
        let table = ProfileTable()
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            let outcome = Result { () throws(ScanError) -> ScanWorker in
                let worker = try ScanWorker(
                    files: files, formats: known, options: options, rules: rules,
                    table: table, progress: progress)
                while true {
                    let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                    if index >= pieces.count { return worker }
                    do throws(ScanError) {
                        try worker.run(pieces[index])
                    } catch {
                        // Other threads need not finish what will not be used.
                        next.store(pieces.count, ordering: .relaxed)
                        throw error
                    }
                }
            }
            outcomes.withLock { $0.append(outcome) }
        }
        var merged: ScanWorker?
        for outcome in outcomes.withLock({ $0 }) {
            let worker = try outcome.get()
            if let merged { merged.merge(worker) } else { merged = worker }
        }
        guard let merged else { throw .noExchanges }
        return merged.takeResult()
    }

    /// Reads parts of inputs in batches, into the profiles of days.
    package func batches(
        of parts: [InputPart], limits: BatchLimits, days: DayTables, progress: ScanProgress
    ) throws(ScanError) -> BatchReader {
        try BatchReader(
            parts, options: options, rules: rules, limits: limits, days: days, progress: progress)
    }

    static func pieces(
        of parts: [InputPart], rangeBytes: Int64 = Scanner.rangeBytes
    ) throws(ScanError) -> [Piece] {
        // Digests first: a whole file each, they would keep one thread busy at the end while the others wait.
        var pieces = parts.indices.filter { parts[$0].isDigested }.map { Piece.digest(file: $0) }
        for (index, part) in parts.enumerated() {
            if part.file.isSeekable {
                var start = part.start
                while start < part.end {
                    let end = min(part.end, start + rangeBytes)
                    pieces.append(.range(file: index, start: start, end: end))
                    start = end
                }
            } else if part.start < part.end, let packed = try PackedBlocks(part.file),
                let first = packed.position(after: part.start),
                let last = packed.blocks.last, part.end >= last.start + last.count
            {
                pieces += blocks(packed, from: first, file: index, rangeBytes: rangeBytes)
            } else if part.end > part.start {
                pieces.append(.range(file: index, start: part.start, end: part.end))
            }
        }
        return pieces
    }

    /// Blocks of a packed file in shares of about the size of a range.
    private static func blocks(
        _ packed: PackedBlocks, from beginning: Int, file: Int, rangeBytes: Int64
    ) -> [Piece] {
        var pieces: [Piece] = []
        var first = beginning
        for (index, block) in packed.blocks.enumerated().dropFirst(beginning) {
            let start = packed.blocks[first]
            let end = block.start + block.count
            guard end - start.start >= rangeBytes || index == packed.blocks.count - 1 else {
                continue
            }
            pieces.append(
                .blocks(
                    file: file, first: start, end: end,
                    packed: block.packedStart + block.packedCount - start.packedStart))
            first = index + 1
        }
        return pieces
    }

    /// The format asked for, or the one that the first records of `file` have; `nil` for a stream, which cannot be read
    /// twice: its worker tells from its first record.
    private func format(of file: InputFile) throws(ScanError) -> LogFormat? {
        if let format = options.format { return format }
        if !file.isSeekable, file.size == 0 { return nil }
        let told = try tellFormat(of: file, end: .max)
        guard let format = told.format else { throw .unknownFormat(path: file.path) }
        return format
    }

    /// Records that a file's format is told from.
    package static let recordsForFormat = 20

    /// Tells the format of `file` from its first records before `end`.
    ///
    /// - Returns: `nil` when no record looks like a known format; and the number of records looked at, below
    ///   `recordsForFormat` when there are no more: then later ones may change the answer.
    package func tellFormat(
        of file: InputFile, end: Int64
    ) throws(ScanError) -> (format: LogFormat?, records: Int) {
        let reader = LineReader(
            try file.source(), offset: 0, limit: options.maximumRecordBytes)
        var records: [[UInt8]] = []
        while records.count < Self.recordsForFormat, reader.offset < end,
            let line = try reader.next()
        {
            if line.isTooLong || line.bytes.allSatisfy({ $0 <= 0x20 }) { continue }
            let hasMark = line.offset == 0 && line.bytes.starts(with: [0xef, 0xbb, 0xbf])
            records.append(Array(line.bytes.dropFirst(hasMark ? 3 : 0)))
        }
        if records.isEmpty { return (.stillwatch, 0) }
        // Ends to ends in one buffer, so that all are alive at once.
        let all = records.flatMap { $0 }
        let format = all.withUnsafeBytes { bytes in
            var start = 0
            return RecordDecoder.detect(
                records.map { record in
                    defer { start += record.count }
                    return UnsafeRawBufferPointer(rebasing: bytes[start..<start + record.count])
                })
        }
        return (format, records.count)
    }
}
