import Detection
import Dispatch
import Exchanges
import Synchronization

/// How much is read before what was read is handed over.
package struct BatchLimits: Sendable {
    /// Bytes of inputs. Some seconds of work, so that a killed scan has little to do again.
    package var bytes: Int64 = 1 << 30
    /// Time after which nothing more is begun.
    package var duration: Duration = .seconds(30)
    /// Bytes of one thread's piece.
    package var pieceBytes = Scanner.rangeBytes

    package init() {}

    /// Batches of so few bytes that a small log has many, for tests.
    package init(bytes: Int64) {
        self.bytes = bytes
        pieceBytes = min(pieceBytes, bytes)
    }
}

/// What was read in one go.
package struct Batch {
    /// What was read of one part.
    package struct Part {
        /// The part's place in the list that is read.
        package let index: Int
        /// All lines of the input that begin before this byte were read.
        package var position: Int64
        /// What was read.
        package var report: InputReport
        /// Bad records.
        package var faults: [BadRecordSummary] = []
        /// Exchanges in the time asked for, by day.
        package var days: [Int: Int] = [:]
    }

    /// The parts that something was read of.
    package let parts: [Part]
    /// Profiles of each day.
    package let days: [(day: Int, profiles: ProfileSet)]
}

/// Reads parts of inputs in their order, a batch at a time, on several threads.
///
/// A batch is a run of pieces, so that it takes one position for each part to say what was read.
package final class BatchReader {
    private let parts: [InputPart]
    private let pieces: [Scanner.Piece]
    private let limits: BatchLimits
    private let threads: Int
    private let days: DayTables
    private let makeWorker: @Sendable () -> Result<ScanWorker, ScanError>
    private var workers: [ScanWorker] = []
    private var next = 0

    init(
        _ parts: [InputPart], options: ScanOptions, rules: RuleSet, limits: BatchLimits,
        days: DayTables, progress: ScanProgress
    ) throws(ScanError) {
        self.parts = parts
        self.limits = limits
        self.days = days
        pieces = try Scanner.pieces(of: parts, rangeBytes: limits.pieceBytes)
        threads = min(options.threads, max(1, pieces.count))
        let files = parts.map(\.file)
        let formats = parts.map(\.format)
        makeWorker = {
            Result { () throws(ScanError) in
                try ScanWorker(
                    files: files, formats: formats, options: options, rules: rules, days: days,
                    progress: progress)
            }
        }
    }

    /// Reads the next batch; `nil` when everything was read.
    package func batch() throws(ScanError) -> Batch? {
        if next >= pieces.count { return nil }
        let queue = PieceQueue(pieces, from: next, limits)
        let idle = Mutex(workers)
        let outcomes = Mutex<[Result<ScanWorker, ScanError>]>([])
        let make = makeWorker
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            let outcome = Result { () throws(ScanError) -> ScanWorker in
                let known = idle.withLock { $0.popLast() }
                let worker = if let known { known } else { try make().get() }
                while let piece = queue.take() {
                    do throws(ScanError) {
                        try worker.run(piece)
                    } catch {
                        queue.stop()
                        throw error
                    }
                }
                return worker
            }
            outcomes.withLock { $0.append(outcome) }
        }
        var used: [ScanWorker] = []
        for outcome in outcomes.withLock({ $0 }) { used.append(try outcome.get()) }
        workers = used
        let end = queue.taken
        defer { next = end }
        return collect(pieces[next..<end])
    }

    private func collect(_ read: ArraySlice<Scanner.Piece>) -> Batch {
        var found: [Int: Batch.Part] = [:]
        for piece in read {
            guard let (index, position) = position(after: piece) else { continue }
            let empty = Batch.Part(
                index: index, position: position,
                report: InputReport(
                    path: parts[index].file.path, format: parts[index].format ?? .stillwatch))
            found[index, default: empty].position = position
        }
        for worker in workers {
            for index in found.keys { found[index]?.report.add(worker.inputs[index]) }
            for (file, fault) in worker.faults { found[file]?.faults.add([fault]) }
            for (key, count) in worker.dayCounts {
                found[key.file]?.days[key.day, default: 0] += count
            }
            worker.forget(found.keys)
        }
        return Batch(
            parts: found.values.sorted { $0.index < $1.index }, days: days.take(threads: threads))
    }

    private func position(after piece: Scanner.Piece) -> (part: Int, position: Int64)? {
        switch piece {
        case .range(let file, _, let end): (file, end)
        // The line that begins right behind the blocks was read with them.
        case .blocks(let file, _, let end, _): (file, min(parts[file].end, end + 1))
        case .digest: nil
        }
    }
}

/// Deals out a run of pieces until a batch is full.
private final class PieceQueue: Sendable {
    private struct State {
        var next: Int
        var bytes: Int64 = 0
        var isStopped = false
    }

    private let pieces: [Scanner.Piece]
    private let limits: BatchLimits
    private let began = ContinuousClock.now
    private let state: Mutex<State>

    init(_ pieces: [Scanner.Piece], from first: Int, _ limits: BatchLimits) {
        self.pieces = pieces
        self.limits = limits
        state = Mutex(State(next: first))
    }

    /// The position after the last piece that was dealt out.
    var taken: Int { state.withLock { $0.next } }

    /// The next piece; `nil` when the batch is full or there is none. The first is always dealt out.
    func take() -> Scanner.Piece? {
        state.withLock { state in
            let isFull =
                state.bytes >= limits.bytes
                || (state.bytes > 0 && ContinuousClock.now - began >= limits.duration)
            if state.isStopped || isFull || state.next >= pieces.count { return nil }
            let piece = pieces[state.next]
            state.next += 1
            state.bytes += max(1, Self.bytes(of: piece))
            return piece
        }
    }

    /// Deals out no more, since what was read will not be used.
    func stop() { state.withLock { $0.isStopped = true } }

    private static func bytes(of piece: Scanner.Piece) -> Int64 {
        switch piece {
        case .range(_, let start, let end): end - start
        case .blocks(_, let first, let end, _): end - first.start
        case .digest: 0
        }
    }
}
