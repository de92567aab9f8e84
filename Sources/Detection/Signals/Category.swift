/// What a rule recognises in a prompt. Rules are many and extensible; categories are few and fixed, because a
/// profile counts them. The raw value is the bit in `ExchangeSignals.categories`.
public enum Category: UInt8, CaseIterable, Sendable {
    /// Asks for the reasoning behind an answer, or for the chain of thought in tags.
    case elicitation
    /// Grades an answer against a rubric, compares answers, or acts as a reward model.
    case rubric
    /// Asks for instructions, questions or dialogues that could train a model.
    case dataGeneration
    /// Asks whether answers became worse, or what the model is.
    case probing
    /// Source code.
    case coding
    /// Mathematics.
    case mathematics
    /// Logic puzzles and multi-step questions.
    case reasoning
    /// Plans, tools, shells, browsers, screens.
    case agentic
    /// Translation.
    case translation
    /// Summaries.
    case summarization
    /// Stories, poems, mail, marketing.
    case writing
    /// Questions of fact.
    case knowledge
    /// Medicine and health.
    case medicine
    /// Law, finance, business.
    case lawAndFinance
    /// Labelling, extraction, rewriting of given text.
    case extraction
    /// Rewriting that avoids a topic or a censor.
    case sanitizing
    /// Images, audio, files. Set from the request's blocks, not by a rule.
    case media

    /// The name in rule files and in outputs.
    public var name: String {
        switch self {
        case .elicitation: "reasoning_elicitation"
        case .rubric: "rubric_grading"
        case .dataGeneration: "data_generation"
        case .probing: "probing"
        case .coding: "coding"
        case .mathematics: "mathematics"
        case .reasoning: "reasoning"
        case .agentic: "agentic"
        case .translation: "translation"
        case .summarization: "summarization"
        case .writing: "writing"
        case .knowledge: "knowledge"
        case .medicine: "medicine"
        case .lawAndFinance: "law_and_finance"
        case .extraction: "extraction"
        case .sanitizing: "sanitizing"
        case .media: "media"
        }
    }

    /// The category's bit.
    @inlinable public var bit: UInt32 { 1 << UInt32(rawValue) }

    /// Whether the category says what harvesting is for, rather than which ability is asked for.
    public var isHarvestSign: Bool {
        switch self {
        case .elicitation, .rubric, .dataGeneration: true
        default: false
        }
    }

    /// The category with that name.
    public init?(name: String) {
        guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = match
    }
}
