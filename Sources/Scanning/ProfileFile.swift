import CCrypto
import Detection
import Exchanges
import Glibc
import Sketches

/// A file of serialised profiles with what was read to make them: what `profile` writes, `merge` joins and `judge` judges.
///
/// Layout: a line that names the format; version of the layout and of a profile; settings, bad records and inputs;
/// the number of profiles and each after its length, in order of their accounts' bytes; SHA-256 of all before.
public struct ProfileFile: Sendable {
    /// A setting that profiles depend on, or that a report tells of.
    public struct Setting: Equatable, Sendable {
        /// As on the command line, such as `--since`.
        public let name: String
        /// Its value as text.
        public let value: String

        /// Makes a setting.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// What the profiles were made with.
    public var settings: [Setting]
    /// The profiles, the inputs and the bad records.
    public var result: ScanResult

    /// Makes a file's contents.
    public init(settings: [Setting], result: ScanResult) {
        self.settings = settings
        self.result = result
    }

    private static let magic = Array("stillwatch profiles\n".utf8)
    private static let version: UInt64 = 1
    private static let digestBytes = 32
    /// Bounds that nothing reaches; they keep damaged counts from being believed.
    private static let most = 1 << 32

    /// All of several files, which must have been made with the same settings.
    public static func merged(
        _ files: [(path: String, contents: ProfileFile)], threads: Int
    ) throws(ScanError) -> ProfileFile {
        guard let first = files.first else { throw .noExchanges }
        for file in files.dropFirst() {
            for (own, other) in zip(first.contents.settings, file.contents.settings)
            where own != other {
                throw .otherSetting(
                    name: own.name, path: first.path, value: own.value, otherPath: file.path,
                    otherValue: other.value)
            }
        }
        return ProfileFile(
            settings: first.contents.settings,
            result: ScanResult.merged(files.map(\.contents.result), threads: threads))
    }

    // MARK: Writing

    /// Writes the file: beside its place, then renamed into it.
    public func write(to path: String) throws(ScanError) {
        let writer = try ProfileFileWriter(path: path)
        do throws(ScanError) {
            try writer.add(head)
            var chunk = ByteWriter()
            for position in result.profiles.indices {
                let bytes = result.profiles.bytes(at: position)
                chunk.varint(UInt64(bytes.count))
                chunk.raw(bytes)
                if chunk.bytes.count >= 1 << 20 {
                    try writer.add(chunk.bytes)
                    chunk.removeAll()
                }
            }
            try writer.add(chunk.bytes)
            try writer.finish()
        } catch {
            writer.abandon()
            throw error
        }
    }

    /// The contents dealt over `count` files by their accounts; what was read to make them is in the first.
    public func buckets(_ count: Int) -> [ProfileFile] {
        result.profiles.dealt(over: count).enumerated().map { index, profiles in
            ProfileFile(
                settings: settings,
                result: ScanResult(
                    profiles: profiles, inputs: index == 0 ? result.inputs : [],
                    bad: index == 0 ? result.bad : []))
        }
    }

    private var head: [UInt8] {
        var writer = ByteWriter()
        Self.magic.withUnsafeBytes { writer.raw($0) }
        writer.varint(Self.version)
        writer.varint(UInt64(AccountProfile.formatVersion))
        writer.varint(UInt64(settings.count))
        for setting in settings {
            writer.string(setting.name)
            writer.string(setting.value)
        }
        writer.varint(UInt64(result.bad.count))
        for fault in result.bad { fault.write(to: &writer) }
        writer.varint(UInt64(result.inputs.count))
        for input in result.inputs { input.write(to: &writer) }
        writer.varint(UInt64(result.profiles.count))
        return writer.bytes
    }

    // MARK: Reading

    /// Reads a file; damaged or hostile bytes are an error.
    public init(path: String, threads: Int) throws(ScanError) {
        let block = try Self.contents(of: path)
        let end = block.bytes.count - Self.digestBytes
        guard end > Self.magic.count, block.bytes.starts(with: Self.magic) else {
            throw .profileFile(path: path, reason: "it does not begin as a profile file does")
        }
        let body = UnsafeRawBufferPointer(rebasing: block.bytes[..<end])
        guard FileDigest.sha256(body).elementsEqual(block.bytes[end...]) else {
            throw .profileFile(
                path: path,
                reason: "its digest is not that of its bytes; it is cut short or damaged")
        }
        var reader = ByteReader(body, owner: block, offset: Self.magic.count)
        do throws(ByteCodingError) {
            let versions = (try reader.varint(), try reader.varint())
            guard versions == (Self.version, UInt64(AccountProfile.formatVersion)) else {
                throw .invalid(what: "version", offset: Self.magic.count)
            }
            settings = []
            for _ in 0..<(try reader.count(limit: 100, what: "settings")) {
                settings.append(
                    Setting(
                        try reader.string(limit: Self.most), try reader.string(limit: Self.most)))
            }
            var bad: [BadRecordSummary] = []
            for _ in 0..<(try reader.count(limit: 1000, what: "faults")) {
                bad.append(try BadRecordSummary(from: &reader))
            }
            var inputs: [InputReport] = []
            for _ in 0..<(try reader.count(limit: Self.most, what: "inputs")) {
                inputs.append(try InputReport(from: &reader))
            }
            let count = try reader.count(limit: Self.most, what: "profiles")
            let profiles = try ProfileSet(
                from: &reader, count: count, block: block, threads: threads)
            guard reader.isAtEnd else { throw .invalid(what: "end", offset: reader.offset) }
            result = ScanResult(profiles: profiles, inputs: inputs, bad: bad)
        } catch {
            switch error {
            case .truncated(let offset):
                throw .profileFile(path: path, reason: "it ends too early, at byte \(offset)")
            case .invalid(what: "version", _):
                throw .profileFile(
                    path: path,
                    reason: "another version of stillwatch wrote it; make it again with this one")
            case .invalid(let what, let offset):
                throw .profileFile(path: path, reason: "impossible \(what) at byte \(offset)")
            }
        }
    }

