import ArgumentParser
import Foundation
import Scanning
import Watermarking

struct LineageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lineage",
        abstract:
            "Says whether a model answers as ours does or as its declared base, without marks.",
        discussion: """
            A folder holds a file for each model, NAME.jsonl, with {"prompt_id" or "prompt": ..., "answer": ...} on each line: the \
            suspect, ours (--teacher), the base that the suspect is said to come from, and as references many models that have \
            nothing to do with ours. Name models that are near to ours by birth, such as other versions of it, with --sibling: \
            they are no references, and the suspect must be nearer to ours than to them. Says "can't tell" where that is so. A \
            verdict is about likeness; what else explains it is for people to rule out. Exit status: 0 it ran; 1 with \
            --exit-code when the suspect is nearer to ours; 2 it could not run.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json }

    @Option(help: "The folder of answers.")
    var answers: String

    @Option(help: "Name of the suspect.")
    var suspect: String

    @Option(help: "Name of our model.")
    var teacher: String

    @Option(help: "Name of the suspect's declared base.")
    var base: String?

    @Option(help: "Name of a model that is near to ours by birth; once for each.")
    var sibling: [String] = []

    @Option(
        name: .customLong("leave-out"),
        help: "Name of a model that may itself have learned from ours, and so is no reference.")
    var leftOut: [String] = []

    @Option(help: "Of each test; 19 references are needed for 0.05.")
    var alpha = 0.05

    @Option(name: .customLong("least-prompts"), help: "Fewest prompts for a verdict, from 2.")
    var leastPrompts = LineageTest.leastPrompts

    @Option(help: "table or json.")
    var format = Format.table

    @Flag(name: .customLong("exit-code"), help: "End with status 1 if nearer to ours.")
    var usesExitCode = false

    func validate() throws {
        guard alpha > 0, alpha < 1 else {
            throw ValidationError("--alpha must be between 0 and 1, not \(alpha)")
        }
        guard leastPrompts >= 2 else {
            throw ValidationError("--least-prompts must be at least 2, not \(leastPrompts)")
        }
    }

    func run() throws {
        let test: LineageTest
        do {
            let models = try ModelAnswers.read(folder: answers)
            test = try LineageTest(
                models.filter { !leftOut.contains($0.name) },
                roles: LineageTest.Roles(
                    suspect: suspect, teacher: teacher, base: base, siblings: sibling),
                alpha: alpha, leastPrompts: leastPrompts)
            Terminal.output(format == .json ? Self.json(test) : Self.table(test))
        } catch {
            Terminal.message("stillwatch: \(Terminal.safe("\(error)"))")
            throw ExitCode(2)
        }
        if usesExitCode, test.verdict == .nearerToOurs { throw ExitCode(1) }
    }

    private static func table(_ test: LineageTest) -> String {
        func number(_ value: Double) -> String { String(format: "%.3f", value) }
        func pValue(_ value: Double) -> String { String(format: "%.3g", value) }
        let tests = Terminal.table(
            [
                ["hypothesis", "p"],
                ["the suspect is like the references (rank)", pValue(test.rankPValue)],
                ["it is not nearer to ours (prompts)", pValue(test.promptPValue)],
                ["it is not above every reference (prompts)", pValue(test.aboveReferencesPValue)],
                ["it is not nearer to its base (prompts)", pValue(test.lowerPromptPValue)],
            ]
                + test.siblings.map {
                    [
                        "it is no nearer to ours than to \(Terminal.safe($0.name))",
                        pValue($0.pValue),
                    ]
                }, rightAligned: [1])
        let placed = ([test.suspect] + test.references).sorted { $0.statistic > $1.statistic }
        let near = Dictionary(
            test.neighbours.map { ($0.name, $0.similarity) }
        ) { first, _ in first }
        let places = Terminal.table(
            [["nearer to ours than to the base", "D", "likeness to the suspect"]]
                + placed.prefix(12).map {
                    [
                        Terminal.safe($0.name) + ($0.name == test.suspect.name ? "  *" : ""),
                        number($0.statistic), near[$0.name].map(number) ?? "",
                    ]
                }, rightAligned: [1, 2])
        let nearest = test.neighbours.prefix(5).map {
            "\(Terminal.safe($0.name)) (\(number($0.similarity)))"
        }
        return """
            \(Terminal.safe(test.suspect.name)): \(test.verdict.rawValue)\
            \(test.reasons.isEmpty ? "" : ": " + Terminal.safe(test.reasons.joined(separator: "; ")))

            \(tests)

            \(places)

            \(test.prompts) prompts, \(test.references.count) references\
            \(test.leftOut.isEmpty ? "" : ", \(test.leftOut.count) models left out for too few answers"). \
            Nearest to the suspect: \(nearest.joined(separator: ", ")).
            """
    }

    private static func json(_ test: LineageTest) -> String {
        var text = JSONText()
        text.object { top in
            top.key("suspect")
            top.string(test.suspect.name)
            top.key("verdict")
            top.string(test.verdict.rawValue)
            top.key("reasons")
            top.array(test.reasons) { $0.string($1) }
            top.key("alpha")
            top.number(test.alpha)
            top.key("prompts")
            top.integer(test.prompts)
            top.key("statistic")
            top.number(test.suspect.statistic)
            top.key("p_values")
            top.object { values in
                values.key("rank")
                values.number(test.rankPValue)
                values.key("rank_from_below")
                values.number(test.lowerRankPValue)
                values.key("not_nearer_to_ours")
                values.number(test.promptPValue)
                values.key("not_nearer_to_base")
                values.number(test.lowerPromptPValue)
                values.key("not_above_references")
                values.number(test.aboveReferencesPValue)
            }
            top.key("siblings")
            top.array(test.siblings) { list, sibling in
                list.object { entry in
                    entry.key("name")
                    entry.string(sibling.name)
                    entry.key("statistic")
                    entry.number(sibling.statistic)
                    entry.key("p_value")
                    entry.number(sibling.pValue)
                }
            }
            top.key("references")
            top.array(test.references) { list, model in
                list.object { entry in
                    entry.key("name")
                    entry.string(model.name)
                    entry.key("statistic")
                    entry.number(model.statistic)
                }
            }
            top.key("left_out")
            top.array(test.leftOut) { $0.string($1) }
            top.key("nearest")
            top.array(test.neighbours) { list, model in
                list.object { entry in
                    entry.key("name")
                    entry.string(model.name)
                    entry.key("similarity")
                    entry.number(model.similarity)
                }
            }
        }
        return String(decoding: text.bytes, as: UTF8.self)
    }
}
