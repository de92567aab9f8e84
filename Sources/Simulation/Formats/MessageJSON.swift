/// The pieces of JSON that several formats share.
extension ByteBuffer {
    func append(span: Span, of exchange: Rendered) { append(quoted: exchange.bytes(span)) }

    /// Messages in the Messages API's shape: string content where there is one text block, else content blocks.
    func append(messages exchange: Rendered) {
        append("[")
        for (index, message) in exchange.messages.enumerated() {
            if index > 0 { append(",") }
            append(message.role == .assistant ? "{\"role\":\"assistant\"," : "{\"role\":\"user\",")
            append("\"content\":")
            append(content: message.blocks, of: exchange)
            append("}")
        }
        append("]")
    }

    /// A string for one text block, else an array of content blocks.
    func append(content blocks: Range<Int>, of exchange: Rendered) {
        if blocks.count == 1, exchange.blocks[blocks.lowerBound].kind == .text {
            append(span: exchange.blocks[blocks.lowerBound].text, of: exchange)
            return
        }
        append(blocks: blocks, of: exchange)
    }

    /// An array of content blocks in the Messages API's shape.
    func append(blocks: Range<Int>, of exchange: Rendered) {
        append("[")
        for index in blocks {
            if index > blocks.lowerBound { append(",") }
            let block = exchange.blocks[index]
            switch block.kind {
            case .text:
                append("{\"type\":\"text\",\"text\":")
                append(span: block.text, of: exchange)
            case .thinking:
                append("{\"type\":\"thinking\",\"thinking\":")
                append(span: block.text, of: exchange)
                append(",\"signature\":\"")
                Rendered.appendSignature(block.seed, to: self)
                append("\"")
            case .toolUse:
                append("{\"type\":\"tool_use\",\"id\":\"toolu_")
                append(hex: block.seed)
                append("\",\"name\":")
                append(quoted: exchange.tools[block.tool])
                append(",\"input\":{\"target\":\"item ")
                append(Int(block.seed % 97))
                append("\"}")
            case .toolResult:
                append("{\"type\":\"tool_result\",\"tool_use_id\":\"toolu_")
                append(hex: block.seed)
                append("\",\"content\":")
                append(span: block.text, of: exchange)
            }
            append("}")
        }
        append("]")
    }

    /// The joined text blocks of the answer as one JSON string.
    func append(answerText exchange: Rendered) {
        append("\"")
        for index in exchange.answer where exchange.blocks[index].kind == .text {
            append(escaped: exchange.bytes(exchange.blocks[index].text))
        }
        append("\"")
    }

    /// True when the answer holds more than text.
    func hasStructure(_ exchange: Rendered) -> Bool {
        exchange.answer.contains { exchange.blocks[$0].kind != .text }
    }

    func append(member name: StaticString, _ value: String, comma: Bool = true) {
        append(comma ? ",\"" : "\"")
        append(name)
        append("\":")
        append(quoted: value)
    }
}
