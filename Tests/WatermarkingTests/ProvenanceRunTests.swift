import Foundation
import Testing

@testable import Watermarking

/// What of a suspect's file is scored, and tests that are stopped and gone on with.
struct ProvenanceRunTests {
    private let folder: ProvenanceFolder
    private let teacher: ProvenanceFixtures

    init() throws {
        folder = try ProvenanceFolder()
        teacher = try ProvenanceFixtures.gumbel()
    }

    private func run(
        _ lines: [[String: Any]], _ method: ProvenanceProtocol = .closed,
        filter: WindowFilter? = nil, encoder: ProvenanceRun.Encoder? = nil,
        change: (inout ProvenanceSettings) -> Void = { _ in }
    ) throws -> ProvenanceResult {
        let path = try folder.write(
            "suspect.jsonl", try lines.map(ProvenanceFixtures.line).joined())
        var settings = ProvenanceSettings(method: method, suspect: "suspect")
        change(&settings)
        let state = "\(folder.path)/\(UUID().uuidString)"
        let run = try ProvenanceRun(
            teacher.scheme, settings, filter: filter, folder: state, encoder: encoder)
        #expect(try run.read(LineInput(path)) == .endOfInput)
        return run.result("suspect")
    }

    @Test func eachPairCountsOnceOverTheWholeRun() throws {
        let result = try run([
            ["tokens": [1, 2, 3, 4]], ["tokens": [9, 1, 2, 3, 1, 2, 3, 1, 2, 4]],
        ])
        // (1 2)3 (2 3)4, then (9 1)2 (1 2)3x (2 3)1 (3 1)2 (1 2)3x (2 3)1x (3 1)2x (1 2)4.
        #expect(result.scored == 6)
        #expect(result.counts.repeated == 4)
        #expect(result.counts.documents == 2)
        #expect(result.counts.tokens == 14)
        var expected = 0.0
        for window in [[1, 2, 3], [2, 3, 4], [9, 1, 2], [2, 3, 1], [3, 1, 2], [1, 2, 4]] {
            let tokens = window.map { UInt32($0) }
            expected += try teacher.scheme.score(answer: tokens, prompt: [])[0].score
        }
        #expect(abs(result.sum - expected) < 1e-9)
    }

    @Test func windowsOfTheAnswersOwnPromptAreLeftOut() throws {
        let lines: [[String: Any]] = [
            ["prompt_tokens": [5, 1, 2, 7], "tokens": [1, 2, 3, 4, 1, 2, 9]],
            ["tokens": [1, 2, 3]],
        ]
        let result = try run(lines)
        // (1 2) has a continuation in the first prompt; in the second answer it is its own.
        #expect(result.counts.inPrompt == 2)
        #expect(result.scored == 4)
        #expect(result.counts.repeated == 0)
        let without = try run(lines, change: { $0.skipsPromptWindows = false })
        #expect(without.counts.inPrompt == 0)
        #expect(without.scored == 5)
        #expect(without.counts.repeated == 1)
    }

    @Test func anEchoOfMarkedPromptsIsNoEvidence() throws {
        var random = SeededRandom(seed: 21)
        let lines = try (0..<20).map { _ in
            let text = try teacher.marked(100, &random).map { Int($0) }
            return ["prompt_tokens": text, "tokens": Array(text.suffix(80))]
        }
        #expect(try run(lines).scored == 0)
        let leaked = try run(lines, change: { $0.skipsPromptWindows = false })
        #expect(leaked.logAnytimeP < log(1e-6))
    }

    @Test func aFilterKeepsTheTeachersWindows() throws {
        var filter = WindowFilter(for: teacher.scheme)
        try filter.add([1, 2, 3], teacher.scheme)
        try filter.add([7, 8, 9], teacher.scheme)
        #expect(filter.count == 2)
        let path = "\(folder.path)/filter.bin"
        try filter.write(to: path)
        let read = try WindowFilter(contentsOf: path, for: teacher.scheme)
        #expect(read.digest == filter.digest)
        let result = try run([["tokens": [1, 2, 4, 7, 8, 1]]], filter: read)
        #expect(result.scored == 2)
        #expect(result.counts.filtered == 2)
    }

