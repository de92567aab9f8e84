import Detection
import Enforcement
import Exchanges
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Store
import Watermarking

/// Everything of one event loop: its connections, its copy of what is known, and what it reads requests with.
///
/// Nothing here is shared with another thread; changes come as closures that run on the loop.
final class Worker: @unchecked Sendable {
    let loop: any EventLoop
    let settings: GatewaySettings
    let metrics: Metrics
    let log: LogWriter
    let spans: SpanExporter?
    let budgets: Budgets
    let pepper: KeyPepper
    let journal: DecisionJournal
    let allocator = ByteBufferAllocator()
    let reader = BodyReader()
    /// The mark of answers that are chosen of several.
    let candidateChoice: CandidateChoice
    private let extractor: SignalExtractor

    var protection: ProtectionSettings { settings.protection }
    var passesOtherRoutes: Bool { settings.passesOtherRoutes }

    // What is known.
    var keys = KeyRing()
    private var keyStates: [String: KeyState] = [:]
    private(set) var accounts: [String: AccountState] = [:]
    var knowledge = Knowledge()
    /// Why requests cannot be served yet or any more.
    var unreadyReason: String? = "starting: nothing is known yet"
    private(set) var isDraining = false

    // What is going on.
    private var connections: [ClientConnection] = []
    private var turns: [Turn] = []
    private var pools: [UpstreamPool] = []
    private var openAIPool = 0
    private var anthropicPool = 0
    private var pending: [(entry: LogEntry, turn: Turn, then: () -> Void)] = []
    private var randomness = SystemRandomNumberGenerator()

    init(
        loop: any EventLoop, settings: GatewaySettings, metrics: Metrics, log: LogWriter,
        spans: SpanExporter?, budgets: Budgets, pepper: KeyPepper, journal: DecisionJournal,
        rules: RuleSet, candidateChoice: CandidateChoice, tls: [NIOSSLContext?]
    ) throws(RuleSetError) {
        self.loop = loop
        self.settings = settings
        self.metrics = metrics
        self.log = log
        self.spans = spans
        self.budgets = budgets
        self.pepper = pepper
        self.journal = journal
        self.candidateChoice = candidateChoice
        extractor = try SignalExtractor(rules: rules)
        for (index, upstream) in settings.upstreams.enumerated() {
            pools.append(
                UpstreamPool(
                    settings: upstream, loop: loop, share: settings.threads,
                    headerBytes: settings.protection.headerBytes,
                    answerBytes: settings.protection.answerBytes,
                    tls: tls[index]))
        }
        openAIPool = settings.upstreams.firstIndex { $0.servesOpenAI } ?? 0
        anthropicPool = settings.upstreams.firstIndex { $0.servesAnthropic } ?? 0
    }

    func pool(for style: APIStyle) -> UpstreamPool {
        pools[style == .openAI ? openAIPool : anthropicPool]
    }

    func nextRequestID() -> String {
        let words = (randomness.next(), randomness.next())
        return String(unsafeUninitializedCapacity: 36) { bytes in
            var count = 0
            for byte in "req_".utf8 {
                bytes[count] = byte
                count += 1
            }
            for word in [words.0, words.1] {
                var shift: UInt64 = 64
                while shift > 0 {
                    shift -= 4
                    let digit = UInt8(truncatingIfNeeded: word >> shift) & 15
                    bytes[count] = digit < 10 ? 0x30 + digit : 0x57 + digit
                    count += 1
                }
            }
            return count
        }
    }

    // MARK: Who asks

    func account(_ id: String) -> AccountState {
        if let known = accounts[id] { return known }
        let state = AccountState(id: id)
        accounts[id] = state
        return state
    }

    /// Tells whose key a request carries. Nothing else of a request says who is billed.
    func authenticate(
        _ headers: HTTPHeaders, _ now: Moment
    ) throws(AuthenticationFailure) -> (KeyState, AccountState) {
        guard let presented = Self.credential(headers) else { throw .missing }
        var text = presented
        let result = text.withUTF8 { bytes in
            keys.authenticate(
                UnsafeRawBufferPointer(bytes), pepper: pepper, nowMicroseconds: now.microseconds)
        }
        switch result {
        case .success(let principal):
            return (keyState(principal), account(principal.account))
        case .failure(let refusal):
            throw AuthenticationFailure(rawValue: refusal.rawValue) ?? .unknown
        }
    }

    private func keyState(_ principal: Principal) -> KeyState {
        if let known = keyStates[principal.keyID] { return known }
        let state = KeyState(id: principal.keyID, account: principal.account)
        keyStates[principal.keyID] = state
        return state
    }

    /// The one credential of a request; several different ones are none.
    private static func credential(_ headers: HTTPHeaders) -> String? {
        var found: String?
        for (name, value) in headers {
            var candidate: String?
            if name.utf8.count == 9, name.lowercased() == "x-api-key" {
                candidate = value
            } else if name.utf8.count == 13, name.lowercased() == "authorization" {
                let scheme = value.utf8.prefix(7)
                if scheme.count == 7, String(scheme)?.lowercased() == "bearer " {
                    candidate = String(value.utf8.dropFirst(7))
                }
            }
            guard let candidate, !candidate.isEmpty else { continue }
            if let found, found != candidate { return nil }
            found = candidate
        }
        return found
    }

