import CCrypto

/// SHA-256, by OpenSSL.
package enum FileDigest {
    /// The digest of the file as it is on disk, as `sha256sum` prints it.
    package static func sha256(of file: InputFile) throws(ScanError) -> String {
        let source = try FileSource(file)
        guard let context = EVP_MD_CTX_new() else {
            throw .system(operation: "digest", path: file.path, errno: ENOMEM)
        }
        defer { EVP_MD_CTX_free(context) }
        let size = 1 << 18
        let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
        defer { buffer.deallocate() }
        EVP_DigestInit_ex(context, EVP_sha256(), nil)
        while true {
            let got = try source.read(into: buffer, count: size)
            if got == 0 { break }
            EVP_DigestUpdate(context, buffer, got)
        }
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        EVP_DigestFinal_ex(context, &digest, &length)
        return hexadecimal(digest)
    }

    /// The digest of `bytes`: 32 bytes.
    static func sha256(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        EVP_Digest(bytes.baseAddress, bytes.count, &digest, &length, EVP_sha256(), nil)
        return digest
    }

    /// The digest of `bytes`: 32 bytes.
    package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        EVP_Digest(bytes, bytes.count, &digest, &length, EVP_sha256(), nil)
        return digest
    }

    /// HMAC-SHA-256 (RFC 2104) of `bytes` under `key`: 32 bytes.
    package static func hmac(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        _ = HMAC(EVP_sha256(), key, Int32(key.count), bytes, bytes.count, &code, &length)
        return code
    }

    /// Bytes in lower-case hexadecimal.
    package static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
            as: UTF8.self)
    }
}

#if canImport(Glibc)
    import Glibc
#endif
