import Glibc
import Scanning
import Sketches

/// Alerts on their way out of the state: into `alerts.jsonl` once each, and to the webhook until it has them.
struct Outbox {
    /// The round whose alerts were taken over last.
    private var generation: UInt64 = 0
    /// Alerts that the webhook does not have yet, oldest first.
    private(set) var waiting: [String] = []

    private static let name = "outbox"
    private static let version: UInt64 = 1

    static func load(from folder: StateFolder) throws(WatchError) -> Outbox {
        let loaded = try folder.load(name, version: version) {
            reader throws(ByteCodingError) -> Outbox in
            var outbox = Outbox()
            outbox.generation = try reader.varint()
            for _ in 0..<(try reader.count(limit: WatchState.most, what: "alerts")) {
                outbox.waiting.append(try reader.string(limit: WatchState.longest))
            }
            return outbox
        }
        return loaded ?? Outbox()
    }

    private func save(to folder: StateFolder) throws(WatchError) {
        var writer = ByteWriter()
        writer.varint(generation)
        writer.varint(UInt64(waiting.count))
        for line in waiting { writer.string(line) }
        try folder.save(writer.bytes, as: Self.name, version: Self.version)
    }

    /// Takes over the alerts of the last round, unless that was done.
    ///
    /// A process that was killed in between left any part of them in `alerts.jsonl`; the rest is appended.
    /// - Returns: the alerts taken over.
    mutating func takeOver(
        _ state: WatchState, folder: StateFolder, queue: Bool
    ) throws(WatchError) -> [String] {
        if generation == state.generation { return [] }
        if generation > state.generation {
            // The state was put back or deleted; what it held then was told.
            generation = state.generation
            try save(to: folder)
            return []
        }
        if !state.alerts.isEmpty {
            try Self.append(state.alerts, to: folder.path(of: "alerts.jsonl"))
            if queue { waiting += state.alerts }
        }
        generation = state.generation
        try save(to: folder)
        return state.alerts
    }

    private static func append(_ lines: [String], to path: String) throws(WatchError) {
        let block = Array(lines.map { $0 + "\n" }.joined().utf8)
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("open", path) }
        defer { close(descriptor) }
        let size = lseek(descriptor, 0, SEEK_END)
        let begin = max(0, Int(size) - block.count)
        var end = [UInt8](repeating: 0, count: Int(size) - begin)
        guard pread(descriptor, &end, end.count, off_t(begin)) == end.count else {
            throw .system("read", path)
        }
        var there = min(end.count, block.count)
        while !end.suffix(there).elementsEqual(block.prefix(there)) { there -= 1 }
        var rest = Array(block[there...])
        if there == 0, let last = end.last, last != 0x0a { rest.insert(0x0a, at: 0) }
        var written = 0
        while written < rest.count {
            let count = rest.withUnsafeBytes {
                write(descriptor, $0.baseAddress! + written, $0.count - written)
            }
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw .system("write", path) }
            written += count
        }
        if fsync(descriptor) != 0 { throw .system("write", path) }
    }

    /// Sends what waits. What cannot be reached ends the attempt; what is refused stands back for the next ones.
    mutating func deliver(
        to webhook: Webhook, folder: StateFolder, isStopping: () -> Bool
    ) throws(WatchError) -> [String] {
        var messages: [String] = []
        var kept: [String] = []
        while let line = waiting.first {
            let outcome = webhook.send(Array(line.utf8), isStopping: isStopping)
            waiting.removeFirst()
            if case .delivered = outcome {
                var rest = self
                rest.waiting = kept + waiting
                try rest.save(to: folder)
                continue
            }
            kept.append(line)
            if case .refused(let status) = outcome {
                messages.append("the webhook answered with status \(status)")
                continue
            }
            if case .unreachable(let reason) = outcome {
                messages.append("the webhook cannot be reached: \(reason)")
            }
            break
        }
        waiting = kept + waiting
        if !kept.isEmpty {
            messages.append("\(waiting.count) alerts wait for the webhook until the next round")
        }
        return messages
    }
}
