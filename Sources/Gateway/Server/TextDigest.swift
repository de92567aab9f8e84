import Enforcement

extension KeyPepper {
    /// The keyed digest of text that is not kept, in hexadecimal: equal texts stay equal, and without the pepper nobody can
    /// try out texts.
    func textDigest(of text: UnsafeRawBufferPointer) -> [UInt8] {
        guard let digest = digest(of: text) else { return [] }
        var result: [UInt8] = []
        result.reserveCapacity(2 * KeyDigest.byteCount)
        for byte in digest.bytes {
            for digit in [byte >> 4, byte & 15] {
                result.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
            }
        }
        return result
    }
}
