import Foundation

/// The protected file of a set.
struct CanarySetFile: Codable {
    static let format = "stillwatch-canaries"
    static let largest = 512 << 20

    struct Question: Codable {
        let question: String
        let kind: String
        let alternatives: [String]?
    }

    struct Secret: Codable {
        let answer: String
        let nonce: String
    }

    let format: String
    let version: Int
    let name: String
    let salt: String
    let questions: [Question]
    let lines: [[Secret]]
}

extension CanarySet {
    /// Reads a set from a file that only its owner may read.
    package init(contentsOf path: String) throws(WatermarkError) {
        try self.init(
            json: try ProtectedFile.read(path, largest: CanarySetFile.largest, isSecret: true),
            path: path)
    }

    /// Reads a set's bytes; `path` is for messages.
    init(json: [UInt8], path: String) throws(WatermarkError) {
        guard let file = try? JSONDecoder().decode(CanarySetFile.self, from: Data(json)),
            file.format == CanarySetFile.format, file.version == 1
        else {
            throw .file(
                path: path, reason: "no set of canaries of version 1; 'canary make' writes one")
        }
        var asked: [(text: String, alternatives: CanaryAlternatives)] = []
        for (index, question) in file.questions.enumerated() {
            if let alternatives = CanaryAlternatives(kind: question.kind) {
                asked.append((question.question, alternatives))
            } else if let list = question.alternatives {
                asked.append((question.question, try CanaryAlternatives(list: list)))
            } else {
                throw .file(
                    path: path,
                    reason:
                        "question \(index + 1): kind is not name, code, number or list, or its list is missing"
                )
            }
        }
        let questions = try Self.checked(asked)
        guard (1...Self.mostLines).contains(file.lines.count) else {
            throw .file(path: path, reason: "\(file.lines.count) lines; 1 to \(Self.mostLines)")
        }
        let finders = questions.map { AlternativeFinder($0.alternatives) }
        var lines: [[Canary]] = []
        for (line, secrets) in file.lines.enumerated() {
            guard secrets.count == questions.count else {
                throw .file(
                    path: path,
                    reason:
                        "line \(line + 1) has \(secrets.count) answers to \(questions.count) questions"
                )
            }
            var canaries: [Canary] = []
            for (index, secret) in secrets.enumerated() {
                let id = "\(line + 1).\(questions[index].id)"
                guard finders[index].index(ofWhole: secret.answer) != nil else {
                    throw .file(
                        path: path,
                        reason: "canary \(id): its answer is none of the stated alternatives")
                }
                canaries.append(
                    Canary(
                        id: id, question: questions[index], answer: secret.answer,
                        nonce: secret.nonce))
            }
            lines.append(canaries)
        }
        self.init(name: file.name, questions: questions, lines: lines, salt: file.salt)
    }

    /// The protected file's bytes.
    var json: [UInt8] {
        let file = CanarySetFile(
            format: CanarySetFile.format, version: 1, name: name, salt: salt,
            questions: questions.map { question in
                var list: [String]?
                if case .list(let texts) = question.alternatives { list = texts }
                return CanarySetFile.Question(
                    question: question.text, kind: question.alternatives.kind, alternatives: list)
            },
            lines: lines.map { line in
                line.map { CanarySetFile.Secret(answer: $0.answer, nonce: $0.nonce) }
            })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return ((try? encoder.encode(file)).map(Array.init) ?? []) + [0x0A]
    }

    /// The prompts to ask a suspect, a line of JSON each.
    var prompts: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var bytes: [UInt8] = []
        for question in questions {
            let line = ["id": question.id, "prompt": question.text]
            bytes += (try? encoder.encode(line)).map(Array.init) ?? []
            bytes.append(0x0A)
        }
        return bytes
    }

    /// Writes `canaries.json` (the secrets), `canaries.txt` (for the gateway), `commitment.json` (to be published) and
    /// `prompts.jsonl` (to ask a suspect) into a folder that exists. All are readable by their owner alone, and none may be
    /// there before.
    package func write(folder: String) throws(WatermarkError) {
        try ProtectedFile.create("\(folder)/canaries.json", json)
        try ProtectedFile.create("\(folder)/canaries.txt", Array(gatewayFile.utf8))
        try ProtectedFile.create("\(folder)/commitment.json", CanaryCommitment(self).json)
        try ProtectedFile.create("\(folder)/prompts.jsonl", prompts)
    }

    /// What to publish.
    package var commitment: CanaryCommitment { CanaryCommitment(self) }
}
