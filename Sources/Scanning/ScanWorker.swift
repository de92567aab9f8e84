import Detection
import Exchanges

/// One thread's share of a scan. Handed from the thread that filled it to the one that merges.
final class ScanWorker: @unchecked Sendable {
    // Never used by two threads at a time: each belongs to one iteration and is merged after all have ended.
    struct Bad {
        var field: String
        var count: Int
        var offset: Int64
    }

    struct FaultKind: Hashable {
        let file: Int
        let reason: BadRecord.Reason
    }

    struct InputDay: Hashable {
        let file: Int
        let day: Int
    }

    private let files: [InputFile]
    private let options: ScanOptions
    private let extractor: SignalExtractor
    private var decoders: [LogFormat: RecordDecoder] = [:]
    private let progress: ScanProgress
    /// Whether each input's format is known; a stream's is once its first record was seen.
    private var isKnown: [Bool]

    /// Where exchanges go; of the last exchange's day, if there are tables of days.
    private var table: ProfileTable
    private let days: DayTables?
    /// The day of the last exchange; `nil` before the first.
    private var day: Int?
    private var isDayKept = false
    private(set) var inputs: [InputReport]
    private(set) var badRecords: [FaultKind: Bad] = [:]
    /// Exchanges in the time asked for by input and day, those of days that are not kept included; without tables of days
    /// nothing.
    private(set) var dayCounts: [InputDay: Int] = [:]

    init(
        files: [InputFile], formats: [LogFormat?], options: ScanOptions, rules: RuleSet,
        table: ProfileTable = ProfileTable(), days: DayTables? = nil, progress: ScanProgress
    ) throws(ScanError) {
        self.table = table
        self.days = days
        self.files = files
        self.options = options
        self.progress = progress
        do {
            extractor = try SignalExtractor(rules: rules)
        } catch {
            throw .rules(error)
        }
        isKnown = formats.map { $0 != nil }
        inputs = zip(files, formats).map { file, format in
            InputReport(path: file.path, format: format ?? .stillwatch)
        }
    }

    func run(_ piece: Scanner.Piece) throws(ScanError) {
        switch piece {
        case .range(let file, let start, let end):
            try read(file, from: start, to: end)
        case .blocks(let file, let first, let end, let packed):
            try read(file, from: first, to: end, packed: packed)
        case .digest(let file):
            inputs[file].digest = try FileDigest.sha256(of: files[file])
        }
    }

    private func decoder(for format: LogFormat) -> RecordDecoder {
        if let decoder = decoders[format] { return decoder }
        let decoder = RecordDecoder(
            format: format, maximumRecordBytes: options.maximumRecordBytes)
        decoders[format] = decoder
        return decoder
    }

    /// What was read so far, with the profiles of the table, which is empty afterwards.
    func takeResult() -> ScanResult {
        var bad: [BadRecordSummary] = []
        bad.add(badRecords.map(summary))
        return ScanResult(
            profiles: table.take(threads: options.threads), inputs: inputs, bad: bad)
    }

    private func summary(_ kind: FaultKind, _ entry: Bad) -> BadRecordSummary {
        BadRecordSummary(
            reason: kind.reason, field: entry.field, count: entry.count,
            file: files[kind.file].path, offset: entry.offset)
    }

    /// The bad records of each input.
    var faults: [(file: Int, fault: BadRecordSummary)] {
        badRecords.map { ($0.file, summary($0, $1)) }
    }

    /// Begins counting anew; what is known of the formats stays.
    func forget() { forget(inputs.indices) }

    /// Begins counting anew, where nothing but these inputs was read.
    func forget(_ read: some Sequence<Int>) {
        badRecords = [:]
        dayCounts = [:]
        day = nil
        for file in read {
            inputs[file] = InputReport(path: inputs[file].path, format: inputs[file].format)
        }
    }

    /// Chooses the table of the exchange's day, if there are tables of days, and counts it there.
    ///
    /// - Returns: whether that day is kept.
    private func choose(_ time: EventTime, _ days: DayTables, file: Int) -> Bool {
        let new = DayTables.day(of: time)
        if new != day {
            day = new
            let found = days.table(for: new)
            isDayKept = found != nil
            if let found { table = found }
        }
        dayCounts[InputDay(file: file, day: new), default: 0] += 1
        return isDayKept
    }

    private func read(_ file: Int, from start: Int64, to end: Int64) throws(ScanError) {
        let source = try files[file].source(offset: max(0, start - 1))
        let reader = LineReader(
            source, offset: max(0, start - 1), limit: options.maximumRecordBytes)
        if start > 0 { try reader.skipLine() }
        try read(file, source, reader, from: start, to: end)
    }

