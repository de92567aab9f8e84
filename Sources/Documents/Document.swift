/// One answer to be read, as token ids or as text, with the prompt it answers where that is known.
///
/// A line of JSON: `{"id": ..., "tokens": [...], "prompt_tokens": [...]}` or `{"id": ..., "text": ..., "prompt": ...}`;
/// `id`, `prompt_tokens` and `prompt` may be missing, other fields are passed over.
package struct Document {
    /// Its name as given, a text or a whole number; `nil` without one.
    package var id: String?
    package var tokens: [UInt32] = []
    package var promptTokens: [UInt32] = []
    /// UTF-8, where the document came as text.
    package var text: [UInt8] = []
    package var prompt: [UInt8] = []
    package var isText = false

    package init() {}

    mutating func clear() {
        id = nil
        tokens.removeAll(keepingCapacity: true)
        promptTokens.removeAll(keepingCapacity: true)
        text.removeAll(keepingCapacity: true)
        prompt.removeAll(keepingCapacity: true)
        isText = false
    }
}

/// Why a line is no document.
package struct BadDocument: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
