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

    func setTotal(_ value: Int64) { total.store(value, ordering: .relaxed) }
}

/// Reads inputs into profiles, on several threads.
///
/// Work is cut into ranges of plain files and whole packed files. Each thread takes the next piece, has a decoder, an
/// extractor and a profile table of its own, and all tables are merged at the end; since profiles merge in any order
/// to the same bytes, so does the result.
public struct Scanner: Sendable {
    /// Bytes of one range of a plain file: large enough to make its set-up cheap, small enough to share out evenly.
    private static let rangeBytes: Int64 = 16 << 20

    private let options: ScanOptions
    private let rules: RuleSet

    /// A scanner with these options and rules.
    public init(options: ScanOptions, rules: RuleSet) {
        self.options = options
        self.rules = rules
    }

    enum Piece: Sendable {
        case range(file: Int, start: Int64, end: Int64)
        case digest(file: Int)
    }

    /// Reads all inputs.
    ///
    /// - Throws: when an input cannot be read, its format is unknown, or too many records are bad.
    public func scan(_ inputs: InputSet, progress: ScanProgress) throws(ScanError) -> ScanResult {
        var formats: [LogFormat?] = []
        for file in inputs.files { formats.append(try format(of: file)) }
        let pieces = Self.pieces(of: inputs.files)
        progress.setTotal(
            inputs.files.contains { $0.size == 0 } ? 0 : inputs.files.reduce(0) { $0 + $1.size })

        let threads = min(options.threads, max(1, pieces.count))
        let next = Atomic<Int>(0)
        let outcomes = Mutex<[Result<ScanWorker, ScanError>]>([])
        let options = options
        let rules = rules
        let known = formats
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            let outcome = Result { () throws(ScanError) -> ScanWorker in
                let worker = try ScanWorker(
                    files: inputs.files, formats: known, options: options, rules: rules,
                    progress: progress)
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
        return try result(of: merged, files: inputs.files)
    }

    private func result(
        of worker: ScanWorker, files: [InputFile]
    ) throws(ScanError) -> ScanResult {
        let bad = worker.badRecords.map { reason, entry in
            BadRecordSummary(
                reason: reason, field: entry.field, count: entry.count,
                file: files[entry.file].path, offset: entry.offset)
        }.sorted { $0.reason < $1.reason }
        let badCount = bad.reduce(0) { $0 + $1.count }
        let records = worker.inputs.reduce(0) { $0 + $1.exchanges + $1.ignored } + badCount
        if badCount > 0, Double(badCount) > options.maximumBadShare * Double(records),
            let worst = bad.max(by: { $0.count < $1.count })
        {
            throw .tooManyBad(
                bad: badCount, records: records, limit: options.maximumBadShare, worst: worst)
        }
        return ScanResult(
            profiles: worker.table.profiles.sorted {
                // By bytes: Swift's order takes canonically equivalent names for equal.
                $0.account.utf8.lexicographicallyPrecedes($1.account.utf8)
            },
            inputs: worker.inputs, bad: bad)
    }

    static func pieces(of files: [InputFile], rangeBytes: Int64 = Scanner.rangeBytes) -> [Piece] {
        // Digests first: a whole file each, they would keep one thread busy at the end while the others wait.
        var pieces = files.indices.filter { files[$0].size > 0 }.map { Piece.digest(file: $0) }
        for (index, file) in files.enumerated() {
            if file.isSeekable {
                var start: Int64 = 0
                while start < file.size {
                    let end = min(file.size, start + rangeBytes)
                    pieces.append(.range(file: index, start: start, end: end))
                    start = end
                }
            } else {
                pieces.append(.range(file: index, start: 0, end: .max))
            }
        }
        return pieces
    }

    /// The format asked for, or the one that the first records of `file` have; `nil` for a stream, which cannot be read
    /// twice: its worker tells from its first record.
    private func format(of file: InputFile) throws(ScanError) -> LogFormat? {
        if let format = options.format { return format }
        if !file.isSeekable, file.size == 0 { return nil }
        let reader = LineReader(
            try file.source(), offset: 0, limit: options.maximumRecordBytes)
        var records: [[UInt8]] = []
        while records.count < 20, let line = try reader.next() {
            if line.isTooLong || line.bytes.allSatisfy({ $0 <= 0x20 }) { continue }
            let hasMark = line.offset == 0 && line.bytes.starts(with: [0xef, 0xbb, 0xbf])
            records.append(Array(line.bytes.dropFirst(hasMark ? 3 : 0)))
        }
        if records.isEmpty { return .stillwatch }
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
        guard let format else { throw .unknownFormat(path: file.path) }
        return format
    }
}
