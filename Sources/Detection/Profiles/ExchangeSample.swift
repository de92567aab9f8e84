import Sketches

/// One exchange kept in an account's sample: its signals, its id and a masked preview.
public struct SampledExchange: Equatable, Sendable {
    /// Rank; the sample keeps the smallest.
    public var priority: UInt64
    /// Microseconds since 1970.
    public var timeMicroseconds: Int64
    /// Hash of the prompt; zero when unknown.
    public var prompt: UInt64
    /// Hash of the system prompt; zero when there is none.
    public var system: UInt64
    /// Hash of the parameters.
    public var parameters: UInt64
    /// Hash of the model's name.
    public var model: UInt64
    /// Bits of `Category`.
    public var categories: UInt32
    /// Hash of the first eight words; zero when there are fewer.
    public var prefix: UInt32
    /// Hash of the last eight words; zero when there are fewer.
    public var suffix: UInt32
    /// Hash of the lines' beginnings.
    public var skeleton: UInt32
    /// Words in the prompt.
    public var words: UInt32
    /// Answers already in the conversation.
    public var earlierTurns: UInt32
    /// Tokens answered.
    public var outputTokens: UInt32
    /// Smallest hashes of five-word runs; zero where there are fewer.
    public var shingles: InlineArray<4, UInt32>
    /// Content bins.
    public var bins: InlineArray<24, UInt16>
    /// How many of `bins` are set.
    public var binCount: UInt8
    /// The request's identifier, cut to `AccountProfile.idLimit` bytes.
    public var id: String
    /// The prompt's beginning, masked unless text was asked for; kept for a few exchanges only.
    public var preview: String

    /// Equal in everything that is serialised.
    public static func == (a: Self, b: Self) -> Bool {
        a.priority == b.priority && a.timeMicroseconds == b.timeMicroseconds
            && a.prompt == b.prompt && a.system == b.system && a.parameters == b.parameters
            && a.model == b.model && a.categories == b.categories && a.prefix == b.prefix
            && a.suffix == b.suffix && a.skeleton == b.skeleton && a.words == b.words
            && a.earlierTurns == b.earlierTurns && a.outputTokens == b.outputTokens
            && a.binCount == b.binCount && a.id == b.id && a.preview == b.preview
            && (0..<4).allSatisfy { a.shingles[$0] == b.shingles[$0] }
            && (0..<Int(a.binCount)).allSatisfy { a.bins[$0] == b.bins[$0] }
    }

    /// Order in the sample: by rank, then by everything else that can differ, so that ties fall the same way.
    static func precedes(_ a: Self, _ b: Self) -> Bool {
        if a.priority != b.priority { return a.priority < b.priority }
        if a.timeMicroseconds != b.timeMicroseconds {
            return a.timeMicroseconds < b.timeMicroseconds
        }
        if a.id != b.id { return a.id < b.id }
        if a.prompt != b.prompt { return a.prompt < b.prompt }
        if a.system != b.system { return a.system < b.system }
        if a.parameters != b.parameters { return a.parameters < b.parameters }
        if a.model != b.model { return a.model < b.model }
        if a.outputTokens != b.outputTokens { return a.outputTokens < b.outputTokens }
        if a.earlierTurns != b.earlierTurns { return a.earlierTurns < b.earlierTurns }
        // One request logged twice, once with an image or a digest in place of the text.
        if a.categories != b.categories { return a.categories < b.categories }
        if a.words != b.words { return a.words < b.words }
        return a.preview.utf8.lexicographicallyPrecedes(b.preview.utf8)
    }

    func write(to writer: inout ByteWriter) {
        writer.word(priority)
        writer.signed(timeMicroseconds)
        writer.word(prompt)
        writer.word(system)
        writer.word(parameters)
        writer.word(model)
        writer.varint(UInt64(categories))
        writer.word32(prefix)
        writer.word32(suffix)
        writer.word32(skeleton)
        writer.varint(UInt64(words))
        writer.varint(UInt64(earlierTurns))
        writer.varint(UInt64(outputTokens))
        for index in 0..<4 { writer.word32(shingles[index]) }
        writer.varint(UInt64(binCount))
        for index in 0..<Int(binCount) { writer.varint(UInt64(bins[index])) }
        writer.string(id)
        writer.string(preview)
    }

    init(from reader: inout ByteReader) throws(ByteCodingError) {
        priority = try reader.word()
        timeMicroseconds = try reader.signed()
        prompt = try reader.word()
        system = try reader.word()
        parameters = try reader.word()
        model = try reader.word()
        categories = try reader.varint32()
        prefix = try reader.word32()
        suffix = try reader.word32()
        skeleton = try reader.word32()
        words = try reader.varint32()
        earlierTurns = try reader.varint32()
        outputTokens = try reader.varint32()
        shingles = InlineArray<4, UInt32>(repeating: 0)
        for index in 0..<4 { shingles[index] = try reader.word32() }
        (bins, binCount) = try ContentBins.read(from: &reader)
        id = try reader.string(limit: AccountProfile.idLimit)
        preview = try reader.string(limit: AccountProfile.previewLimit * 4)
    }

    init(_ signals: ExchangeSignals, model: UInt64, outputTokens: UInt32, id: String) {
        priority = signals.priority
        timeMicroseconds = signals.timeMicroseconds
        prompt = signals.prompt
        system = signals.system
        parameters = signals.parameters
        self.model = model
        categories = signals.categories
        prefix = signals.text.prefix
        suffix = signals.text.suffix
        skeleton = signals.text.skeleton
        words = signals.text.words
        earlierTurns = signals.earlierTurns
        self.outputTokens = outputTokens
        shingles = signals.text.shingles
        bins = signals.text.bins
        binCount = signals.text.binCount
        self.id = id
        preview = ""
    }
}
