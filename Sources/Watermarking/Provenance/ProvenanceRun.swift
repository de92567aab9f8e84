import Foundation

/// The test of one suspect or control, which may be stopped at any time and gone on with.
///
/// Its folder holds `state.json`, `positions.bin` and `trace.jsonl`. A run that was killed and continued gives the bytes of one
/// that was not: what is saved is always the state after a whole line of input.
package final class ProvenanceRun {
    /// Turns a text into token ids of the teacher's tokenizer.
    package typealias Encoder = (String) throws -> [UInt32]

    /// Why reading stopped.
    package enum Pause: Hashable, Sendable {
        case endOfInput
        /// The evidence reached what was asked for.
        case decided
        /// As many positions were scored as asked for.
        case enough
        /// Somebody asked to stop.
        case asked
    }

    /// When to stop before the input ends.
    package struct Limits: Sendable {
        /// A natural logarithm of the e-process.
        package var logE: Double?
        /// Scored positions.
        package var scored: Int?

        package init(logE: Double? = nil, scored: Int? = nil) {
            self.logE = logE
            self.scored = scored
        }
    }

    private static let secondsBetweenSaves = 10.0
    /// Each point of the trace has at least 2 % more positions than the last.
    private static let traceGrowth = 1.02
    private static let firstTrace = 256

    package let settings: ProvenanceSettings
    private let scorer: WindowScorer
    private let filter: WindowFilter?
    private let encoder: Encoder?
    private let folder: String
    private var test: RadioactivityTest
    private var state: ProvenanceState
    private var log: PositionLog
    private let trace: GrowingFile
    private var lastSave = ContinuousClock.now

    /// Begins a test, or goes on with one that was saved in the folder.
    package init(
        _ scheme: WatermarkScheme, _ settings: ProvenanceSettings, filter: WindowFilter?,
        folder: String, encoder: Encoder?
    ) throws(ProvenanceError) {
        guard settings.method != .canary else {
            throw .settings(reason: "planted answers are not tested by their scores")
        }
        if let planned = settings.plannedCount, planned < 1 {
            throw .settings(reason: "the planned number of scored tokens must be above 0")
        }
        guard WindowScorer(scheme).width > 0 else {
            throw .mark(
                .unsupported(
                    scheme: scheme.manifest.scheme.rawValue,
                    reason:
                        "scores depend on no token before (context_width 1), so that what was read "
                        + "in a prompt cannot be told from what was learned"))
        }
        self.settings = settings
        self.filter = filter
        self.encoder = encoder
        self.folder = folder
        scorer = WindowScorer(scheme)
        var test = RadioactivityTest(scorer, plannedCount: settings.plannedCount)
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch { throw .file(path: folder, reason: "cannot be made") }
        let path = "\(folder)/state.json"
        let saved = try ProvenanceState(at: path)
        try saved?.require(scheme, settings, path: path)
        let state = saved ?? ProvenanceState(scheme, settings)
        var log = try PositionLog(
            "\(folder)/positions.bin", positions: state.test.totals.count)
        trace = try GrowingFile("\(folder)/trace.jsonl", count: state.traceBytes)
        if saved != nil {
            var isRepeated = false
            try log.replay(isCell: scorer.hasCells) { (position) throws(ProvenanceError) in
                if !test.replay(position) { isRepeated = true }
            }
            guard !isRepeated, Self.text(log.checksum) == state.checksum else {
                throw .state(
                    path: "\(folder)/positions.bin",
                    reason: "was changed: its checksum does not agree; use another state folder")
            }
            test.restore(state.test)
        }
        self.state = state
        self.log = log
        self.test = test
    }

    /// Reads lines of a suspect's file, from where the test got to.
    ///
    /// - Parameters:
    ///   - isGrowing: the end of the file is not yet that of the input; `finish` is called after the last.
    ///   - isStopping: asked after each line; `true` saves and returns.
    package func read(
        _ input: LineInput, limits: Limits = Limits(), isGrowing: Bool = false,
        isStopping: () -> Bool = { false }
    ) throws(ProvenanceError) -> Pause {
        if input.offset == 0, state.inputBytes > 0 {
            try input.skip(
                bytes: state.inputBytes, lines: state.inputLines, digest: state.inputDigest)
        }
        while true {
            if let limit = limits.logE, test.largestLogE >= limit {
                return try end(input, .decided)
            }
            if let limit = limits.scored, test.totals.count >= limit {
                return try end(input, .enough)
            }
            if isStopping() {
                try save(input)
                return .asked
            }
            let isRead: Void? = try input.next { (line) throws(WatermarkError) in
                if line.allSatisfy({ [0x20, 0x09, 0x0D].contains($0) }) { return }
                try add(SuspectLine(json: line))
            }
            guard isRead != nil else {
                if isGrowing { return .endOfInput }
                return try end(input, .endOfInput)
            }
            let next = max(
                Self.firstTrace, Int(Double(state.traced) * Self.traceGrowth) + 1)
            if test.totals.count >= next { writeTrace() }
            if ContinuousClock.now - lastSave > .seconds(Self.secondsBetweenSaves) {
                try save(input)
            }
        }
    }

    /// Ends the trace and saves, after the last line of an input that grew.
    package func finish(_ input: LineInput) throws(ProvenanceError) {
        _ = try end(input, .endOfInput)
    }

    /// Saves after the last line that was read, to go on later.
    package func pause(_ input: LineInput) throws(ProvenanceError) { try save(input) }

    /// The result as it is now.
    package func result(_ name: String) -> ProvenanceResult {
        ProvenanceResult(
            name: name, settings: settings, test: test, failed: state.failed,
            inputDigest: state.inputDigest)
    }

    // MARK: Lines

    private func add(_ line: SuspectLine) throws(WatermarkError) {
        if line.error != nil {
            state.failed += 1
            return
        }
        switch settings.method {
        case .closed, .canary:
            guard let answer = try tokens(line.tokens, line.answer) else {
                throw .document(reason: "neither 'answer' nor 'tokens'")
            }
            var prompts: Set<UInt64> = []
            if settings.skipsPromptWindows,
                let prompt = try tokens(line.promptTokens, line.prompt)
            {
                prompts = Set(try scorer.windows(of: prompt))
            }
            let positions = try scorer.closed(answer: answer)
            take(positions, tokens: answer.count, alreadyRepeated: 0) { prompts.contains($0) }
        case .open:
            guard let tokens = line.tokens, let predictions = line.predictions else {
                throw .document(reason: "expected 'tokens' and 'predictions'")
            }
            guard tokens.count == predictions.count else {
                throw .document(
                    reason:
                        "\(tokens.count) tokens and \(predictions.count) predictions; prediction i is made "
                        + "from the tokens before token i, so there are as many")
            }
            let (positions, repeated) = try scorer.open(
                tokens: tokens, predictions: predictions, attention: settings.attention)
            take(positions, tokens: tokens.count, alreadyRepeated: repeated) { _ in false }
        }
    }

    private func take(
        _ positions: [ProvenancePosition], tokens: Int, alreadyRepeated: Int,
        _ isInPrompt: (UInt64) -> Bool
    ) {
        test.add(
            positions, tokens: tokens, alreadyRepeated: alreadyRepeated, isInPrompt: isInPrompt,
            isInFilter: { filter?.contains($0) ?? true }, record: { log.append($0) })
    }

    private func tokens(_ ids: [UInt32]?, _ text: String?) throws(WatermarkError) -> [UInt32]? {
        if let ids { return ids }
        guard let text else { return nil }
        guard let encoder else {
            throw .document(
                reason: "holds text; give the teacher's tokenizer, or token ids in its place")
        }
        do {
            return try encoder(text)
        } catch { throw .document(reason: "\(error)") }
    }

    // MARK: Saving

    private func end(_ input: LineInput, _ pause: Pause) throws(ProvenanceError) -> Pause {
        if test.totals.count > state.traced { writeTrace() }
        try save(input)
        return pause
    }

    private func writeTrace() {
        func number(_ value: Double) -> String { value == 0 ? "0" : "\(value)" }
        let ten = log10(M_E)
        let totals = test.totals
        let line =
            "{\"scored\":\(totals.count),\"sum\":\(number(totals.sum)),"
            + "\"mean\":\(number(totals.sum / Double(totals.count))),"
            + "\"log10_p_descriptive\":\(number(max(-1e300, ten * test.logFixedP(totals)))),"
            + "\"log10_e\":\(number(ten * test.logE)),"
            + "\"log10_p_anytime\":\(number(ten * test.logAnytimeP))}\n"
        trace.append(line.utf8)
        state.traced = totals.count
    }

    /// Saves the state after the last line that was read.
    private func save(_ input: LineInput) throws(ProvenanceError) {
        try log.flush()
        try trace.flush(isDurable: true)
        state.test = test.saved
        state.inputBytes = input.offset
        state.inputLines = input.line
        state.inputDigest = input.digestSoFar
        state.checksum = Self.text(log.checksum)
        state.traceBytes = trace.count
        try GrowingFile.replace("\(folder)/state.json", state.encoded())
        lastSave = .now
    }

    private static func text(_ checksum: UInt64) -> String {
        let digits = String(checksum, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
