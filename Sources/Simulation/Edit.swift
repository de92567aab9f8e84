/// Small changes that people make to what they paste: an opening, a closing, case, typing errors, context.
///
/// They keep two people who draw the same corpus text from sending the same bytes.
enum Edit {
    /// An edit in the manner of `voice`; never zero.
    static func draw(voice: UInt8, _ random: inout Random) -> UInt32 {
        var habit = voice & UInt8(truncatingIfNeeded: random.next() | random.next())
        // Whoever edits changes something.
        if habit & 0b0100_0111 == 0 { habit |= random.pick([1, 2, 4, 64]) }
        return UInt32(truncatingIfNeeded: random.next()) << 8 | UInt32(habit) | 1 << 31
    }

    private static let openings = GrammarLists.words(
        "hey\\, ,hi! ,quick question: ,ok so ,sorry\\, another one: ,hmm ,please ,Hello. ,so ,Right\\, ,and ,one more: ,btw ,for work: ,I was wondering\\, ,next: ,again: ,follow-up: ,short answer please: ,be honest: "
            .replacing("\\,", with: "\u{1}")
    ).map { $0.replacing("\u{1}", with: ",") }

    private static let closings = [
        " thanks", " pls", " Thank you!", " (short please)", " cheers", " - asking for a friend",
        " it's urgent", "?", " asap", " in simple words", " no rush", " with an example", " :)",
        "...",
        " thx", " explain", " and why", " if that makes sense", " today", " please",
    ]

    private static let chineseOpenings = ["请问", "你好，", "麻烦问一下，", "帮我看看，", "想问", "再问一个：", "嗯，"]
    private static let chineseClosings = ["谢谢", "，急", "，谢谢啦", "？？", "，请简单说", "。多谢"]

    /// Writes `text` with the edits that `edit` names.
    static func apply(
        _ edit: UInt32, to text: UnsafeBufferPointer<UInt8>, _ language: Language,
        into target: ByteBuffer
    ) {
        var random = Random(seed: UInt64(edit))
        let isChinese = language == .chinese || language == .japanese
        if edit & 1 != 0 {
            target.append(string: random.pick(isChinese ? chineseOpenings : openings))
        }
        if edit & 2 != 0 && !isChinese { context(&random, into: target) }
        body(edit, text, &random, into: target)
        if edit & 4 != 0 || isChinese && edit & 1 == 0 {
            target.append(string: random.pick(isChinese ? chineseClosings : closings))
        }
        if edit & 64 != 0 && !isChinese {
            target.append(0x20 as UInt8)
            context(&random, into: target)
        }
    }

    private static func context(_ random: inout Random, into target: ByteBuffer) {
        let lists = GrammarLists.shared
        func word(_ list: String) -> String { random.pick(lists[list] ?? [""]) }
        let topic = random.pick(GrammarTopics.all)
        switch random.int(5) {
        case 0: target.append(string: "I'm in \(word("city")) and new to \(topic.name). ")
        case 1:
            target.append(string: "My \(word("relative")) asked me about this \(word("when")). ")
        case 2: target.append(string: "Context: \(random.pick(topic.things)), \(word("money")). ")
        case 3: target.append(string: "\(word("name")) needs it by \(word("day")). ")
        default: target.append(string: "I already tried to \(word("step")). ")
        }
    }

    /// The text itself, perhaps in lower case, cut after a sentence, or with typing errors.
    private static func body(
        _ edit: UInt32, _ text: UnsafeBufferPointer<UInt8>, _ random: inout Random,
        into target: ByteBuffer
    ) {
        var length = text.count
        if edit & 8 != 0 && length > 160 {
            let least = length / 2
            for index in least..<length
            where text[index] == UInt8(ascii: ".") || text[index] == 0x0A {
                length = index + 1
                break
            }
        }
        let lowers = edit & 16 != 0
        let slips = edit & 32 != 0 ? random.int(1...3) : 0
        let start = target.count
        target.append(UnsafeBufferPointer(rebasing: text[..<length]))
        let written = target.base + start
        if lowers {
            for index in 0..<length where written[index] >= 65 && written[index] <= 90 {
                written[index] += 32
            }
        }
        for _ in 0..<slips where length > 12 {
            let at = random.int(length - 1)
            let pair = (written[at], written[at + 1])
            let isLetters = pair.0 >= 97 && pair.0 <= 122 && pair.1 >= 97 && pair.1 <= 122
            if isLetters { (written[at], written[at + 1]) = (pair.1, pair.0) }
        }
    }
}
