import Sketches

/// What tests read of one exchange: when, which prompt, what it is about. Without text, so that copying it is copying
/// bytes.
struct SampledSignals: Equatable, Sendable, BitwiseCopyable {
    /// Microseconds since 1970.
    let timeMicroseconds: Int64
    /// Hash of the prompt; zero when unknown.
    let prompt: UInt64
    /// Bits of `Category`.
    let categories: UInt32
    /// How many of `bins` are set.
    let binCount: UInt8
    /// Content bins.
    let bins: InlineArray<24, UInt16>

    init(_ sample: borrowing SampledExchange) {
        timeMicroseconds = sample.timeMicroseconds
        prompt = sample.prompt
        categories = sample.categories
        binCount = sample.binCount
        bins = sample.bins
    }

    init(_ signals: ExchangeSignals) {
        timeMicroseconds = signals.timeMicroseconds
        prompt = signals.prompt
        categories = signals.categories
        binCount = signals.text.binCount
        bins = signals.text.bins
    }

    static func == (a: Self, b: Self) -> Bool { !precedes(a, b) && !precedes(b, a) }

    /// By time, then by everything else, so that ties fall the same way in any order of merging.
    static func precedes(_ a: Self, _ b: Self) -> Bool {
        if a.timeMicroseconds != b.timeMicroseconds {
            return a.timeMicroseconds < b.timeMicroseconds
        }
        if a.prompt != b.prompt { return a.prompt < b.prompt }
        if a.categories != b.categories { return a.categories < b.categories }
        if a.binCount != b.binCount { return a.binCount < b.binCount }
        for index in 0..<Int(a.binCount) where a.bins[index] != b.bins[index] {
            return a.bins[index] < b.bins[index]
        }
        return false
    }

    func write(to writer: inout ByteWriter) {
        writer.signed(timeMicroseconds)
        writer.word(prompt)
        writer.varint(UInt64(categories))
        writer.varint(UInt64(binCount))
        for index in 0..<Int(binCount) { writer.varint(UInt64(bins[index])) }
    }

    init(from reader: inout ByteReader) throws(ByteCodingError) {
        timeMicroseconds = try reader.signed()
        prompt = try reader.word()
        categories = try reader.varint32()
        (bins, binCount) = try ContentBins.read(from: &reader)
    }
}

/// A sampled exchange's signals with its rank in the sample.
struct RankedSignals: Equatable, Sendable, BitwiseCopyable {
    /// Rank; the sample keeps the smallest.
    let priority: UInt64
    let signals: SampledSignals

    init(_ sample: SampledExchange) {
        priority = sample.priority
        signals = SampledSignals(sample)
    }

    init(_ signals: ExchangeSignals) {
        priority = signals.priority
        self.signals = SampledSignals(signals)
    }

    /// By rank, then by everything else.
    static func precedes(_ a: Self, _ b: Self) -> Bool {
        a.priority != b.priority
            ? a.priority < b.priority : SampledSignals.precedes(a.signals, b.signals)
    }

    func write(to writer: inout ByteWriter) {
        writer.word(priority)
        signals.write(to: &writer)
    }

    init(from reader: inout ByteReader) throws(ByteCodingError) {
        priority = try reader.word()
        signals = try SampledSignals(from: &reader)
    }
}

extension ContentBins {
    /// Reads a count and as many bins.
    static func read(
        from reader: inout ByteReader
    ) throws(ByteCodingError) -> (bins: InlineArray<24, UInt16>, count: UInt8) {
        let count = UInt8(try reader.count(limit: TextSketch.wordLimit, what: "content bins"))
        var bins = InlineArray<24, UInt16>(repeating: 0)
        for index in 0..<Int(count) {
            bins[index] = UInt16(try reader.count(limit: Self.count - 1, what: "content bin"))
        }
        return (bins, count)
    }
}

extension AccountProfile {
    /// Keeps an exchange that is not among those of the smallest ranks, if it is among the next.
    mutating func addFurther(_ own: RankedSignals) {
        let limit = Limit.furtherSamples
        if furtherSamples.count == limit, own.priority > furtherSamples[limit - 1].priority {
            return
        }
        var low = 0
        var high = furtherSamples.count
        while low < high {
            let middle = (low + high) / 2
            if RankedSignals.precedes(own, furtherSamples[middle]) {
                high = middle
            } else {
                low = middle + 1
            }
        }
        if low == limit { return }
        if furtherSamples.count == limit { furtherSamples.removeLast() }
        furtherSamples.insert(own, at: low)
    }

    /// The smallest ranks of both.
    mutating func mergeFurther(_ right: [RankedSignals]) {
        if right.isEmpty { return }
        var merged = furtherSamples + right
        merged.sort(by: RankedSignals.precedes)
        if merged.count > Limit.furtherSamples {
            merged.removeSubrange(Limit.furtherSamples...)
        }
        furtherSamples = merged
    }

    /// Keeps an exchange if it is among the account's first.
    @inline(__always)
    mutating func addEarliest(_ signals: ExchangeSignals) {
        let limit = Limit.earliest
        if earliest.count == limit,
            signals.timeMicroseconds > earliest[limit - 1].timeMicroseconds
        {
            return
        }
        let own = SampledSignals(signals)
        var position = earliest.count
        while position > 0, SampledSignals.precedes(own, earliest[position - 1]) { position -= 1 }
        if position == limit { return }
        if earliest.count == limit { earliest.removeLast() }
        earliest.insert(own, at: position)
    }

    /// The first exchanges of both.
    mutating func mergeEarliest(_ right: [SampledSignals]) {
        if right.isEmpty { return }
        // Both are sorted; equal exchanges of the two sides are both kept, as if read from one file.
        var merged = earliest + right
        merged.sort(by: SampledSignals.precedes)
        if merged.count > Limit.earliest { merged.removeSubrange(Limit.earliest...) }
        earliest = merged
    }
}
