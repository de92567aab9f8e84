import Testing

@testable import Scanning

@Suite struct ByteSourceTests {
    private func file(_ path: String) throws -> InputFile { try InputSet([path]).files[0] }

    /// All bytes, read in pieces of `step`.
    private func read(_ path: String, step: Int) throws -> [UInt8] {
        let source = try file(path).source()
        let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: step)
        defer { buffer.deallocate() }
        var bytes: [UInt8] = []
        while true {
            let count = try source.read(into: buffer, count: step)
            if count == 0 { return bytes }
            bytes.append(contentsOf: UnsafeBufferPointer(start: buffer, count: count))
        }
    }

    private static let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 7 % 61) }

    @Test(arguments: [1000, 4096, 300_000, 1 << 20])
    func `gzip and Zstandard files of two parts unpack to what was packed`(step: Int) throws {
        let folder = Folder()
        let two = Self.content + Self.content
        let gz = try folder.write(
            "a.jsonl.gz", Packed.gzip(Self.content) + Packed.gzip(Self.content))
        let zst = try folder.write(
            "a.jsonl.zst", Packed.zstandard(Self.content) + Packed.zstandard(Self.content))
        #expect(try read(gz, step: step) == two)
        #expect(try read(zst, step: step) == two)
    }

    @Test(arguments: ["gz", "zst"]) func `a truncated file is damaged`(ending: String) throws {
        let packed = ending == "gz" ? Packed.gzip(Self.content) : Packed.zstandard(Self.content)
        let folder = Folder()
        let path = try folder.write("cut.\(ending)", packed.dropLast(9))
        do {
            _ = try read(path, step: 4096)
            Issue.record("the file was taken for whole")
        } catch let error as ScanError {
            guard case .damaged = error else {
                Issue.record("\(error)")
                return
            }
        }
    }

    @Test func `the digest is SHA-256`() throws {
        let folder = Folder()
        let path = try folder.write("abc.log", text: "abc")
        #expect(
            try FileDigest.sha256(of: file(path))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }
}
