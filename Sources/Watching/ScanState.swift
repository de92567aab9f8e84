import Detection
import Exchanges
import Scanning
import Sketches

/// What a scan with a state knows: which inputs were read how far, and which segments hold the profiles.
///
/// Its file is the manifest: what it does not name was not read, and a segment that it does not name is nothing.
struct ScanState {
    /// Settings that the profiles depend on.
    var settings: [WatchSetting]
    /// Inputs in order of their first reading.
    var inputs: [KnownInput] = []
    /// Profiles on disk.
    var segments: [Segment] = []
    /// The number of the next segment.
    var nextSegment: UInt64 = 0
    /// The first day that is kept, once a window has moved on.
    var firstDay: Int?

    /// The last day with an exchange.
    var lastDay: Int? { segments.map(\.day).max() }

    /// Forgets days before the last `window` days.
    mutating func keep(lastDays window: Int) {
        guard let lastDay else { return }
        let first = max(firstDay ?? .min, lastDay - window + 1)
        firstDay = first
        segments.removeAll { $0.day < first }
    }

    /// Counts what came of days that are no longer kept as outside the time asked for.
    mutating func expireCounts() {
        guard let firstDay else { return }
        for index in inputs.indices { inputs[index].expire(before: firstDay) }
    }

    /// What a scan of everything read so far would give, with these profiles.
    func result(_ profiles: ProfileSet) -> ScanResult {
        var faults: [BadRecordSummary] = []
        for input in inputs { faults.add(input.namedFaults) }
        return ScanResult(
            profiles: profiles,
            // Of an input that vanished before its first line was read nothing is known.
            inputs: inputs.filter { $0.isComplete || $0.position > 0 }.map(\.report)
                .sorted { $0.path < $1.path },
            bad: faults)
    }
}

extension ScanState {
    /// Version of the form that `encoded` has.
    static let formatVersion: UInt64 = 1
    static let name = "manifest"

    /// The manifest's bytes.
    var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.varint(UInt64(AccountProfile.formatVersion))
        settings.write(to: &writer)
        writer.varint(firstDay == nil ? 0 : 1)
        if let firstDay { writer.signed(Int64(firstDay)) }
        writer.varint(nextSegment)
        writer.varint(UInt64(segments.count))
        for segment in segments {
            writer.varint(segment.number)
            writer.signed(Int64(segment.day))
        }
        writer.varint(UInt64(inputs.count))
        for input in inputs { input.write(to: &writer) }
        return writer.bytes
    }

    init(from reader: inout ByteReader) throws(ByteCodingError) {
        let start = reader.offset
        guard try reader.varint() == UInt64(AccountProfile.formatVersion) else {
            throw .invalid(what: "profile version", offset: start)
        }
        settings = try [WatchSetting](from: &reader)
        if try reader.varint() == 1 { firstDay = Int(try reader.signed()) }
        nextSegment = try reader.varint()
        for _ in 0..<(try reader.count(limit: WatchState.most, what: "segments")) {
            let number = try reader.varint()
            segments.append(Segment(number: number, day: Int(try reader.signed())))
        }
        for _ in 0..<(try reader.count(limit: WatchState.most, what: "inputs")) {
            inputs.append(try KnownInput(from: &reader))
        }
    }
}
