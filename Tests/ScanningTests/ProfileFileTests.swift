import Detection
import Exchanges
import Foundation
import Sketches
import Testing

@testable import Scanning

@Suite struct ProfileFileTests {
    private static let settings = [
        ProfileFile.Setting("--format", "stillwatch"), ProfileFile.Setting("--since", "none"),
    ]
    private static let result: ScanResult = {
        let folder = Folder()
        return try! SmallLog.scan(try! folder.write("a.jsonl", SmallLog.bytes))
    }()
    private static let file = ProfileFile(settings: settings, result: result)

    private static func bytes(_ file: ProfileFile) throws -> [UInt8] {
        let folder = Folder()
        try file.write(to: folder.path + "/profiles")
        #expect(folder.names == ["profiles"])
        return [UInt8](FileManager.default.contents(atPath: folder.path + "/profiles")!)
    }

    /// Reads bytes as a file.
    private static func read(_ bytes: [UInt8]) throws -> ProfileFile {
        let folder = Folder()
        return try ProfileFile(path: try folder.write("profiles", bytes), threads: 2)
    }

    /// Why bytes are refused; `nil` if they are not, or not as a profile file's are.
    private static func refusal(_ bytes: [UInt8]) throws -> String? {
        let folder = Folder()
        let path = try folder.write("profiles", bytes)
        do {
            _ = try ProfileFile(path: path, threads: 2)
            return nil
        } catch {
            guard case .profileFile(path, let reason) = error else { return nil }
            #expect("\(error)".contains(path))
            return reason
        }
    }

    /// The bytes with a digest that is theirs.
    private static func digested(_ body: some Sequence<UInt8>) -> [UInt8] {
        let body = Array(body)
        return body + FileDigest.sha256(body)
    }

    @Test func `what was written is read, and written again has the same bytes`() throws {
        let bytes = try Self.bytes(Self.file)
        let read = try Self.read(bytes)
        #expect(read.settings == Self.settings)
        #expect(read.result.profiles == Self.result.profiles)
        #expect(read.result.inputs == Self.result.inputs)
        #expect(read.result.bad == Self.result.bad)
        #expect(read.result.times?.first == Self.result.times?.first)
        #expect(try Self.bytes(read) == bytes)
        let empty = ProfileFile(
            settings: [], result: ScanResult(profiles: ProfileSet(), inputs: [], bad: []))
        #expect(try Self.read(Self.bytes(empty)).result.profiles.isEmpty)
    }

    @Test func `buckets in any order merge to the file they were dealt from`() throws {
        let bytes = try Self.bytes(Self.file)
        for count in [1, 2, 7, 100] {
            let buckets = try Self.file.buckets(count).map { try Self.read(Self.bytes($0)) }
            #expect(buckets.count == count)
            let merged = try ProfileFile.merged(
                buckets.reversed().map { ("bucket", $0) }, threads: 2)
            #expect(try Self.bytes(merged) == bytes, "\(count) buckets")
        }
    }

    @Test func `files of parts merge to the file of the whole`() throws {
        let folder = Folder()
        let lines = SmallLog.lines
        let third = lines.count / 3
        var parts: [(path: String, contents: ProfileFile)] = []
        let ranges = [0..<third, third..<(2 * third), (2 * third)..<lines.count]
        for (index, range) in ranges.enumerated() {
            let path = try folder.write(
                "\(index).jsonl", text: lines[range].joined(separator: "\n") + "\n")
            parts.append(
                (path, ProfileFile(settings: Self.settings, result: try SmallLog.scan(path))))
        }
        let whole = try Scanner(options: ScanOptions(format: .stillwatch), rules: SmallLog.rules)
            .scan(InputSet([folder.path]), progress: ScanProgress())
        let expected = try Self.bytes(ProfileFile(settings: Self.settings, result: whole))
        for order in [[0, 1, 2], [2, 0, 1]] {
            let merged = try ProfileFile.merged(order.map { parts[$0] }, threads: 2)
            #expect(try Self.bytes(merged) == expected)
            let pair = try ProfileFile.merged([parts[order[1]], parts[order[2]]], threads: 1)
            let nested = try ProfileFile.merged([("pair", pair), parts[order[0]]], threads: 1)
            #expect(try Self.bytes(nested) == expected)
        }
    }

    @Test func `files of other settings are refused, with the setting and both files named`()
        throws
    {
        var other = Self.file
        other.settings[1] = ProfileFile.Setting("--since", "2026-01-01")
        do {
            _ = try ProfileFile.merged([("one", Self.file), ("two", other)], threads: 1)
            Issue.record("two settings were merged")
        } catch {
            for part in ["--since", "one", "two", "none", "2026-01-01"] {
                #expect("\(error)".contains(part), "\(error)")
            }
        }
    }

