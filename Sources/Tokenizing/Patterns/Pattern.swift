import CPCRE2

/// A compiled pattern. Its matches are those of `tokenizers`.
final class Pattern: @unchecked Sendable {
    /// The pattern as the tokenizer's file has it, for messages.
    let original: String
    /// Immutable once compiled, so threads may share it (pcre2api, "Multithreading").
    fileprivate let code: OpaquePointer

    /// Compiles a pattern in Oniguruma's syntax; `field` is its place in the file.
    convenience init(oniguruma: String, path: String, field: String) throws(TokenizerError) {
        let translation: PatternTranslation
        do {
            translation = try PatternTranslation(oniguruma)
        } catch {
            throw .unsupported(
                path: path, field: field,
                reason: "the pattern \(SettingsReader.quoted(oniguruma)) has, at character "
                    + "\(error.position), \(error.reason)")
        }
        guard !RecentScalars.current.areSeparated(by: translation.named) else {
            throw .unsupported(
                path: path, field: field,
                reason:
                    "the pattern \(SettingsReader.quoted(oniguruma)) names characters newer than "
                    + "the PCRE2 library")
        }
        try self.init(pcre2: translation.source, original: oniguruma, path: path, field: field)
    }

    /// Compiles a pattern that matches `literal` itself.
    convenience init(literal: String, path: String, field: String) throws(TokenizerError) {
        let scalars = literal.unicodeScalars.map(\.value)
        guard scalars.count <= 1000,
            !RecentScalars.current.areSeparated(by: scalars.filter { $0 > 0x7F }.map { $0...$0 })
        else {
            throw .unsupported(
                path: path, field: field,
                reason:
                    "the pattern \(SettingsReader.quoted(literal)) is too long, or has characters "
                    + "newer than the PCRE2 library")
        }
        let source = scalars.map { "\\x{\(String($0, radix: 16))}" }.joined()
        try self.init(pcre2: source, original: literal, path: path, field: field)
    }

    /// Compiles a pattern in PCRE2's syntax.
    init(pcre2 source: String, original: String, path: String, field: String) throws(TokenizerError)
    {
        self.original = SettingsReader.quoted(original)
        var status: Int32 = 0
        var offset = 0
        let context = pcre2_compile_context_create_8(nil)
        defer { pcre2_compile_context_free_8(context) }
        pcre2_set_newline_8(context, UInt32(PCRE2_NEWLINE_LF))
        var bytes = Array(source.utf8)
        let count = bytes.count
        bytes.append(0)
        guard
            let code = pcre2_compile_8(
                bytes, count, PCRE2_UTF | PCRE2_UCP | PCRE2_NO_UTF_CHECK, &status, &offset, context)
        else {
            throw .unsupported(
                path: path, field: field,
                reason: "the pattern \(self.original) cannot be compiled (PCRE2 error \(status))")
        }
        self.code = code
        // Where there is no compiler for the processor, matches are found without.
        pcre2_jit_compile_8(code, PCRE2_JIT_COMPLETE)
    }

    deinit { pcre2_code_free_8(code) }
}

/// What one thread needs to match patterns.
final class PatternMatcher {
    /// Steps of one attempt at a match. Tokenizers' patterns take a few for each byte of a match;
    /// one that takes more than this is trying every way to cut the text. It bounds an attempt, not
    /// a text: a pattern such as `(?:a|b)*\d`, which no known tokenizer has, takes quadratic time
    /// on a long run. Whoever makes the file can slow the reader down, not who writes text.
    static let steps: UInt32 = 200_000_000
    /// A matcher without a compiler keeps its places here, in KiB.
    private static let heapKiB: UInt32 = 1 << 20
    private static let deepest: UInt32 = 10_000_000

    private let data: OpaquePointer?
    private let context: OpaquePointer?
    private let stack: OpaquePointer?

    init() {
        data = pcre2_match_data_create_8(1, nil)
        context = pcre2_match_context_create_8(nil)
        stack = pcre2_jit_stack_create_8(32 << 10, 64 << 20, nil)
        pcre2_set_match_limit_8(context, Self.steps)
        pcre2_set_heap_limit_8(context, Self.heapKiB)
        pcre2_set_depth_limit_8(context, Self.deepest)
        pcre2_jit_stack_assign_8(context, nil, stack.map { UnsafeMutableRawPointer($0) })
    }

    deinit {
        pcre2_match_data_free_8(data)
        pcre2_match_context_free_8(context)
        pcre2_jit_stack_free_8(stack)
    }

    /// The first match of `pattern` in valid UTF-8 from `start` on, or nil.
    @inline(__always)
    func match(
        _ pattern: Pattern, in text: UnsafeBufferPointer<UInt8>, from start: Int
    ) throws(TokenizerError) -> Range<Int>? {
        let status = pcre2_match_8(
            pattern.code, text.baseAddress, text.count, start, PCRE2_NO_UTF_CHECK, data, context)
        if status >= 0, let place = pcre2_get_ovector_pointer_8(data), place[0] <= place[1] {
            return place[0]..<place[1]
        }
        if status == PCRE2_ERROR_NOMATCH { return nil }
        throw .patternLimit(pattern: pattern.original)
    }
}
