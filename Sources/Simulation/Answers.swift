/// Makes up answers: plausible sentences with a few words of the question, from a seed.
struct Answers {
    private let english: [TextID]
    private let openings: [TextID]
    private let refusals: [TextID]
    private let others: [Language: [TextID]]
    private let pool: TextPool

    init(_ pool: TextPool) {
        self.pool = pool
        func intern(_ text: String, _ language: Language = .english) -> [TextID] {
            text.split(separator: "\n").map { pool.intern(String($0), language) }
        }
        openings = intern(Self.openingLines)
        refusals = intern(Self.refusalLines)
        english = intern(Self.englishLines)
        others = Self.otherLines.reduce(into: [:]) { found, pair in
            found[pair.key] = intern(pair.value, pair.key)
        }
    }

    /// Appends about `length` bytes of answer to `target`.
    ///
    /// `question` must not lie in `target`'s storage, which may move.
    func append(
        seed: UInt64, length: Int, language: Language, question: UnsafeBufferPointer<UInt8>,
        to target: ByteBuffer
    ) {
        var random = Random(seed: seed)
        let begin = target.count
        if let lines = others[language] {
            repeat {
                target.append(pool.bytes(random.pick(lines)))
                if language != .chinese { target.append(0x20 as UInt8) }
            } while target.count - begin < length
            return
        }
        target.append(pool.bytes(random.pick(openings)))
        repeat {
            target.append(0x20 as UInt8)
            let line = pool.bytes(random.pick(english))
            if let hole = line.firstIndex(of: UInt8(ascii: "~")) {
                target.append(UnsafeBufferPointer(rebasing: line[..<hole]))
                echo(question, &random, to: target)
                target.append(UnsafeBufferPointer(rebasing: line[(hole + 1)...]))
            } else {
                target.append(line)
            }
            if random.chance(0.12) { target.append(0x0A as UInt8) }
        } while target.count - begin < length
    }

    func appendRefusal(seed: UInt64, to target: ByteBuffer) {
        var random = Random(seed: seed)
        target.append(pool.bytes(random.pick(refusals)))
    }

    /// One to four words of the question, cut at spaces.
    private func echo(
        _ question: UnsafeBufferPointer<UInt8>, _ random: inout Random, to target: ByteBuffer
    ) {
        guard question.count > 8 else {
            target.append("this")
            return
        }
        var from = random.int(min(question.count, 600) - 4)
        while from > 0, question[from - 1] != 0x20 { from -= 1 }
        var to = from
        var words = random.int(1...4)
        while to < question.count, to - from < 60 {
            if question[to] == 0x20 {
                words -= 1
                if words == 0 { break }
            }
            if question[to] < 0x20 || question[to] >= 0x80 { break }
            to += 1
        }
        if to == from {
            target.append("this")
        } else {
            target.append(UnsafeBufferPointer(rebasing: question[from..<to]))
        }
    }

    private static let openingLines = """
        Sure.
        Good question.
        Here is one way to look at it.
        In short, yes.
        It depends on a few things.
        Not quite, and here is why.
        Let me go through it.
        Happy to help.
        There are two parts to this.
        The usual approach is simple.
        Thanks for the details.
        Let's begin with the basics.
        Briefly:
        That is a common situation.
        You are close.
        First, the main point.
        """

    private static let refusalLines = """
        I can't help with that request, but I can point you to general information.
        Sorry, I am not able to share my hidden reasoning in that form.
        I won't reproduce internal notes. I can give a summary of the result instead.
        That goes against the rules I follow, so I have to decline.
        """

    private static let englishLines = """
        The point about ~ matters most, so settle it first.
        With ~ in mind, I would keep the change small and check the result.
        A typical figure lies between three and seven, but conditions vary.
        If ~ is fixed, the rest follows in a few steps.
        Many people overlook the second step, which costs little and saves time later.
        Compare both options under the same conditions before you choose.
        It helps to write down what you already know about ~ and what is missing.
        The simplest explanation is usually right here.
        You could also start from the end and work back to ~.
        Keep a note of the date, the amount and who was involved.
        Here, ~ stands for the general case.
        Otherwise the effect is too small to notice.
        One exception is worth knowing: very old versions behave differently.
        Once that works, repeat it with ~ and look at the difference.
        I would avoid shortcuts at this stage.
        The evidence for ~ is mixed, and the studies are small.
        Try it on a copy first.
        After about a week you should see a clear trend.
        As for ~, a short list with three entries is enough.
        The trade-off is between effort now and effort later.
        Both readings are possible, and the context decides.
        To verify, change one thing at a time and measure again.
        Put ~ in the first line and the reason in the second.
        That leaves the cost, which is mostly labour.
        Most guides agree on this, though the wording differs.
        An example: take the first value, halve it, and compare with ~.
        You are unlikely to need more than that.
        In case of doubt, ask the person who set it up.
        The order matters less than doing it regularly.
        Finally, tidy up and store ~ where you will find it again.
        Using a table makes the pattern visible at once.
        If the result surprises you, check the units.
        """

    private static let otherLines: [Language: String] = [
        .german: """
        Das hängt von einigen Punkten ab.
        Am besten beginnst du mit einem kleinen Versuch.
        Wichtig ist, die Kosten vorher zu vergleichen.
        In den meisten Fällen reicht der zweite Weg.
        Schreib dir auf, was schon bekannt ist.
        Danach lässt sich der Rest in wenigen Schritten erledigen.
        Ein Beispiel macht es deutlicher.
        Frag im Zweifel jemanden mit Erfahrung.
        """,
        .spanish: """
        Depende de varios factores.
        Lo mejor es empezar con una prueba pequeña.
        Conviene comparar los precios antes de decidir.
        En la mayoría de los casos basta con la segunda opción.
        Anota lo que ya sabes y lo que falta.
        Después, el resto sale en pocos pasos.
        Un ejemplo lo aclara mejor.
        Si tienes dudas, pregunta a alguien con experiencia.
        """,
        .french: """
        Cela dépend de plusieurs points.
        Le mieux est de commencer par un petit essai.
        Comparez les prix avant de choisir.
        Dans la plupart des cas, la deuxième solution suffit.
        Notez ce que vous savez déjà.
        Ensuite, le reste se fait en quelques étapes.
        Un exemple rend la chose plus claire.
        """,
        .portuguese: """
        Depende de alguns pontos.
        O melhor é começar com um teste pequeno.
        Compare os preços antes de decidir.
        Na maioria dos casos a segunda opção basta.
        Anote o que já sabe e o que falta.
        Depois disso o resto sai em poucos passos.
        """,
        .chinese: """
        这要看具体情况。
        建议先从小范围试起。
        决定之前最好比较一下价格。
        多数情况下第二种办法就够了。
        把已经知道的和还缺的都写下来。
        之后几步就能完成。
        举个例子会更清楚。
        如果不确定，可以问问有经验的人。
        """,
    ]
}