    private static func contents(of path: String) throws(ScanError) -> ByteBlock {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { throw .notFound(path: path) }
            throw .system(operation: "open", path: path, errno: errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .profileFile(path: path, reason: "it is no regular file")
        }
        let size = Int(status.st_size)
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, size), alignment: 8)
        let block = ByteBlock(
            UnsafeRawBufferPointer(rebasing: bytes[..<size])
        ) { $0.deallocate() }
        var filled = 0
        while filled < size {
            let got = read(descriptor, bytes.baseAddress! + filled, size - filled)
            if got < 0, errno == EINTR { continue }
            if got < 0 { throw .system(operation: "read", path: path, errno: errno) }
            if got == 0 { throw .profileFile(path: path, reason: "it became shorter") }
            filled += got
        }
        return block
    }
}

/// Writes a file beside its place with its digest at the end, and renames it into its place.
private final class ProfileFileWriter {
    private let path: String
    private let temporary: String
    private let descriptor: Int32
    private let context: OpaquePointer

    init(path: String) throws(ScanError) {
        self.path = path
        temporary = path + ".partial-\(getpid())"
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .system(operation: "create", path: path, errno: errno)
        }
        guard let context = EVP_MD_CTX_new() else {
            close(descriptor)
            throw .system(operation: "digest", path: path, errno: ENOMEM)
        }
        self.context = context
        EVP_DigestInit_ex(context, EVP_sha256(), nil)
    }

    deinit {
        EVP_MD_CTX_free(context)
        close(descriptor)
    }

    func add(_ bytes: [UInt8]) throws(ScanError) {
        EVP_DigestUpdate(context, bytes, bytes.count)
        try put(bytes)
    }

    private func put(_ bytes: [UInt8]) throws(ScanError) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress! + offset, bytes.count - offset)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw .system(operation: "write", path: path, errno: errno)
            }
            offset += count
        }
    }

    func finish() throws(ScanError) {
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        EVP_DigestFinal_ex(context, &digest, &length)
        try put(digest)
        guard fsync(descriptor) == 0 else {
            throw .system(operation: "write", path: path, errno: errno)
        }
        guard rename(temporary, path) == 0 else {
            throw .system(operation: "rename into place", path: path, errno: errno)
        }
    }

    func abandon() { unlink(temporary) }
}

extension BadRecordSummary {
    /// Writes reason, field, count and the first one's place.
    package func write(to writer: inout ByteWriter) {
        writer.string(reason.rawValue)
        writer.string(field)
        writer.varint(UInt64(count))
        writer.string(file)
        writer.signed(offset)
    }

    /// Reads what `write` wrote.
    package init(from reader: inout ByteReader) throws(ByteCodingError) {
        let start = reader.offset
        guard let reason = BadRecord.Reason(rawValue: try reader.string(limit: 100)) else {
            throw .invalid(what: "reason", offset: start)
        }
        self.init(
            reason: reason, field: try reader.string(limit: 1 << 32),
            count: try reader.count(limit: 1 << 53, what: "faults"),
            file: try reader.string(limit: 1 << 32), offset: try reader.signed())
    }
}

extension InputReport {
    /// Writes path, format, counts and digest.
    package func write(to writer: inout ByteWriter) {
        writer.string(path)
        writer.string(format.rawValue)
        for count in [exchanges, bad, ignored, outsideTime] { writer.varint(UInt64(count)) }
        writer.varint(UInt64(bytes))
        writer.string(digest)
    }

    /// Reads what `write` wrote.
    package init(from reader: inout ByteReader) throws(ByteCodingError) {
        let path = try reader.string(limit: 1 << 32)
        let start = reader.offset
        guard let format = LogFormat(rawValue: try reader.string(limit: 100)) else {
            throw .invalid(what: "format", offset: start)
        }
        self.init(path: path, format: format)
        func count() throws(ByteCodingError) -> Int {
            try reader.count(limit: 1 << 53, what: "count")
        }
        exchanges = try count()
        bad = try count()
        ignored = try count()
        outsideTime = try count()
        bytes = Int64(try count())
        digest = try reader.string(limit: 64)
    }
}
