import CCompression
import Detection
import Dispatch
import Exchanges
import Foundation
import Logging
import Store
import Synchronization

/// One exchange to be written down.
struct LogEntry: Sendable {
    /// Its line, with the line feed.
    let line: [UInt8]
    /// What was seen in its request; `nil` for what is no exchange to be judged.
    let signals: ExchangeSignals?
}

/// The exchange log: lines of the native form in segments, written by a thread of its own.
///
/// A line is with the operating system before its exchange is acknowledged, so what was acknowledged outlives the process
/// whatever ends it. The same thread adds each exchange to the profiles, read back from its line: what is judged is what
/// a scan of the log would judge.
final class LogWriter: @unchecked Sendable {
    // What is not behind `queue` is touched by the writer's thread alone.

    private struct Submission {
        let entries: [LogEntry]
        let done: @Sendable (Bool) -> Void
    }

    private struct Queue {
        var submissions: [Submission] = []
        var bytes = 0
        var handovers: [@Sendable (DayTables, LogPosition) -> Void] = []
        var isEnding = false
        var isWaiting = false
    }

    private let settings: LogSettings
    private let metrics: Metrics
    private let queue = Mutex(Queue())
    private let wake = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    /// Whether requests are to be refused, since the disk fails or the queue is full.
    private let isRefusing = Atomic<Bool>(false)
    private var segment: LogSegment?
    private var tables = DayTables()
    private let decoder = RecordDecoder(format: .stillwatch)
    private var padded: [UInt8] = []
    private let folder: LogFolder
    private let messages: Logger
    /// Since when the disk fails; `nil` while it does not.
    private var failingSince: Date?
    /// When old segments were looked for last.
    private var lastExpiry = Date.distantPast
    /// Longest time that an exchange waits for a disk that fails, seconds.
    private static let patience = 2.0
    /// Room that a disk must have before requests are let in again.
    private static let roomBytes: Int64 = 16 << 10

    init(settings: LogSettings, folder: LogFolder, metrics: Metrics, messages: Logger) {
        self.settings = settings
        self.folder = folder
        self.metrics = metrics
        self.messages = messages
    }

    func start() {
        let thread = Thread { [self] in run() }
        thread.name = "exchange-log"
        thread.stackSize = 4 << 20
        thread.start()
    }

    /// Ends after everything that was submitted is written.
    func stop() {
        queue.withLock { $0.isEnding = true }
        wake.signal()
        ended.wait()
    }

    /// Why requests are refused at the moment.
    var refusal: APIError? {
        guard isRefusing.load(ordering: .relaxed) else { return nil }
        return APIError(
            .unavailable, "Exchanges cannot be written down at the moment.", retryAfterSeconds: 2)
    }

    /// Hands over exchanges. `done` is called on the writer's thread: `true` when they are written, or dropped as the
    /// settings say.
    func submit(_ entries: [LogEntry], done: @escaping @Sendable (Bool) -> Void) {
        let size = entries.reduce(0) { $0 + $1.line.count }
        enum Outcome { case queued(Bool), full }
        let outcome = queue.withLock { queue -> Outcome in
            if queue.bytes + size > settings.queueBytes { return .full }
            queue.bytes += size
            queue.submissions.append(Submission(entries: entries, done: done))
            defer { queue.isWaiting = false }
            return .queued(queue.isWaiting)
        }
        switch outcome {
        case .queued(let isWaiting): if isWaiting { wake.signal() }
        case .full:
            metrics.lostExchanges.add(entries.count)
            if settings.overflow == .refuse { isRefusing.store(true, ordering: .relaxed) }
            done(settings.overflow == .drop)
        }
    }

    /// Takes the profiles of everything written since the last time, with the place in the log up to which they go.
    /// `body` is called on the writer's thread.
    func takeProfiles(_ body: @escaping @Sendable (DayTables, LogPosition) -> Void) {
        queue.withLock { $0.handovers.append(body) }
        wake.signal()
    }

    /// Adds an exchange of an earlier run to the profiles; before `start`.
    func replay(_ exchange: Exchange, _ signals: ExchangeSignals) {
        tables.table(for: DayTables.day(of: exchange.time))?.add(
            exchange, signals, keepText: false)
    }

