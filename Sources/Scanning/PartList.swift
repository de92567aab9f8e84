import Foundation
import Glibc

/// Parts of files that somebody else dealt out, as a cluster's driver does.
public struct PartList: Sendable {
    struct Part: Sendable {
        let file: InputFile
        let start: Int64
        let end: Int64
        let isDigested: Bool
    }

    let parts: [Part]

    private struct Line: Decodable {
        let path: String
        let start: Int64?
        let end: Int64?
        let digest: Bool?
    }

    /// A list takes some hundred bytes a part.
    private static let largest = 1 << 30

    /// Reads a list; `-` is standard input. A line is `{"path": P, "start": S, "end": E}` or `{"path": P, "digest": true}`.
    ///
    /// - Throws: `ScanError.partList` where a line cannot be used.
    public init(path: String) throws(ScanError) {
        let handle = path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path)
        guard let handle else { throw .notFound(path: path) }
        let data: Data
        do {
            data = try handle.read(upToCount: Self.largest) ?? Data()
        } catch {
            throw .system(operation: "read", path: path, errno: EIO)
        }
        try self.init(data)
    }

    init(_ data: Data) throws(ScanError) {
        let decoder = JSONDecoder()
        var parts: [Part] = []
        for (index, bytes) in data.split(separator: 0x0a, omittingEmptySubsequences: false)
            .enumerated()
        where bytes.contains(where: { $0 > 0x20 }) {
            parts.append(try Self.part(Data(bytes), decoder, line: index + 1))
        }
        self.parts = parts
    }

    private static func part(
        _ bytes: Data, _ decoder: JSONDecoder, line: Int
    ) throws(ScanError) -> Part {
        let entry: Line
        do {
            entry = try decoder.decode(Line.self, from: bytes)
        } catch {
            throw .partList(
                line: line, reason: "expected an object with path and start, end or digest")
        }
        var status = stat()
        guard stat(entry.path, &status) == 0 else { throw .notFound(path: entry.path) }
        let file = InputSet.file(entry.path, status)
        if entry.digest == true {
            return Part(file: file, start: 0, end: 0, isDigested: true)
        }
        let start = entry.start ?? 0
        let end = entry.end ?? .max
        guard start >= 0, end >= start else {
            throw .partList(line: line, reason: "start must be 0 or more and end no less")
        }
        guard file.isSeekable || (start == 0 && end == .max) else {
            throw .partList(
                line: line, reason: "\(entry.path) is packed, so it can only be read as a whole")
        }
        return Part(
            file: file, start: start, end: file.isSeekable ? min(end, file.size) : end,
            isDigested: false)
    }
}
