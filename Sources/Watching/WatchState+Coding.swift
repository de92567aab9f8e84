import Detection
import Exchanges
import Scanning
import Sketches

extension WatchState {
    /// Version of the form that `encoded` has.
    static let formatVersion: UInt64 = 2

    /// The state as bytes; profiles in order of their accounts, so that equal states have equal bytes.
    var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.varint(UInt64(AccountProfile.formatVersion))
        settings.write(to: &writer)
        writer.varint(generation)
        writer.varint(UInt64(campaigns.count))
        for campaign in campaigns { campaign.write(to: &writer) }
        writer.varint(UInt64(alerts.count))
        for line in alerts { writer.string(line) }
        Self.write(faults, to: &writer)
        writer.varint(UInt64(inputs.count))
        var bytes = writer.bytes
        for input in inputs { bytes += input.encoded }
        bytes += Self.encoded(profiles)
        return bytes
    }

    init(from reader: inout ByteReader) throws(ByteCodingError) {
        let start = reader.offset
        guard try reader.varint() == UInt64(AccountProfile.formatVersion) else {
            throw .invalid(what: "profile version", offset: start)
        }
        settings = try [WatchSetting](from: &reader)
        generation = try reader.varint()
        for _ in 0..<(try reader.count(limit: Self.most, what: "campaigns")) {
            campaigns.append(try FollowedCampaign(from: &reader))
        }
        for _ in 0..<(try reader.count(limit: Self.most, what: "alerts")) {
            alerts.append(try reader.string(limit: Self.longest))
        }
        faults = try Self.faults(from: &reader)
        for _ in 0..<(try reader.count(limit: Self.most, what: "inputs")) {
            inputs.append(try WatchedInput(from: &reader))
        }
        profiles = try Self.profiles(from: &reader)
    }

    /// Bounds that nothing reaches; they keep damaged counts from being believed.
    static let most = 1 << 32
    static let longest = 1 << 32

    static func encoded(_ profiles: ProfileSet) -> [UInt8] {
        var writer = ByteWriter()
        writer.varint(UInt64(profiles.count))
        for position in profiles.indices { writer.raw(profiles.bytes(at: position)) }
        return writer.bytes
    }

    static func profiles(from reader: inout ByteReader) throws(ByteCodingError) -> ProfileSet {
        var builder = ProfileSet.Builder()
        for _ in 0..<(try reader.count(limit: most, what: "profiles")) {
            builder.add(try AccountProfile(from: &reader))
        }
        return builder.finish()
    }

    static func write(_ faults: [BadRecordSummary], to writer: inout ByteWriter) {
        writer.varint(UInt64(faults.count))
        for fault in faults { fault.write(to: &writer) }
    }

    static func faults(
        from reader: inout ByteReader
    ) throws(ByteCodingError) -> [BadRecordSummary] {
        var faults: [BadRecordSummary] = []
        for _ in 0..<(try reader.count(limit: 1000, what: "faults")) {
            faults.append(try BadRecordSummary(from: &reader))
        }
        return faults
    }
}

extension WatchedInput {
    var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.string(path)
        writer.varint(identity == nil ? 0 : 1)
        if let identity {
            writer.varint(identity.device)
            writer.varint(identity.inode)
        }
        writer.signed(packedSize)
        writer.varint(UInt64(marks.length))
        for digest in [marks.head, marks.tail] {
            writer.varint(UInt64(digest.count))
            for byte in digest { writer.varint(UInt64(byte)) }
        }
        report.write(to: &writer)
        writer.varint(held == nil ? 0 : 1)
        guard let held else { return writer.bytes }
        WatchState.write(held.faults, to: &writer)
        return writer.bytes + WatchState.encoded(held.profiles)
    }

    init(from reader: inout ByteReader) throws(ByteCodingError) {
        path = try reader.string(limit: WatchState.longest)
        if try reader.varint() == 1 {
            identity = FileIdentity(device: try reader.varint(), inode: try reader.varint())
        }
        packedSize = try reader.signed()
        func count() throws(ByteCodingError) -> Int {
            try reader.count(limit: 1 << 53, what: "count")
        }
        func digest() throws(ByteCodingError) -> [UInt8] {
            var bytes: [UInt8] = []
            for _ in 0..<(try reader.count(limit: 32, what: "digest")) {
                bytes.append(UInt8(try reader.count(limit: 255, what: "digest")))
            }
            return bytes
        }
        marks = FileMarks(length: Int64(try count()), head: try digest(), tail: try digest())
        report = try InputReport(from: &reader)
        if try reader.varint() == 1 {
            let faults = try WatchState.faults(from: &reader)
            held = HeldRecords(profiles: try WatchState.profiles(from: &reader), faults: faults)
        }
    }
}
