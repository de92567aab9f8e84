import Detection
import Exchanges

/// What a scan reads, and how.
public struct ScanOptions: Sendable {
    /// The format of every input; `nil` tells it from each input's first records.
    public var format: LogFormat?
    /// Threads that read and decode.
    public var threads: Int
    /// Exchanges before this moment are left out.
    public var since: EventTime?
    /// Exchanges at or after this moment are left out.
    public var until: EventTime?
    /// Largest share of records that may be bad, 0...1.
    public var maximumBadShare: Double
    /// Whether previews hold text rather than its masked shape.
    public var keepText: Bool
    /// Longest record in bytes.
    public var maximumRecordBytes: Int

    /// The defaults: all inputs, masked previews, at most 1 % bad records of at most 32 MiB.
    public init(
        format: LogFormat? = nil, threads: Int = 1, since: EventTime? = nil,
        until: EventTime? = nil, maximumBadShare: Double = 0.01, keepText: Bool = false,
        maximumRecordBytes: Int = 32 << 20
    ) {
        self.format = format
        self.threads = max(1, threads)
        self.since = since
        self.until = until
        self.maximumBadShare = maximumBadShare
        self.keepText = keepText
        self.maximumRecordBytes = maximumRecordBytes
    }
}

/// Bad records of one reason, and where the first one is.
public struct BadRecordSummary: Sendable, Equatable {
    /// Why.
    public let reason: BadRecord.Reason
    /// The field of the first one.
    public internal(set) var field: String
    /// How many.
    public internal(set) var count: Int
    /// The input of the first one, by order of paths.
    public internal(set) var file: String
    /// Its offset in unpacked bytes.
    public internal(set) var offset: Int64
}

/// What was read from one input.
public struct InputReport: Sendable, Equatable {
    /// The path.
    public let path: String
    /// Its format.
    public internal(set) var format: LogFormat
    /// Unpacked bytes.
    public internal(set) var bytes: Int64
    /// Exchanges delivered, those left out by time included.
    public internal(set) var exchanges: Int
    /// Bad records.
    public internal(set) var bad: Int
    /// Records that are not model calls, such as other spans.
    public internal(set) var ignored: Int
    /// Exchanges outside the time range asked for.
    public internal(set) var outsideTime: Int
    /// SHA-256 of the file as it is on disk, in hexadecimal; empty for standard input.
    public internal(set) var digest: String
}

/// What a scan read.
public struct ScanResult: Sendable {
    /// Profiles by account name.
    public var profiles: [AccountProfile]
    /// The inputs, by path.
    public var inputs: [InputReport]
    /// Bad records by reason.
    public var bad: [BadRecordSummary]

    /// Exchanges in the profiles.
    public var exchanges: Int { inputs.reduce(0) { $0 + $1.exchanges - $1.outsideTime } }
    /// Unpacked bytes.
    public var bytes: Int64 { inputs.reduce(0) { $0 + $1.bytes } }
}
