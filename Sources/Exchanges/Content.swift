/// Reads message content as the chat APIs write it, in all of their block types.
extension Scratch {
    /// Appends the blocks of a `content` field: a string, one block, or a list of blocks.
    func readContent(_ content: JSONValue, into blocks: inout [ContentBlock]) {
        switch content.kind {
        case .string:
            appendText(content.text, to: &blocks)
        case .array:
            for block in content.elements { readBlock(block, into: &blocks) }
        case .object:
            readBlock(content, into: &blocks)
        default:
            break
        }
    }

    private func appendText(_ text: ByteView, to blocks: inout [ContentBlock]) {
        if text.isEmpty || text.equals("redacted-by-litellm") { return }
        blocks.append(ContentBlock(kind: .text, text: text))
    }

    private func readBlock(_ block: JSONValue, into blocks: inout [ContentBlock]) {
        if block.isString { return appendText(block.text, to: &blocks) }
        guard block.isObject else { return }
        switch Self.blockKind(block["type"].text) {
        case .text?:
            let text = block["text", "content", "refusal"]
            if text.isObject {
                // The Assistants API: {"text":{"value":...}}.
                appendText(text["value"].text, to: &blocks)
            } else if text.exists {
                readContent(text, into: &blocks)
            } else {
                appendDigest(of: block, to: &blocks)
            }
        case .media?:
            blocks.append(ContentBlock(kind: .media, text: .empty))
        case .toolUse?:
            blocks.append(ContentBlock(kind: .toolUse, text: Self.toolName(block)))
        case .toolResult?:
            appendToolResult(block, to: &blocks)
        case .thinking?:
            appendThinking(block, to: &blocks)
        case .digest?:
            appendDigest(of: block, to: &blocks)
        case nil:
            readUntypedBlock(block, into: &blocks)
        }
    }

    /// Blocks without a type (Bedrock and Gemini name the one field after it), or of a type not known here.
    private func readUntypedBlock(_ block: JSONValue, into blocks: inout [ContentBlock]) {
        let text = block["text", "content"]
        if text.exists { return readContent(text, into: &blocks) }
        let call = block["toolUse", "functionCall"]
        if call.isObject {
            blocks.append(ContentBlock(kind: .toolUse, text: call["name"].text))
            return
        }
        let result = block["toolResult", "functionResponse"]
        if result.isObject { return appendToolResult(result, to: &blocks) }
        let reasoning = block["reasoningContent"]["reasoningText"]
        if reasoning.isObject { return appendThinking(reasoning, to: &blocks) }
        if !digest(of: block).isEmpty { return appendDigest(of: block, to: &blocks) }
        if !block.isEmptyContainer { blocks.append(ContentBlock(kind: .media, text: .empty)) }
    }

    /// Appends reasoning. Anthropic signs it (`signature`, or `data` when redacted), OpenAI encrypts it.
    func appendThinking(_ block: JSONValue, to blocks: inout [ContentBlock]) {
        var text = block["thinking", "text", "content"]
        if !text.exists || text.isEmptyContainer { text = block["summary"] }
        let signature = block["signature", "data", "encrypted_content"].text
        let words = flatten(text)
        if words.isEmpty && signature.isEmpty { return appendDigest(of: block, to: &blocks) }
        blocks.append(ContentBlock(kind: .thinking, text: words, signature: signature))
    }

    /// Appends what a tool answered, as one run of text.
    func appendToolResult(_ block: JSONValue, to blocks: inout [ContentBlock]) {
        var content = block["content", "output", "response"]
        if !content.exists { content = block["result"] }
        if !content.exists, !digest(of: block).isEmpty {
            return appendDigest(of: block, to: &blocks)
        }
        blocks.append(ContentBlock(kind: .toolResult, text: flatten(content)))
    }

    /// Appends a digest block when the value carries a digest of absent text.
    func appendDigest(of value: JSONValue, to blocks: inout [ContentBlock]) {
        let digest = digest(of: value)
        if !digest.isEmpty { blocks.append(ContentBlock(kind: .digest, text: digest)) }
    }