    /// Reads the lines that begin after the first byte of a packed file's block, the first line of the file among them, up to
    /// the one that begins at `end`: so that it need not be known what the block before ends with.
    private func read(
        _ file: Int, from first: PackedBlocks.Block, to end: Int64, packed: Int64
    ) throws(ScanError) {
        let source = try files[file].source(from: first)
        let reader = LineReader(
            source, offset: first.start, limit: options.maximumRecordBytes)
        if first.start > 0 { try reader.skipLine() }
        try read(file, source, reader, from: first.start, to: end + 1, share: packed)
    }

    /// Reads whole lines of a stream, whose first byte stands at `offset`, as the first input.
    func read(_ lines: [UInt8], offset: Int64) throws(ScanError) {
        let source = MemorySource(lines)
        let reader = LineReader(source, offset: offset, limit: options.maximumRecordBytes)
        try read(0, source, reader, from: offset, to: .max)
    }

    /// Counts a stream's record that is too long to be held.
    func noteTooLong(at offset: Int64) { note(BadRecord(.tooLarge), file: 0, offset: offset) }

    private func read(
        _ file: Int, _ source: any ByteSource, _ reader: LineReader, from start: Int64,
        to end: Int64, share packed: Int64? = nil
    ) throws(ScanError) {
        var decoder = decoder(for: inputs[file].format)
        var ignoredBefore = decoder.ignoredRecords
        let since = options.since?.microseconds ?? .min
        let until = options.until?.microseconds ?? .max
        var delivered = 0
        var outside = 0
        var embeddings = 0
        var reported: Int64 = 0
        var lines = 0
        let firstOffset = reader.offset
        while reader.offset < end, let line = try reader.next() {
            if line.isTooLong {
                note(BadRecord(.tooLarge), file: file, offset: line.offset)
                continue
            }
            var bytes = line.bytes
            if line.offset == 0, bytes.starts(with: [0xef, 0xbb, 0xbf]) {
                bytes = UnsafeRawBufferPointer(rebasing: bytes[3...])
            }
            if !isKnown[file], bytes.contains(where: { $0 > 0x20 }) {
                try tellFormat(of: file, from: bytes)
                decoder = self.decoder(for: inputs[file].format)
                ignoredBefore = decoder.ignoredRecords
            }
            decoder.decode(
                bytes, isLast: line.isUnterminated,
                exchange: { exchange in
                    if exchange.endpoint.hasSuffix("/embeddings") {
                        // No answer to learn from; several formats do not log such calls as exchanges at all.
                        embeddings += 1
                        return
                    }
                    delivered += 1
                    let time = exchange.time.microseconds
                    guard time >= since, time < until else {
                        outside += 1
                        return
                    }
                    if let days, !choose(exchange.time, days, file: file) { return }
                    table.add(
                        exchange, extractor.signals(of: exchange), keepText: options.keepText)
                },
                fault: { note($0, file: file, offset: line.offset) })
            lines += 1
            if lines & 1023 == 0 {
                let consumed = min(source.consumed, packed ?? (end - start))
                progress.add(bytes: consumed - reported, exchanges: Int64(delivered))
                inputs[file].exchanges += delivered
                delivered = 0
                reported = consumed
            }
        }
        let share = packed ?? (end == .max ? source.consumed : end - start)
        progress.add(bytes: share - reported, exchanges: Int64(delivered))
        inputs[file].exchanges += delivered
        inputs[file].outsideTime += outside
        inputs[file].bytes += reader.offset - firstOffset
        inputs[file].ignored += decoder.ignoredRecords - ignoredBefore + embeddings
    }

    private func tellFormat(
        of file: Int, from record: UnsafeRawBufferPointer
    ) throws(ScanError) {
        guard let format = RecordDecoder.detect([record]) else {
            throw .unknownFormat(path: files[file].path)
        }
        inputs[file].format = format
        isKnown[file] = true
    }

    private func note(_ fault: BadRecord, file: Int, offset: Int64) {
        inputs[file].bad += 1
        let found = Bad(field: fault.field, count: 1, offset: offset)
        keep(found, FaultKind(file: file, reason: fault.reason))
    }

    private func keep(_ found: Bad, _ kind: FaultKind) {
        guard var known = badRecords[kind] else {
            badRecords[kind] = found
            return
        }
        let count = known.count + found.count
        if (found.offset, found.field) < (known.offset, known.field) { known = found }
        known.count = count
        badRecords[kind] = known
    }

    /// Adds what another worker on the same table counted.
    func merge(_ other: ScanWorker) {
        for (kind, entry) in other.badRecords { keep(entry, kind) }
        for index in inputs.indices {
            if !isKnown[index], other.isKnown[index] {
                inputs[index].format = other.inputs[index].format
                isKnown[index] = true
            }
            inputs[index].bytes += other.inputs[index].bytes
            inputs[index].exchanges += other.inputs[index].exchanges
            inputs[index].bad += other.inputs[index].bad
            inputs[index].ignored += other.inputs[index].ignored
            inputs[index].outsideTime += other.inputs[index].outsideTime
            if inputs[index].digest.isEmpty { inputs[index].digest = other.inputs[index].digest }
        }
    }
}
