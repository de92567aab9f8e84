import Foundation

/// One model's answers to prompts.
package struct ModelAnswers: Hashable, Sendable {
    package let name: String
    /// By the prompt's id, or the prompt itself.
    package let answers: [String: String]

    package init(name: String, answers: [String: String]) {
        self.name = name
        self.answers = answers
    }

    /// Largest file of one model, bytes.
    private static let largest = 512 << 20

    private struct Line: Decodable {
        let prompt_id: PromptID?
        let prompt: String?
        let answer: String
    }

    /// A text or a whole number.
    private struct PromptID: Decodable {
        let text: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self.text = text
            } else {
                text = String(try container.decode(Int64.self))
            }
        }
    }

    /// Reads a file with {"prompt_id": ..., "answer": ...} or {"prompt": ..., "answer": ...} on each line. Of two answers to one
    /// prompt the first counts.
    package init(name: String, contentsOf path: String) throws(WatermarkError) {
        let bytes = try ProtectedFile.read(path, largest: Self.largest)
        var answers: [String: String] = [:]
        let decoder = JSONDecoder()
        for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
            .enumerated() where !line.allSatisfy({ [0x20, 0x09, 0x0D].contains($0) })
        {
            guard let read = try? decoder.decode(Line.self, from: Data(line)),
                let key = read.prompt_id?.text ?? read.prompt
            else {
                throw .file(
                    path: path,
                    reason:
                        "line \(index + 1): expected {\"prompt_id\" or \"prompt\": ..., \"answer\": TEXT}"
                )
            }
            if answers[key] == nil { answers[key] = read.answer }
        }
        self.init(name: name, answers: answers)
    }

    /// Reads every `.jsonl` file of a folder; a model's name is the file's without that ending.
    package static func read(folder: String) throws(WatermarkError) -> [ModelAnswers] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw .file(path: folder, reason: "cannot be read; is it a folder?")
        }
        var models: [ModelAnswers] = []
        for name in names.sorted() where name.hasSuffix(".jsonl") && !name.hasPrefix(".") {
            models.append(
                try ModelAnswers(
                    name: String(name.dropLast(".jsonl".count)), contentsOf: "\(folder)/\(name)"))
        }
        guard !models.isEmpty else {
            throw .file(path: folder, reason: "holds no .jsonl file of a model's answers")
        }
        return models
    }
}
