import Testing

@testable import Detection

@Suite struct TextSketcherTests {
    private func sketch(_ blocks: String...) -> TextSketch {
        var sketcher = TextSketcher()
        for block in blocks {
            var text = block
            text.withUTF8 { sketcher.add($0) }
        }
        return sketcher.finish()
    }

    private static let head = "You are given a task with the following input text"

    @Test func `the same first eight words give the same prefix, whatever follows`() {
        let a = sketch(Self.head + " about whales")
        let b = sketch(Self.head + " on quarterly tax filings in Norway")
        #expect(a.prefix == b.prefix)
        #expect(a.prefix != 0)
        #expect(a.suffix != b.suffix)
    }

    @Test func `the same last eight words give the same suffix, whatever precedes`() {
        let a = sketch("Whales. " + Self.head)
        let b = sketch("Tax filings of Norway: " + Self.head)
        #expect(a.suffix == b.suffix)
        #expect(a.prefix != b.prefix)
    }

    @Test func `case, digits and punctuation are folded`() {
        let a = sketch("Item 17: add THE numbers 3, 4 and 5 now please")
        let b = sketch("item 42 add the (numbers) 9 8 and 1 now please!")
        #expect(a.prefix == b.prefix)
        #expect(a.words == b.words)
    }

    @Test func `neighbouring characters of Chinese are words`() {
        #expect(sketch("请完整写出").words == 4)
        #expect(sketch("请 完整").words == 1)
    }

    @Test func `fewer than eight words have no prefix and no suffix`() {
        let short = sketch("one two three")
        #expect(short.prefix == 0)
        #expect(short.suffix == 0)
        #expect(short.words == 3)
    }

    @Test func `blocks end words, and read like lines`() {
        let whole = sketch("first line of it\nsecond line here\nthird and last line of all")
        let split = sketch("first line of it", "second line here", "third and last line of all")
        #expect(whole.prefix == split.prefix)
        #expect(whole.suffix == split.suffix)
        #expect(whole.skeleton == split.skeleton)
        #expect((0..<4).allSatisfy { whole.shingles[$0] == split.shingles[$0] })
    }

    @Test(arguments: UInt64(1)...10) func `the content sample depends on the set of words only`(
        seed: UInt64
    ) {
        var random = SplitMix(seed: seed)
        let words = (0..<60).map { _ in "w" + String(random.next() % 1_000_000_007, radix: 26) }
        let a = sketch(words.joined(separator: " "))
        let b = sketch((words + words).shuffled(using: &random).joined(separator: ", "))
        #expect(a.binCount == 24, "seed \(seed)")
        #expect((0..<24).allSatisfy { a.bins[$0] == b.bins[$0] }, "seed \(seed)")
    }

    @Test func `a template's lines give one skeleton, whatever is filled in`() {
        let a = sketch("Instruction: translate this\nInput: the cat sat on a mat today\nOutput:")
        let b = sketch("Instruction: name a river\nInput: somewhere north of Rome\nOutput:")
        #expect(a.skeleton == b.skeleton)
    }
}

@Suite struct RuleSetTests {
    private func categories(_ text: String) throws -> Set<Category> {
        let bits = try SignalExtractor.make(Rule.defaults).signals(of: Request(text: text))
            .categories
        return Set(Category.allCases.filter { bits & $0.bit != 0 })
    }

    @Test func `a bad pattern names its rule`() {
        do throws(RuleSetError) {
            _ = try RuleSet([
                Rule(id: "good", category: .coding, pattern: "a+"),
                Rule(id: "my.broken", category: .coding, pattern: "(unclosed"),
            ])
            Issue.record("the pattern was accepted")
        } catch {
            guard case .badPattern(let id, _) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(id == "my.broken")
        }
    }

    @Test func `ids of the built-in rules are unique`() {
        #expect(Set(Rule.defaults.map(\.id)).count == Rule.defaults.count)
    }

    @Test(arguments: [
        (
            "Articulate the reasoning behind the finished answer, step by step.",
            Category.elicitation
        ),
        ("Put your thoughts inside <think> tags.", .elicitation),
        ("请给出完整的推理过程。", .elicitation),
        ("Rate the answer on a scale of 1 to 10.", .rubric),
        ("You are an impartial judge. Which response is better?", .rubric),
        ("请按评分标准打分", .rubric),
        ("Generate 20 diverse instructions for an assistant.", .dataGeneration),
        ("Write question-answer pairs for our SFT dataset.", .dataGeneration),
    ])
    func `harvesting is recognised`(text: String, category: Category) throws {
        #expect(try categories(text).contains(category))
    }

    @Test(arguments: [
        "What should I cook tonight with leeks and two eggs?",
        "My train was late again, can you draft a complaint to the railway?",
        "Translate this menu into Spanish, please.",
        "Why does my Python loop stop after the first item?",
        "I think the answer is seven. Is that right?",
    ])
    func `ordinary sentences are not harvesting`(text: String) throws {
        #expect(try categories(text).filter(\.isHarvestSign).isEmpty)
    }
}

@Suite struct SignalExtractorTests {
    private func signals(_ request: Request, _ rules: [Rule] = []) throws -> ExchangeSignals {
        try SignalExtractor.make(rules).signals(of: request)
    }

    @Test func `the prompt is what follows the last answer`() throws {
        let alone = try signals(Request(text: "the question"))
        let late = try signals(Request(text: "the question", earlierAnswers: 2))
        #expect(alone.prompt == late.prompt)
        #expect(alone.earlierTurns == 0)
        #expect(late.earlierTurns == 2)
    }

    @Test func `an exchange without text has no prompt`() throws {
        let signals = try signals(Request())
        #expect(signals.prompt == 0)
        #expect(!signals.hasText)
    }

    @Test func `images count as media, tools as agentic`() throws {
        #expect(try signals(Request(text: "a", hasImage: true)).categories == Category.media.bit)
        let tools = try signals(Request(text: "a", tools: ["bash"]))
        #expect(tools.usesTools)
        #expect(tools.categories == Category.agentic.bit)
    }

    @Test func `parameters and tools change the fingerprint, text does not`() throws {
        let base = try signals(Request(text: "a", temperature: 0.5)).parameters
        #expect(try signals(Request(text: "b", temperature: 0.5)).parameters == base)
        #expect(try signals(Request(text: "a", temperature: 0.6)).parameters != base)
        #expect(try signals(Request(text: "a", temperature: 0.5, tools: ["t"])).parameters != base)
    }

    @Test func `a system prompt counts for what harvesting is for only`() throws {
        let rules = [
            Rule(id: "r", category: .rubric, pattern: "rubric"),
            Rule(id: "c", category: .coding, pattern: "python"),
        ]
        let signals = try signals(Request(text: "hi", system: "python rubric"), rules)
        #expect(signals.categories == Category.rubric.bit)
        #expect(signals.system != 0)
    }

    @Test func `two requests that differ in their id alone rank differently`() throws {
        let a = try signals(Request(id: "1", text: "a")).priority
        let b = try signals(Request(id: "2", text: "a")).priority
        #expect(a != b)
    }
}
