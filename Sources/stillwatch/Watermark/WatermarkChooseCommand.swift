import ArgumentParser
import Foundation
import Scanning
import Watermarking

struct WatermarkChooseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "choose",
        abstract:
            "Chooses the answer that bears the mark best among several, for scheme 'candidates'.",
        discussion: """
            Files hold a list on each line: {"id": ..., "candidates": ["...", ...]}. Writes {"id": ..., "chosen": INDEX}, counted \
            from 0. Over keys each candidate is chosen as often as by lot. Exit status: 0 it ran; 2 it could not run.
            """)

    @OptionGroup var mark: ManifestArguments

    @Argument(help: "Files of lists, or - for standard input.")
    var paths: [String]

    /// Largest file, bytes.
    private static let largest = 1 << 30

    private struct Entry: Decodable {
        let id: String?
        let candidates: [String]
    }

    func run() throws {
        do {
            let (manifest, keys) = try mark.read()
            let choice = try CandidateChoice(manifest: manifest, keys: keys)
            for path in paths { try choose(path, choice) }
        } catch {
            Terminal.message("stillwatch: \(Terminal.safe("\(error)"))")
            throw ExitCode(2)
        }
    }

    private func choose(_ path: String, _ choice: CandidateChoice) throws {
        let handle =
            path == "-"
            ? FileHandle.standardInput
            : try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        let data = try handle.read(upToCount: Self.largest) ?? Data()
        guard data.count < Self.largest else {
            throw WatermarkError.file(path: path, reason: "larger than 1 GiB; split it")
        }
        let decoder = JSONDecoder()
        for (index, line) in data.split(separator: 0x0A, omittingEmptySubsequences: false)
            .enumerated() where !line.isEmpty
        {
            guard let entry = try? decoder.decode(Entry.self, from: Data(line)),
                let chosen = choice.choose(among: entry.candidates.map { Array($0.utf8) })
            else {
                throw WatermarkError.file(
                    path: path,
                    reason:
                        "line \(index + 1): expected {\"id\": TEXT, \"candidates\": [TEXT, ...]}")
            }
            var text = JSONText()
            text.object { output in
                output.key("id")
                output.string(entry.id ?? "\(path):\(index + 1)")
                output.key("chosen")
                output.integer(chosen)
            }
            Terminal.output(String(decoding: text.bytes, as: UTF8.self))
        }
    }
}
