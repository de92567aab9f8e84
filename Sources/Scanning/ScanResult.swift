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
    public package(set) var field: String
    /// How many.
    public package(set) var count: Int
    /// The input of the first one, by order of paths.
    public package(set) var file: String
    /// Its offset in unpacked bytes.
    public package(set) var offset: Int64

    /// Makes a summary.
    package init(
        reason: BadRecord.Reason, field: String, count: Int, file: String, offset: Int64
    ) {
        self.reason = reason
        self.field = field
        self.count = count
        self.file = file
        self.offset = offset
    }
}

/// What was read from one input.
public struct InputReport: Sendable, Equatable {
    /// The path.
    public package(set) var path: String
    /// Its format.
    public package(set) var format: LogFormat
    /// Unpacked bytes.
    public package(set) var bytes: Int64
    /// Exchanges delivered, those left out by time included.
    public package(set) var exchanges: Int
    /// Bad records.
    public package(set) var bad: Int
    /// Records that are not model calls, such as other spans.
    public package(set) var ignored: Int
    /// Exchanges outside the time range asked for.
    public package(set) var outsideTime: Int
    /// SHA-256 of the file as it is on disk, in hexadecimal; empty for standard input.
    public package(set) var digest: String

    /// An input of which nothing was read yet.
    package init(path: String, format: LogFormat) {
        self.path = path
        self.format = format
        bytes = 0
        exchanges = 0
        bad = 0
        ignored = 0
        outsideTime = 0
        digest = ""
    }
}

/// What a scan read.
public struct ScanResult: Sendable {
    /// Profiles by account name.
    public private(set) var profiles: ProfileSet
    /// First and last event time, microseconds since 1970; `nil` without any exchange.
    public let times: (first: Int64, last: Int64)?
    /// The inputs, by path.
    public var inputs: [InputReport]
    /// Bad records by reason.
    public var bad: [BadRecordSummary]

    /// Makes a result.
    package init(profiles: ProfileSet, inputs: [InputReport], bad: [BadRecordSummary]) {
        self.profiles = profiles
        times = profiles.times
        self.inputs = inputs
        self.bad = bad.sorted { $0.reason < $1.reason }
    }

    /// Makes what was read of standard input a part of an input that has this name. Offsets in a part say nothing of the
    /// whole, and are left out so that they do not depend on how it was cut.
    public mutating func becomePart(of name: String) {
        for index in inputs.indices where inputs[index].path == "-" { inputs[index].path = name }
        for index in bad.indices where bad[index].file == "-" {
            bad[index].file = name
            bad[index].field = ""
            bad[index].offset = 0
        }
    }

    /// Throws when more than `limit` of the records, 0...1, are bad.
    public func requireReadable(limit: Double) throws(ScanError) {
        let count = bad.reduce(0) { $0 + $1.count }
        let records = inputs.reduce(0) { $0 + $1.exchanges + $1.ignored } + count
        if count > 0, Double(count) > limit * Double(records),
            let worst = bad.max(by: { $0.count < $1.count })
        {
            throw .tooManyBad(bad: count, records: records, limit: limit, worst: worst)
        }
    }

    /// Exchanges in the profiles.
    public var exchanges: Int { inputs.reduce(0) { $0 + $1.exchanges - $1.outsideTime } }
    /// Unpacked bytes.
    public var bytes: Int64 { inputs.reduce(0) { $0 + $1.bytes } }
}

extension ScanResult {
    /// Adds to each profile what the account table says of it.
    public mutating func join(_ table: AccountTable) { profiles.join(table) }
}