    // MARK: What is asked

    /// Reads a request's body and measures its signals.
    func facts(
        of body: UnsafeRawBufferPointer, turn: Turn
    ) throws(BadRecord) -> RequestFacts {
        try reader.request(body) { exchange in
            var facts = RequestFacts()
            facts.model = exchange.model.string
            facts.isStream = exchange.parameters.stream ?? false
            facts.maxTokens = exchange.parameters.maxTokens
            var bytes = 0
            for block in exchange.systemBlocks { bytes += block.text.count }
            for block in exchange.blocks {
                bytes += block.kind == .media ? 3000 : block.text.count
            }
            facts.inputTokens = Int64(max(1, bytes / 4))
            guard turn.endpoint.generates else { return facts }
            if let policy = RecordWriter.TextPolicy(rawValue: settings.log.text), policy != .keep {
                var writer = RecordWriter()
                writer.fields(of: exchange, policy) { text in
                    pepper.textDigest(of: UnsafeRawBufferPointer(text))
                }
                facts.loggedFields = writer.bytes
            }
            var id = turn.id
            var account = turn.account.id
            id.withUTF8 { id in
                account.withUTF8 { account in
                    exchange.id = ByteView(base: id.baseAddress, count: id.count)
                    exchange.account.id = ByteView(base: account.baseAddress, count: account.count)
                    exchange.time = EventTime(microseconds: turn.request.arrived.microseconds)
                    facts.signals = extractor.signals(of: exchange)
                }
            }
            facts.categories = facts.signals.categories
            return facts
        }
    }

    // MARK: What is going on

    func opened(_ connection: ClientConnection) {
        connection.position = connections.count
        connections.append(connection)
        metrics.openConnections.add()
    }

    func closed(_ connection: ClientConnection) {
        guard connection.position >= 0, let last = connections.popLast() else { return }
        if last !== connection {
            connections[connection.position] = last
            last.position = connection.position
        }
        connection.position = -1
        metrics.openConnections.add(-1)
    }

    func began(_ turn: Turn) {
        turn.position = turns.count
        turns.append(turn)
        turn.account.openTurns += 1
        metrics.openRequests.add()
    }

    func ended(_ turn: Turn) {
        guard turn.position >= 0, let last = turns.popLast() else { return }
        if last !== turn {
            turns[turn.position] = last
            last.position = turn.position
        }
        turn.position = -1
        turn.account.openTurns -= 1
        metrics.openRequests.add(-1)
        metrics.duration.record((NIODeadline.now() - turn.request.arrived.tick).nanoseconds / 1000)
        spans?.add(turn)
    }

    var statesOfKeys: some Collection<KeyState> { keyStates.values }

    /// Looks for what takes too long; called some times a second.
    func sweep() {
        let now = NIODeadline.now()
        for connection in Array(connections) { connection.sweep(now) }
        for turn in Array(turns) { turn.sweep(now, pool(for: turn.style).settings) }
        for pool in pools { pool.sweep(now) }
    }

    /// Ends the open requests of accounts that are blocked now.
    func cutBlocked() {
        for turn in Array(turns) {
            guard let refusal = blockingRefusal(turn) else { continue }
            turn.cut(refusal)
        }
    }

    /// Takes no more requests; open ones go on.
    func drain() {
        isDraining = true
        unreadyReason = "draining"
        for connection in Array(connections) { connection.closeIfIdle() }
        for pool in pools { pool.closeIdle() }
    }

    /// Ends what is still open.
    func cutAll() {
        for turn in Array(turns) {
            turn.cut(
                APIError(.unavailable, "The gateway is shutting down.", retryAfterSeconds: 1))
        }
    }

    /// Closes every connection.
    func closeAll() {
        for connection in Array(connections) { connection.close() }
        for pool in pools { pool.closeIdle() }
    }

    // MARK: The log

    /// Writes an exchange down; `then` follows when that has happened, on this loop.
    func log(_ entry: LogEntry?, of turn: Turn, then: @escaping () -> Void) {
        guard let entry else { return then() }
        if pending.isEmpty {
            // All that this round of the loop brings goes to the writer at once.
            loop.assumeIsolatedUnsafeUnchecked().execute { self.submit() }
        }
        if settings.log.waitsForWrite {
            pending.append((entry, turn, then))
        } else {
            pending.append((entry, turn, {}))
            then()
        }
    }

    private func submit() {
        let batch = pending
        pending = []
        let waiting = WaitingTurns(batch.map { ($0.turn, $0.then) })
        let waits = settings.log.waitsForWrite
        log.submit(batch.map(\.entry)) { isWritten in
            guard waits else { return }
            self.loop.execute {
                for (turn, then) in waiting.list {
                    if !isWritten { turn.wasNotWritten() }
                    then()
                }
            }
        }
    }

    /// Turns that wait for the log, on their way through its thread and back.
    private final class WaitingTurns: @unchecked Sendable {
        let list: [(Turn, () -> Void)]
        init(_ list: [(Turn, () -> Void)]) { self.list = list }
    }
}
