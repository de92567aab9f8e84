import Dispatch
import Scanning
import Synchronization

/// Digests of whole files, computed beside the reading of others.
final class DigestTasks: Sendable {
    private struct State {
        var next = 0
        var isStopped = false
        var found: [(place: Int, digest: String)] = []
        var error: ScanError?
    }

    private let files: [(file: InputFile, place: Int)]
    private let state = Mutex(State())
    private let group = DispatchGroup()
    private let threads: Int

    /// Begins, on one thread of its own if there are several.
    init(_ files: [(file: InputFile, place: Int)], threads: Int) {
        // The largest first, so that none is left over at the end.
        self.files = files.sorted { ($0.file.size, $1.place) > ($1.file.size, $0.place) }
        self.threads = threads
        if threads > 1, !files.isEmpty {
            DispatchQueue.global().async(group: group) { [self] in work() }
        }
    }

    private func work() {
        while true {
            let index = state.withLock { state -> Int? in
                if state.isStopped || state.next >= files.count { return nil }
                defer { state.next += 1 }
                return state.next
            }
            guard let index else { return }
            let (file, place) = files[index]
            do throws(ScanError) {
                let digest = try FileDigest.sha256(of: file)
                state.withLock { $0.found.append((place, digest)) }
            } catch {
                state.withLock { state in
                    state.error = error
                    state.isStopped = true
                }
            }
        }
    }

    /// Those that were computed since the last call.
    func take() -> [(place: Int, digest: String)] {
        state.withLock { state in
            defer { state.found = [] }
            return state.found
        }
    }

    /// Computes what is left.
    func finish() throws(ScanError) -> [(place: Int, digest: String)] {
        DispatchQueue.concurrentPerform(iterations: threads) { _ in work() }
        group.wait()
        if let error = state.withLock({ $0.error }) { throw error }
        return take()
    }

    /// Begins no further file.
    func stop() { state.withLock { $0.isStopped = true } }
}