    @Test func `a changed or missing byte anywhere is told by the digest`() throws {
        let bytes = try Self.bytes(Self.file.buckets(30)[3])
        for index in stride(from: 0, to: bytes.count, by: 11) {
            var damaged = bytes
            damaged[index] ^= 0x10
            let reason = try #require(try Self.refusal(damaged), "byte \(index)")
            let told = index < 20 ? "does not begin as a profile file" : "digest"
            #expect(reason.contains(told), "byte \(index): \(reason)")
        }
        for cut in [1, 31, 32, 33, bytes.count / 2] {
            let reason = try #require(try Self.refusal(bytes.dropLast(cut)), "\(cut) bytes cut")
            #expect(reason.contains("cut short or damaged"), "\(cut) bytes cut")
        }
        #expect(try Self.refusal([]) != nil)
        #expect(try Self.refusal(bytes + [0]) != nil)
    }

    /// Hostile bytes with a digest that is right: refused, or read as what they say; never a trap.
    @Test(arguments: UInt64(1)...4) func `hostile bytes never trap`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let body = try Self.bytes(Self.file.buckets(30)[Int(seed)]).dropLast(32)
        for round in 0..<150 {
            var hostile = Array(body)
            for _ in 0...Int.random(in: 0...3, using: &random) {
                // The head, where the counts are, more often.
                let end = random.next() % 2 == 0 ? hostile.count : min(300, hostile.count)
                let place = Int.random(in: 20..<end, using: &random)
                switch random.next() % 4 {
                case 0: hostile[place] = 0xff
                case 1: hostile[place] = UInt8(truncatingIfNeeded: random.next())
                case 2: hostile.remove(at: place)
                default: hostile.insert(0x80, at: place)
                }
            }
            guard let read = try? Self.read(Self.digested(hostile)) else { continue }
            let again = try ProfileFile.merged([("a", read), ("b", read)], threads: 2)
            #expect(
                again.result.profiles.count == read.result.profiles.count,
                "seed \(seed), round \(round)")
        }
    }

    @Test func `impossible counts and profiles out of order are refused, and the place is named`()
        throws
    {
        let bytes = ["a", "b"].map { AccountProfile(account: $0).serialized }
        func body(_ order: [Int], count: UInt64? = nil, version: UInt64 = 1) -> [UInt8] {
            var writer = ByteWriter()
            Array("stillwatch profiles\n".utf8).withUnsafeBytes { writer.raw($0) }
            writer.varint(version)
            writer.varint(UInt64(AccountProfile.formatVersion))
            for _ in 0..<3 { writer.varint(0) }
            writer.varint(count ?? UInt64(order.count))
            for index in order {
                writer.varint(UInt64(bytes[index].count))
                bytes[index].withUnsafeBytes { writer.raw($0) }
            }
            return Self.digested(writer.bytes)
        }
        #expect(try Self.read(body([0, 1])).result.profiles.count == 2)
        #expect(try Self.refusal(body([1, 0]))?.contains("order of accounts at byte") == true)
        #expect(try Self.refusal(body([0, 0]))?.contains("order of accounts at byte") == true)
        #expect(try Self.refusal(body([0], count: 2))?.contains("ends too early") == true)
        #expect(try Self.refusal(body([0], count: 1 << 32))?.contains("ends too early") == true)
        #expect(try Self.refusal(body([0], count: .max))?.contains("impossible profiles") == true)
        #expect(try Self.refusal(body([0, 1], count: 1))?.contains("impossible end") == true)
        #expect(try Self.refusal(body([0], version: 2))?.contains("another version") == true)
    }

    @Test func `no file, and a folder in its place, are told`() throws {
        let folder = Folder()
        #expect {
            _ = try ProfileFile(path: folder.path + "/none", threads: 1)
        } throws: {
            if case .notFound? = $0 as? ScanError { true } else { false }
        }
        #expect(throws: ScanError.self) { _ = try ProfileFile(path: folder.path, threads: 1) }
        try FileManager.default.createDirectory(
            atPath: folder.path + "/taken", withIntermediateDirectories: false)
        #expect(throws: ScanError.self) { try Self.file.write(to: folder.path + "/taken") }
        #expect(folder.names == ["taken"])
    }

    /// Most accounts of a log make few exchanges; this is what a million of them would take, in MB.
    @Test func `a profile of a small account takes some kilobytes`() {
        let profiles = Self.result.profiles
        let average = profiles.byteCount / profiles.count
        let exchanges = Self.result.exchanges / profiles.count
        #expect(average < 3000, "\(average) bytes for \(exchanges) exchanges")
        #expect(average > 500, "\(average)")
    }
}
