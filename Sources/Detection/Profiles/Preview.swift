import Exchanges

/// The beginning of a prompt as the report may show it.
enum Preview {
    /// The first characters of the prompt's first text block; letters and digits masked unless `keepText`.
    ///
    /// Masking keeps white space and punctuation: the shape tells a template from a chat, and gives away no word.
    static func of(_ exchange: Exchange, keepText: Bool) -> String {
        let start = exchange.messages.lastIndex { $0.role == .assistant }.map { $0 + 1 } ?? 0
        for message in exchange.messages[min(start, exchange.messages.count)...]
        where message.role == .user || message.role == .tool {
            for block in exchange.blocks[
                message.firstBlock..<message.firstBlock + message.blockCount]
            where (block.kind == .text || block.kind == .toolResult) && block.text.count > 0 {
                return preview(of: block.text, keepText: keepText)
            }
        }
        return ""
    }

    private static func preview(of text: ByteView, keepText: Bool) -> String {
        let limit = AccountProfile.previewLimit
        // Four bytes a character at most; cutting a character at the end leaves one replacement that is dropped.
        let head = String(
            decoding: UnsafeBufferPointer(start: text.base, count: min(text.count, limit * 4)),
            as: UTF8.self)
        var result = ""
        var count = 0
        for scalar in head.unicodeScalars {
            if count == limit { break }
            count += 1
            if keepText {
                result.unicodeScalars.append(scalar)
            } else if scalar.isASCII {
                result.unicodeScalars.append(mask(UInt8(truncatingIfNeeded: scalar.value)))
            } else if scalar.properties.isAlphabetic {
                result.append("x")
            } else if scalar.properties.numericType != nil {
                result.append("0")
            } else if scalar.properties.isWhitespace {
                result.unicodeScalars.append(scalar)
            } else {
                result.append("·")
            }
        }
        return result
    }

    /// What stands for an ASCII character; most text is nothing else, and its properties need no table.
    private static func mask(_ byte: UInt8) -> Unicode.Scalar {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): "x"
        case UInt8(ascii: "0")...UInt8(ascii: "9"): "0"
        default: Unicode.Scalar(byte)
        }
    }
}
