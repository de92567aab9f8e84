/// Counts of events per hour, coarsened to powers of two of an hour when there are too many different hours.
///
/// Bounded by `capacity` buckets. The level is the smallest at which all events fit, which depends only on the set of
/// events, so merging is associative and commutative and any partition gives the same value.
public struct TimeHistogram: Equatable, Sendable {
    /// One bucket: `index` counts steps of `3600 << level` seconds since 1970.
    public struct Bucket: Equatable, Sendable {
        /// Steps since 1970.
        public var index: Int32
        /// Events in it.
        public var count: UInt32

        /// Makes a bucket.
        @usableFromInline init(index: Int32, count: UInt32) {
            self.index = index
            self.count = count
        }
    }

    /// Buckets in time order.
    public private(set) var buckets: [Bucket] = []
    /// A bucket spans `3600 << level` seconds.
    public private(set) var level: UInt8 = 0

    /// No events.
    public init() {}

    /// The length of a bucket.
    public var stepSeconds: Int64 { 3600 << Int64(level) }

    /// Counts an event at `seconds` since 1970.
    public mutating func add(seconds: Int64, capacity: Int) {
        let index = Int32(truncatingIfNeeded: Self.floorDivide(seconds, stepSeconds))
        if let last = buckets.last, last.index == index {
            buckets[buckets.count - 1].count = CountedBottomK.sum(last.count, 1)
            return
        }
        let position = self.position(of: index)
        if position < buckets.count, buckets[position].index == index {
            buckets[position].count = CountedBottomK.sum(buckets[position].count, 1)
            return
        }
        buckets.insert(Bucket(index: index, count: 1), at: position)
        shrink(to: capacity)
    }

    private func position(of index: Int32) -> Int {
        var low = 0
        var high = buckets.count
        while low < high {
            let middle = (low + high) / 2
            if buckets[middle].index < index { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
        a >= 0 ? a / b : -((-a + b - 1) / b)
    }

    private mutating func coarsen() {
        level += 1
        var result: [Bucket] = []
        for bucket in buckets {
            let index = bucket.index >> 1
            if let last = result.last, last.index == index {
                result[result.count - 1].count = CountedBottomK.sum(last.count, bucket.count)
            } else {
                result.append(Bucket(index: index, count: bucket.count))
            }
        }
        buckets = result
    }

    private mutating func shrink(to capacity: Int) {
        while buckets.count > capacity { coarsen() }
    }

    /// Adds everything that `other` counted.
    public mutating func merge(_ other: TimeHistogram, capacity: Int) {
        var right = other
        while level < right.level { coarsen() }
        while right.level < level { right.coarsen() }
        var merged: [Bucket] = []
        merged.reserveCapacity(buckets.count + right.buckets.count)
        var i = 0
        var j = 0
        while i < buckets.count || j < right.buckets.count {
            if j == right.buckets.count
                || (i < buckets.count && buckets[i].index < right.buckets[j].index)
            {
                merged.append(buckets[i])
                i += 1
            } else if i == buckets.count || right.buckets[j].index < buckets[i].index {
                merged.append(right.buckets[j])
                j += 1
            } else {
                merged.append(
                    Bucket(
                        index: buckets[i].index,
                        count: CountedBottomK.sum(buckets[i].count, right.buckets[j].count)))
                i += 1
                j += 1
            }
        }
        buckets = merged
        shrink(to: capacity)
    }

    /// Calls `body` with each bucket's start in seconds since 1970 and its count, in time order.
    @inlinable public func forEach(_ body: (_ startSeconds: Int64, _ count: Int) -> Void) {
        for bucket in buckets { body(Int64(bucket.index) * stepSeconds, Int(bucket.count)) }
    }

    /// Writes level, number of buckets, and each bucket as a difference in index and a count.
    public func write(to writer: inout ByteWriter) {
        writer.varint(UInt64(level))
        writer.varint(UInt64(buckets.count))
        var previous: Int64 = 0
        for bucket in buckets {
            writer.signed(Int64(bucket.index) - previous)
            writer.varint(UInt64(bucket.count))
            previous = Int64(bucket.index)
        }
    }

    /// Reads what `write` wrote.
    public init(from reader: inout ByteReader, capacity: Int) throws(ByteCodingError) {
        level = UInt8(try reader.count(limit: 24, what: "histogram level"))
        let count = try reader.count(limit: capacity, what: "histogram size")
        var previous: Int64 = 0
        for position in 0..<count {
            let start = reader.offset
            let step = try reader.signed()
            let (sum, overflow) = previous.addingReportingOverflow(step)
            // 2^40 seconds are past any calendar, and keep a bucket's start in microseconds from overflowing.
            guard !overflow, let index = Int32(exactly: sum), position == 0 || step > 0,
                abs(sum) <= (1 << 40) / stepSeconds
            else {
                throw .invalid(what: "histogram bucket", offset: start)
            }
            buckets.append(Bucket(index: index, count: try reader.varint32()))
            previous = Int64(index)
        }
    }
}
