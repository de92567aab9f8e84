import Synchronization

/// What one thread needs while it encodes. Used by one text at a time.
final class Workspace {
    let cache = WordCache()
    let merger = SymbolMerger()
    let matcher = PatternMatcher()
}

/// Workspaces that wait for the next text, so that a short one finds its words in a cache.
final class WorkspacePool: Sendable {
    /// Enough for every thread of a large machine; each has about 1 MiB.
    private static let most = 64
    private let waiting = Mutex<[Waiting]>([])

    /// Nothing else holds it while it waits.
    private struct Waiting: @unchecked Sendable {
        let workspace: Workspace
    }

    /// A workspace that no other thread has until it is given back.
    func take() -> Workspace {
        waiting.withLock { $0.popLast() }?.workspace ?? Workspace()
    }

    /// Gives a workspace back.
    func give(_ workspace: Workspace) {
        let given = Waiting(workspace: workspace)
        waiting.withLock { if $0.count < Self.most { $0.append(given) } }
    }
}
