import Exchanges
import Sketches

#if canImport(Glibc)
    import Glibc
#endif

/// Profiles of different accounts in the order of their names' bytes, kept as their serialised bytes.
///
/// A profile in use takes several times the memory of its bytes, and most are looked at once. An element is therefore
/// decoded when it is asked for (some microseconds), and what is asked for again and again is kept apart by who asks.
public struct ProfileSet: RandomAccessCollection, Sendable {
    /// A serialised profile. The memory belongs to one of `blocks`.
    struct Place: @unchecked Sendable {
        let base: UnsafeRawPointer
        let count: Int32
    }

    private var places: ContiguousArray<Place>
    private var blocks: [ByteBlock]
    /// What an account table adds to each profile.
    private var table: AccountTable?

    /// No profiles.
    public init() {
        places = []
        blocks = []
    }

    /// Profiles in any order, of different accounts.
    public init(_ profiles: some Sequence<AccountProfile>) {
        var builder = Builder()
        for profile in profiles { builder.add(profile) }
        self = builder.finish()
    }

    private init(places: ContiguousArray<Place>, blocks: [ByteBlock], table: AccountTable? = nil) {
        self.places = places
        self.blocks = blocks
        self.table = table
    }

    /// Always zero.
    public var startIndex: Int { 0 }
    /// The number of profiles.
    public var endIndex: Int { places.count }

    /// The profile at a position, with what was joined to it.
    public subscript(position: Int) -> AccountProfile {
        var profile = Self.decoded(places[position])
        if let record = table?.records[profile.account] { profile.join(record) }
        return profile
    }

    /// The serialised bytes of a profile, without what was joined.
    public func bytes(at position: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: places[position].base, count: Int(places[position].count))
    }

    /// The head of a profile.
    public func head(at position: Int) -> AccountProfile.Head {
        do throws(ByteCodingError) {
            return try AccountProfile.Head(bytes(at: position))
        } catch {
            fatalError("a profile that was accepted cannot be decoded: \(error)")
        }
    }

    /// Bytes of all serialised profiles.
    public var byteCount: Int { places.reduce(0) { $0 + Int($1.count) } }

    /// First and last event time of all profiles, microseconds since 1970; `nil` without any exchange.
    public var times: (first: Int64, last: Int64)? {
        var first = Int64.max
        var last = Int64.min
        for position in indices {
            let head = head(at: position)
            first = Swift.min(first, head.firstMicroseconds)
            last = Swift.max(last, head.lastMicroseconds)
        }
        return first <= last ? (first, last) : nil
    }

    /// Adds to each profile what the account table says of it, from now on.
    public mutating func join(_ table: AccountTable) { self.table = table }

    /// Takes profiles from serialised bytes, each after its length as a varint, up to the end of `reader`.
    ///
    /// - Parameters:
    ///   - block: the memory that `reader` reads.
    ///   - threads: that check the profiles.
    /// - Throws: when bytes are no profiles, or not in order of their accounts.
    public init(
        from reader: inout ByteReader, count: Int, block: ByteBlock, threads: Int
    ) throws(ByteCodingError) {
        var places: ContiguousArray<Place> = []
        places.reserveCapacity(Swift.min(count, 1 << 24))
        for _ in 0..<count {
            let start = reader.offset
            let bytes = try reader.raw(limit: Int(Int32.max))
            guard let base = bytes.baseAddress, !bytes.isEmpty else {
                throw .invalid(what: "profile", offset: start)
            }
            places.append(Place(base: base, count: Int32(bytes.count)))
        }
        self.init(places: places, blocks: [block])
        // All is decoded once here, so that nothing can fail later.
        let starts = Array(stride(from: 0, to: places.count, by: 4096))
        let set = self
        let faults = concurrentMap(starts, threads: threads) { first -> ByteCodingError? in
            for position in first..<Swift.min(first + 4096, set.count) {
                let bytes = set.bytes(at: position)
                do throws(ByteCodingError) {
                    var reader = ByteReader(bytes)
                    _ = try AccountProfile(from: &reader)
                    guard reader.isAtEnd else {
                        throw .invalid(what: "profile", offset: reader.offset)
                    }
                    if position > 0 {
                        let before = try AccountProfile.Head(set.bytes(at: position - 1)).account
                        let own = try AccountProfile.Head(bytes).account
                        guard Self.order(before, own) < 0 else {
                            throw .invalid(what: "order of accounts", offset: 0)
                        }
                    }
                } catch {
                    let origin = bytes.baseAddress! - block.bytes.baseAddress!
                    switch error {
                    case .truncated(let offset): return .truncated(offset: origin + offset)
                    case .invalid(let what, let offset):
                        return .invalid(what: what, offset: origin + offset)
                    }
                }
            }
            return nil
        }
        if let fault = faults.compactMap({ $0 }).first { throw fault }
    }

    /// Order of two names by their bytes.
    static func order(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
        let count = Swift.min(a.count, b.count)
        if count > 0, let x = a.baseAddress, let y = b.baseAddress {
            let result = memcmp(x, y, count)
            if result != 0 { return Int(result) }
        }
        return a.count - b.count
    }

    /// All profiles of several sets, those of one account merged; what was joined to the first of them stays joined.
    ///
    /// Profiles that only one set has are not copied.
    public static func merged(_ sets: [ProfileSet], threads: Int = 1) -> ProfileSet {
        let table = sets.first?.table
        let sets = sets.filter { !$0.isEmpty }
        if sets.count <= 1 {
            return ProfileSet(
                places: sets.first?.places ?? [], blocks: sets.first?.blocks ?? [], table: table)
        }
        var places: ContiguousArray<Place> = []
        places.reserveCapacity(sets.reduce(0) { $0 + $1.count })
        for set in sets { places.append(contentsOf: set.places) }
        var merged = ProfileSet(unsorted: places, sets.flatMap(\.blocks), threads: threads)
        merged.table = table
        return merged
    }
}

