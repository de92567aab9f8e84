/// Why keys could not be set up. No case carries a key, a digest or the pepper.
public enum KeyError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A digest of another length than SHA-256's was given.
    case digestLength(found: Int)
    /// The system's source of randomness gave nothing.
    case noRandomness
    /// The library refused to make a keyed digest.
    case noDigest
    /// A call on the pepper's file failed.
    case system(operation: String, path: String, errno: Int32)
    /// Others may read the pepper's file.
    case pepperIsReadable(path: String, mode: UInt32)
    /// The pepper's file is no regular file.
    case pepperIsNoFile(path: String)
    /// The pepper's file has another size than a pepper.
    case pepperSize(path: String, found: Int)

    /// For a reader.
    public var description: String {
        switch self {
        case .digestLength(let found):
            "a digest of a key has \(found) bytes instead of \(KeyDigest.byteCount): "
                + "the row of the store is damaged; revoke the key and make a new one"
        case .noRandomness:
            "the system's source of random numbers gave nothing: see that /dev/urandom can be read"
        case .noDigest:
            "OpenSSL's HMAC-SHA-256 cannot be used: see that libcrypto 3 is whole and allows SHA-256"
        case .system(let operation, let path, let code):
            "\(path): \(operation) failed (error \(code)): "
                + "see that the folder exists and belongs to the user the gateway runs as"
        case .pepperIsReadable(let path, let mode):
            "\(path) has mode \(String(mode, radix: 8)), so others can read the secret that keys are "
                + "checked with: chmod 600 it, and make new keys if somebody may have copied it"
        case .pepperIsNoFile(let path):
            "\(path) is no regular file: name a file that only the gateway uses"
        case .pepperSize(let path, let found):
            "\(path) has \(found) bytes instead of \(KeyPepper.byteCount): put back a copy; without the old one "
                + "every key must be made anew, and then the file can be deleted"
        }
    }

    /// A name for metrics, out of a fixed set.
    public var label: String {
        switch self {
        case .digestLength: "digest_length"
        case .noRandomness: "no_randomness"
        case .noDigest: "no_digest"
        case .system: "system"
        case .pepperIsReadable: "pepper_is_readable"
        case .pepperIsNoFile: "pepper_is_no_file"
        case .pepperSize: "pepper_size"
        }
    }
}
