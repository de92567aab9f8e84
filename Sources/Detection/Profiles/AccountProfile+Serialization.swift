import Sketches

extension AccountProfile {
    /// First byte of a serialised profile. A reader refuses any other.
    public static let formatVersion: UInt8 = 4

    /// Whether the sample holds every exchange, so that what follows from it need not be written.
    private var isSample: Bool { exchanges <= UInt64(Limit.samples) }

    /// The profile as bytes: version, account, counters, facts, sketches.
    public var serialized: [UInt8] {
        var writer = ByteWriter()
        write(to: &writer)
        return writer.bytes
    }

    /// Writes the bytes of `serialized`.
    public func write(to writer: inout ByteWriter) {
        writer.varint(UInt64(Self.formatVersion))
        writer.string(account)
        writer.varint(exchanges)
        writer.signed(firstMicroseconds)
        writer.signed(lastMicroseconds)
        writer.varint(refused)
        writer.varint(failed)
        writer.varint(withText)
        writer.varint(multiTurn)
        writer.varint(withTools)
        writer.varint(withUsage)
        writer.varint(promptBytes)
        writer.varint(inputTokens)
        writer.varint(outputTokens)
        writer.varint(reasoningTokens)
        writer.varint(UInt64(categories.count))
        for count in categories { writer.varint(UInt64(count)) }
        facts.write(to: &writer)
        hours.write(to: &writer)
        writer.varint(UInt64(samples.count))
        for sample in samples { sample.write(to: &writer) }
        if !isSample {
            writer.varint(UInt64(furtherSamples.count))
            for sample in furtherSamples { sample.write(to: &writer) }
            writer.varint(UInt64(earliest.count))
            for signals in earliest { signals.write(to: &writer) }
            for count in contentCounts { writer.varint(UInt64(count)) }
            prompts.write(to: &writer)
            systems.write(to: &writer)
            parameters.write(to: &writer)
        }
        conversations.write(to: &writer)
        userAgents.write(to: &writer)
        addresses.write(to: &writer)
        networks.write(to: &writer)
        tlsFingerprints.write(to: &writer)
        models.write(to: &writer)
        issuedSignatures.write(to: &writer)
        presentedSignatures.write(to: &writer)
    }

    /// The head of a serialised profile: what its place in an order and a scan's counts need.
    public struct Head {
        /// The account's name, as UTF-8 in the profile's bytes.
        public let account: UnsafeRawBufferPointer
        /// Exchanges seen.
        public let exchanges: UInt64
        /// First event time, microseconds since 1970.
        public let firstMicroseconds: Int64
        /// Last event time, microseconds since 1970.
        public let lastMicroseconds: Int64

        /// Reads the head of a profile; its memory must outlive the head.
        public init(_ bytes: UnsafeRawBufferPointer) throws(ByteCodingError) {
            var reader = ByteReader(bytes)
            guard try reader.varint() == UInt64(AccountProfile.formatVersion) else {
                throw .invalid(what: "profile version", offset: 0)
            }
            account = try reader.raw(limit: AccountProfile.accountLimit)
            exchanges = try AccountProfile.counter(from: &reader)
            firstMicroseconds = try AccountProfile.time(from: &reader, empty: .max)
            lastMicroseconds = try AccountProfile.time(from: &reader, empty: .min)
        }
    }

    /// Reads one serialised profile; hostile bytes throw.
    public init(from reader: inout ByteReader) throws(ByteCodingError) {
        let start = reader.offset
        guard try reader.varint() == UInt64(Self.formatVersion) else {
            throw .invalid(what: "profile version", offset: start)
        }
        self.init(account: try reader.string(limit: Self.accountLimit))
        exchanges = try Self.counter(from: &reader)
        firstMicroseconds = try Self.time(from: &reader, empty: .max)
        lastMicroseconds = try Self.time(from: &reader, empty: .min)
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
        let position = reader.offset
        guard try reader.varint() == UInt64(categories.count) else {
            throw .invalid(what: "number of categories", offset: position)
        }
        for index in categories.indices { categories[index] = try reader.varint32() }
        facts = try SignupFacts(from: &reader)
        hours = try TimeHistogram(from: &reader, capacity: Limit.hours)
        let place = reader.offset
        let count = try reader.count(limit: Limit.samples, what: "samples")
        guard UInt64(count) == min(exchanges, UInt64(Limit.samples)) else {
            throw .invalid(what: "number of samples", offset: place)
        }
        samples.reserveCapacity(count)
        for _ in 0..<count { samples.append(try SampledExchange(from: &reader)) }
        func sketch(_ k: Int) throws(ByteCodingError) -> CountedBottomK {
            try CountedBottomK(from: &reader, k: k, nameLimit: Self.nameLimit)
        }
        if isSample {
            deriveFromSample()
        } else {
            for _ in 0..<(try reader.count(limit: Limit.furtherSamples, what: "further samples")) {
                furtherSamples.append(try RankedSignals(from: &reader))
            }
            for _ in 0..<(try reader.count(limit: Limit.earliest, what: "first exchanges")) {
                earliest.append(try SampledSignals(from: &reader))
            }
            contentCounts.reserveCapacity(ContentBins.count)
            for _ in 0..<ContentBins.count { contentCounts.append(try reader.varint32()) }
            prompts = try sketch(Limit.prompts)
            systems = try sketch(Limit.artefacts)
            parameters = try sketch(Limit.artefacts)
        }
        conversations = try sketch(Limit.conversations)
        userAgents = try sketch(Limit.artefacts)
        addresses = try sketch(Limit.addresses)
        networks = try sketch(Limit.artefacts)
        tlsFingerprints = try sketch(Limit.artefacts)
        models = try sketch(Limit.artefacts)
        issuedSignatures = try sketch(Limit.signatures)
        presentedSignatures = try sketch(Limit.signatures)
    }

    /// Fills in what follows from a sample that holds every exchange.
    private mutating func deriveFromSample() {
        earliest = samples.map { SampledSignals($0) }.sorted(by: SampledSignals.precedes)
        for sample in samples {
            if sample.prompt != 0 { prompts.add(Hash64.mix(sample.prompt), k: Limit.prompts) }
            if sample.system != 0 { systems.add(sample.system, k: Limit.artefacts) }
            parameters.add(sample.parameters, k: Limit.artefacts)
        }
    }

    /// Longest account name in bytes: that of a record, since a name is part of one.
    fileprivate static let accountLimit = 32 << 20

    /// Reads a count; one above 2^53 cannot come from a log, and sums of such would overflow.
    fileprivate static func counter(from reader: inout ByteReader) throws(ByteCodingError) -> UInt64
    {
        UInt64(try reader.count(limit: Int(CountedSum.largest), what: "counter"))
    }

    /// Reads an event time; `empty` is that of a profile without exchanges.
    fileprivate static func time(
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
