import Foundation
import Scanning
import Simulation

/// The log that all benchmarks read: a simulated world of which every run has the same bytes.
struct Workload {
    /// Where the log lies.
    let path: String
    /// The log, with the bytes after its end that a decoder may read.
    let bytes: [UInt8]
    /// Each line without its line feed.
    let lines: [Range<Int>]

    /// Bytes without the padding.
    var count: Int { bytes.count - Self.padding }

    private static let padding = 64

    /// Writes the world's files into a folder.
    static func make(in folder: String) throws {
        var settings = WorldSettings(out: folder, seed: 11, accounts: 150, days: 7)
        settings.campaigns = .named(["shared_hydra"])
        settings.exchanges = 2000
        _ = try World.write(settings)
    }

    /// Reads the log of a world.
    init(folder: String) throws {
        path = folder + "/exchanges.jsonl"
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        var lines: [Range<Int>] = []
        var start = 0
        for index in bytes.indices where bytes[index] == 0x0a {
            lines.append(start..<index)
            start = index + 1
        }
        bytes += [UInt8](repeating: 0, count: Self.padding)
        self.bytes = bytes
        self.lines = lines
    }
}
