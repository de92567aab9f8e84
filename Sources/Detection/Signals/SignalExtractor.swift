import Exchanges
import Sketches

/// What one exchange shows, without its text. Fixed size.
public struct ExchangeSignals: Sendable {
    /// Rank in uniform samples of exchanges: a hash of time, id and prompt.
    public var priority: UInt64 = 0
    /// Microseconds since 1970.
    public var timeMicroseconds: Int64 = 0
    /// Hash of the prompt's bytes; zero when the exchange carries neither text nor digest.
    public var prompt: UInt64 = 0
    /// The prompt's sketch.
    public var text = TextSketch()
    /// Hash of the system prompt; zero when there is none.
    public var system: UInt64 = 0
    /// Hash of sampling, limits and offered tools.
    public var parameters: UInt64 = 0
    /// Hash of the conversation; zero when unknown.
    public var conversation: UInt64 = 0
    /// Bits of `Category`.
    public var categories: UInt32 = 0
    /// Answers already given in the conversation that was sent.
    public var earlierTurns: UInt32 = 0
    /// Whether the request offers, calls or answers tools.
    public var usesTools = false
    /// Bytes of the prompt.
    public var promptBytes: Int64 = 0
    /// Whether text was there to look at.
    public var hasText = false

    /// No signals.
    public init() {}
}

/// Turns exchanges into signals: one pass over the prompt's bytes for all sketches and one for the rules.
///
/// The prompt is what was said after the model's last answer; earlier turns were prompts of earlier exchanges.
/// Not thread-safe: each thread has one.
public final class SignalExtractor {
    private let scanner: RuleScanner
    /// Categories of system prompts seen before, which repeat a great deal. Bounded; a pure function of the text.
    private var systemCategories: [UInt64: UInt32] = [:]
    private static let systemCacheLimit = 4096

    /// An extractor that looks for the patterns of `rules`.
    public init(rules: RuleSet) throws(RuleSetError) {
        scanner = try RuleScanner(rules)
    }

    /// The signals of `exchange`.
    public func signals(of exchange: Exchange) -> ExchangeSignals {
        var result = ExchangeSignals()
        result.timeMicroseconds = exchange.time.microseconds
        readSystem(of: exchange, into: &result)
        readPrompt(of: exchange, into: &result)
        result.parameters = parameterHash(of: exchange)
        if exchange.conversation.count > 0 {
            result.conversation = Hash64.bytes(
                exchange.conversation.base, count: exchange.conversation.count, seed: 11)
        } else if let first = exchange.messages.first(where: { $0.role == .user }) {
            var hash = result.system
            for block in exchange.blocks[first.firstBlock..<first.firstBlock + first.blockCount] {
                hash = Hash64.bytes(block.text.base, count: block.text.count, seed: hash)
            }
            result.conversation = hash
        }
        result.priority = Hash64.combine(
            Hash64.bytes(
                exchange.id.base, count: exchange.id.count,
                seed: UInt64(bitPattern: exchange.time.microseconds)),
            result.prompt ^ Hash64.bytes(exchange.account.id.base, count: exchange.account.id.count)
        )
        return result
    }

    private func readSystem(of exchange: Exchange, into result: inout ExchangeSignals) {
        var hash: UInt64 = 0
        func each(_ body: (ContentBlock) -> Void) {
            for block in exchange.systemBlocks { body(block) }
            for message in exchange.messages where message.role == .system {
                for index in message.firstBlock..<message.firstBlock + message.blockCount {
                    body(exchange.blocks[index])
                }
            }
        }
        each { block in
            guard block.text.count > 0 else { return }
            hash = Hash64.bytes(block.text.base, count: block.text.count, seed: hash &+ 1)
        }
        result.system = hash
        guard hash != 0 else { return }
        if let known = systemCategories[hash] {
            result.categories |= known
            return
        }
        var found: UInt32 = 0
        each { block in
            if block.kind == .text {
                found |= scanner.categories(of: block.text.base, count: block.text.count)
            }
        }
        // Of a system prompt only what harvesting is for counts: the ability asked for is in the prompt.
        found &= Category.elicitation.bit | Category.rubric.bit | Category.dataGeneration.bit
        if systemCategories.count >= Self.systemCacheLimit { systemCategories.removeAll() }
        systemCategories[hash] = found
        result.categories |= found
    }

    private func readPrompt(of exchange: Exchange, into result: inout ExchangeSignals) {
        var start = 0
        var turns: UInt32 = 0
        let messages = exchange.messages
        for index in messages.indices where messages[index].role == .assistant {
            turns += 1
            if index + 1 < messages.count { start = index + 1 }
        }
        result.earlierTurns = turns
        var sketcher = TextSketcher()
        var hash: UInt64 = 0
        for message in messages[start...]
        where message.role != .system && message.role != .assistant {
            for index in message.firstBlock..<message.firstBlock + message.blockCount {
                let block = exchange.blocks[index]
                switch block.kind {
                case .text, .toolResult:
                    guard block.text.count > 0 else { continue }
                    hash = Hash64.bytes(block.text.base, count: block.text.count, seed: hash &+ 1)
                    sketcher.add(block.text.buffer)
                    result.categories |= scanner.categories(
                        of: block.text.base, count: block.text.count)
                    result.promptBytes += Int64(block.text.count)
                    result.hasText = true
                    if block.kind == .toolResult { result.usesTools = true }
                case .digest:
                    hash = Hash64.bytes(block.text.base, count: block.text.count, seed: hash &+ 1)
                case .media:
                    result.categories |= Category.media.bit
                case .toolUse, .thinking:
                    break
                }
            }
        }
        result.prompt = hash
        result.text = sketcher.finish()
        if exchange.tools.count > 0 || messages.contains(where: { $0.role == .tool }) {
            result.usesTools = true
        }
        if result.usesTools { result.categories |= Category.agentic.bit }
    }

    private func parameterHash(of exchange: Exchange) -> UInt64 {
        let p = exchange.parameters
        var hash: UInt64 = 0x5bd1_e995
        func add(_ value: UInt64?) { hash = Hash64.combine(hash, value.map { $0 &+ 1 } ?? 0) }
        add(p.temperature?.bitPattern)
        add(p.topP?.bitPattern)
        add(p.topK?.bitPattern)
        add(p.maxTokens.map { UInt64(bitPattern: $0) })
        add(p.frequencyPenalty?.bitPattern)
        add(p.presencePenalty?.bitPattern)
        add(p.n.map { UInt64(bitPattern: $0) })
        add(p.stream.map { $0 ? 1 : 2 })
        add(p.logprobs.map { $0 ? 1 : 2 })
        add(p.reasoning.isEmpty ? nil : Hash64.bytes(p.reasoning.base, count: p.reasoning.count))
        add(
            p.responseFormat.isEmpty
                ? nil : Hash64.bytes(p.responseFormat.base, count: p.responseFormat.count))
        for tool in exchange.tools { add(Hash64.bytes(tool.base, count: tool.count)) }
        return hash
    }
}
