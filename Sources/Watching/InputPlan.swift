import Detection
import Exchanges
import Scanning

/// What of a scan's files is still to be read into its state.
struct InputPlan {
    /// A part of an input, and the input's place in the state.
    struct Task {
        let part: InputPart
        let place: Int
    }

    /// Whole lines.
    private(set) var lines: [Task] = []
    /// Last lines without an end.
    private(set) var rests: [Task] = []
    /// Files whose digest is not known, and their inputs' places.
    private(set) var undigested: [(file: InputFile, place: Int)] = []
    /// What a person should know.
    private(set) var messages: [String] = []

    private let scanner: Scanner
    private let format: LogFormat?
    /// Marks of packed files that are new or changed, by path.
    private var packed: [String: FileMarks] = [:]

    /// Finds out which of `files` go on from the inputs in `state`, whatever they are called now, and notes there what they
    /// have become.
    init(
        _ files: [InputFile], scanner: Scanner, options: ScanOptions, into state: inout ScanState
    ) throws(WatchError) {
        self.scanner = scanner
        format = options.format
        let found = try WatchError.scanning { () throws(ScanError) in
            try InputMatching(files, to: state.inputs.map(\.source)).found
        }
        tellUnread(found, state)
        packed = try Self.packedMarks(files, found, state, threads: options.threads)
        let known = Set(state.inputs.map(\.source.path))
        var places: [Int] = []
        for (file, place) in zip(files, found) {
            if place == nil, known.contains(file.path) {
                messages.append(
                    "\(file.path) was replaced or cut short: what is there now is read as a new file"
                )
            }
            let place = place ?? state.inputs.count
            try note(file, at: place, &state)
            places.append(place)
        }
        for (file, place) in zip(files, places) { try add(file, state.inputs[place], place) }
    }

    /// Tells of inputs that vanished before they were read to their end.
    private mutating func tellUnread(_ found: [Int?], _ state: ScanState) {
        let present = Set(found.compactMap { $0 })
        for (place, input) in state.inputs.enumerated()
        where !present.contains(place) && !input.isComplete && input.position > 0 {
            messages.append(
                "\(input.source.path) is gone, and only its first \(input.position) bytes were read"
            )
        }
    }

    /// Marks of the packed files that must be looked through, several at a time.
    private static func packedMarks(
        _ files: [InputFile], _ found: [Int?], _ state: ScanState, threads: Int
    ) throws(WatchError) -> [String: FileMarks] {
        let changed = zip(files, found).filter { file, place in
            guard !file.isSeekable else { return false }
            let source = place.map { state.inputs[$0].source }
            return source?.packedSize != file.size || source?.identity != file.identity
        }.map(\.0)
        let marks = concurrentMap(changed, threads: threads) { file in
            Result { () throws(ScanError) in try file.packedMarks() }
        }
        return try WatchError.scanning { () throws(ScanError) in
            var byPath: [String: FileMarks] = [:]
            for (file, result) in zip(changed, marks) { byPath[file.path] = try result.get() }
            return byPath
        }
    }

    /// Brings the state's entry of a file up to date, or makes one.
    private func note(
        _ file: InputFile, at place: Int, _ state: inout ScanState
    ) throws(WatchError) {
        let isNew = place == state.inputs.count
        let before = isNew ? nil : state.inputs[place].source
        let marks = try marks(of: file, before)
        let told = try told(of: file, isNew ? nil : state.inputs[place])
        var source =
            before
            ?? WatchedInput(
                path: file.path, identity: file.identity, packedSize: -1, marks: marks,
                report: InputReport(path: file.path, format: told.format))
        source.path = file.path
        source.identity = file.identity
        source.packedSize = file.isSeekable ? -1 : file.size
        source.marks = marks
        let isSame = before.map {
            $0.marks == marks && $0.identity == source.identity
                && $0.packedSize == source.packedSize
        }
        if isSame != true { source.report.digest = "" }
        if isNew {
            state.inputs.append(
                KnownInput(source: source, isFormatSettled: told.isSettled))
            return
        }
        var input = state.inputs[place]
        if before?.marks != marks { input.rest = nil }
        if told.format != source.report.format {
            guard source.report.exchanges == 0 else {
                throw .otherFormat(
                    path: file.path, before: source.report.format.rawValue,
                    now: told.format.rawValue)
            }
            // Nothing but counts came of it, so it can be read again.
            source.report = InputReport(path: file.path, format: told.format)
            input = KnownInput(source: source, isFormatSettled: told.isSettled)
        }
        input.source = source
        input.isFormatSettled = told.isSettled
        state.inputs[place] = input
    }

    /// Marks of all that can be read now.
    private func marks(
        of file: InputFile, _ before: WatchedInput?
    ) throws(WatchError) -> FileMarks {
        if !file.isSeekable { return packed[file.path] ?? before?.marks ?? FileMarks.none }
        let found = try WatchError.scanning { () throws(ScanError) in
            try file.marks(length: file.size)
        }
        guard let found else {
            throw .scan(
                .damaged(path: file.path, offset: 0, reason: "it became shorter while it was read"))
        }
        return found
    }

    /// The format of a file, and whether it will stay that.
    private func told(
        of file: InputFile, _ known: KnownInput?
    ) throws(WatchError) -> (format: LogFormat, isSettled: Bool) {
        if let format { return (format, true) }
        if let known, known.isFormatSettled { return (known.source.report.format, true) }
        return try WatchError.scanning { () throws(ScanError) in
            guard let format = try scanner.tellFormat(of: file, end: .max).format else {
                throw .unknownFormat(path: file.path)
            }
            let end = file.isSeekable ? try file.lastLineEnd(from: 0) : .max
            let records = try scanner.tellFormat(of: file, end: end).records
            return (format, records >= Scanner.recordsForFormat)
        }
    }

    /// Lists what is to be read of a file.
    private mutating func add(
        _ file: InputFile, _ input: KnownInput, _ place: Int
    ) throws(WatchError) {
        let length = input.source.marks.length
        let position = input.position
        func part(_ start: Int64, _ end: Int64) -> Task {
            Task(
                part: InputPart(
                    file: file, start: start, end: end, format: input.source.report.format,
                    isDigested: false), place: place)
        }
        if input.source.report.digest.isEmpty, file.size > 0 { undigested.append((file, place)) }
        if input.isComplete { return }
        guard file.isSeekable else { return lines.append(part(position, length)) }
        let end = try WatchError.scanning { () throws(ScanError) in
            try file.lastLineEnd(from: position)
        }
        if end > position { lines.append(part(position, end)) }
        if end < length { rests.append(part(end, length)) }
    }
}