    /// The digest logged in place of text; empty when there is none.
    func digest(of value: JSONValue) -> ByteView {
        guard value.isObject else { return .empty }
        var digest = value["content_hash", "text_hash", "sha256"].text
        if digest.isEmpty { digest = value["content_sha256", "text_sha256", "prompt_hash"].text }
        if digest.isEmpty { digest = value["messages_hash", "hash", "digest"].text }
        return digest
    }

    /// Appends the calls of OpenAI's `tool_calls` and the older `function_call`.
    func appendToolCalls(_ message: JSONValue, to blocks: inout [ContentBlock]) {
        for call in message["tool_calls"].elements where call.isObject {
            blocks.append(ContentBlock(kind: .toolUse, text: Self.toolName(call)))
        }
        let call = message["function_call"]
        if call.isObject {
            blocks.append(ContentBlock(kind: .toolUse, text: call["name"].text))
        }
    }

    static func toolName(_ value: JSONValue) -> ByteView {
        let name = value["name"].text
        if !name.isEmpty { return name }
        let nested = value["function", "toolSpec", "custom"]["name"].text
        return nested.isEmpty ? value["type"].text : nested
    }

    /// Text of a value that may be a string, a list of blocks, or any JSON; parts are joined by newlines.
    func flatten(_ value: JSONValue) -> ByteView {
        switch value.kind {
        case .absent, .null: return .empty
        case .string: return value.text
        default: break
        }
        // One text block is by far the most frequent case and needs no copy.
        if value.isArray {
            var elements = value.elements
            if let only = elements.next(), elements.next() == nil, only["text"].isString {
                return only["text"].text
            }
        }
        return arena.write { bytes in Self.appendText(of: value, to: &bytes) }
    }

    private static func appendText(of value: JSONValue, to bytes: inout [UInt8]) {
        switch value.kind {
        case .string:
            if !bytes.isEmpty { bytes.append(UInt8(ascii: "\n")) }
            bytes.append(contentsOf: value.text.buffer)
        case .array:
            for element in value.elements { appendText(of: element, to: &bytes) }
        case .object:
            let text = value["text", "content", "output"]
            if text.exists { return appendText(of: text, to: &bytes) }
            let type = value["type"].text
            if blockKind(type) == .media { return }
            if !bytes.isEmpty { bytes.append(UInt8(ascii: "\n")) }
            JSONWriter.append(value, to: &bytes)
        default:
            if !bytes.isEmpty { bytes.append(UInt8(ascii: "\n")) }
            JSONWriter.append(value, to: &bytes)
        }
    }

    /// What a block's `type` says it holds; `nil` when the type is absent or unknown.
    static func blockKind(_ type: ByteView) -> ContentBlock.Kind? {
        if type.isEmpty { return nil }
        if type.equals("text") || type.equals("input_text") || type.equals("output_text")
            || type.equals("refusal") || type.equals("summary_text")
        {
            return .text
        }
        if type.equals("tool_use") || type.equals("tool_call") || type.equals("function_call")
            || type.equals("function") || type.equals("server_tool_use")
            || type.equals("mcp_tool_use") || type.equals("custom_tool_call")
            || type.equals("server_tool_call")
        {
            return .toolUse
        }
        if type.hasSuffix("tool_result") || type.hasSuffix("_call_output")
            || type.hasSuffix("tool_call_response")
        {
            return .toolResult
        }
        if type.equals("thinking") || type.equals("reasoning") || type.equals("redacted_thinking") {
            return .thinking
        }
        if type.equals("image") || type.equals("image_url") || type.equals("input_image")
            || type.equals("audio") || type.equals("input_audio") || type.equals("file")
            || type.equals("input_file") || type.equals("document") || type.equals("video")
            || type.equals("video_url") || type.equals("blob") || type.equals("uri")
            || type.equals("media")
        {
            return .media
        }
        return type.equals("digest") || type.equals("hash") ? .digest : nil
    }
}

extension ByteView {
    /// Whether the bytes end with those of `literal`.
    public func hasSuffix(_ literal: StaticString) -> Bool {
        let length = literal.utf8CodeUnitCount
        guard count >= length else { return false }
        return length == 0 || dropFirst(count - length).equals(literal)
    }
}
