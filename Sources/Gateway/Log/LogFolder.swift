import CCompression
import Dispatch
import Foundation
import Store

#if canImport(Glibc)
    import Glibc
#endif

/// Why the exchange log cannot be kept.
struct LogError: Error, CustomStringConvertible {
    let path: String
    let code: Int32

    var description: String {
        "\(path): \(String(cString: strerror(code))); check the folder, its permissions and the disk"
    }
}

/// A segment of the log that is being written.
final class LogSegment {
    let name: String
    private let path: String
    private var descriptor: Int32
    private(set) var length: Int64 = 0
    private let began = Date()

    init(path: String, name: String) throws(LogError) {
        self.path = path
        self.name = name
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw LogError(path: path, code: errno) }
    }

    deinit { close() }

    var age: Double { -began.timeIntervalSinceNow }
    var position: LogPosition { LogPosition(segment: name, offset: length) }

    /// Whether the file is still where it was made.
    var isInPlace: Bool { access(path, F_OK) == 0 }

    /// Whether the disk has so much room; tried by reserving it.
    func hasRoom(bytes: Int64) -> Bool {
        guard posix_fallocate(descriptor, off_t(length), off_t(bytes)) == 0 else {
            close()
            unlink(path)
            return false
        }
        return ftruncate(descriptor, off_t(length)) == 0
    }

    /// Appends lines, all or none: what a full disk took of them is taken back.
    func append(_ bytes: [UInt8]) throws(LogError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress! + written, bytes.count - written)
            }
            if count > 0 {
                written += count
            } else if count < 0, errno == EINTR {
                continue
            } else {
                let code = count < 0 ? errno : EIO
                if written > 0 { ftruncate(descriptor, off_t(length)) }
                throw LogError(path: path, code: code)
            }
        }
        length += Int64(written)
    }

    func close() {
        guard descriptor >= 0 else { return }
        fdatasync(descriptor)
        Glibc.close(descriptor)
        descriptor = -1
    }
}

/// The folder of segments: plain while written, then packed, then deleted.
final class LogFolder: @unchecked Sendable {
    // `sequence` is touched by the writer's thread alone, after `recover`.
    let path: String
    private let gateway: String
    private let retentionSeconds: Double?
    private let packing = DispatchQueue(label: "exchange-log-packing", qos: .utility)
    private var sequence = 0
    /// Where the log ended when it was opened.
    private(set) var lastPosition = LogPosition(segment: "", offset: 0)

