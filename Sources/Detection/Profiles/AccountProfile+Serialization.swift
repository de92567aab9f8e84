import Sketches

extension AccountProfile {
    /// First byte of a serialised profile. A reader refuses any other.
    public static let formatVersion: UInt8 = 3

    /// The profile as bytes: version, account, counters, facts, sketches.
    public var serialized: [UInt8] {
        var writer = ByteWriter()
        writer.varint(UInt64(Self.formatVersion))
        writer.string(account)
        for counter in [
            exchanges, refused, failed, withText, multiTurn, withTools, withUsage, promptBytes,
            inputTokens, outputTokens, reasoningTokens,
        ] { writer.varint(counter) }
        writer.signed(firstMicroseconds)
        writer.signed(lastMicroseconds)
        writer.varint(UInt64(categories.count))
        for count in categories { writer.varint(UInt64(count)) }
        facts.write(to: &writer)
        hours.write(to: &writer)
        writer.varint(UInt64(samples.count))
        for sample in samples { sample.write(to: &writer) }
        writer.varint(UInt64(furtherSamples.count))
        for sample in furtherSamples { sample.write(to: &writer) }
        writer.varint(UInt64(earliest.count))
        for signals in earliest { signals.write(to: &writer) }
        writer.varint(UInt64(contentCounts.count))
        for count in contentCounts { writer.varint(UInt64(count)) }
        for sketch in [
            prompts, conversations, systems, parameters, userAgents, addresses, networks,
            tlsFingerprints, models, issuedSignatures, presentedSignatures,
        ] { sketch.write(to: &writer) }
        return writer.bytes
    }

    /// Reads one serialised profile; hostile bytes throw.
    public init(from reader: inout ByteReader) throws(ByteCodingError) {
        let start = reader.offset
        guard try reader.varint() == UInt64(Self.formatVersion) else {
            throw .invalid(what: "profile version", offset: start)
        }
        self.init(account: try reader.string(limit: Self.accountLimit))
        exchanges = try Self.counter(from: &reader)
        refused = try Self.counter(from: &reader)
        failed = try Self.counter(from: &reader)
        withText = try Self.counter(from: &reader)
        multiTurn = try Self.counter(from: &reader)
        withTools = try Self.counter(from: &reader)
        withUsage = try Self.counter(from: &reader)
        promptBytes = try Self.counter(from: &reader)
        inputTokens = try Self.counter(from: &reader)
        outputTokens = try Self.counter(from: &reader)
        reasoningTokens = try Self.counter(from: &reader)
        firstMicroseconds = try Self.time(from: &reader, empty: .max)
        lastMicroseconds = try Self.time(from: &reader, empty: .min)
        let position = reader.offset
        guard try reader.varint() == UInt64(categories.count) else {
            throw .invalid(what: "number of categories", offset: position)
        }
        for index in categories.indices { categories[index] = try reader.varint32() }
        facts = try SignupFacts(from: &reader)
        hours = try TimeHistogram(from: &reader, capacity: Limit.hours)
        for _ in 0..<(try reader.count(limit: Limit.samples, what: "samples")) {
            samples.append(try SampledExchange(from: &reader))
        }
        for _ in 0..<(try reader.count(limit: Limit.furtherSamples, what: "further samples")) {
            furtherSamples.append(try RankedSignals(from: &reader))
        }
        for _ in 0..<(try reader.count(limit: Limit.earliest, what: "first exchanges")) {
            earliest.append(try SampledSignals(from: &reader))
        }
        let dense = reader.offset
        let size = try reader.count(limit: ContentBins.count, what: "content counts")
        guard size == 0 || size == ContentBins.count else {
            throw .invalid(what: "content counts", offset: dense)
        }
        for _ in 0..<size { contentCounts.append(try reader.varint32()) }
        func sketch(_ k: Int) throws(ByteCodingError) -> CountedBottomK {
            try CountedBottomK(from: &reader, k: k, nameLimit: Self.nameLimit)
        }
        prompts = try sketch(Limit.prompts)
        conversations = try sketch(Limit.conversations)
        systems = try sketch(Limit.artefacts)
        parameters = try sketch(Limit.artefacts)
        userAgents = try sketch(Limit.artefacts)
        addresses = try sketch(Limit.addresses)
        networks = try sketch(Limit.artefacts)
        tlsFingerprints = try sketch(Limit.artefacts)
        models = try sketch(Limit.artefacts)
        issuedSignatures = try sketch(Limit.signatures)
        presentedSignatures = try sketch(Limit.signatures)
    }

    /// Longest account name in bytes: that of a record, since a name is part of one.
    private static let accountLimit = 32 << 20

    /// Reads a count; one above 2^53 cannot come from a log, and sums of such would overflow.
    private static func counter(from reader: inout ByteReader) throws(ByteCodingError) -> UInt64 {
        UInt64(try reader.count(limit: 1 << 53, what: "counter"))
    }

    /// Reads an event time; `empty` is that of a profile without exchanges.
    private static func time(
        from reader: inout ByteReader, empty: Int64
    ) throws(ByteCodingError) -> Int64 {
        let start = reader.offset
        let value = try reader.signed()
        guard value == empty || (-(1 << 60)...(1 << 60)).contains(value) else {
            throw .invalid(what: "event time", offset: start)
        }
        return value
    }
}
