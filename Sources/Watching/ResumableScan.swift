import Detection
import Exchanges
import Glibc
import Scanning
import Sketches

/// A scan whose state is on disk: it goes on after having been killed, and later reads only what is new.
///
/// Reading goes in batches. The profiles of a batch are written as segments, one for each day, and count once the manifest
/// that names them is renamed into its place: a process may be killed between any two steps, and the next one goes on from
/// the last manifest. Since profiles merge to the same bytes in any order, the result is that of one scan of everything.
public final class ResumableScan {
    /// What a run found.
    public struct Outcome: Sendable {
        /// What a scan of everything read so far would give.
        public let result: ScanResult
        /// The beginning of the first day that is kept; `nil` if all are.
        public let since: EventTime?
        /// What a person should know of the inputs.
        public let messages: [String]
    }

    /// A step after which a process may be killed; named for tests.
    enum Step { case read, written, committed, removed, compacted }

    private let files: SegmentFiles
    private let own: OwnFolders
    private let options: ScanOptions
    private let scanner: Scanner
    private let window: Int?
    private let limits: BatchLimits
    private var state: ScanState
    /// Whether there was a state before.
    private let isBegun: Bool
    /// Called after each step.
    var onStep: (Step) throws(WatchError) -> Void = { _ in }

    /// Segments of one day that are merged into one while reading, so that what is held at once stays small.
    private static let mostSegments = 16
    /// Days whose profiles are merged at once.
    private static let daysAtOnce = 8

    /// Goes on from the state in `folder`, or begins one.
    ///
    /// - Parameters:
    ///   - excluded: folders that hold this program's own files, which are no logs.
    ///   - window: days that are kept, counted back from the day of the last exchange; `nil` keeps all.
    package init(
        folder: StateFolder, excluded: [String], options: ScanOptions, rules: RuleSet,
        window: Int? = nil, limits: BatchLimits = BatchLimits()
    ) throws(WatchError) {
        files = SegmentFiles(folder: folder, threads: options.threads)
        own = OwnFolders(excluded + [folder.path])
        self.options = options
        self.window = window
        self.limits = limits
        scanner = Scanner(options: options, rules: rules)
        let settings = WatchSetting.all(options, rules)
        let loaded = try folder.load(ScanState.name, version: ScanState.formatVersion) {
            reader throws(ByteCodingError) in
            try ScanState(from: &reader)
        }
        isBegun = loaded != nil
        state = loaded ?? ScanState(settings: settings)
        try WatchSetting.require(state.settings, settings, folder: folder.path)
        files.removeAll(but: state.segments)
    }

    /// Reads what is new at `paths`, and returns everything that is known.
    public func run(_ paths: [String], progress: ScanProgress) throws(WatchError) -> Outcome {
        if paths.contains("-") { throw .notAFile(path: "standard input") }
        let (found, messages) = try list(paths)
        // Before anything is read, so that what is left out from here on is known to be.
        if let window { state.keep(lastDays: window) }
        let plan = try InputPlan(found, scanner: scanner, options: options, into: &state)
        let digests = DigestTasks(plan.undigested, threads: options.threads)
        defer { digests.stop() }
        progress.setTotal(plan.lines.reduce(0) { $0 + Self.packedBytes(of: $1.part) })
        try read(plan.lines, digests, progress) { $0.add($1) }
        try read(plan.rests, digests, progress) { $0.addRest($1) }
        note(
            try WatchError.scanning { () throws(ScanError) in try digests.finish() })
        if let window { state.keep(lastDays: window) }
        state.expireCounts()
        let profiles = try compact()
        try commit()
        let result = state.result(profiles)
        try WatchError.scanning { () throws(ScanError) in
            try result.requireReadable(limit: options.maximumBadShare)
        }
        return Outcome(
            result: result, since: state.firstDay.map(DayTables.beginning),
            messages: messages + plan.messages + windowMessage)
    }

    /// What this part takes on disk, about: the progress of reading is counted so.
    private static func packedBytes(of part: InputPart) -> Int64 {
        part.file.isSeekable ? part.end - part.start : part.file.size
    }