    private func run() {
        var lastRotationCheck = DispatchTime.now()
        while true {
            let (submissions, handovers, isEnding) = queue.withLock { queue in
                defer {
                    queue.submissions = []
                    queue.handovers = []
                    queue.bytes = 0
                    queue.isWaiting = true
                }
                return (queue.submissions, queue.handovers, queue.isEnding)
            }
            if !submissions.isEmpty { write(submissions) }
            for handover in handovers { hand(over: handover) }
            if submissions.isEmpty, handovers.isEmpty {
                if isEnding { break }
                probe()
                let isRefusing = isRefusing.load(ordering: .relaxed)
                _ = wake.wait(timeout: .now() + .milliseconds(isRefusing ? 100 : 1000))
            }
            if DispatchTime.now().uptimeNanoseconds - lastRotationCheck.uptimeNanoseconds
                > 1_000_000_000
            {
                lastRotationCheck = .now()
                rotateIfDue()
            }
        }
        segment?.close()
        ended.signal()
    }

    private func hand(over body: @Sendable (DayTables, LogPosition) -> Void) {
        let taken = tables
        tables = DayTables()
        body(taken, segment?.position ?? folder.lastPosition)
    }

    private func write(_ submissions: [Submission]) {
        var bytes: [UInt8] = []
        var count = 0
        for submission in submissions {
            for entry in submission.entries {
                bytes.append(contentsOf: entry.line)
                count += 1
            }
        }
        guard append(bytes) else {
            // What was not written is not judged either: a scan of the log would not know it.
            metrics.lostExchanges.add(count)
            for submission in submissions { submission.done(settings.overflow == .drop) }
            return
        }
        metrics.loggedExchanges.add(count)
        metrics.loggedBytes.add(bytes.count)
        for submission in submissions { submission.done(true) }
        for submission in submissions {
            for entry in submission.entries {
                guard let signals = entry.signals else { continue }
                profile(entry.line, signals)
            }
        }
        if let segment, segment.length >= settings.segmentBytes { rotate() }
    }

    /// Writes lines to the segment, or to a fresh one if that fails; with `refuse` tries for a while, unless the disk is
    /// known to fail.
    private func append(_ bytes: [UInt8]) -> Bool {
        let isKnownToFail = isRefusing.load(ordering: .relaxed) && segment == nil
        let deadline = Date().addingTimeInterval(isKnownToFail ? 0 : Self.patience)
        while true {
            do {
                if segment == nil { segment = try folder.newSegment() }
                try segment?.append(bytes)
                isRefusing.store(false, ordering: .relaxed)
                tellOfRecovery()
                return true
            } catch {
                metrics.logFailures.add()
                tell(of: error)
                if let failed = segment {
                    failed.close()
                    folder.pack(failed.name)
                }
                segment = nil
                if settings.overflow == .drop { return false }
                isRefusing.store(true, ordering: .relaxed)
                if Date() >= deadline { return false }
                Thread.sleep(forTimeInterval: 0.05)
            }
        }
    }

    private func tell(of error: any Error) {
        guard failingSince == nil else { return }
        failingSince = Date()
        messages.error(
            "exchanges cannot be written down: \(error); requests are \(settings.overflow == .refuse ? "refused" : "served, and what is lost is counted")"
        )
    }

    private func tellOfRecovery() {
        guard let since = failingSince else { return }
        failingSince = nil
        messages.notice(
            "exchanges are written down again after \(Int(-since.timeIntervalSinceNow)) s")
    }

    /// Lets requests in again as soon as there is room for what they bring.
    private func probe() {
        guard isRefusing.load(ordering: .relaxed) else { return }
        if segment == nil {
            guard let fresh = try? folder.newSegment(), fresh.hasRoom(bytes: Self.roomBytes) else {
                return
            }
            segment = fresh
        }
        isRefusing.store(false, ordering: .relaxed)
        tellOfRecovery()
    }

    private func profile(_ line: [UInt8], _ signals: ExchangeSignals) {
        padded.removeAll(keepingCapacity: true)
        padded.append(contentsOf: line)
        padded.append(contentsOf: repeatElement(0, count: 64))
        padded.withUnsafeBytes { bytes in
            let record = UnsafeRawBufferPointer(rebasing: bytes[..<(line.count - 1)])
            decoder.decode(
                record,
                exchange: { exchange in
                    tables.table(for: DayTables.day(of: exchange.time))?.add(
                        exchange, signals, keepText: false)
                },
                fault: { _ in metrics.lostExchanges.add() })
        }
        if padded.capacity > 4 << 20 { padded = [] }
    }

    private func rotateIfDue() {
        if let segment, !segment.isInPlace {
            segment.close()
            self.segment = nil
        }
        if let segment, segment.age >= settings.segmentSeconds, segment.length > 0 { rotate() }
        if Date().timeIntervalSince(lastExpiry) > 60 {
            lastExpiry = Date()
            folder.deleteExpired()
        }
    }

    private func rotate() {
        guard let old = segment else { return }
        old.close()
        segment = nil
        folder.pack(old.name)
    }
}
