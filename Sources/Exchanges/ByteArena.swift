/// Memory for text made while decoding; what it hands out stays put until `reset`.
final class ByteArena {
    /// Readable bytes after each piece, as the JSON parser wants them.
    private static let padding = 64
    private static let chunkBytes = 1 << 16

    private var chunk: UnsafeMutablePointer<UInt8>
    private var offset = 0
    /// Chunks that are full, and pieces too large for one.
    private var retired: [UnsafeMutablePointer<UInt8>] = []
    /// The text being written.
    private var draft: [UInt8] = []

    init() {
        chunk = .allocate(capacity: Self.chunkBytes)
        chunk.initialize(repeating: 0, count: Self.chunkBytes)
    }

    deinit {
        for pointer in retired { pointer.deallocate() }
        chunk.deallocate()
    }

    /// Takes back everything.
    func reset() {
        offset = 0
        if draft.capacity > 1 << 20 { draft = [] }
        guard !retired.isEmpty else { return }
        for pointer in retired { pointer.deallocate() }
        retired.removeAll(keepingCapacity: true)
    }

    /// A stable copy of `bytes`.
    func copy(_ bytes: UnsafeBufferPointer<UInt8>) -> ByteView {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return .empty }
        let needed = bytes.count + Self.padding
        let place: UnsafeMutablePointer<UInt8>
        if needed > Self.chunkBytes {
            place = .allocate(capacity: needed)
            (place + bytes.count).initialize(repeating: 0, count: Self.padding)
            retired.append(place)
        } else {
            if offset + needed > Self.chunkBytes {
                retired.append(chunk)
                chunk = .allocate(capacity: Self.chunkBytes)
                chunk.initialize(repeating: 0, count: Self.chunkBytes)
                offset = 0
            }
            place = chunk + offset
            // The padding may overlap the next piece: it only has to be readable.
            offset += bytes.count
        }
        place.update(from: source, count: bytes.count)
        return ByteView(base: UnsafePointer(place), count: bytes.count)
    }

    /// The decimal digits of `number`.
    func digits(_ number: Int64) -> ByteView {
        write { bytes in Self.append(number, to: &bytes) }
    }

    /// Appends the decimal digits of `number`.
    static func append(_ number: Int64, to bytes: inout [UInt8]) {
        var magnitude = number.magnitude
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        let start = bytes.count
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: magnitude % 10))
            magnitude /= 10
        } while magnitude > 0
        // In place: reversing a slice would copy it first.
        var low = start
        var high = bytes.count - 1
        while low < high {
            bytes.swapAt(low, high)
            low += 1
            high -= 1
        }
    }

    /// A stable copy of what `body` writes. Not to be nested.
    func write(_ body: (inout [UInt8]) -> Void) -> ByteView {
        draft.removeAll(keepingCapacity: true)
        body(&draft)
        return draft.withUnsafeBufferPointer { copy($0) }
    }
}