    private var windowMessage: [String] {
        guard let firstDay = state.firstDay, let lastDay = state.lastDay,
            window.map({ firstDay > lastDay - $0 + 1 }) ?? true
        else { return [] }
        let time = Timestamp.text(
            microseconds: DayTables.beginning(of: firstDay).microseconds)
        return ["days before \(time) were deleted from the state by an earlier --window"]
    }

    /// The files that paths stand for. A path that once named something may name nothing now.
    private func list(_ paths: [String]) throws(WatchError) -> ([InputFile], [String]) {
        let inputs = try WatchError.scanning { () throws(ScanError) in
            let inputs = try InputSet(paths, allowingAbsent: isBegun)
            if let absent = inputs.absent.first(where: { !mayBeAbsent($0) }) {
                throw .notFound(path: absent)
            }
            return inputs
        }
        let found = inputs.files.filter { !own.contain($0.path) }
        for file in found where !file.isRegular { throw .notAFile(path: file.path) }
        let messages = inputs.absent.map {
            "nothing at \($0) any more; what was read of it stays counted"
        }
        return (found, messages)
    }

    private func mayBeAbsent(_ path: String) -> Bool {
        var status = stat()
        return path.contains { "*?[".contains($0) } || stat(path, &status) == 0
            || state.inputs.contains { $0.source.path == path }
    }

    /// Reads parts of inputs, a batch at a time, and commits after each.
    private func read(
        _ tasks: [InputPlan.Task], _ digests: DigestTasks, _ progress: ScanProgress,
        add: (inout KnownInput, Batch.Part) -> Void
    ) throws(WatchError) {
        if tasks.isEmpty { return }
        let days = DayTables(first: state.firstDay ?? .min)
        let batches = try WatchError.scanning { () throws(ScanError) in
            try scanner.batches(
                of: tasks.map(\.part), limits: limits, days: days, progress: progress)
        }
        while let batch = try WatchError.scanning({ () throws(ScanError) in try batches.batch() }) {
            try onStep(.read)
            for part in batch.parts { add(&state.inputs[tasks[part.index].place], part) }
            for (day, profiles) in batch.days where !profiles.isEmpty {
                try write(profiles, day: day)
            }
            note(digests.take())
            try onStep(.written)
            try commit()
            try mergeCrowded()
        }
    }

    private func note(_ digests: [(place: Int, digest: String)]) {
        for (place, digest) in digests { state.inputs[place].source.report.digest = digest }
    }

    private func write(_ profiles: ProfileSet, day: Int) throws(WatchError) {
        let segment = Segment(number: state.nextSegment, day: day)
        try files.write(profiles, as: segment)
        state.nextSegment += 1
        state.segments.append(segment)
    }

    /// Makes the state what is on disk, and removes what it does not need.
    private func commit() throws(WatchError) {
        try files.folder.save(
            state.encoded, as: ScanState.name, version: ScanState.formatVersion)
        try onStep(.committed)
        files.removeAll(but: state.segments)
        try onStep(.removed)
    }

    /// Merges the segments of days that have many.
    private func mergeCrowded() throws(WatchError) {
        let crowded = Dictionary(grouping: state.segments, by: \.day)
            .filter { $0.value.count >= Self.mostSegments }.keys.sorted()
        if crowded.isEmpty { return }
        for day in crowded { _ = try mergeDay(day) }
        try commit()
    }

    /// Merges the segments of a day into one.
    private func mergeDay(_ day: Int) throws(WatchError) -> ProfileSet {
        let segments = state.segments.filter { $0.day == day }
        var sets: [ProfileSet] = []
        for segment in segments { sets.append(try files.read(segment)) }
        if segments.count == 1 { return sets[0] }
        let merged = ProfileSet.merged(sets, threads: options.threads)
        state.segments.removeAll { $0.day == day }
        try write(merged, day: day)
        try onStep(.compacted)
        return merged.compacted()
    }

    /// Merges the segments of each day into one.
    ///
    /// - Returns: the profiles of all days.
    private func compact() throws(WatchError) -> ProfileSet {
        var all = ProfileSet()
        var held: [ProfileSet] = []
        let days = Set(state.segments.map(\.day)).sorted()
        for (index, day) in days.enumerated() {
            held.append(try mergeDay(day))
            if held.count == Self.daysAtOnce || index == days.count - 1 {
                all = ProfileSet.merged([all] + held, threads: options.threads).compacted()
                held = []
            }
        }
        return all
    }
}
