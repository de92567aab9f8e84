import Dispatch
import Foundation
import Synchronization

/// What an address was asked and answered, in the order of arrival: a line of JSON each, in a file that only grows.
///
/// An answer is on disk before it counts, so that nothing that was paid for is asked again. Only one run at a time may have it.
package final class AnswerJournal: Sendable {
    /// What may be spent.
    package struct Budget: Sendable {
        /// Prompts asked in all, retries not counted; `nil` without a limit.
        package var requests: Int?
        /// Tokens of answers in all, as the suspect counts them or, where it does not, `max_tokens` each.
        package var tokens: Int?

        package init(requests: Int? = nil, tokens: Int? = nil) {
            self.requests = requests
            self.tokens = tokens
        }
    }

    /// Why asking ended.
    package enum Ending: Hashable, Sendable {
        case everyPrompt
        case budget
        case asked
        /// The suspect does not answer: what it said.
        case unreachable(String)
    }

    private struct State {
        var file: GrowingFile?
        var done: Set<Int> = []
        var spent = 0
        var failure: ProvenanceError?
        var trouble: String?
    }

    package let path: String
    private let prompts: [String]
    private let endpoint: SuspectEndpoint
    private let maxTokens: Int
    private let state: Mutex<State>

    /// Opens a journal; a last line that was not written whole is dropped.
    ///
    /// - Throws: if it has answers to other prompts.
    package init(
        _ path: String, prompts: [String], endpoint: SuspectEndpoint, maxTokens: Int
    ) throws(ProvenanceError) {
        self.path = path
        self.prompts = prompts
        self.endpoint = endpoint
        self.maxTokens = maxTokens
        var state = State()
        var whole = 0
        if FileManager.default.fileExists(atPath: path) {
            let input = try LineInput(path)
            var lines: [(index: Int, prompt: String?, answer: Bool, spent: Int)] = []
            let size = Self.wholeLines(path)
            while input.offset < size,
                let line = try input.next({ (line) throws(WatermarkError) in
                    try SuspectLine(json: line)
                })
            {
                whole = input.offset
                guard let index = line.index, index < prompts.count, line.prompt == prompts[index]
                else {
                    throw .line(
                        path: path, line: input.line, offset: input.offset,
                        reason: "answers another prompt than the prompts' file has; give the same "
                            + "prompts, or another state folder")
                }
                lines.append((index, line.prompt, line.error == nil, line.spent ?? 0))
            }
            state.done = Set(lines.map(\.index))
            state.spent = lines.reduce(0) { $0 + $1.spent }
        }
        state.file = try GrowingFile(path, count: whole)
        self.state = Mutex(state)
    }

    /// Bytes of a file up to its last line feed.
    private static func wholeLines(_ path: String) -> Int {
        guard let handle = FileHandle(forReadingAtPath: path), var end = try? handle.seekToEnd()
        else { return 0 }
        defer { try? handle.close() }
        while end > 0 {
            let start = end > 1 << 16 ? end - 1 << 16 : 0
            guard (try? handle.seek(toOffset: start)) != nil,
                let piece = try? handle.read(upToCount: Int(end - start))
            else { return 0 }
            if let last = piece.lastIndex(of: 0x0A) {
                return Int(start) + last - piece.startIndex + 1
            }
            end = start
        }
        return 0
    }

    /// Answers so far, and tokens spent on them.
    package var progress: (answers: Int, tokens: Int) {
        state.withLock { ($0.done.count, $0.spent) }
    }

    /// Asks the next prompts that have no answer, at most `parallel` at a time; `nil` if more may follow.
    package func askSome(
        parallel: Int, budget: Budget, isStopping: @escaping @Sendable () -> Bool
    ) throws(ProvenanceError) -> Ending? {
        if isStopping() { return .asked }
        let (open, isSpent) = state.withLock { state in
            var room = parallel
            if let requests = budget.requests { room = min(room, requests - state.done.count) }
            if let tokens = budget.tokens {
                room = min(room, max(0, tokens - state.spent) / max(1, maxTokens))
            }
            let done = state.done
            let open = prompts.indices.lazy.filter { !done.contains($0) }.prefix(max(0, room))
            return (Array(open), room <= 0 && state.done.count < prompts.count)
        }
        if isSpent { return .budget }
        if open.isEmpty { return .everyPrompt }
        DispatchQueue.concurrentPerform(iterations: open.count) { place in
            let index = open[place]
            let outcome = endpoint.ask(prompts[index], isStopping: isStopping)
            state.withLock { state in write(index, outcome, &state) }
        }
        let (failure, trouble) = state.withLock { state in
            defer { state.trouble = nil }
            return (state.failure, state.trouble)
        }
        if let failure { throw failure }
        if isStopping() { return .asked }
        return trouble.map { .unreachable($0) }
    }

    private func write(_ index: Int, _ outcome: SuspectEndpoint.Outcome, _ state: inout State) {
        var fields: [String: Any] = ["index": index, "prompt": prompts[index]]
        switch outcome {
        case .answer(let text, let tokens):
            fields["answer"] = text
            fields["spent"] = tokens ?? maxTokens
        case .refused(let reason): fields["error"] = reason
        case .unreachable(let reason), .denied(let reason):
            state.trouble = reason
            return
        }
        guard
            let json = try? JSONSerialization.data(
                withJSONObject: fields, options: [.sortedKeys, .withoutEscapingSlashes])
        else { return }
        do throws(ProvenanceError) {
            state.file?.append(json)
            state.file?.append([0x0A])
            try state.file?.flush(isDurable: true)
            state.done.insert(index)
            state.spent += fields["spent"] as? Int ?? 0
        } catch { state.failure = error }
    }
}
