import Exchanges
import Sketches
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// The profiles of a scan while it reads: exchanges of any account from any thread.
///
/// Accounts are dealt over shards by a hash of their names, each shard behind a lock that is held for one exchange at a
/// time. An account with few exchanges is a list of notes, one with more a profile.
package final class ProfileTable: Sendable {
    private static let shardBits = 8
    private let shards: [ProfileShard]

    /// No accounts yet.
    package init() {
        shards = (0..<(1 << Self.shardBits)).map { _ in ProfileShard() }
    }

    /// Adds an exchange to its account.
    package func add(_ exchange: Exchange, _ signals: ExchangeSignals, keepText: Bool) {
        let account = exchange.account.id
        let hash = Hash64.bytes(account.base, count: account.count, seed: 0x5717)
        shards[Int(hash >> UInt64(64 - Self.shardBits))].add(
            exchange, signals, hash: hash, keepText: keepText)
    }

    /// The profiles of everything that was added; the table is empty afterwards.
    package func take(threads: Int) -> ProfileSet {
        var all = ProfileSet.Builder()
        for builder in concurrentMap(shards, threads: threads, { $0.take() }) { all.add(builder) }
        return all.finish(threads: threads)
    }
}

/// Accounts whose names' hashes begin alike.
private final class ProfileShard: @unchecked Sendable {
    // All that follows is touched with the lock held.
    private let lock = Mutex(())

    private struct Slot {
        let hash: UInt64
        /// The account's name: length and bytes.
        let name: UnsafeRawPointer
        /// Hash of the facts that were noted last.
        var facts: UInt64 = 0
        /// The last note; the others hang on it.
        var notes: ExchangeNote?
        var noteCount: Int32 = 0
        /// Position of the account's profile, once it has one.
        var profile: Int32 = -1
    }

    private var slots: ContiguousArray<Slot> = []
    private var profiles: ContiguousArray<AccountProfile> = []
    /// Open addressing, a power of two; positions in `slots` plus one.
    private var index: ContiguousArray<UInt32> = ContiguousArray(repeating: 0, count: 64)
    private var names: [UInt64: UnsafeRawPointer] = [:]
    private var memory = NoteMemory()

    func add(_ exchange: Exchange, _ signals: ExchangeSignals, hash: UInt64, keepText: Bool) {
        ProfileEntry.with(exchange) { entry in
            lock.withLock { _ in
                let slot = slot(for: exchange.account.id, hash)
                add(entry, signals, to: slot) { Preview.of(exchange, keepText: keepText) }
            }
        }
    }

    private func add(
        _ entry: ProfileEntry, _ signals: ExchangeSignals, to slot: Int, preview: () -> String
    ) {
        if slots[slot].profile < 0 {
            if slots[slot].noteCount < AccountProfile.Limit.samples,
                note(entry, signals, in: slot, preview: preview)
            {
                return
            }
            slots[slot].profile = Int32(profiles.count)
            profiles.append(profile(of: slots[slot]))
            var note = slots[slot].notes
            while let current = note {
                note = current.next
                memory.free(current)
            }
            slots[slot].notes = nil
        }
        profiles[Int(slots[slot].profile)].add(entry, signals, preview: preview)
    }

    private func profile(of slot: Slot) -> AccountProfile {
        let count = Int(slot.name.load(as: UInt32.self))
        let name = UnsafeBufferPointer(
            start: (slot.name + 4).assumingMemoryBound(to: UInt8.self), count: count)
        var profile = AccountProfile(account: String(decoding: name, as: UTF8.self))
        var note = slot.notes
        while let current = note {
            current.add(to: &profile)
            note = current.next
        }
        return profile
    }

    /// Notes an exchange; false if it does not fit into a note.
    private func note(
        _ entry: ProfileEntry, _ signals: ExchangeSignals, in slot: Int, preview: () -> String
    ) -> Bool {
        var smaller = 0
        var other = slots[slot].notes
        while let current = other, smaller < AccountProfile.Limit.previews {
            if current.priority < signals.priority { smaller += 1 }
            other = current.next
        }
        let preview = smaller < AccountProfile.Limit.previews ? preview() : nil
        let facts = SignupFacts.hash(entry.facts)
        let withFacts = facts != slots[slot].facts || slots[slot].noteCount == 0
        guard
            let size = ExchangeNote.size(entry, signals, withFacts: withFacts, preview: preview)
        else { return false }
        let note = memory.allocate(size)
        note.write(
            entry, signals, withFacts: withFacts, preview: preview, size: size,
            next: slots[slot].notes, name: sharedName)
        slots[slot].facts = facts
        slots[slot].notes = note
        slots[slot].noteCount += 1
        return true
    }

