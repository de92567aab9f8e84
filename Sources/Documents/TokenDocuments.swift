import Scanning

extension Document {
    /// Turns text into token ids, where the document came as text.
    ///
    /// - Throws: without an encoder, and what it throws.
    mutating func encode(_ encoder: MarkReader.Encoder?) throws {
        guard isText else { return }
        guard let encoder else {
            throw BadDocument("holds text; name the tokenizer's file with --tokenizer")
        }
        tokens = try text.withUnsafeBufferPointer(encoder)
        promptTokens = try prompt.withUnsafeBufferPointer(encoder)
    }
}

/// Documents of token ids, one after the other.
package struct TokenDocuments {
    /// Lines that are not blank.
    package private(set) var lines = 0
    /// Lines that could not be read, or that `body` refused.
    package private(set) var bad = 0
    /// File, line and reason of the first of them.
    package private(set) var firstBad = ""

    package init() {}

    /// Hands on the token ids of every document's answer and prompt.
    package mutating func forEach(
        _ files: [InputFile], longestLine: Int, _ encoder: MarkReader.Encoder?,
        _ body: (_ answer: [UInt32], _ prompt: [UInt32]) throws -> Void
    ) throws(ScanError) {
        let parser = DocumentParser()
        var document = Document()
        var blocks = LineBlocks(files, longestLine: longestLine)
        while let block = try blocks.next() {
            if block.isTooLong {
                lines += 1
                note(block, block.firstLine, "longer than --max-line allows; split the document")
            }
            block.forEachLine { bytes, line in
                lines += 1
                do {
                    try parser.read(bytes, into: &document)
                    try document.encode(encoder)
                    try body(document.tokens, document.promptTokens)
                } catch {
                    note(block, line, "\(error)")
                }
            }
        }
    }

    private mutating func note(_ block: LineBlock, _ line: Int, _ reason: String) {
        bad += 1
        if firstBad.isEmpty { firstBad = "\(block.path), line \(line): \(reason)" }
    }

    /// What to say of bad lines; `nil` without any.
    ///
    /// - Throws: it, if their share is above `maxBad`.
    package func summary(maxBad: Double) throws(BadDocument) -> String? {
        guard bad > 0 else { return nil }
        let summary = "\(bad) of \(lines) lines could not be read; first: \(firstBad)"
        guard Double(bad) <= maxBad * Double(lines) else { throw BadDocument(summary) }
        return summary
    }
}