extension ProfileSet {
    /// The profiles dealt over `count` sets by a hash of their accounts' names.
    public func dealt(over count: Int) -> [ProfileSet] {
        var dealt = [ContiguousArray<Place>](repeating: [], count: count)
        for position in indices {
            let name = head(at: position).account
            let hash = Hash64.bytes(
                name.baseAddress?.assumingMemoryBound(to: UInt8.self), count: name.count,
                seed: 0xb0c4)
            dealt[Int(hash % UInt64(count))].append(places[position])
        }
        return dealt.map { ProfileSet(places: $0, blocks: blocks, table: table) }
    }
}

extension ProfileSet {
    /// The same profiles in memory of their own, so that what their blocks hold beside them can be freed.
    package func compacted() -> ProfileSet {
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Swift.max(1, byteCount), alignment: 8)
        var filled = 0
        var moved: ContiguousArray<Place> = []
        moved.reserveCapacity(places.count)
        for place in places {
            let target = memory.baseAddress! + filled
            target.copyMemory(from: place.base, byteCount: Int(place.count))
            moved.append(Place(base: UnsafeRawPointer(target), count: place.count))
            filled += Int(place.count)
        }
        let block = ByteBlock(UnsafeRawBufferPointer(memory)) { $0.deallocate() }
        return ProfileSet(places: moved, blocks: [block], table: table)
    }
}

extension ProfileSet: Equatable {
    /// The same profiles to the byte, whatever is joined to them.
    public static func == (a: ProfileSet, b: ProfileSet) -> Bool {
        a.count == b.count
            && a.indices.allSatisfy { position in
                let own = a.bytes(at: position)
                let other = b.bytes(at: position)
                return own.count == other.count
                    && memcmp(own.baseAddress!, other.baseAddress!, own.count) == 0
            }
    }
}

extension ProfileSet {
    /// Collects serialised profiles, in any order.
    public struct Builder: @unchecked Sendable {
        // Used by one thread at a time; what it points to is written once.
        private static let blockBytes = 1 << 20
        fileprivate private(set) var places: ContiguousArray<Place> = []
        fileprivate private(set) var blocks: [ByteBlock] = []
        private var current = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        private var filled = 0
        private var writer = ByteWriter()

        /// Nothing collected.
        public init() {}

