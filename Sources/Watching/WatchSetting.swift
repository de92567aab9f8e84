import Detection
import Exchanges
import Scanning
import Sketches

/// A setting that profiles depend on, so that it cannot change while they are added to.
public struct WatchSetting: Equatable, Sendable {
    /// As on the command line, such as `--since`.
    public let name: String
    /// Its value as text.
    public let value: String

    /// Makes a setting.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

extension [WatchSetting] {
    /// Writes the number of settings, and each one's name and value.
    func write(to writer: inout ByteWriter) {
        writer.varint(UInt64(count))
        for setting in self {
            writer.string(setting.name)
            writer.string(setting.value)
        }
    }

    /// Reads what `write` wrote.
    init(from reader: inout ByteReader) throws(ByteCodingError) {
        self = []
        for _ in 0..<(try reader.count(limit: 100, what: "settings")) {
            append(
                WatchSetting(
                    try reader.string(limit: WatchState.longest),
                    try reader.string(limit: WatchState.longest)))
        }
    }
}

extension WatchSetting {
    /// Everything that a profile depends on beside the exchanges.
    static func all(_ options: ScanOptions, _ rules: RuleSet) -> [WatchSetting] {
        func time(_ value: EventTime?) -> String {
            value.map { Timestamp.text(microseconds: $0.microseconds) } ?? "none"
        }
        let text = rules.rules.map { "\($0.id)\u{0}\($0.category.name)\u{0}\($0.pattern)\u{0}" }
        let digest = FileDigest.hexadecimal(FileDigest.sha256(Array(text.joined().utf8)))
        return [
            WatchSetting("--format", options.format?.rawValue ?? "auto"),
            WatchSetting("--since", time(options.since)),
            WatchSetting("--until", time(options.until)),
            WatchSetting("--show-text", options.keepText ? "given" : "not given"),
            WatchSetting("--rules", "with digest \(digest.prefix(16))"),
        ]
    }

    /// Throws when a state's settings are not those of this run.
    static func require(
        _ before: [WatchSetting], _ now: [WatchSetting], folder: String
    ) throws(WatchError) {
        for (before, now) in zip(before, now) where before != now {
            throw .otherSetting(
                name: now.name, before: before.value, now: now.value, folder: folder)
        }
    }
}
