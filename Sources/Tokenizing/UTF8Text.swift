/// UTF-8 as bytes: checking, repairing, reading scalar values.
enum UTF8Text {
    /// Whether `bytes` are well-formed UTF-8 (Unicode 16, table 3-7).
    static func isValid(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let base = bytes.baseAddress else { return true }
        let count = bytes.count
        var index = 0
        while index < count {
            if index + 8 <= count {
                let word = UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self)
                if word & 0x8080_8080_8080_8080 == 0 {
                    index += 8
                    continue
                }
            }
            let length = wellFormedLength(base + index, available: count - index)
            if length == 0 { return false }
            index += length
        }
        return true
    }

    /// `bytes` with every maximal part that is no UTF-8 replaced by U+FFFD, as Python's
    /// `errors="replace"` does it.
    static func repaired(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        Array(String(decoding: bytes, as: UTF8.self).utf8)
    }

    /// Bytes of the scalar at `start`, or 0 when the bytes there are not well formed.
    private static func wellFormedLength(_ start: UnsafePointer<UInt8>, available: Int) -> Int {
        let lead = start[0]
        if lead < 0x80 { return 1 }
        let length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        guard lead >= 0xC2, lead <= 0xF4, available >= length else { return 0 }
        let least: UInt8 = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80
        let most: UInt8 = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF
        guard start[1] >= least, start[1] <= most else { return 0 }
        for place in 2..<max(length, 2) where start[place] & 0xC0 != 0x80 { return 0 }
        return length
    }

    /// Bytes of the scalar that begins with `lead`, in valid UTF-8.
    @inline(__always)
    static func length(lead: UInt8) -> Int {
        lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    }

    /// The scalar at `start` and its bytes, in valid UTF-8.
    @inline(__always)
    static func scalar(_ start: UnsafePointer<UInt8>) -> (value: UInt32, length: Int) {
        let lead = UInt32(start[0])
        if lead < 0x80 { return (lead, 1) }
        let second = UInt32(start[1] & 0x3F)
        if lead < 0xE0 { return ((lead & 0x1F) << 6 | second, 2) }
        let third = UInt32(start[2] & 0x3F)
        if lead < 0xF0 { return ((lead & 0x0F) << 12 | second << 6 | third, 3) }
        return ((lead & 0x07) << 18 | second << 12 | third << 6 | UInt32(start[3] & 0x3F), 4)
    }

    /// Writes `scalar` at the end of `bytes`.
    @inline(__always)
    static func append(_ scalar: UInt32, to bytes: inout [UInt8]) {
        if scalar < 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: scalar))
            return
        }
        if scalar < 0x800 {
            bytes.append(UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6))
        } else {
            if scalar < 0x10000 {
                bytes.append(UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12))
            } else {
                bytes.append(UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18))
                bytes.append(UInt8(truncatingIfNeeded: 0x80 | (scalar >> 12 & 0x3F)))
            }
            bytes.append(UInt8(truncatingIfNeeded: 0x80 | (scalar >> 6 & 0x3F)))
        }
        bytes.append(UInt8(truncatingIfNeeded: 0x80 | (scalar & 0x3F)))
    }

    /// The scalar values of valid UTF-8.
    static func scalars(_ bytes: some Collection<UInt8>) -> [UInt32] {
        String(decoding: bytes, as: UTF8.self).unicodeScalars.map(\.value)
    }
}
