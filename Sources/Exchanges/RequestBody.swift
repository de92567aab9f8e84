/// Whether a format's records must carry the conversation.
enum MessagePolicy {
    /// Its absence is a fault.
    case required
    /// The log may leave text out.
    case optional
}

/// Reads request bodies: Chat Completions, Responses, Completions, Messages, and the native form that is their union.
extension Exchange {
    /// Reads everything a request body says.
    mutating func readRequestBody(
        _ body: JSONValue, _ policy: MessagePolicy, scratch: Scratch
    ) throws(BadRecord) {
        if body.exists && !body.isObject { throw BadRecord(.wrongType, field: "request") }
        let named = body["model"].text
        if !named.isEmpty { model = named }
        readSystem(body, scratch: scratch)
        readTools(body["tools", "functions"])
        parameters.read(body, scratch: scratch)
        readConversation(body, scratch: scratch)
        try readConversationMessages(body, policy, scratch: scratch)
    }

    /// Reads a session or conversation identifier where one is given by name; keeps one already found.
    mutating func readConversation(_ value: JSONValue, scratch: Scratch) {
        guard conversation.isEmpty else { return }
        var named = value["conversation", "conversation_id", "session_id"]
        if !named.exists { named = value["session", "thread_id"] }
        if named.isObject { named = named["id"] }
        conversation = scratch.identifier(named) ?? .empty
    }

    private mutating func readSystem(_ body: JSONValue, scratch: Scratch) {
        scratch.readContent(body["system"], into: &systemBlocks)
        scratch.readContent(body["instructions"], into: &systemBlocks)
        let gemini = body["system_instruction", "systemInstruction"]
        scratch.readContent(gemini["parts"], into: &systemBlocks)
    }

    /// Reads the names of the tools offered; built-in tools have only a type.
    mutating func readTools(_ list: JSONValue) {
        for tool in list.elements {
            let name = tool.isString ? tool.text : Scratch.toolName(tool)
            if !name.isEmpty { tools.append(name) }
        }
    }

    private mutating func readConversationMessages(
        _ body: JSONValue, _ policy: MessagePolicy, scratch: Scratch
    ) throws(BadRecord) {
        let list = body["messages", "input", "contents"]
        if list.exists {
            try readMessages(list, field: "request.messages", scratch: scratch)
        } else {
            try readPrompt(body["prompt"], scratch: scratch)
        }
        if messages.isEmpty {
            let digest = scratch.digest(of: body)
            if !digest.isEmpty {
                appendMessage(.user) { $0.append(ContentBlock(kind: .digest, text: digest)) }
            }
        }
        if messages.isEmpty && policy == .required {
            throw BadRecord(.missingField, field: "request.messages")
        }
    }

    /// Reads the Completions API's `prompt`: a string, several, or token numbers (a message without text).
    mutating func readPrompt(_ prompt: JSONValue, scratch: Scratch) throws(BadRecord) {
        switch prompt.kind {
        case .absent, .null: return
        case .string: appendText(prompt.text, .user)
        case .array:
            var holdsTokens = false
            for element in prompt.elements {
                if element.isString {
                    appendText(element.text, .user)
                } else {
                    holdsTokens = true
                }
            }
            if holdsTokens { appendMessage(.user) { _ in } }
        default: throw BadRecord(.wrongType, field: "request.prompt")
        }
    }

    /// Reads a list of messages or of Responses items; a string is one message of the user.
    mutating func readMessages(
        _ list: JSONValue, field: String, scratch: Scratch
    ) throws(BadRecord) {
        switch list.kind {
        case .absent, .null: return
        case .string: appendText(list.text, .user)
        case .array:
            for element in list.elements {
                if element.isString {
                    appendText(element.text, .user)
                } else if element.isObject {
                    readMessage(element, scratch: scratch)
                } else {
                    throw BadRecord(.wrongType, field: field)
                }
            }
        default: throw BadRecord(.wrongType, field: field)
        }
    }

    /// Appends a message whose blocks `body` adds.
    mutating func appendMessage(_ role: Role, _ body: (inout [ContentBlock]) -> Void) {
        let first = blocks.count
        body(&blocks)
        messages.append(Message(role: role, firstBlock: first, blockCount: blocks.count - first))
    }

    /// Appends a message of one text; nothing when there is none.
    mutating func appendText(_ text: ByteView, _ role: Role) {
        if text.isEmpty || text.equals("redacted-by-litellm") { return }
        appendMessage(role) { $0.append(ContentBlock(kind: .text, text: text)) }
    }

    /// Reads one message, or one item of the Responses API that is not a message.
    mutating func readMessage(_ message: JSONValue, scratch: Scratch) {
        let type = message["type"].text
        let named = message["role"].text
        if named.isEmpty, let kind = Scratch.blockKind(type), kind != .text {
            let role: Role = kind == .toolResult ? .tool : kind == .media ? .user : .assistant
            return appendMessage(role) { scratch.readItem(message, kind, into: &$0) }
        }
        if named.isEmpty, type.hasSuffix("_call") {
            // Calls of built-in tools, such as `web_search_call`.
            return appendMessage(.assistant) { $0.append(ContentBlock(kind: .toolUse, text: type)) }
        }
        let role = Role(named.isEmpty ? type : named) ?? .user
        appendMessage(role) { scratch.readMessageBlocks(message, role, into: &$0) }
    }
}

