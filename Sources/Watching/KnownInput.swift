import Detection
import Exchanges
import Scanning
import Sketches

/// An input of a scan with a state, and how much of it was read.
struct KnownInput: Equatable {
    /// What a last line without its end gave, when there was no exchange in it: it is read again when the file has grown.
    struct Rest: Equatable {
        var report: InputReport
        var faults: [BadRecordSummary]
    }

    /// The file; its marks are of all that was there when it was last looked at, its report of what was read.
    var source: WatchedInput
    /// All lines that begin before this byte were read.
    var position: Int64 = 0
    /// Whether enough records were looked at to tell the format for good.
    var isFormatSettled: Bool
    /// Exchanges of each day that is kept.
    var days: [Int: Int] = [:]
    /// Bad records.
    var faults: [BadRecordSummary] = []
    /// The last line; `nil` if it was read with the others, or not yet.
    var rest: Rest?

    /// Whether everything was read that was there.
    var isComplete: Bool { position == source.marks.length || rest != nil }

    /// What a scan of the same bytes says of the input.
    var report: InputReport {
        var report = source.report
        if let rest { report.add(rest.report) }
        report.path = source.path
        report.bytes = isComplete ? source.marks.length : position
        return report
    }

    /// All bad records, under the input's present name.
    var namedFaults: [BadRecordSummary] {
        var all = faults
        if let rest { all.add(rest.faults) }
        return all.map { fault in
            var named = fault
            named.file = source.path
            return named
        }
    }

    /// Adds what was read.
    mutating func add(_ part: Batch.Part) {
        position = part.position
        source.report.add(part.report)
        faults.add(part.faults)
        for (day, count) in part.days { days[day, default: 0] += count }
    }

    /// Adds what was read of a last line without its end.
    mutating func addRest(_ part: Batch.Part) {
        if part.report.exchanges > 0 || part.report.ignored > 0 {
            // A record that can be read is whole, and nothing that follows can belong to it.
            add(part)
        } else {
            rest = Rest(report: part.report, faults: part.faults)
        }
    }

    /// Counts exchanges of days before `first` as outside the time asked for.
    mutating func expire(before first: Int) {
        for (day, count) in days where day < first {
            source.report.outsideTime += count
            days[day] = nil
        }
    }
}

extension KnownInput {
    func write(to writer: inout ByteWriter) {
        source.encoded.withUnsafeBytes { writer.raw($0) }
        writer.varint(UInt64(position))
        writer.varint(isFormatSettled ? 1 : 0)
        writer.varint(UInt64(days.count))
        for (day, count) in days.sorted(by: { $0.key < $1.key }) {
            writer.signed(Int64(day))
            writer.varint(UInt64(count))
        }
        WatchState.write(faults, to: &writer)
        writer.varint(rest == nil ? 0 : 1)
        guard let rest else { return }
        rest.report.write(to: &writer)
        WatchState.write(rest.faults, to: &writer)
    }

    init(from reader: inout ByteReader) throws(ByteCodingError) {
        source = try WatchedInput(from: &reader)
        position = Int64(try reader.count(limit: 1 << 53, what: "position"))
        isFormatSettled = try reader.varint() == 1
        for _ in 0..<(try reader.count(limit: 1 << 24, what: "days")) {
            let day = Int(try reader.signed())
            days[day] = try reader.count(limit: 1 << 53, what: "exchanges")
        }
        faults = try WatchState.faults(from: &reader)
        if try reader.varint() == 1 {
            let report = try InputReport(from: &reader)
            rest = Rest(report: report, faults: try WatchState.faults(from: &reader))
        }
    }
}