    /// Most names that are shared in a shard; further ones are copied for each exchange.
    private static let nameLimit = 1 << 16

    private func sharedName(_ name: ProfileEntry.Name) -> UnsafeRawPointer? {
        guard name.text.count > 0 else { return nil }
        if let known = names[name.key] { return known }
        let count = min(name.text.count, AccountProfile.nameLimit + 1)
        let copy = memory.allocateBytes(ExchangeNote.SharedName.header + count)
        copy.storeBytes(of: name.key, as: UInt64.self)
        copy.storeBytes(of: UInt32(count), toByteOffset: 8, as: UInt32.self)
        (copy + ExchangeNote.SharedName.header).copyMemory(
            from: name.text.base!, byteCount: count)
        if names.count < Self.nameLimit { names[name.key] = UnsafeRawPointer(copy) }
        return UnsafeRawPointer(copy)
    }

    private func slot(for account: ByteView, _ hash: UInt64) -> Int {
        let mask = index.count - 1
        var position = Int(truncatingIfNeeded: hash) & mask
        while index[position] != 0 {
            let slot = Int(index[position]) - 1
            if slots[slot].hash == hash, Self.equal(slots[slot].name, account) { return slot }
            position = (position + 1) & mask
        }
        let name = memory.allocateBytes(4 + account.count)
        name.storeBytes(of: UInt32(account.count), as: UInt32.self)
        if account.count > 0 {
            (name + 4).copyMemory(from: account.base!, byteCount: account.count)
        }
        slots.append(Slot(hash: hash, name: UnsafeRawPointer(name)))
        index[position] = UInt32(slots.count)
        if slots.count * 2 > index.count { grow() }
        return slots.count - 1
    }

    private func grow() {
        let size = index.count * 2
        index = ContiguousArray(repeating: 0, count: size)
        for slot in slots.indices {
            var position = Int(truncatingIfNeeded: slots[slot].hash) & (size - 1)
            while index[position] != 0 { position = (position + 1) & (size - 1) }
            index[position] = UInt32(slot + 1)
        }
    }

    private static func equal(_ name: UnsafeRawPointer, _ account: ByteView) -> Bool {
        guard Int(name.load(as: UInt32.self)) == account.count else { return false }
        return account.count == 0 || memcmp(name + 4, account.base!, account.count) == 0
    }

    /// Serialises all accounts and forgets them.
    func take() -> ProfileSet.Builder {
        lock.withLock { _ in
            var builder = ProfileSet.Builder()
            for position in slots.indices {
                let slot = slots[position]
                if slot.profile >= 0 {
                    builder.add(profiles[Int(slot.profile)])
                } else {
                    builder.add(profile(of: slot))
                }
            }
            slots = []
            profiles = []
            index = ContiguousArray(repeating: 0, count: 64)
            names = [:]
            memory = NoteMemory()
            return builder
        }
    }
}

/// Memory of notes and names: chunks that are freed together, with notes given back in between used again.
private struct NoteMemory: ~Copyable {
    /// Chunks double up to this, so that a table of few exchanges stays small.
    private static let chunkBytes = 1 << 16
    private static let firstBytes = 1 << 10
    private static let step = 16
    private var chunks: [UnsafeMutableRawPointer] = []
    private var chunk: UnsafeMutableRawPointer?
    private var capacity = 0
    private var used = 0
    /// For each size in steps, notes that were given back, each pointing to the next.
    private var free: [UnsafeMutableRawPointer?] = []

    deinit { for chunk in chunks { chunk.deallocate() } }

    /// Memory of `count` bytes.
    mutating func allocateBytes(_ count: Int) -> UnsafeMutableRawPointer {
        let size = (count + Self.step - 1) / Self.step * Self.step
        if size > Self.chunkBytes {
            let own = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
            chunks.append(own)
            return own
        }
        if used + size > capacity {
            capacity = min(Self.chunkBytes, max(Self.firstBytes, capacity * 2, size))
            let fresh = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
            chunks.append(fresh)
            chunk = fresh
            used = 0
        }
        defer { used += size }
        return chunk! + used
    }

    /// Memory of a note of `size` bytes, a multiple of 16.
    mutating func allocate(_ size: Int) -> ExchangeNote {
        let kind = size / Self.step
        if kind < free.count, let known = free[kind] {
            free[kind] = known.load(as: UnsafeMutableRawPointer?.self)
            return ExchangeNote(known)
        }
        return ExchangeNote(allocateBytes(size))
    }

    /// Gives a note's memory back.
    mutating func free(_ note: ExchangeNote) {
        let kind = note.size / Self.step
        while free.count <= kind { free.append(nil) }
        let memory = note.memory
        memory.storeBytes(of: free[kind], as: UnsafeMutableRawPointer?.self)
        free[kind] = memory
    }
}