extension Scratch {
    /// Reads an item that stands where a message could.
    func readItem(
        _ item: JSONValue, _ kind: ContentBlock.Kind, into blocks: inout [ContentBlock]
    ) {
        switch kind {
        case .toolUse: blocks.append(ContentBlock(kind: .toolUse, text: Self.toolName(item)))
        case .toolResult: appendToolResult(item, to: &blocks)
        case .thinking: appendThinking(item, to: &blocks)
        case .media: blocks.append(ContentBlock(kind: .media, text: .empty))
        case .digest: appendDigest(of: item, to: &blocks)
        case .text: readContent(item, into: &blocks)
        }
    }

    /// Reads what one message holds: reasoning, content, calls, or the digest of absent text.
    func readMessageBlocks(
        _ message: JSONValue, _ role: Role, into blocks: inout [ContentBlock]
    ) {
        let first = blocks.count
        let signed = message["thinking_blocks", "reasoning_details"]
        if signed.isArray && !signed.isEmptyContainer {
            for block in signed.elements { appendThinking(block, to: &blocks) }
        } else {
            let reasoning = message["reasoning_content", "reasoning"]
            if reasoning.isString && !reasoning.text.isEmpty {
                blocks.append(ContentBlock(kind: .thinking, text: reasoning.text))
            }
        }
        let content = message["content", "parts"]
        if role == .tool, content.isString || Self.holdsOnlyText(content) {
            blocks.append(ContentBlock(kind: .toolResult, text: flatten(content)))
        } else {
            readContent(content, into: &blocks)
        }
        appendToolCalls(message, to: &blocks)
        if blocks.count == first { appendDigest(of: message, to: &blocks) }
    }

    private static func holdsOnlyText(_ content: JSONValue) -> Bool {
        guard content.isArray, !content.isEmptyContainer else { return false }
        for block in content.elements where blockKind(block["type"].text) != .text { return false }
        return true
    }
}

extension Role {
    /// The role that a provider's word means; `nil` when the word is not known.
    init?(_ word: ByteView) {
        if word.equals("user") || word.equals("human") {
            self = .user
        } else if word.equals("assistant") || word.equals("model") || word.equals("ai") {
            self = .assistant
        } else if word.equals("system") || word.equals("developer") {
            self = .system
        } else if word.equals("tool") || word.equals("function") {
            self = .tool
        } else {
            return nil
        }
    }
}

extension RequestParameters {
    /// Reads the parameters of a request body under the names of any of the APIs; keeps what it does not find.
    mutating func read(_ body: JSONValue, scratch: Scratch) {
        guard body.isObject else { return }
        for (name, value) in body.fields { read(name, value, scratch: scratch) }
    }

    private mutating func read(_ name: ByteView, _ value: JSONValue, scratch: Scratch) {
        if name.equals("temperature") {
            temperature = value.double ?? temperature
        } else if name.equals("top_p") {
            topP = value.double ?? topP
        } else if name.equals("top_k") {
            topK = value.double ?? topK
        } else if name.equals("max_tokens") || name.equals("max_completion_tokens")
            || name.equals("max_output_tokens") || name.equals("max_tokens_to_sample")
        {
            maxTokens = value.int ?? maxTokens
        } else if name.equals("frequency_penalty") {
            frequencyPenalty = value.double ?? frequencyPenalty
        } else if name.equals("presence_penalty") {
            presencePenalty = value.double ?? presencePenalty
        } else if name.equals("seed") {
            seed = value.int ?? seed
        } else if name.equals("n") {
            n = value.int ?? n
        } else if name.equals("stream") {
            stream = value.bool ?? stream
        } else if name.equals("logprobs") {
            // The Completions API takes the number of alternatives here.
            logprobs = value.bool ?? value.int.map { _ in true } ?? logprobs
        } else if name.equals("top_logprobs") {
            if let count = value.int, count > 0 { logprobs = true }
        } else {
            readStructured(name, value, scratch: scratch)
        }
    }

    private mutating func readStructured(_ name: ByteView, _ value: JSONValue, scratch: Scratch) {
        if name.equals("reasoning_effort") || name.equals("effort") {
            reasoning = scratch.identifier(value) ?? reasoning
        } else if name.equals("reasoning") || name.equals("output_config") {
            let effort = value.isObject ? value["effort", "max_tokens"] : value
            reasoning = scratch.identifier(effort) ?? reasoning
        } else if name.equals("thinking") {
            let budget = value.isObject ? value["budget_tokens", "type"] : value
            if reasoning.isEmpty { reasoning = scratch.identifier(budget) ?? reasoning }
        } else if name.equals("response_format") {
            responseFormat = value.isObject ? value["type"].text : value.text
        } else if name.equals("text") {
            responseFormat = value["format"]["type"].text
        }
    }
}
