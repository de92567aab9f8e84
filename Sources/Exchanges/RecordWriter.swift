/// Writes the native form of an exchange, as one line of JSON without its newline.
package struct RecordWriter {
    /// What is kept of text.
    package enum TextPolicy: String, Sendable, CaseIterable {
        /// All of it.
        case keep
        /// A keyed digest of each block.
        case hash
        /// Nothing; that there was a message remains.
        case drop
    }

    /// The line so far.
    package var bytes: [UInt8] = []

    /// An empty line.
    package init() {}

    /// Appends text that needs no escapes.
    package mutating func literal(_ text: StaticString) { JSONWriter.append(text, to: &bytes) }

    /// Appends JSON that is already written.
    package mutating func json(_ text: [UInt8]) { bytes.append(contentsOf: text) }

    /// Appends a whole number.
    package mutating func number(_ value: Int64) { ByteArena.append(value, to: &bytes) }

    /// Appends a quoted string.
    package mutating func string(_ text: UnsafeBufferPointer<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        var start = 0
        let count = text.count
        var index = 0
        while index < count {
            let byte = text[index]
            if byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") {
                index += 1
                continue
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<index]))
            bytes.append(UInt8(ascii: "\\"))
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
            case 0x0A: bytes.append(UInt8(ascii: "n"))
            default:
                JSONWriter.append("u00", to: &bytes)
                for digit in [byte >> 4, byte & 15] {
                    bytes.append(digit < 10 ? 0x30 + digit : 0x61 + digit - 10)
                }
            }
            index += 1
            start = index
        }
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<count]))
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends a quoted string; broken UTF-8 is repaired with U+FFFD, so that the line stays readable.
    package mutating func string(_ text: [UInt8]) {
        let isValid = text.withUnsafeBufferPointer { String(validating: $0, as: UTF8.self) != nil }
        let whole = isValid ? text : Array(String(decoding: text, as: UTF8.self).utf8)
        whole.withUnsafeBufferPointer { string($0) }
    }

    /// Appends a quoted string.
    package mutating func string(_ text: String) {
        var copy = text
        copy.withUTF8 { string($0) }
    }

    /// Appends the fields of a JSON object after its opening brace, on one line: a raw line feed can only stand between
    /// tokens, where a space does as well.
    package mutating func fields(ofObject body: UnsafeRawBufferPointer) {
        guard let brace = body.firstIndex(of: UInt8(ascii: "{")) else { return }
        let start = bytes.count
        bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: body[(brace + 1)...]))
        bytes.withUnsafeMutableBufferPointer { line in
            var index = start
            while index < line.count {
                if line[index] == 0x0A || line[index] == 0x0D { line[index] = 0x20 }
                index += 1
            }
        }
    }

    /// Appends the fields of a request without its text: what is left of a body of which text is hashed or dropped.
    package mutating func fields(
        of exchange: Exchange, _ policy: TextPolicy,
        digest: (UnsafeBufferPointer<UInt8>) -> [UInt8]
    ) {
        literal("\"model\":")
        string(exchange.model.buffer)
        if !exchange.systemBlocks.isEmpty {
            literal(",\"system\":")
            blocks(exchange.systemBlocks[...], policy, digest)
        }
        literal(",\"messages\":[")
        for (index, message) in exchange.messages.enumerated() {
            literal(index == 0 ? "{\"role\":\"" : ",{\"role\":\"")
            switch message.role {
            case .system: literal("system")
            case .user: literal("user")
            case .assistant: literal("assistant")
            case .tool: literal("tool")
            }
            literal("\",\"content\":")
            let first = message.firstBlock
            blocks(exchange.blocks[first..<first + message.blockCount], policy, digest)
            literal("}")
        }
        literal("]")
        parameters(exchange.parameters)
        if !exchange.tools.isEmpty {
            literal(",\"tools\":[")
            for (index, tool) in exchange.tools.enumerated() {
                if index > 0 { literal(",") }
                string(tool.buffer)
            }
            literal("]")
        }
    }

    private mutating func blocks(
        _ list: ArraySlice<ContentBlock>, _ policy: TextPolicy,
        _ digest: (UnsafeBufferPointer<UInt8>) -> [UInt8]
    ) {
        literal("[")
        var isFirst = true
        for block in list {
            if policy == .drop, block.kind != .media, block.kind != .toolUse { continue }
            if !isFirst { literal(",") }
            isFirst = false
            switch block.kind {
            case .media: literal("{\"type\":\"image\"}")
            case .toolUse:
                literal("{\"type\":\"tool_use\",\"name\":")
                string(block.text.buffer)
                literal("}")
            case .toolResult, .text, .thinking:
                literal("{\"type\":\"text\",\"text_hash\":")
                string(digest(block.text.buffer))
                literal("}")
            case .digest:
                literal("{\"text_hash\":")
                string(block.text.buffer)
                literal("}")
            }
        }
        literal("]")
    }

    private mutating func parameters(_ parameters: RequestParameters) {
        func add(_ name: StaticString, _ value: Double?) {
            guard let value, value.isFinite else { return }
            literal(name)
            bytes.append(contentsOf: String(value).utf8)
        }
        func add(_ name: StaticString, _ value: Int64?) {
            guard let value else { return }
            literal(name)
            number(value)
        }
        func add(_ name: StaticString, _ value: Bool?) {
            guard let value else { return }
            literal(name)
            if value { literal("true") } else { literal("false") }
        }
        add(",\"temperature\":", parameters.temperature)
        add(",\"top_p\":", parameters.topP)
        add(",\"top_k\":", parameters.topK)
        add(",\"max_tokens\":", parameters.maxTokens)
        add(",\"frequency_penalty\":", parameters.frequencyPenalty)
        add(",\"presence_penalty\":", parameters.presencePenalty)
        add(",\"seed\":", parameters.seed)
        add(",\"n\":", parameters.n)
        add(",\"stream\":", parameters.stream)
        add(",\"logprobs\":", parameters.logprobs)
    }

    /// Appends a time as RFC 3339 with microseconds, quoted.
    package mutating func time(_ time: EventTime) {
        let microsecondsPerDay: Int64 = 86_400_000_000
        var days = time.microseconds / microsecondsPerDay
        var rest = time.microseconds % microsecondsPerDay
        if rest < 0 {
            rest += microsecondsPerDay
            days -= 1
        }
        // Days to a civil date: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let seconds = rest / 1_000_000
        bytes.append(UInt8(ascii: "\""))
        digits(year, 4)
        bytes.append(UInt8(ascii: "-"))
        digits(month, 2)
        bytes.append(UInt8(ascii: "-"))
        digits(day, 2)
        bytes.append(UInt8(ascii: "T"))
        digits(seconds / 3600, 2)
        bytes.append(UInt8(ascii: ":"))
        digits(seconds / 60 % 60, 2)
        bytes.append(UInt8(ascii: ":"))
        digits(seconds % 60, 2)
        bytes.append(UInt8(ascii: "."))
        digits(rest % 1_000_000, 6)
        literal("Z\"")
    }

    private mutating func digits(_ value: Int64, _ count: Int) {
        var divisor: Int64 = 1
        for _ in 1..<count { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / divisor % 10))
            divisor /= 10
        }
    }
}
