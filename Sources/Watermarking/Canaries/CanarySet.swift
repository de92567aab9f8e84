import Foundation

/// One question that canaries answer, the same for all campaigns, so that one campaign's answers are the controls of
/// another's.
package struct CanaryQuestion: Hashable, Sendable {
    /// `q1`, `q2` and so on.
    package let id: String
    package let text: String
    package let alternatives: CanaryAlternatives
    /// What the commitment names the alternatives by.
    let statement: String

    init(id: String, text: String, alternatives: CanaryAlternatives) {
        self.id = id
        self.text = text
        self.alternatives = alternatives
        statement = alternatives.statement
    }
}

/// One secret answer.
package struct Canary: Hashable, Sendable {
    /// Line and question: `17.q2`.
    package let id: String
    package let question: CanaryQuestion
    package let answer: String
    /// 32 random bytes in hexadecimal, so that the commitment gives nobody a guess.
    let nonce: String

    /// As ``CanaryOpening/commitment``.
    var commitment: String { CanaryOpening(self).commitment }
}

/// Secret prompt-answer pairs: lines of text for the gateway's `canaries` file, each with its own secret answers to the same
/// questions. A campaign's line follows from its id.
package struct CanarySet: Hashable, Sendable {
    /// Most lines and questions.
    static let mostLines = 65_536
    static let mostQuestions = 64
    /// Longest question, bytes.
    static let longestQuestion = 2000

    package let name: String
    package let questions: [CanaryQuestion]
    /// For each line its canaries, in the questions' order.
    package let lines: [[Canary]]
    /// 32 random bytes in hexadecimal.
    let salt: String

    init(name: String, questions: [CanaryQuestion], lines: [[Canary]], salt: String) {
        self.name = name
        self.questions = questions
        self.lines = lines
        self.salt = salt
    }

    /// Draws a set.
    ///
    /// - Parameters:
    ///   - name: of the set, one line.
    ///   - questions: text and alternatives of each; with none, `count` questions about things that do not exist are made up.
    ///   - lines: how many; campaigns share a line by chance with probability 1 in `lines`.
    ///   - random: bytes that cannot be guessed, or `nil`; OpenSSL's generator but in tests.
    package static func draw(
        name: String, questions given: [(text: String, alternatives: CanaryAlternatives)],
        count: Int = 3, lines: Int = 1024,
        random: (Int) -> [UInt8]? = { Digest.random(count: $0) }
    ) throws(WatermarkError) -> CanarySet {
        guard (1...200).contains(name.utf8.count), !name.contains(where: \.isNewline) else {
            throw .document(reason: "a set's name is one line of 1 to 200 bytes")
        }
        guard (1...mostLines).contains(lines) else {
            throw .document(reason: "\(lines) lines; a set has 1 to \(mostLines)")
        }
        var asked = given
        if asked.isEmpty {
            guard (1...mostQuestions).contains(count) else {
                throw .document(
                    reason: "\(count) questions; a set has 1 to \(mostQuestions)")
            }
            for index in 0..<count { asked.append(try madeUp(index, random)) }
        }
        let questions = try checked(asked)
        var drawn: [[Canary]] = []
        for line in 0..<lines {
            var canaries: [Canary] = []
            for question in questions {
                let index = try draw(below: question.alternatives.count, random)
                canaries.append(
                    Canary(
                        id: "\(line + 1).\(question.id)", question: question,
                        answer: question.alternatives.text(at: index),
                        nonce: Digest.hexadecimal(try bytes(32, random))))
            }
            drawn.append(canaries)
        }
        return CanarySet(
            name: name, questions: questions, lines: drawn,
            salt: Digest.hexadecimal(try bytes(32, random)))
    }

    static func checked(
        _ asked: [(text: String, alternatives: CanaryAlternatives)]
    ) throws(WatermarkError) -> [CanaryQuestion] {
        guard (1...mostQuestions).contains(asked.count) else {
            throw .document(reason: "\(asked.count) questions; a set has 1 to \(mostQuestions)")
        }
        var questions: [CanaryQuestion] = []
        for (index, question) in asked.enumerated() {
            guard (1...longestQuestion).contains(question.text.utf8.count),
                !question.text.contains(where: \.isNewline),
                !AnswerWords(question.text).words.isEmpty
            else {
                throw .document(
                    reason:
                        "question \(index + 1) must be one line of 1 to \(longestQuestion) bytes with a word"
                )
            }
            questions.append(
                CanaryQuestion(
                    id: "q\(index + 1)", text: question.text, alternatives: question.alternatives))
        }
        guard Set(questions.map(\.text)).count == questions.count else {
            throw .document(reason: "two questions are the same; each secret needs its own")
        }
        return questions
    }

    /// What the gateway adds to a campaign's answers: every question of a line with its answer.
    package func text(line: Int) -> String {
        lines[line].map { "\($0.question.text) \($0.answer)." }.joined(separator: " ")
    }

    /// The gateway's `canaries` file.
    package var gatewayFile: String { lines.indices.map { text(line: $0) + "\n" }.joined() }

    /// The index of the line that the gateway gives a campaign or account: the FNV-1a hash of its id modulo the lines.
    package func line(for id: String) -> Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in id.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Int(hash % UInt64(lines.count))
    }

    // MARK: Drawing

    private static let templates: [(text: String, alternatives: CanaryAlternatives)] = [
        ("What is the catalogue code of the * sea chart?", .code),
        ("Who restored the * organ?", .name),
        ("How many tiles are in the * mosaic?", .number),
        ("Which inventory code does the * sextant carry?", .code),
        ("Who keeps the * tide ledger?", .name),
        ("How many verses has the * ballad?", .number),
        ("What is the shelf code of the * herbarium?", .code),
        ("Who drew the * field maps?", .name),
    ]

    /// A question about something that does not exist.
    private static func madeUp(
        _ index: Int, _ random: (Int) -> [UInt8]?
    ) throws(WatermarkError) -> (text: String, alternatives: CanaryAlternatives) {
        let template = templates[index % templates.count]
        let names = CanaryAlternatives.name
        var words: [String] = []
        for _ in 0..<2 { words.append(names.text(at: try draw(below: names.count, random))) }
        return (
            template.text.replacingOccurrences(of: "*", with: words.joined(separator: " ")),
            template.alternatives
        )
    }

    /// A number in 0..<bound, each equally likely.
    private static func draw(
        below bound: Int, _ random: (Int) -> [UInt8]?
    ) throws(WatermarkError) -> Int {
        let range = UInt64(bound)
        // Numbers from here on would make small results likelier.
        let limit = UInt64.max - UInt64.max % range
        while true {
            let number = try bytes(8, random).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            if number < limit { return Int(number % range) }
        }
    }

    private static func bytes(
        _ count: Int, _ random: (Int) -> [UInt8]?
    ) throws(WatermarkError) -> [UInt8] {
        guard let bytes = random(count), bytes.count == count else {
            throw .document(reason: "the system gives no random numbers")
        }
        return bytes
    }
}
