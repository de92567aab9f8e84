import CCompression
import Foundation

/// Reads a corpus folder: `A`, `B`, `C` with gzip or plain JSON Lines of `{"text","lang","system"?}`, and `D` with
/// arrival traces in CSV of `t_s,in_tokens,out_tokens`.
///
/// A text longer than `longestText` bytes is left out, so that one record cannot dominate a world.
struct CorpusReader {
    static let longestText = 6000
    let folder: String
    let pool: TextPool

    func read() throws(SimulationError) -> Corpus {
        var corpus = Corpus()
        for layout in Layout.allCases {
            for name in files(layout.rawValue) where name.contains(".jsonl") {
                let path = folder + "/" + layout.rawValue + "/" + name
                let bytes = try decompressed(path)
                let stem = String(name.prefix { $0 != "." })
                var set = TextSet(name: stem, layout: layout)
                bytes.withUnsafeBufferPointer { addLines($0, to: &set) }
                set.index(pool)
                if set.texts.count >= 50 { corpus.sets.append(set) }
            }
        }
        for layout in Layout.allCases where corpus.sets(layout).isEmpty {
            throw .unusableCorpus(path: folder)
        }
        for name in files("D") where name.hasSuffix(".csv") || name.hasSuffix(".csv.gz") {
            let gaps = arrivalGaps(try decompressed(folder + "/D/" + name))
            if gaps.count >= 100 { corpus.gapTraces.append(gaps) }
        }
        return corpus
    }

    private func files(_ layout: String) -> [String] {
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder + "/" + layout)
        return (names ?? []).sorted()
    }

    /// The whole file; zlib passes plain files through.
    private func decompressed(_ path: String) throws(SimulationError) -> [UInt8] {
        guard let file = gzopen(path, "rb") else { throw .unreadable(path: path) }
        defer { gzclose(file) }
        gzbuffer(file, 1 << 18)
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let got = gzread(file, &chunk, UInt32(chunk.count))
            if got < 0 { throw .unreadable(path: path) }
            if got == 0 { return bytes }
            bytes.append(contentsOf: chunk[0..<Int(got)])
        }
    }

    private func addLines(_ bytes: UnsafeBufferPointer<UInt8>, to set: inout TextSet) {
        var scanner = LineScanner()
        var start = 0
        while start < bytes.count {
            var end = start
            while end < bytes.count, bytes[end] != 0x0A { end += 1 }
            let line = UnsafeBufferPointer(rebasing: bytes[start..<end])
            start = end + 1
            guard scanner.scan(line) else { continue }
            let text = scanner.text.bytes
            if text.isEmpty || text.count > Self.longestText { continue }
            let language = Language(code: String(decoding: scanner.language.bytes, as: UTF8.self))
            set.texts.append(pool.add(text, language))
            let system = String(decoding: scanner.system.bytes, as: UTF8.self)
            set.systems.append(
                system.utf8.count > Self.longestText ? 0 : pool.intern(system, language))
        }
    }

    private func arrivalGaps(_ bytes: [UInt8]) -> [Float] {
        var gaps: [Float] = []
        var last: Double?
        for line in bytes.split(separator: 0x0A) {
            let field = line.prefix { $0 != UInt8(ascii: ",") }
            guard let time = Double(String(decoding: field, as: UTF8.self)) else { continue }
            if let last, time >= last { gaps.append(Float(time - last)) }
            last = time
        }
        return gaps
    }
}

/// Picks `text`, `lang` and `system` out of one flat JSON object of strings.
private struct LineScanner {
    let text = ByteBuffer(capacity: 8192)
    let language = ByteBuffer(capacity: 64)
    let system = ByteBuffer(capacity: 8192)
    private let key = ByteBuffer(capacity: 64)
    private let skipped = ByteBuffer(capacity: 8192)

    /// False when the line is not an object of string members.
    mutating func scan(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
        text.removeAll()
        language.removeAll()
        system.removeAll()
        var at = 0
        guard next(line, &at) == UInt8(ascii: "{") else { return false }
        at += 1
        while next(line, &at) == UInt8(ascii: "\"") {
            key.removeAll()
            guard string(line, &at, into: key), next(line, &at) == UInt8(ascii: ":") else {
                return false
            }
            at += 1
            let target: ByteBuffer
            switch String(decoding: key.bytes, as: UTF8.self) {
            case "text": target = text
            case "lang": target = language
            case "system": target = system
            default: target = skipped
            }
            target.removeAll()
            guard next(line, &at) == UInt8(ascii: "\""), string(line, &at, into: target) else {
                return false
            }
            if next(line, &at) == UInt8(ascii: ",") { at += 1 }
        }
        return next(line, &at) == UInt8(ascii: "}")
    }

    /// The next byte that is not white space, at which `at` is left.
    private func next(_ line: UnsafeBufferPointer<UInt8>, _ at: inout Int) -> UInt8 {
        while at < line.count, line[at] <= 0x20 { at += 1 }
        return at < line.count ? line[at] : 0
    }

    private func string(
        _ line: UnsafeBufferPointer<UInt8>, _ at: inout Int, into target: ByteBuffer
    ) -> Bool {
        at += 1
        while at < line.count {
            let byte = line[at]
            at += 1
            if byte == UInt8(ascii: "\"") { return true }
            if byte != UInt8(ascii: "\\") {
                target.append(byte)
                continue
            }
            guard at < line.count else { return false }
            let escape = line[at]
            at += 1
            switch escape {
            case UInt8(ascii: "n"): target.append(0x0A as UInt8)
            case UInt8(ascii: "t"): target.append(0x09 as UInt8)
            case UInt8(ascii: "r"): target.append(0x0D as UInt8)
            case UInt8(ascii: "b"), UInt8(ascii: "f"): target.append(0x20 as UInt8)
            case UInt8(ascii: "u"):
                guard var code = hex4(line, &at) else { return false }
                if code >= 0xD800 && code < 0xDC00, at + 1 < line.count,
                    line[at] == UInt8(ascii: "\\"), line[at + 1] == UInt8(ascii: "u")
                {
                    at += 2
                    guard let low = hex4(line, &at) else { return false }
                    code = 0x10000 + (code - 0xD800) << 10 + (low &- 0xDC00) & 0x3FF
                }
                let scalar = Unicode.Scalar(code) ?? "\u{FFFD}"
                if scalar != "\0" { target.append(string: String(Character(scalar))) }
            default: target.append(escape)
            }
        }
        return false
    }

    private func hex4(_ line: UnsafeBufferPointer<UInt8>, _ at: inout Int) -> UInt32? {
        guard at + 4 <= line.count else { return nil }
        let digits = String(decoding: line[at..<at + 4], as: UTF8.self)
        at += 4
        return UInt32(digits, radix: 16)
    }
}
