/// An account with its sign-up facts and its label.
struct Account {
    var id: String
    /// Microseconds since 1970.
    var created: Int64
    var organization = ""
    var emailDomain = ""
    var country = ""
    var payment = ""
    var plan = "free"
    var signupPath = "web"
    var phone = ""
    var isTrusted = false
    /// Index into `WorldPlan.groups`.
    var group: Int32
    /// Empty for innocents.
    var campaign = ""
}

/// Where a request is sent.
enum Endpoint {
    case messages, embeddings
}

/// Sampling and limits; `nil` is not sent.
struct Parameters {
    var temperature: Double?
    var topP: Double?
    var maxTokens: Int?
    var stream: Bool?
    var seed: Int?
    var wantsJSON = false
    var logprobs = false
    /// A thinking budget in tokens; zero for none.
    var thinkingBudget = 0
}

/// What all requests of a session have in common.
struct Style {
    var endpoint = Endpoint.messages
    var system: TextID = 0
    var parameters = Parameters()
    /// Index into `WorldPlan.toolsets`; zero is no tools.
    var toolset = 0
    /// Mean length of answers in bytes.
    var answerBytes = 420
    /// Later turns are tool results rather than a person's messages.
    var isToolLoop = false
    /// Answers carry signed thinking, and the client passes its own back.
    var passesThinking = false
    /// Requests carry the whole conversation; otherwise each stands alone.
    var keepsHistory = true
}

/// A piece of a template.
enum Piece {
    case text(TextID)
    case body
    case second
    /// A made-up candidate answer of about this many bytes.
    case answer(Int)
}

/// The text of one user message: a body inside a template, perhaps edited by hand.
struct Turn {
    var body: TextID
    var second: TextID = 0
    /// Index into `WorldPlan.templates`; zero is the bare body.
    var template: Int32 = 0
    /// Zero for none; otherwise the low byte says which edits and the rest seeds them.
    var edit: UInt32 = 0
}

/// A conversation: a run of `WorldPlan.turns` of one account.
struct Session {
    var seed: UInt64
    var account: Int32
    var style: Int32
    var firstTurn: Int32
    var turnCount: Int32
    /// The session whose thinking is replayed in front of this one; -1 for none.
    var foreign: Int32 = -1
}

/// One request.
struct Event {
    var time: Int64
    var session: Int32
    var turn: Int32
    /// True for the second attempt after one that failed.
    var isRetry = false
    var address: AddressID
    var client: ClientID
    var model: UInt8
    var status: UInt16
}

/// How an account reaches the API.
struct Seat {
    /// The first is the usual one.
    var clients: [ClientID]
    var addresses: [AddressID]
    /// Days until the next of `addresses` is used; zero draws one for every session.
    var leaseDays = 0
    /// A carrier network used for `roamingShare` of sessions; -1 for none.
    var roaming = -1
    var roamingShare = 0.0
    /// Networks of which every session takes a fresh address; replaces `addresses`.
    var rotating: [Int] = []
}

/// The models on offer.
enum Model {
    static let names = ["m-small", "m-large", "m-reason", "m-embed", "m-large-2"]
    static let small: UInt8 = 0
    static let large: UInt8 = 1
    static let reason: UInt8 = 2
    static let embed: UInt8 = 3
    /// Released during the world.
    static let new: UInt8 = 4
}

/// Which model an account asks for, and from when on the new one.
struct ModelHabit {
    var base: UInt8
    var adopts: Int64

    func model(at time: Int64) -> UInt8 { time >= adopts ? Model.new : base }
}
