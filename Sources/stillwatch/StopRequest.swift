import Dispatch
import Foundation

/// SIGINT and SIGTERM as something to wait for. A second one ends the process at once.
final class StopRequest {
    /// Becomes readable when a signal has come.
    let descriptor: Int32
    private let sources: [any DispatchSourceSignal]

    init() {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { preconditionFailure("no file descriptor is left") }
        let (readable, writable) = (ends[0], ends[1])
        descriptor = readable
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                if Self.isReadable(readable) { _exit(128 + number) }
                _ = write(writable, [1], 1)
            }
            source.activate()
            return source
        }
    }

    /// Whether a signal has come.
    var isAsked: Bool { Self.isReadable(descriptor) }

    private static func isReadable(_ descriptor: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) > 0
    }
}
