import CCrypto
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// SHA-256 of bytes as they come, readable at any moment.
final class RunningDigest {
    private let context = EVP_MD_CTX_new()

    init() { EVP_DigestInit_ex(context, EVP_sha256(), nil) }

    deinit { EVP_MD_CTX_free(context) }

    func add(_ bytes: UnsafeRawBufferPointer) {
        EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    /// Of all bytes so far, in lower-case hexadecimal.
    var hexadecimal: String {
        let copy = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(copy) }
        EVP_MD_CTX_copy_ex(copy, context)
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        EVP_DigestFinal_ex(copy, &digest, &length)
        return Digest.hexadecimal(digest)
    }
}

/// Whole lines of a file, from any of them on, with a digest of all that was read.
package final class LineInput {
    /// Longest line, bytes.
    static let longestLine = 1 << 28

    package let path: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var start = 0
    private var isAtEnd = false
    private let digest = RunningDigest()
    /// Bytes and lines handed out.
    package private(set) var offset = 0
    package private(set) var line = 0

    package init(_ path: String) throws(ProvenanceError) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .file(path: path, reason: Self.message()) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .file(path: path, reason: "not a regular file")
        }
    }

    deinit { close(descriptor) }

    /// SHA-256 of all lines handed out, in lower-case hexadecimal.
    package var digestSoFar: String { digest.hexadecimal }

    /// Passes over what was read before.
    ///
    /// - Throws: if the file does not begin with just that.
    func skip(bytes: Int, lines: Int, digest expected: String) throws(ProvenanceError) {
        var left = bytes
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        while left > 0 {
            let wanted = min(left, piece.count)
            let got = piece.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, wanted) }
            guard got > 0 else { break }
            piece.withUnsafeBytes { digest.add(UnsafeRawBufferPointer(rebasing: $0[..<got])) }
            left -= got
        }
        guard left == 0, digest.hexadecimal == expected else {
            throw .state(
                path: path,
                reason:
                    "does not begin with the \(bytes) bytes that were read before; give the file that "
                    + "the state is of, or another state folder")
        }
        offset = bytes
        line = lines
    }

    /// Hands on the next line without its line feed; `nil` at the end of the file.
    ///
    /// The error of `body` is told with the line's place.
    func next<Result>(
        _ body: (UnsafeBufferPointer<UInt8>) throws(WatermarkError) -> Result
    ) throws(ProvenanceError) -> Result? {
        // The file may have grown since.
        if start == buffer.count { isAtEnd = false }
        var searched = start
        while true {
            let end = buffer.withUnsafeBytes { bytes -> Int? in
                guard searched < bytes.count, let base = bytes.baseAddress,
                    let found = memchr(base + searched, 0x0A, bytes.count - searched)
                else { return nil }
                return UnsafeRawPointer(found) - base
            }
            if let end { return try hand(end, end + 1, body) }
            if isAtEnd {
                return start < buffer.count ? try hand(buffer.count, buffer.count, body) : nil
            }
            guard buffer.count - start <= Self.longestLine else {
                throw .line(
                    path: path, line: line + 1, offset: offset,
                    reason: "longer than \(Self.longestLine) bytes")
            }
            searched = try fill(searched)
        }
    }

    /// Reads more; where the search goes on.
    private func fill(_ searched: Int) throws(ProvenanceError) -> Int {
        buffer.removeFirst(start)
        let kept = buffer.count
        start = 0
        let size = max(1 << 20, kept)
        buffer.append(contentsOf: repeatElement(0, count: size))
        let got = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + kept, size) }
        buffer.removeLast(size - max(0, got))
        guard got >= 0 else { throw .file(path: path, reason: Self.message()) }
        isAtEnd = got == 0
        return kept
    }

    private func hand<Result>(
        _ end: Int, _ next: Int,
        _ body: (UnsafeBufferPointer<UInt8>) throws(WatermarkError) -> Result
    ) throws(ProvenanceError) -> Result {
        let result: Swift.Result<Result, WatermarkError> = buffer.withUnsafeBufferPointer { bytes in
            let line = UnsafeBufferPointer(rebasing: bytes[start..<end])
            do throws(WatermarkError) {
                return .success(try body(line))
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let value):
            buffer.withUnsafeBytes {
                digest.add(UnsafeRawBufferPointer(rebasing: $0[start..<next]))
            }
            offset += next - start
            line += 1
            start = next
            return value
        case .failure(let error):
            throw .line(path: path, line: line + 1, offset: offset, reason: error.description)
        }
    }

    private static func message() -> String { String(cString: strerror(errno)) }
}
