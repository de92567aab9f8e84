/// The built-in source of texts: frames filled with words, for worlds without a corpus.
///
/// It has the shape of a real corpus, so that everything downstream treats both alike: several sets in each layout,
/// instruct style in `A`, personal chat in `B`, templated and agent text in `C`.
final class Grammar {
    let pool: TextPool
    private var random: Random

    init(pool: TextPool, seed: UInt64) {
        self.pool = pool
        random = Random(seed: seed, stream: "grammar")
    }

    /// A corpus whose sets hold about `size` texts each.
    func corpus(size: Int) -> Corpus {
        var corpus = Corpus()
        func add(_ name: String, _ layout: Layout, _ make: () -> (String, Language)) {
            var set = TextSet(name: name, layout: layout)
            var seen: Set<String> = []
            for _ in 0..<size {
                let (text, language) = make()
                if !seen.insert(text).inserted { continue }
                set.texts.append(pool.add(text, language))
                set.systems.append(0)
            }
            set.index(pool)
            corpus.sets.append(set)
        }
        let topics = GrammarTopics.all
        for part in 0..<4 {
            let some = topics.indices.filter { $0 % 4 == part }.map { topics[$0] }
            add("grammar_instruct_\(part)", .harvest) {
                (english(GrammarFrames.instruct, random.pick(some)), .english)
            }
        }
        add("grammar_math", .harvest) { english(GrammarFrames.mathematics) }
        add("grammar_code", .harvest) { english(GrammarFrames.code) }
        add("grammar_instruct_zh", .harvest) { other(.chinese) }
        for part in 0..<6 {
            let some = topics.indices.filter { $0 % 6 == part }.map { topics[$0] }
            add("grammar_chat_\(part)", .organic) {
                (english(GrammarFrames.chat, random.pick(some)), .english)
            }
        }
        add("grammar_code_chat", .organic) { english(GrammarFrames.codeChat) }
        for (name, language) in [
            ("de", Language.german), ("es", .spanish), ("fr", .french), ("zh", .chinese),
            ("pt", .portuguese),
        ] {
            add("grammar_chat_" + name, .organic) { other(language) }
        }
        add("grammar_pipeline", .automation) { english(GrammarFrames.templated) }
        add("grammar_evals", .automation) {
            english(random.chance(0.5) ? GrammarFrames.mathematics : GrammarFrames.templated)
        }
        add("grammar_judge", .automation) { english(GrammarFrames.judged) }
        add("grammar_agent", .automation) { english(GrammarFrames.steps) }
        return corpus
    }

    private func english(_ frames: [String]) -> (String, Language) {
        (english(frames, random.pick(GrammarTopics.all)), .english)
    }

    private func english(_ frames: [String], _ topic: GrammarTopic) -> String {
        expand(random.pick(frames), GrammarLists.shared, topic)
    }

    private func other(_ language: Language) -> (String, Language) {
        let frames =
            switch language {
            case .german: GrammarFrames.german
            case .spanish: GrammarFrames.spanish
            case .french: GrammarFrames.french
            case .portuguese: GrammarFrames.portuguese
            default: GrammarFrames.chinese
            }
        let words = (GrammarLists.foreign[language] ?? [:]).merging(GrammarLists.shared) { own, _ in
            own
        }
        var text = expand(random.pick(frames), words, nil)
        // Two questions in one message keep the combinations in the thousands.
        if random.chance(0.7) {
            let space = language == .chinese ? "" : " "
            text += space + expand(random.pick(frames), words, nil)
        }
        return (text, language)
    }

    /// Fills the slots of `frame`; `{{` stands for a brace.
    private func expand(
        _ frame: String, _ words: [String: [String]], _ topic: GrammarTopic?
    ) -> String {
        var text = ""
        var rest = frame[...]
        while let open = rest.firstIndex(of: "{") {
            text += rest[..<open]
            let inside = rest[rest.index(after: open)...]
            if inside.first == "{" {
                text += "{"
                rest = inside.dropFirst()
                continue
            }
            guard let close = inside.firstIndex(of: "}") else { return text + rest[open...] }
            text += value(String(inside[..<close]), words, topic)
            rest = inside[inside.index(after: close)...]
            if rest.first == "}" { rest = rest.dropFirst() }
        }
        return text + rest
    }

    private func value(
        _ slot: String, _ words: [String: [String]], _ topic: GrammarTopic?
    ) -> String {
        switch slot {
        case "n": return String(random.int(2...19))
        case "m": return String(random.int(20...97))
        case "k": return String(random.int(2...9))
        case "topic2": return random.pick(GrammarTopics.all).name
        case "thing2": return random.pick(random.pick(GrammarTopics.all).things)
        case "fn":
            return random.pick(words["verb"] ?? ["run"]) + "_" + random.pick(words["noun"] ?? ["x"])
        case "snippet": return snippet()
        default: break
        }
        if let topic {
            switch slot {
            case "topic": return topic.name
            case "thing", "other": return random.pick(topic.things)
            case "act": return random.pick(topic.acts)
            case "worry": return random.pick(topic.worries)
            default: break
            }
        }
        return words[slot].map { random.pick($0) } ?? slot
    }

    /// A few lines of code with random names, structure and, now and then, a fault.
    private func snippet() -> String {
        let words = GrammarLists.shared
        func word(_ list: String) -> String { random.pick(words[list] ?? ["x"]) }
        let function = word("verb") + "_" + word("noun")
        let input = word("noun")
        let first = word("var")
        let second = word("var")
        let number = random.int(1...64)
        let compare = random.pick(["<", "<=", ">", "=="])
        switch random.int(5) {
        case 0:
            return """
                def \(function)(\(input), limit=\(number)):
                    \(first) = []
                    for \(second)_i, item in enumerate(\(input)):
                        if item \(compare) limit:
                            \(first).append(item)
                    return \(first)
                """
        case 1:
            return """
                fn \(function)(\(input): &[i64]) -> Option<i64> {
                    let mut \(first) = \(number);
                    for item in \(input) {
                        if *item \(compare) \(first) { \(first) += item; }
                    }
                    Some(\(first))
                }
                """
        case 2:
            return """
                func \(function)(\(input) []int) int {
                \t\(first) := \(number)
                \tfor i := 0; i \(compare) len(\(input)); i++ {
                \t\t\(first) += \(input)[i] % \(number + 1)
                \t}
                \treturn \(first)
                }
                """
        case 3:
            return """
                const \(function) = (\(input)) => {
                  const \(first) = new Map();
                  \(input).forEach((item, i) => { if (i \(compare) \(number)) \(first).set(item, i); });
                  return [...\(first).keys()];
                };
                """
        default:
            return """
                func \(function)(_ \(input): [Int]) -> Int {
                    var \(first) = \(number)
                    for \(second)Item in \(input) where \(second)Item \(compare) \(first) {
                        \(first) = \(second)Item
                    }
                    return \(first)
                }
                """
        }
    }
}
