import ArgumentParser
import Documents
import Foundation
import Scanning
import Watermarking

struct CanaryTestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Says whether a suspect knows the secrets that a campaign was given.",
        discussion: """
            Ask the suspect what is in prompts.jsonl, each question once or several times, and give its answers as a file with \
            {"id": "q1", "answer": ...} or {"prompt": ..., "answer": ...} on each line. An answer that lists alternatives counts \
            for as many as it names. Lines that no --campaign was given are controls. The probability that any line is said to \
            be known though the suspect learned nothing of it is at most --alpha. Exit status: 0 it ran; 1 with --exit-code when \
            a line is known; 2 it could not run.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json }

    @Option(help: "The secret set, canaries.json.")
    var set: String

    @Option(help: "The commitment that was published, which the set is held against first.")
    var commitment: String?

    @Option(help: "The suspect's answers.")
    var answers: String

    @Option(help: "A campaign that may have fed the suspect; all lines are tested without one.")
    var campaign: [String] = []

    @Option(help: "A file of such campaigns, one a line.")
    var campaigns: String?

    @Option(help: "Bound on the probability of any false finding.")
    var alpha = 0.001

    @Option(help: "table or json.")
    var format = Format.table

    @Flag(name: .customLong("exit-code"), help: "End with status 1 if a line is known.")
    var usesExitCode = false

    /// Largest file of answers, bytes.
    private static let largest = 1 << 30

    private struct Answer: Decodable {
        let id: String?
        let prompt: String?
        let answer: String
    }

    func run() throws {
        let test: CanaryTest
        do {
            let set = try CanarySet(contentsOf: set)
            if let commitment {
                let published = try CanaryCommitment(contentsOf: commitment)
                if let difference = published.differences(from: set).first {
                    throw BadDocument("\(commitment): \(difference)")
                }
            }
            var names = campaign
            if let campaigns { names += try AccountList.read(campaigns) }
            test = try CanaryTest(
                set, answers: try read(set), campaigns: Array(Set(names)).sorted(), alpha: alpha)
            Terminal.output(
                format == .json ? json(test, set.commitment.digest) : table(test))
        } catch {
            Terminal.message("stillwatch: \(Terminal.safe("\(error)"))")
            throw ExitCode(2)
        }
        if usesExitCode, !test.known.isEmpty { throw ExitCode(1) }
    }

    private func read(_ set: CanarySet) throws -> [String: [String]] {
        let ids = Dictionary(
            uniqueKeysWithValues: set.questions.map { ($0.text, $0.id) })
        var found: [String: [String]] = [:]
        try JSONLines.read(answers, Answer.self, largest: Self.largest) { answer, _ in
            guard let id = answer.prompt.flatMap({ ids[$0] }) ?? answer.id else {
                throw BadDocument("neither 'id' nor a 'prompt' that is one of the set's questions")
            }
            found[id, default: []].append(answer.answer)
        }
        return found
    }

    private func table(_ test: CanaryTest) -> String {
        var rows = [["line", "known", "hits", "log10 p", "p for all", "campaigns"]]
        for line in test.lines.prefix(max(10, test.known.count)) {
            rows.append([
                "\(line.number)", line.isKnown ? "yes" : "no", "\(line.hits.count)",
                String(format: "%.2f", line.logPValue / log(10)),
                String(format: "%.3g", line.adjustedPValue),
                Terminal.safe(line.campaigns.joined(separator: ", ")),
            ])
        }
        let asked = test.asked.map { asked in
            "\(asked.question.id): \(asked.answers) answers name \(asked.named) of "
                + "\(Terminal.grouped(asked.question.alternatives.count)) alternatives"
        }
        return """
            \(Terminal.table(rows, rightAligned: [0, 2, 3, 4]))

            \(asked.joined(separator: "\n"))
            \(Terminal.grouped(test.controlLines)) control lines: \(test.controlHits) hits, \
            \(String(format: "%.2g", test.expectedControlHits)) by chance.
            \(test.known.count) of \(Terminal.grouped(test.lines.count)) lines known; the probability of saying so of any \
            line that the suspect learned nothing of is at most \(test.alpha).
            """
    }

    private func json(_ test: CanaryTest, _ digest: String) -> String {
        var text = JSONText()
        text.object { top in
            top.key("commitment")
            top.string(digest)
            top.key("alpha")
            top.number(test.alpha)
            top.key("multiple_testing")
            top.string("Holm over lines")
            top.key("questions")
            top.array(test.asked) { list, asked in
                list.object { entry in
                    entry.key("id")
                    entry.string(asked.question.id)
                    entry.key("answers")
                    entry.integer(asked.answers)
                    entry.key("alternatives")
                    entry.integer(asked.question.alternatives.count)
                    entry.key("named")
                    entry.integer(asked.named)
                }
            }
            top.key("lines_tested")
            top.integer(test.lines.count)
            top.key("lines")
            top.array(Array(test.lines.prefix(max(100, test.known.count)))) { list, line in
                list.object { entry in
                    entry.key("line")
                    entry.integer(line.number)
                    entry.key("campaigns")
                    entry.array(line.campaigns) { $0.string($1) }
                    entry.key("known")
                    entry.bool(line.isKnown)
                    entry.key("hits")
                    entry.array(line.hits) { $0.string($1) }
                    entry.key("log10_p")
                    entry.number(line.logPValue / log(10))
                    entry.key("adjusted_p_value")
                    entry.number(line.adjustedPValue)
                }
            }
            top.key("least_log10_p")
            top.number(test.leastLogPValue / log(10))
            top.key("controls")
            top.object { controls in
                controls.key("lines")
                controls.integer(test.controlLines)
                controls.key("hits")
                controls.integer(test.controlHits)
                controls.key("expected_hits")
                controls.number(test.expectedControlHits)
            }
        }
        return String(decoding: text.bytes, as: UTF8.self)
    }
}