    init(path: String, gateway: String, retentionSeconds: Double?) throws(LogError) {
        self.path = path
        self.gateway = gateway
        self.retentionSeconds = retentionSeconds
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw LogError(path: path, code: EACCES)
        }
    }

    /// Names of this gateway's segments in the order they were begun, packed ones by their plain name.
    func segments() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        let own = names.compactMap { name -> String? in
            let plain = name.hasSuffix(".zst") ? String(name.dropLast(4)) : name
            return plain.hasSuffix(".jsonl") && plain.contains("-\(gateway)-") ? plain : nil
        }
        return Set(own).sorted()
    }

    /// Where a segment is now.
    func file(of segment: String) -> String {
        let plain = "\(path)/\(segment)"
        return FileManager.default.fileExists(atPath: plain) ? plain : plain + ".zst"
    }

    /// Tidies up after a run that may have been killed: a line that was cut off was never acknowledged and is taken away,
    /// half-packed files are deleted.
    func recover() throws(LogError) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        for name in names where name.hasSuffix(".part") && name.contains("-\(gateway)-") {
            unlink("\(path)/\(name)")
        }
        for segment in segments() {
            let plain = "\(path)/\(segment)"
            guard FileManager.default.fileExists(atPath: plain) else { continue }
            let length = try Self.cutTornLine(plain)
            lastPosition = LogPosition(segment: segment, offset: length)
        }
    }

    /// Packs segments of earlier runs, once they were read.
    func packEarlier() {
        for segment in segments()
        where FileManager.default.fileExists(atPath: "\(path)/\(segment)") {
            pack(segment)
        }
    }

    private static func cutTornLine(_ path: String) throws(LogError) -> Int64 {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw LogError(path: path, code: errno) }
        defer { Glibc.close(descriptor) }
        var end = lseek(descriptor, 0, SEEK_END)
        var window = [UInt8](repeating: 0, count: 64 << 10)
        while end > 0 {
            let start = max(0, end - off_t(window.count))
            let count = pread(descriptor, &window, Int(end - start), start)
            guard count > 0 else { throw LogError(path: path, code: errno) }
            if let feed = window[..<count].lastIndex(of: 0x0A) {
                end = start + off_t(feed) + 1
                break
            }
            end = start
        }
        if ftruncate(descriptor, end) != 0 { throw LogError(path: path, code: errno) }
        return Int64(end)
    }

    /// Begins a segment. Names order by time: microseconds since 1970, the gateway, and a count.
    func newSegment() throws(LogError) -> LogSegment {
        sequence += 1
        let time = String(Moment.nowMicroseconds())
        let padded = String(repeating: "0", count: max(0, 17 - time.count)) + time
        let name = "exchanges-\(padded)-\(gateway)-\(sequence).jsonl"
        return try LogSegment(path: "\(path)/\(name)", name: name)
    }

    /// Packs a closed segment on a thread of low priority. The plain file goes when the packed one is on the disk.
    func pack(_ segment: String) {
        packing.async { [path] in
            let plain = "\(path)/\(segment)"
            guard let status = FileStatus(plain) else { return }
            if status.bytes == 0 {
                unlink(plain)
                return
            }
            let part = plain + ".zst.part"
            guard Self.compress(plain, to: part), rename(part, plain + ".zst") == 0 else {
                unlink(part)
                return
            }
            unlink(plain)
        }
    }

    private static func compress(_ source: String, to target: String) -> Bool {
        guard let input = fopen(source, "re") else { return false }
        defer { fclose(input) }
        let descriptor = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0, let output = fdopen(descriptor, "w") else { return false }
        var isWhole = false
        if let context = ZSTD_createCCtx() {
            defer { ZSTD_freeCCtx(context) }
            ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 3)
            ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
            isWhole = compress(input, output, context)
        }
        isWhole = isWhole && fflush(output) == 0 && fsync(descriptor) == 0
        return fclose(output) == 0 && isWhole
    }

    private static func compress(
        _ input: UnsafeMutablePointer<FILE>, _ output: UnsafeMutablePointer<FILE>,
        _ context: OpaquePointer
    ) -> Bool {
        var read = [UInt8](repeating: 0, count: ZSTD_CStreamInSize())
        var packed = [UInt8](repeating: 0, count: ZSTD_CStreamOutSize())
        while true {
            let count = fread(&read, 1, read.count, input)
            if count == 0, ferror(input) != 0 { return false }
            let isEnd = count < read.count
            var isOver = false
            let ok = read.withUnsafeBytes { source -> Bool in
                packed.withUnsafeMutableBytes { target -> Bool in
                    var from = ZSTD_inBuffer(src: source.baseAddress, size: count, pos: 0)
                    repeat {
                        var to = ZSTD_outBuffer(
                            dst: target.baseAddress, size: target.count, pos: 0)
                        let left = ZSTD_compressStream2(
                            context, &to, &from, isEnd ? ZSTD_e_end : ZSTD_e_continue)
                        if ZSTD_isError(left) != 0 { return false }
                        if fwrite(target.baseAddress, 1, to.pos, output) != to.pos { return false }
                        isOver = isEnd ? left == 0 : from.pos == from.size
                    } while !isOver
                    return true
                }
            }
            if !ok { return false }
            if isEnd { return true }
        }
    }

    /// Deletes segments that were last written longer ago than the retention says.
    func deleteExpired() {
        guard let retentionSeconds else { return }
        let oldest = Date().timeIntervalSince1970 - retentionSeconds
        for segment in segments() {
            let file = file(of: segment)
            if let status = FileStatus(file), status.changedSeconds < oldest { unlink(file) }
        }
    }
}

/// What the file system says of a file.
private struct FileStatus {
    let bytes: Int
    /// Since 1970.
    let changedSeconds: Double

    init?(_ path: String) {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
            let bytes = attributes[.size] as? Int,
            let changed = attributes[.modificationDate] as? Date
        else { return nil }
        self.bytes = bytes
        changedSeconds = changed.timeIntervalSince1970
    }
}
