import Glibc
import Scanning

extension Watcher {
    /// Why waiting ended.
    public enum Wake: Sendable {
        /// The time came.
        case due
        /// Something could be read from the descriptor that asks to stop.
        case stopped
        /// Standard input ended.
        case streamEnded
    }

    /// After a request to stop, what a pipe holds is still taken: 64 reads are more than any pipe has.
    private static let lastReads = 64

    /// Waits until `deadline`, or for ever, and reads standard input meanwhile as it comes.
    ///
    /// - Parameter stop: a descriptor that becomes readable when the process shall end.
    public func wait(
        until deadline: ContinuousClock.Instant?, stop: Int32
    ) throws(WatchError) -> Wake {
        while true {
            let left = deadline.map { $0 - ContinuousClock.now }
            if let left, left <= .zero { return .due }
            // A day at most, so that no duration overflows the argument.
            let milliseconds = left.map {
                Int32(min(86_400_000, ($0 / .milliseconds(1)).rounded(.up)))
            }
            let ready = Self.poll(stop, isStreaming ? 0 : -1, milliseconds ?? -1)
            if ready.first {
                try drain()
                return .stopped
            }
            if ready.second, try readStream() { return .streamEnded }
        }
    }

    /// Whether standard input is read and has not ended.
    public var isStreaming: Bool { stream.map { !$0.isAtEnd } ?? false }

    private func readStream() throws(WatchError) -> Bool {
        try WatchError.scanning { () throws(ScanError) in try stream?.read() }
        return !isStreaming
    }

    private func drain() throws(WatchError) {
        for _ in 0..<Self.lastReads where isStreaming {
            guard Self.poll(-1, 0, 0).second else { return }
            _ = try readStream()
        }
    }

    private static func poll(
        _ first: Int32, _ second: Int32, _ milliseconds: Int32
    ) -> (first: Bool, second: Bool) {
        var entries = [
            pollfd(fd: first, events: Int16(POLLIN), revents: 0),
            pollfd(fd: second, events: Int16(POLLIN), revents: 0),
        ]
        guard Glibc.poll(&entries, 2, milliseconds) > 0 else { return (false, false) }
        return (entries[0].revents != 0, entries[1].revents != 0)
    }
}
