/// How much a model may think, from least to most.
package enum ReasoningEffort: String, CaseIterable, Comparable, Sendable {
    case none
    case minimal
    case low
    case medium
    case high
    case xhigh
    case max

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? Self.allCases.count }

    package static func < (a: ReasoningEffort, b: ReasoningEffort) -> Bool { a.rank < b.rank }
}

/// What is done to requests and answers so that answers are worth less to a student model.
package struct AnswerChanges: Hashable, Sendable {
    /// The kinds of change.
    package struct Kinds: OptionSet, Hashable, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        package static let stripReasoning = Kinds(rawValue: 1)
        package static let summariseReasoning = Kinds(rawValue: 2)
        package static let dropLogprobs = Kinds(rawValue: 4)
        package static let capReasoning = Kinds(rawValue: 8)
        package static let canary = Kinds(rawValue: 16)
        package static let watermark = Kinds(rawValue: 32)
        package static let reduce = Kinds(rawValue: 64)
    }

    package var kinds: Kinds = []
    /// The most tokens of reasoning, under `capReasoning`; `nil` leaves them alone.
    package var reasoningTokens: Int?
    /// The most effort, under `capReasoning`; `nil` leaves it alone.
    package var reasoningEffort: ReasoningEffort?
    /// The text to append, under `canary`.
    package var canary: String?
    /// How many answers to choose from, under `watermark`.
    package var candidates = 1
    /// The most tokens of an answer, under `reduce`.
    package var maximumTokens: Int?

    package init() {}

    package var isEmpty: Bool { kinds.isEmpty }

    /// Adds other changes: of two limits the lower holds, and of two candidate counts the higher.
    mutating func add(_ other: AnswerChanges) {
        guard !other.kinds.isEmpty else { return }
        func lower<Value: Comparable>(_ a: Value?, _ b: Value?) -> Value? {
            guard let a, let b else { return a ?? b }
            return min(a, b)
        }
        kinds.formUnion(other.kinds)
        reasoningTokens = lower(reasoningTokens, other.reasoningTokens)
        reasoningEffort = lower(reasoningEffort, other.reasoningEffort)
        canary = canary ?? other.canary
        candidates = max(candidates, other.candidates)
        maximumTokens = lower(maximumTokens, other.maximumTokens)
    }
}
