import CCrypto

/// SHA-256 of files, by OpenSSL.
enum FileDigest {
    /// The digest of the file as it is on disk, as `sha256sum` prints it.
    static func sha256(of file: InputFile) throws(ScanError) -> String {
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
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
            as: UTF8.self)
    }
}

#if canImport(Glibc)
    import Glibc
#endif