    @Test func aFilterThatIsCutOffOrAnothersIsRefused() throws {
        var random = SeededRandom(seed: 77)
        var filter = WindowFilter(for: teacher.scheme)
        try filter.add(ProvenanceFixtures.text(50, &random), teacher.scheme)
        let bytes = filter.encoded()
        let path = "\(folder.path)/filter.bin"
        for count in [0, 20, 60, bytes.count - 8, bytes.count - 1] {
            try Data(bytes.prefix(count)).write(to: URL(fileURLWithPath: path))
            #expect(throws: ProvenanceError.self) {
                try WindowFilter(contentsOf: path, for: teacher.scheme)
            }
        }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let other = try ProvenanceFixtures.gumbel(key: "4").scheme
        let error = #expect(throws: ProvenanceError.self) {
            try WindowFilter(contentsOf: path, for: other)
        }
        #expect(error?.description.contains("fingerprint") == true)
    }

    @Test func aStudentThatReadsIsFoundAndAnInnocentReaderIsNot() throws {
        var random = SeededRandom(seed: 31)
        var student: [[String: Any]] = []
        var innocent: [[String: Any]] = []
        for _ in 0..<40 {
            let tokens = try teacher.marked(120, &random)
            // Half of what it would say is what the teacher could have said.
            var predictions = ProvenanceFixtures.text(tokens.count, &random)
            innocent.append(["tokens": tokens, "predictions": predictions])
            for place in 2..<tokens.count where random.uniform() < 0.5 {
                predictions[place] = try teacher.marked(
                    after: Array(tokens[place - 2..<place]), &random)
            }
            student.append(["tokens": tokens, "predictions": predictions])
        }
        let found = try run(student, .open)
        #expect(found.logAnytimeP < log(1e-6))
        #expect(found.scored <= 40 * 118)
        #expect(try run(innocent, .open).logAnytimeP > log(0.01))
    }

    @Test func copyingFromTheFedTextIsNoEvidence() throws {
        // The text comes twice, and the suspect goes on as it saw it go on.
        var random = SeededRandom(seed: 32)
        let lines = try (0..<20).map { _ in
            let once = try teacher.marked(100, &random)
            let predictions = ProvenanceFixtures.text(100, &random) + once
            return ["tokens": once + once, "predictions": predictions]
        }
        let result = try run(lines, .open)
        #expect(result.logAnytimeP > log(0.01))
        #expect(result.counts.inPrompt >= 20 * 98)
        // A suspect that sees 50 tokens has seen nothing of the first time.
        let short = try run(lines, .open, change: { $0.attention = 50 })
        #expect(short.counts.inPrompt < 20 * 98)
    }

    @Test func aRunThatIsKilledGivesTheBytesOfOneThatIsNot() throws {
        var random = SeededRandom(seed: 41)
        let lines = try (0..<300).map { _ in
            try ProvenanceFixtures.line([
                "tokens": ProvenanceFixtures.text(.random(in: 0...60, using: &random), &random)
            ])
        }
        let path = try folder.write("suspect.jsonl", lines.joined())
        var settings = ProvenanceSettings(method: .closed, suspect: "suspect")
        settings.plannedCount = 4000
        let whole = try ProvenanceRun(
            teacher.scheme, settings, filter: nil, folder: "\(folder.path)/whole", encoder: nil)
        _ = try whole.read(LineInput(path))
        for part in 0..<60 {
            let run = try ProvenanceRun(
                teacher.scheme, settings, filter: nil, folder: "\(folder.path)/parts",
                encoder: nil)
            var left = Int.random(in: 0...12, using: &random)
            let pause = try run.read(LineInput(path)) {
                left -= 1
                return left < 0
            }
            // What a killed run wrote after it last saved.
            for name in ["positions.bin", "trace.jsonl"] {
                let handle = try FileHandle(
                    forWritingTo: URL(fileURLWithPath: "\(folder.path)/parts/\(name)"))
                try handle.seekToEnd()
                try handle.write(contentsOf: Data(repeating: 7, count: part % 5 * 3))
                try handle.close()
            }
            if pause == .endOfInput { break }
        }
        let last = try ProvenanceRun(
            teacher.scheme, settings, filter: nil, folder: "\(folder.path)/parts", encoder: nil)
        #expect(try last.read(LineInput(path)) == .endOfInput)
        for name in ["state.json", "positions.bin", "trace.jsonl"] {
            #expect(try folder.bytes("whole/\(name)") == folder.bytes("parts/\(name)"), "\(name)")
        }
        #expect(last.result("a").logFixedP == whole.result("a").logFixedP)
        #expect(last.result("a").logFixedP != nil)
        #expect(last.result("a").largestLogE == whole.result("a").largestLogE)
    }

    @Test func twoRunsCannotHaveOneState() throws {
        let settings = ProvenanceSettings(method: .closed, suspect: "suspect")
        func open() throws -> ProvenanceRun {
            try ProvenanceRun(
                teacher.scheme, settings, filter: nil, folder: "\(folder.path)/state",
                encoder: nil)
        }
        try withExtendedLifetime(open()) {
            let error = #expect(throws: ProvenanceError.self) { try open() }
            #expect(error?.description.contains("in use") == true)
        }
        _ = try open()
    }

    @Test func greenListsAreGoneOnWithToo() throws {
        let scheme = try Vectors.scheme(
            "kgw_lefthash", keys: ["15485863"],
            ["context_width": 1, "vocabulary_size": 64, "gamma": 0.25, "bias": 2.0])
        var random = SeededRandom(seed: 42)
        let lines = try (0..<20).map { _ in
            try ProvenanceFixtures.line([
                "tokens": (0..<50).map { _ in Int.random(in: 0..<64, using: &random) }
            ])
        }
        let path = try folder.write("suspect.jsonl", lines.joined())
        let settings = ProvenanceSettings(method: .closed, suspect: "suspect")
        let names = ["whole", "parts"]
        for name in names {
            var isDone = false
            while !isDone {
                let run = try ProvenanceRun(
                    scheme, settings, filter: nil, folder: "\(folder.path)/\(name)", encoder: nil)
                var left = 4
                isDone =
                    try run.read(LineInput(path)) {
                        left -= 1
                        return name == "parts" && left < 0
                    } == .endOfInput
            }
        }
        #expect(try folder.bytes("whole/state.json") == folder.bytes("parts/state.json"))
    }

    @Test func aStateOfAnotherTestOrADamagedOneIsRefused() throws {
        let path = try folder.write("suspect.jsonl", "{\"tokens\":[1,2,3,4,5,6]}\n")
        let settings = ProvenanceSettings(method: .closed, suspect: "suspect")
        let state = "\(folder.path)/state"
        func open(
            _ settings: ProvenanceSettings, _ scheme: WatermarkScheme
        ) throws -> ProvenanceRun {
            try ProvenanceRun(scheme, settings, filter: nil, folder: state, encoder: nil)
        }
        _ = try open(settings, teacher.scheme).read(LineInput(path))

        var other = settings
        other.plannedCount = 7
        var error = #expect(throws: ProvenanceError.self) { try open(other, teacher.scheme) }
        #expect(error?.description.contains("planned") == true)
        let scheme = try ProvenanceFixtures.gumbel(key: "4").scheme
        error = #expect(throws: ProvenanceError.self) { try open(settings, scheme) }
        #expect(error?.description.contains("fingerprint") == true)

        // Another input than the one that was read.
        let changed = try folder.write("changed.jsonl", "{\"tokens\":[1,2,3,4,5,7]}\n")
        error = #expect(throws: ProvenanceError.self) {
            try open(settings, teacher.scheme).read(LineInput(changed))
        }
        #expect(error?.description.contains("does not begin") == true)

        for name in ["state.json", "positions.bin"] {
            let bytes = try folder.bytes("state/\(name)")
            let file = URL(fileURLWithPath: "\(state)/\(name)")
            for damaged in [bytes.dropLast(), bytes.dropLast(bytes.count / 2)] {
                try Data(damaged).write(to: file)
                #expect(throws: ProvenanceError.self) { try open(settings, teacher.scheme) }
            }
            var flipped = bytes
            flipped[9] ^= 4
            try flipped.write(to: file)
            #expect(throws: ProvenanceError.self) { try open(settings, teacher.scheme) }
            try bytes.write(to: file)
        }
        _ = try open(settings, teacher.scheme)
    }

    @Test(arguments: [
        ("{\"tokens\":[1,2,500]}", "vocabulary_size"),
        ("{\"tokens\":[1,-2]}", "entry 2"), ("{\"tokens\":[1,2.5]}", "entry 2"),
        ("{\"tokens\":[4294967296]}", "entry 1"), ("{\"tokens\":[1e9]}", "entry 1"),
        ("{\"tokens\":[99999999999999999999999]}", "entry 1"),
        ("{\"tokens\":[1,NaN]}", "entry 2"), ("{\"tokens\":1}", "tokens"),
        ("{\"tokens\":[1,2", "does not end"), ("[1,2]", "object"), ("{\"a\":1}", "neither"),
        ("{\"answer\":\"text\"}", "tokenizer"), ("{\"answer\":\"\u{1}\"}", "control"),
        ("{\"tokens\":[1],\"tokens\":[2]}", "twice"), ("{\"tokens\":[1]} x", "more than one"),
        (String(repeating: "{\"a\":", count: 5000), "nested"), ("{\"a\":nul}", "not JSON"),
    ])
    func aBadLineIsToldOfWithItsPlace(line: String, reason: String) throws {
        let path = try folder.write("suspect.jsonl", "{\"tokens\":[1,2,3]}\n\(line)\n")
        let run = try ProvenanceRun(
            teacher.scheme, ProvenanceSettings(method: .closed, suspect: "suspect"), filter: nil,
            folder: "\(folder.path)/state", encoder: nil)
        let error = #expect(throws: ProvenanceError.self) { try run.read(LineInput(path)) }
        #expect(error?.description.contains("line 2 (byte 19)") == true)
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }

    @Test func aMarkWithoutAWindowIsRefused() throws {
        let scheme = try Vectors.scheme(
            "kgw_selfhash", keys: ["15485863"],
            ["context_width": 1, "vocabulary_size": 64, "gamma": 0.25, "bias": 2.0])
        let error = #expect(throws: ProvenanceError.self) {
            try ProvenanceRun(
                scheme, ProvenanceSettings(method: .closed, suspect: "suspect"), filter: nil,
                folder: "\(folder.path)/state", encoder: nil)
        }
        #expect(error?.description.contains("context_width") == true)
    }

    @Test func predictionsOfAnotherLengthAreRefused() throws {
        let error = #expect(throws: ProvenanceError.self) {
            try run([["tokens": [1, 2, 3], "predictions": [1, 2]]], .open)
        }
        #expect(error?.description.contains("3 tokens and 2 predictions") == true)
    }

    @Test func textsGoThroughTheTokenizer() throws {
        let encoder: ProvenanceRun.Encoder = { $0.utf8.map { UInt32($0) } }
        let text = try run(
            [["prompt": "xxabc", "answer": "abé\"\nab"]], encoder: encoder)
        let ids = try run([
            ["prompt_tokens": Array("xxabc".utf8), "tokens": Array("abé\"\nab".utf8)]
        ])
        #expect(text.sum == ids.sum)
        #expect(text.scored == ids.scored)
        #expect(text.counts.inPrompt == 1)
    }

    @Test func aControlThatIsFoundMakesTheFindingInconclusive() throws {
        var random = SeededRandom(seed: 51)
        let marked = try (0..<20).map { _ in ["tokens": try teacher.marked(100, &random)] }
        let plain = (0..<20).map { _ in ["tokens": ProvenanceFixtures.text(100, &random)] }
        let student = try run(marked)
        let control = try run(plain)
        func verdict(
            _ suspect: ProvenanceResult, _ controls: [ProvenanceResult], tests: Int = 1
        ) -> ProvenanceVerdict {
            ProvenanceVerdict(
                suspect: suspect, controls: controls, deciding: .anytime, alpha: 1e-6,
                controlAlpha: 0.01, tests: tests)
        }
        #expect(verdict(student, [control]).outcome == .consistent)
        #expect(verdict(control, []).outcome == .none)
        #expect(verdict(student, [control, student]).outcome == .inconclusive)
        let one = verdict(student, []).logP ?? 0
        let many = verdict(student, [], tests: 10).logP ?? 0
        #expect(abs(many - one - log(10)) < 1e-9)
        // Fewer than planned are too few to say that there is nothing.
        let short = try run(plain, change: { $0.plannedCount = 1_000_000 })
        #expect(verdict(short, []).outcome == .inconclusive)
        let few = try run([["tokens": ProvenanceFixtures.text(500, &random)]])
        #expect(verdict(few, []).outcome == .inconclusive)
    }
}
