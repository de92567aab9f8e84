/// The letters that stand for bytes in a byte-level vocabulary (Radford et al. 2019, GPT-2).
///
/// Printable characters of Latin-1 stand for themselves; the other 68 bytes, in their order, for
/// U+0100 and up.
enum ByteAlphabet {
    /// The scalar of every byte.
    static let scalars: [UInt32] = {
        var scalars: [UInt32] = []
        var next: UInt32 = 0x100
        for byte in UInt32(0)...255 {
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: scalars.append(byte)
            default:
                scalars.append(next)
                next += 1
            }
        }
        return scalars
    }()

    /// The byte of every scalar up to the last one, or nil.
    private static let bytes: [UInt8?] = {
        var bytes = [UInt8?](repeating: nil, count: 0x144)
        for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar)] = UInt8(byte) }
        return bytes
    }()

    /// The bytes that a token's letters stand for, or nil where one of them stands for none.
    static func bytes(of token: ArraySlice<UInt8>) -> [UInt8]? {
        var output: [UInt8] = []
        output.reserveCapacity(token.count)
        let isWhole = token.withUnsafeBufferPointer { token in
            guard let base = token.baseAddress else { return true }
            var index = 0
            while index < token.count {
                let (value, length) = UTF8Text.scalar(base + index)
                guard value < UInt32(bytes.count), let byte = bytes[Int(value)] else {
                    return false
                }
                output.append(byte)
                index += length
            }
            return true
        }
        return isWhole ? output : nil
    }

    /// The letters of `text`, in UTF-8.
    static func mapped(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(text.count + text.count / 4)
        for byte in text { UTF8Text.append(scalars[Int(byte)], to: &output) }
        return output
    }
}