        /// Adds a profile.
        public mutating func add(_ profile: AccountProfile) {
            writer.removeAll()
            profile.write(to: &writer)
            keep(writer.bytes.count)
        }

        /// Adds the profiles that another builder collected.
        public mutating func add(_ other: Builder) {
            blocks += other.blocks
            places.append(contentsOf: other.places)
        }

        private mutating func keep(_ count: Int) {
            if filled + count > current.count {
                current = .allocate(byteCount: Swift.max(Self.blockBytes, count), alignment: 8)
                filled = 0
                blocks.append(
                    ByteBlock(UnsafeRawBufferPointer(current)) { $0.deallocate() })
            }
            let target = UnsafeMutableRawBufferPointer(rebasing: current[filled..<filled + count])
            writer.bytes.withUnsafeBytes { target.copyMemory(from: $0) }
            filled += count
            places.append(Place(base: UnsafeRawPointer(target.baseAddress!), count: Int32(count)))
        }

        /// The profiles, in order; those of one account merged.
        public func finish(threads: Int = 1) -> ProfileSet {
            ProfileSet(unsorted: places, blocks, threads: threads)
        }
    }

    /// A place with the first bytes of its account's name, so that most comparisons need no more.
    private struct Key {
        let prefix: UInt64
        let place: Place

        init(_ place: Place) {
            self.place = place
            let name = Self.name(place)
            var value: UInt64 = 0
            for index in 0..<8 {
                value = value << 8 | (index < name.count ? UInt64(name[index]) : 0)
            }
            prefix = value
        }

        private static func name(_ place: Place) -> UnsafeRawBufferPointer {
            let bytes = UnsafeRawBufferPointer(start: place.base, count: Int(place.count))
            do throws(ByteCodingError) {
                return try AccountProfile.Head(bytes).account
            } catch {
                fatalError("a profile that was accepted cannot be decoded: \(error)")
            }
        }

        static func precedes(_ a: Key, _ b: Key) -> Bool {
            if a.prefix != b.prefix { return a.prefix < b.prefix }
            return ProfileSet.order(name(a.place), name(b.place)) < 0
        }
    }

    /// Accounts merged in one piece of work.
    private static let share = 1024

    private init(unsorted: ContiguousArray<Place>, _ blocks: [ByteBlock], threads: Int) {
        let keys = unsorted.map(Key.init).sorted(by: Key.precedes)
        // Runs of one account are merged, in parallel; what stands alone stays where it is.
        var runs: [Range<Int>] = []
        var firsts: ContiguousArray<Int> = []
        firsts.reserveCapacity(keys.count)
        var index = 0
        while index < keys.count {
            var end = index + 1
            while end < keys.count, !Key.precedes(keys[index], keys[end]) { end += 1 }
            firsts.append(index)
            if end - index > 1 { runs.append(index..<end) }
            index = end
        }
        let all = runs
        let merged = concurrentMap(
            Array(stride(from: 0, to: runs.count, by: Self.share)), threads: threads
        ) { first -> Builder in
            var builder = Builder()
            for run in all[first..<Swift.min(first + Self.share, all.count)] {
                var profile = Self.decoded(keys[run.lowerBound].place)
                for key in keys[run.dropFirst()] { profile.merge(Self.decoded(key.place)) }
                builder.add(profile)
            }
            return builder
        }
        var next = 0
        var places: ContiguousArray<Place> = []
        places.reserveCapacity(firsts.count)
        for first in firsts {
            if next < runs.count, runs[next].lowerBound == first {
                places.append(merged[next / Self.share].places[next % Self.share])
                next += 1
            } else {
                places.append(keys[first].place)
            }
        }
        self.init(places: places, blocks: blocks + merged.flatMap(\.blocks))
    }

    private static func decoded(_ place: Place) -> AccountProfile {
        var reader = ByteReader(
            UnsafeRawBufferPointer(start: place.base, count: Int(place.count)))
        do throws(ByteCodingError) {
            return try AccountProfile(from: &reader)
        } catch {
            // Bytes are either ours or were read through once when they came in.
            fatalError("a profile that was accepted cannot be decoded: \(error)")
        }
    }
}
