import Detection
import Exchanges
import Scanning

/// Reads what is new in files into a state.
struct InputReading {
    let scanner: Scanner
    /// The format asked for; `nil` tells it from each input.
    let format: LogFormat?

    /// A part to read, and the input it belongs to.
    private struct Task {
        var part: InputPart
        /// The input as it will be known, `report` still as before.
        var input: WatchedInput
        /// Its place in the state; `nil` for a new one.
        var place: Int?
        /// Whether its format may still change.
        var isUnsettled: Bool
    }

    /// Reads all that is new in `files`.
    ///
    /// - Returns: whether anything was, and what a person should know.
    func read(
        _ files: [InputFile], into state: inout WatchState, progress: ScanProgress
    ) throws(ScanError) -> (isNew: Bool, messages: [String]) {
        let matching = try InputMatching(files, to: state.inputs)
        var messages: [String] = []
        var tasks: [Task] = []
        for (file, place) in zip(files, matching.found) {
            if place == nil, state.inputs.contains(where: { $0.path == file.path }) {
                messages.append(
                    "\(file.path) was replaced or cut short: what is there now is read as a new file"
                )
            }
            if let place {
                state.inputs[place].path = file.path
                state.inputs[place].identity = file.identity
            }
            do throws(ScanError) {
                if let task = try task(for: file, place, state, &messages) { tasks.append(task) }
            } catch {
                guard case .damaged = error else { throw error }
                messages.append("\(error); it is left for the next round")
            }
        }
        // All is read before anything is added, so that a failure leaves nothing half done.
        let unsettled = tasks.filter(\.isUnsettled)
        var held: [ScanResult] = []
        for task in unsettled { held.append(try scanner.read([task.part], progress: progress)) }
        let settled = tasks.filter { !$0.isUnsettled }
        if !settled.isEmpty {
            let result = try scanner.read(settled.map(\.part), progress: progress)
            state.add(result)
            for (task, report) in zip(settled, result.inputs) { note(task, report, in: &state) }
        }
        for (var task, result) in zip(unsettled, held) {
            task.input.held = HeldRecords(profiles: result.profiles, faults: result.bad)
            note(task, result.inputs[0], in: &state)
        }
        return (!tasks.isEmpty, messages)
    }

    private func note(_ task: Task, _ report: InputReport, in state: inout WatchState) {
        var input = task.input
        if task.part.start == 0 {
            input.report = report
        } else {
            input.report.add(report)
        }
        if let place = task.place {
            state.inputs[place] = input
        } else {
            state.inputs.append(input)
        }
    }

    private func task(
        for file: InputFile, _ place: Int?, _ state: WatchState, _ messages: inout [String]
    ) throws(ScanError) -> Task? {
        let known = place.map { state.inputs[$0] }
        let before = known?.marks.length ?? 0
        guard let marks = try marks(of: file, known), marks.length > before else { return nil }
        var input =
            known
            ?? WatchedInput(
                path: file.path, identity: file.identity, packedSize: -1, marks: marks,
                report: InputReport(path: file.path, format: .stillwatch))
        input.marks = marks
        input.packedSize = file.isSeekable ? -1 : file.size
        let isSettled = known != nil && known?.held == nil
        var format = isSettled ? known?.report.format : format
        var isUnsettled = false
        if format == nil {
            let told = try scanner.tellFormat(of: file, end: marks.length)
            isUnsettled = told.records < Scanner.recordsForFormat
            format = told.format
        }
        guard let format else {
            guard isUnsettled else { throw .unknownFormat(path: file.path) }
            messages.append("\(ScanError.unknownFormat(path: file.path)); it is left for later")
            return nil
        }
        input.held = nil
        let part = InputPart(
            file: file, start: isSettled ? before : 0, end: marks.length, format: format,
            isDigested: !file.isSeekable)
        return Task(part: part, input: input, place: place, isUnsettled: isUnsettled)
    }

    /// Marks of all that can be read now: a plain file's complete lines, a packed file as a whole.
    private func marks(
        of file: InputFile, _ known: WatchedInput?
    ) throws(ScanError) -> FileMarks? {
        let before = known?.marks.length ?? 0
        if file.isSeekable {
            let end = try file.lastLineEnd(from: before)
            return end > before ? try file.marks(length: end) : nil
        }
        if let known, known.packedSize == file.size, known.identity == file.identity { return nil }
        return try file.unpackedMarks()
    }
}
