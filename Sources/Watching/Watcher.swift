import Detection
import Exchanges
import Glibc
import Scanning
import Sketches

/// Follows logs: reads what is new, keeps profiles in a state folder, and tells of campaigns once each.
///
/// A round is `read`, then a judgement of what it returns, then `finish`. Only `finish` changes what is on disk, so that a
/// process that is killed or fails before has done nothing, and the next one reads the same again.
public final class Watcher {
    /// What a round found.
    public struct Round: Sendable {
        /// What a scan of everything read so far would give.
        public let result: ScanResult
        /// Exchanges that are new since the round before.
        public let newExchanges: Int
        /// Whether anything is new, bad records included.
        public let isNew: Bool
        /// What a person should know of the inputs.
        public let messages: [String]
    }

    private let folder: StateFolder
    private let paths: [String]
    private let own: OwnFolders
    private let options: ScanOptions
    private let reading: InputReading
    /// Standard input as it comes; `nil` if it is not asked for.
    let stream: StreamReader?
    private var state: WatchState
    private var outbox: Outbox
    private let hasWebhook: Bool
    /// Paths that were missing before, and need no further message.
    private var missed: Set<String> = []
    /// Whether this process has read its files once.
    private var hasRead = false

    private static let stateName = "state"
    /// Listings of the files in one round; rotation seldom falls into one and hardly into three.
    private static let mostAttempts = 3

    /// Goes on from the state in `folder`, or begins one.
    ///
    /// - Parameters:
    ///   - paths: files, folders, patterns, or `-` for standard input.
    ///   - excluded: folders that hold this program's own files, which are no logs.
    ///   - hasWebhook: whether alerts are kept until `deliver` has sent them.
    public init(
        folder: StateFolder, paths: [String], excluded: [String], options: ScanOptions,
        rules: RuleSet, hasWebhook: Bool
    ) throws(WatchError) {
        self.folder = folder
        self.paths = paths
        own = OwnFolders(excluded + [folder.path])
        self.options = options
        self.hasWebhook = hasWebhook
        reading = InputReading(
            scanner: Scanner(options: options, rules: rules), format: options.format)
        stream = try WatchError.scanning { () throws(ScanError) in
            paths.contains("-") ? try StreamReader(options: options, rules: rules) : nil
        }
        let settings = WatchSetting.all(options, rules)
        let loaded = try folder.load(Self.stateName, version: WatchState.formatVersion) {
            reader throws(ByteCodingError) in
            try WatchState(from: &reader)
        }
        state = loaded ?? WatchState(settings: settings)
        try WatchSetting.require(state.settings, settings, folder: folder.path)
        outbox = try Outbox.load(from: folder)
    }

    /// Alerts of the last finished round that the process before did not get to tell.
    public func untold() throws(WatchError) -> [String] {
        try outbox.takeOver(state, folder: folder, queue: hasWebhook)
    }

    /// Reads everything that is new.
    public func read(progress: ScanProgress) throws(WatchError) -> Round {
        let before = state.inputs.reduce(0) { $0 + $1.report.exchanges - $1.report.outsideTime }
        var (isNew, messages) = try readFiles(progress)
        let result = try WatchError.scanning { () throws(ScanError) in
            if try takeStream() { isNew = true }
            let result = state.result
            try result.requireReadable(limit: options.maximumBadShare)
            return result
        }
        let after = state.inputs.reduce(0) { $0 + $1.report.exchanges - $1.report.outsideTime }
        return Round(
            result: result, newExchanges: after - before, isNew: isNew, messages: messages)
    }

    private func readFiles(
        _ progress: ScanProgress
    ) throws(WatchError) -> (isNew: Bool, messages: [String]) {
        var attempts = 1
        while true {
            let inputs = try WatchError.scanning { () throws(ScanError) in
                try InputSet(paths.filter { $0 != "-" }, allowingAbsent: true)
            }
            let messages = try absent(inputs.absent)
            let files = inputs.files.filter { !own.contain($0.path) }
            for file in files where !file.isRegular { throw .notAFile(path: file.path) }
            do throws(ScanError) {
                let found = try reading.read(files, into: &state, progress: progress)
                hasRead = true
                return (found.isNew, messages + found.messages)
            } catch {
                // Renamed or removed since it was listed, as rotation does.
                guard case .system(_, _, ENOENT) = error, attempts < Self.mostAttempts else {
                    throw .scan(error)
                }
                attempts += 1
            }
        }
    }

    private func takeStream() throws(ScanError) -> Bool {
        guard let result = try stream?.take(), let report = result.inputs.first, report.bytes > 0
        else { return false }
        state.add(result)
        if let place = state.inputs.firstIndex(where: { $0.identity == nil }) {
            state.inputs[place].report.add(report)
        } else {
            state.inputs.append(
                WatchedInput(
                    path: "-", identity: nil, packedSize: -1,
                    marks: FileMarks(length: 0, head: [], tail: []), report: report, held: nil))
        }
        return true
    }

    /// A path that never named anything is a slip; one that did may be between two files of a rotation.
    private func absent(_ paths: [String]) throws(WatchError) -> [String] {
        for path in paths {
            let isPattern = path.contains { "*?[".contains($0) }
            var status = stat()
            let isFolder = stat(path, &status) == 0
            if isPattern || isFolder || state.inputs.contains(where: { $0.path == path }) {
                continue
            }
            if !hasRead, state.generation == 0 { throw .scan(.notFound(path: path)) }
        }
        let new = paths.filter { missed.insert($0).inserted }
        return new.map { "nothing at \($0) yet; it is looked for again every round" }
    }

    /// Ends a round: works out what is to be told, writes the state, and takes the alerts into `alerts.jsonl`.
    ///
    /// - Returns: the new alerts, a line of JSON each.
    public func finish(_ round: Round, _ judgement: Judgement) throws(WatchError) -> [String] {
        let time = round.result.times?.last ?? 0
        var follower = CampaignFollower(state.campaigns)
        state.alerts = follower.follow(
            judgement.campaigns, suppressed: judgement.suppressed.map(\.group),
            timeMicroseconds: time)
        state.campaigns = follower.campaigns
        state.generation += 1
        try folder.save(
            state.encoded, as: Self.stateName, version: WatchState.formatVersion)
        return try outbox.takeOver(state, folder: folder, queue: hasWebhook)
    }

    /// Sends what waits to be sent, oldest first.
    ///
    /// - Returns: what a person should know.
    public func deliver(
        to webhook: Webhook, isStopping: () -> Bool
    ) throws(WatchError) -> [String] {
        try outbox.deliver(to: webhook, folder: folder, isStopping: isStopping)
    }
}
