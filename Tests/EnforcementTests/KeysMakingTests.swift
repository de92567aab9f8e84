import Foundation
import Glibc
import Testing

@testable import Enforcement

@Suite struct KeysMakingTests {
    @Test func aNewKeyHasTheForm() throws {
        let key = try APIKey.generate()
        let bytes = Array(key.text.utf8)
        #expect(bytes.count == APIKey.byteCount)
        #expect(key.text.hasPrefix("sw-\(key.id)-"))
        #expect(bytes.withUnsafeBytes { APIKey.identifier(in: $0) } == KeyIdentifier(key.id))
        #expect(KeyIdentifier(key.id)?.description == key.id)
    }

    /// Pearson's statistic over the 62 digits of 2000 keys. With 61 degrees of freedom it passes 140 once in 10^7 runs,
    /// while drawing digits by remainder (256 = 4 * 62 + 8) would make it about 1900.
    @Test func digitsAreUniform() throws {
        var counts: [UInt8: Int] = [:]
        for _ in 0..<2000 {
            for byte in try APIKey.generate().text.dropFirst(3).utf8 where byte != UInt8(ascii: "-")
            {
                counts[byte, default: 0] += 1
            }
        }
        let expected = 2000.0 * 59 / 62
        let statistic = APIKey.digits.reduce(0.0) { sum, digit in
            let difference = Double(counts[digit] ?? 0) - expected
            return sum + difference * difference / expected
        }
        #expect(counts.count == 62)
        #expect(statistic < 140)
    }

    @Test func keysAreDifferent() throws {
        #expect(Set(try (0..<1000).map { _ in try APIKey.generate().id }).count == 1000)
    }

    /// RFC 4231, test case 3, whose key is shorter than a pepper, and 6, whose key is longer than a block.
    @Test func digestsAreThoseOfTheStandard() throws {
        let third = try KeyPepper(bytes: [UInt8](repeating: 0xaa, count: 20))
        let data = [UInt8](repeating: 0xdd, count: 50)
        let hex = "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        for _ in 0..<3 {  // a context that was used once gives the same again
            let digest = try #require(data.withUnsafeBytes { third.digest(of: $0) })
            #expect(digest.bytes.map { String(format: "%02x", $0) }.joined() == hex)
        }
        let sixth = try KeyPepper(bytes: [UInt8](repeating: 0xaa, count: 131))
        #expect(
            try sixth.digest(of: "Test Using Larger Than Block-Size Key - Hash Key First").bytes
                .map { String(format: "%02x", $0) }.joined()
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }

    @Test func digestsAreRightOnManyThreads() async throws {
        let pepper = try KeyPepper(bytes: [UInt8](0..<32))
        let expected = try (0..<64).map { try pepper.digest(of: "key \($0)") }
        await withTaskGroup(of: Bool.self) { group in
            for task in 0..<8 {
                group.addTask {
                    (0..<2000).allSatisfy { round in
                        let number = (round &* 7 &+ task) % 64
                        return (try? pepper.digest(of: "key \(number)")) == expected[number]
                    }
                }
            }
            for await right in group { #expect(right) }
        }
    }

    @Test func aDigestDiffersInEveryBit() throws {
        let bytes = [UInt8](repeating: 0x5a, count: 32)
        let digest = try KeyDigest(bytes)
        #expect(digest == (try KeyDigest(bytes)))
        #expect(digest.bytes == bytes)
        for bit in 0..<256 {
            var other = bytes
            other[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(digest != (try KeyDigest(other)), "bit \(bit)")
        }
    }

    @Test(arguments: [0, 31, 33]) func aDigestOfAnotherLengthIsRefused(count: Int) {
        #expect(throws: KeyError.digestLength(found: count)) {
            try KeyDigest([UInt8](repeating: 0, count: count))
        }
    }
}

@Suite struct KeysPepperTests {
    let folder: String

    init() throws {
        var template = Array("\(NSTemporaryDirectory())/pepper-XXXXXX".utf8CString)
        folder = String(cString: try #require(mkdtemp(&template)))
    }

    @Test func itIsMadeOnceAndReadAgain() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/pepper"
        let first = try KeyPepper(path: path).digest(of: "text")
        #expect(try KeyPepper(path: path).digest(of: "text") == first)
        let other = try KeyPepper(path: "\(folder)/other")
        #expect(try other.digest(of: "text") != first)
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o7777 == 0o600)
        #expect(status.st_size == 32)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == [
                "other", "pepper",
            ])
    }

    /// Many that start at once all end up with the one that was first.
    @Test func thoseThatStartAtOnceShareOne() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/pepper"
        let digests = try await withThrowingTaskGroup(of: KeyDigest.self) { group in
            for _ in 0..<16 { group.addTask { try KeyPepper(path: path).digest(of: "text") } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(digests.count == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["pepper"])
    }

    @Test(arguments: [0o640, 0o604, 0o660, 0o644] as [UInt32])
    func aFileThatOthersReadIsRefused(mode: UInt32) throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/pepper"
        _ = try KeyPepper(path: path)
        chmod(path, mode)
        #expect(throws: KeyError.pepperIsReadable(path: path, mode: mode)) {
            try KeyPepper(path: path)
        }
    }

    @Test(arguments: [0, 31, 33]) func aFileOfAnotherSizeIsRefused(count: Int) throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/pepper"
        #expect(FileManager.default.createFile(atPath: path, contents: Data(count: count)))
        chmod(path, 0o600)
        #expect(throws: KeyError.pepperSize(path: path, found: count)) { try KeyPepper(path: path) }
    }

    @Test func aFolderIsRefused() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(throws: KeyError.pepperIsNoFile(path: folder)) { try KeyPepper(path: folder) }
    }

    @Test func aMissingFolderIsSaid() {
        #expect(throws: KeyError.self) { try KeyPepper(path: "\(folder)/no/pepper") }
    }

    @Test func nothingOfItIsPrinted() throws {
        let pepper = try KeyPepper(bytes: [UInt8](repeating: 0x41, count: 32))
        var dumped = ""
        dump(pepper, to: &dumped)
        #expect("\(pepper)" == "a pepper")
        #expect(!dumped.contains("65") && !dumped.contains("AAAA"))
    }
}
