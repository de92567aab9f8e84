import ArgumentParser
import Documents
import Foundation
import Scanning
import Watermarking

struct CanaryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "canary",
        abstract:
            "Secret answers planted in what one campaign is given: makes, verifies, tests them.",
        subcommands: [
            CanaryMakeCommand.self, CanaryVerifyCommand.self, CanaryTestCommand.self,
        ])
}

struct CanaryMakeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "make",
        abstract: "Draws secret answers to questions, and a commitment to them.",
        discussion: """
            Writes into a folder: canaries.json (the secrets), canaries.txt (for 'canaries:' of the gateway's policy, a line for \
            each campaign by its id), commitment.json (to be published before the first answer goes out) and prompts.jsonl (to \
            ask a suspect later). Questions of your own come from a file with {"question": ..., "kind": "name", "code" or \
            "number"} or {"question": ..., "alternatives": [1,000 texts or more]} on each line; without one they are about \
            things that do not exist. Exit status: 0 written; 2 not.
            """)

    @Option(help: "Folder for the files; made if it is not there.")
    var out: String

    @Option(help: "Name of the set.")
    var name = "canaries"

    @Option(help: "A file of questions, a line of JSON each.")
    var questions: String?

    @Option(help: "Questions that are made up where no file is given.")
    var count = 3

    @Option(help: "Lines: two campaigns share one with probability 1 in this.")
    var lines = 1024

    /// Largest file of questions, bytes.
    private static let largest = 512 << 20

    private struct Question: Decodable {
        let question: String
        let kind: String?
        let alternatives: [String]?
    }

    func run() throws {
        do {
            let set = try CanarySet.draw(
                name: name, questions: try asked(), count: count, lines: lines)
            try FileManager.default.createDirectory(
                atPath: out, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            try set.write(folder: out)
            Terminal.message(
                "\(out)/canaries.json and canaries.txt: keep them secret\n"
                    + "\(out)/commitment.json: publish it; commitment \(set.commitment.digest)")
        } catch {
            Terminal.message("stillwatch: \(Terminal.safe("\(error)"))")
            throw ExitCode(2)
        }
    }

    private func asked() throws -> [(text: String, alternatives: CanaryAlternatives)] {
        guard let questions else { return [] }
        var asked: [(text: String, alternatives: CanaryAlternatives)] = []
        try JSONLines.read(questions, Question.self, largest: Self.largest) { question, line in
            let alternatives: CanaryAlternatives?
            if let list = question.alternatives {
                alternatives = try CanaryAlternatives(list: list)
            } else {
                alternatives = CanaryAlternatives(kind: question.kind ?? "code")
            }
            guard let alternatives else {
                throw BadDocument(
                    "'kind' is none of name, code and number; with 'alternatives' leave it out")
            }
            asked.append((question.question, alternatives))
        }
        return asked
    }
}

struct CanaryVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Holds canaries against the commitment that was published.",
        discussion: """
            With --set the whole set, and every canary that differs is named; --open ID prints what opens one canary's \
            commitment, for somebody who is not to see the rest. With --opening FILE that one alone. Exit status: 0 they agree; \
            1 they do not; 2 it could not run.
            """)

    @Option(help: "The published commitment.")
    var commitment: String

    @Option(help: "The secret set, canaries.json.")
    var set: String?

    @Option(help: "Print the opening of this canary, such as 17.q2.")
    var open: String?

    @Option(help: "A file with what --open printed.")
    var opening: String?

    func validate() throws {
        if (set == nil) == (opening == nil) {
            throw ValidationError("give --set or --opening, one of both")
        }
        if open != nil, set == nil { throw ValidationError("--open needs --set") }
    }

    func run() throws {
        let agrees: Bool
        do {
            let published = try CanaryCommitment(contentsOf: commitment)
            agrees = try set.map { try verify($0, published) } ?? verifyOpening(published)
        } catch {
            Terminal.message("stillwatch: \(Terminal.safe("\(error)"))")
            throw ExitCode(2)
        }
        if !agrees { throw ExitCode(1) }
    }

    private func verify(_ path: String, _ published: CanaryCommitment) throws -> Bool {
        let set = try CanarySet(contentsOf: path)
        let differences = published.differences(from: set)
        for difference in differences { Terminal.message("stillwatch: \(difference)") }
        guard differences.isEmpty else { return false }
        if let open {
            guard let canary = set.lines.joined().first(where: { $0.id == open }) else {
                throw BadDocument("no canary '\(open)' in \(path)")
            }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            Terminal.output(
                String(decoding: try encoder.encode(CanaryOpening(canary)), as: UTF8.self))
        } else {
            Terminal.message(
                "\(Terminal.grouped(published.canaries.count)) canaries agree with the commitment")
        }
        return true
    }

    private func verifyOpening(_ published: CanaryCommitment) throws -> Bool {
        guard let data = FileManager.default.contents(atPath: opening ?? ""),
            let opened = try? JSONDecoder().decode(CanaryOpening.self, from: data)
        else { throw BadDocument("\(opening ?? ""): not what --open prints") }
        let agrees = published.canaries.contains {
            $0.id == opened.id && $0.digest == opened.commitment
        }
        Terminal.message(
            "canary \(Terminal.safe(opened.id)) "
                + (agrees ? "agrees with the commitment" : "is not what was committed to"))
        return agrees
    }
}
