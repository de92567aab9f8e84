import Detection
import Enforcement
import Exchanges
import NIOCore
import NIOHTTP1

/// One request and its answer on their way through the gateway.
///
/// Belongs to one event loop. Ends by one call of `finish`, whatever happens: the answer whole, the client gone, the model
/// server gone, or a refusal.
final class Turn: @unchecked Sendable {
    // Touched on its worker's event loop alone; closures that carry it to another thread only carry it back.

    enum Phase {
        case deciding, reserving, connecting, sent, streaming, collecting, logging, over
    }

    let request: ClientConnection.Request
    let id: String
    unowned let worker: Worker
    private(set) var client: ClientConnection?
    var phase = Phase.deciding
    /// Place in the worker's list.
    var position = -1

    var endpoint: Endpoint { request.endpoint }
    var style: APIStyle { request.style }
    /// The path without its query.
    var endpointText: String { Self.paths[Int(endpoint.rawValue)] }
    private static let paths = Endpoint.allCases.map { "\($0.path)" }
    var account: AccountState { request.account }

    /// What the request says, as far as it is needed after it was read.
    var facts = RequestFacts()
    var decision: Decision?
    var reservation: WorkerReservation?
    var connection: UpstreamConnection?
    /// Several answers to choose from, where the policy wants that.
    private var draws: CandidateDraws?
    var hasTriedAnew = false
    /// When the model server was asked, and when it was last heard.
    var asked = NIODeadline.now()
    var heard = NIODeadline.now()

    var status = 0
    var answer = AnswerSoFar()
    var isHeadSent = false
    var isEventStream = false
    var firstByteMicroseconds: Int64 = 0
    /// The answer's head as the model server sent it.
    var upstreamHead: HTTPResponseHead?
    /// The body of an answer that is not a stream.
    var body = ByteBuffer()
    /// What the client gets next of a stream.
    var output = ByteBuffer()
    /// A stream's last event, which waits until the exchange is written down.
    var ending = ByteBuffer()
    var events: EventStream?
    var meter = StreamMeter()
    var editor: StreamEditor?
    /// Whether the gateway asked for a stream's usage, which the client did not.
    var hidesUsage = false
    var hasTerminalEvent = false
    /// Where it came from.
    private lazy var origin = worker.origin(of: self)
    var clientAddress: String { origin.address }
    var clientCountry: CountryCode? { origin.country }
    /// Under which identifiers it is traced.
    private(set) lazy var trace = TraceContext(
        traceparent: request.head.headers.first(name: "traceparent"))
    /// Whether the exchange ended otherwise than by a whole answer.
    var interruption: Interruption?

    enum Interruption: String {
        case clientDisconnected = "client_disconnected"
        case upstreamFailed = "upstream_failed"
        case cut
    }

    init(_ request: ClientConnection.Request, client: ClientConnection, worker: Worker) {
        self.request = request
        self.client = client
        self.worker = worker
        id = worker.nextRequestID()
        worker.began(self)
    }

    // MARK: Before the model server

    func start() {
        if let failure = read() { return refuse(failure) }
        decision = worker.decide(self)
        if let refusal = worker.gate(self) { return refuse(refusal) }
        if let refusal = worker.log.refusal { return refuse(refusal, isLogged: false) }
        phase = .reserving
        worker.reserve(self) { refusal in
            guard case .reserving = self.phase else { return }
            if let refusal { return self.refuse(refusal) }
            self.phase = .connecting
            self.ask()
        }
    }

    /// Reads the request's body.
    private func read() -> APIError? {
        guard endpoint != .models, endpoint != .other else { return nil }
        guard let body = request.body, body.readableBytes > 0 else {
            return APIError(.badRequest, "The request has no body; a JSON object is needed.")
        }
        do throws(BadRecord) {
            facts = try body.withUnsafeReadableBytes { (bytes) throws(BadRecord) in
                try worker.facts(of: bytes, turn: self)
            }
        } catch {
            return APIError(
                .badRequest,
                error.field.isEmpty
                    ? "The request's body is not a JSON object (\(error.reason.rawValue))."
                    : "The request's body cannot be read: \(error.field) (\(error.reason.rawValue))."
            )
        }
        if facts.model.isEmpty {
            return APIError(.badRequest, "The request names no model.")
        }
        return nil
    }

    /// Answers with an error of the gateway's own.
    /// - Parameter isLogged: whether that is written down; not where just that is what fails.
    func refuse(_ error: APIError, isLogged: Bool = true) {
        if case .over = phase { return }
        if isHeadSent { return cut(error) }
        status = error.refusal.status
        leaveUpstream()
        worker.cancel(reservation)
        reservation = nil
        worker.metrics.count(endpoint, error.refusal)
        let style = style
        let id = id
        let record = isLogged ? worker.record(of: self, refusal: error.refusal) : nil
        phase = .logging
        worker.log(record, of: self) {
            self.client?.write(
                ResponseBytes.error(
                    error, style, requestID: id, isKeepAlive: self.client?.keepsAlive ?? false),
                flush: true)
            self.finish()
        }
    }

    /// Ends a stream that has begun with an error event.
    func cut(_ error: APIError) {
        guard isHeadSent, !isLoggingOrOver else { return refuse(error) }
        interruption = interruption ?? .cut
        leaveUpstream()
        worker.metrics.count(endpoint, error.refusal)
        if isEventStream {
            ending.clear()
            endEditing()
            output.writeString(error.event(endpoint, requestID: id))
        }
        client?.endsWithAnswer()
        settleAndLog()
    }

    private var isLoggingOrOver: Bool {
        switch phase {
        case .logging, .over: true
        default: false
        }
    }

    /// The exchange could not be written down, and the settings say that then nobody is to have the answer's end.
    func wasNotWritten() {
        interruption = .cut
        let error = APIError(
            .unavailable, "The exchange could not be written down.", retryAfterSeconds: 2)
        if isHeadSent {
            output.clear()
            ending.clear()
            output.writeString(error.event(endpoint, requestID: id))
            client?.endsWithAnswer()
        } else {
            client?.write(
                ResponseBytes.error(
                    error, style, requestID: id, isKeepAlive: client?.keepsAlive ?? false),
                flush: true)
            client?.next()
            client = nil
        }
    }

    private func leaveUpstream() {
        connection?.cancel()
        connection = nil
        draws?.cancel()
        draws = nil
    }

    // MARK: The model server

    private func ask() {
        let (head, body) = worker.upstreamRequest(of: self)
        asked = .now()
        heard = asked
        if let count = decision?.changes.candidates, count > 1, endpoint.generates {
            phase = .sent
            draws = CandidateDraws(count: count, turn: self)
            draws?.start(head, body, over: worker.pool(for: style))
            return
        }
        worker.pool(for: style).withConnection(
            fresh: hasTriedAnew, for: self,
            { connection in
                guard case .connecting = self.phase else {
                    // The client left while we were connecting.
                    return connection.settleUnused()
                }
                self.phase = .sent
                self.connection = connection
                connection.begin(self, head, body: body)
            },
            fail: { failure in
                guard case .connecting = self.phase else { return }
                self.fail(failure)
            })
    }

    /// The model server will not answer.
    func fail(_ failure: UpstreamFailure) {
        connection = nil
        switch failure {
        case .closedBeforeAnswer where !hasTriedAnew:
            hasTriedAnew = true
            phase = .connecting
            return ask()
        case .crowded:
            return refuse(
                APIError(
                    .unavailable, "Too many requests wait for the model server.",
                    retryAfterSeconds: 1))
        default: break
        }
        interruption = .upstreamFailed
        worker.metrics.upstreamFailures.add()
        let message =
            switch failure {
            case .unreachable: "The model server cannot be reached."
            case .malformed: "The model server's answer is not valid HTTP."
            default: "The model server ended the connection before its answer was whole."
            }
        let error = APIError(.upstreamFailed, message)
        if isHeadSent { cut(error) } else { refuse(error) }
    }

    /// Ends what takes too long.
    func sweep(_ now: NIODeadline, _ settings: UpstreamSettings) {
        switch phase {
        case .sent where now - asked > .milliseconds(Int64(settings.firstByteSeconds * 1000)):
            break
        case .streaming where now - heard > .milliseconds(Int64(settings.idleSeconds * 1000)),
            .collecting where now - heard > .milliseconds(Int64(settings.idleSeconds * 1000)):
            if !(client?.isWritable ?? true) { return }
        default: return
        }
        interruption = .upstreamFailed
        worker.metrics.upstreamFailures.add()
        let error = APIError(.upstreamSilent, "The model server has been silent for too long.")
        if isHeadSent { cut(error) } else { refuse(error) }
    }

    /// The answer that was chosen of several.
    func take(_ draw: CandidateDraw) {
        draws = nil
        guard case .sent = phase, let head = draw.head else { return }
        upstream(head: head)
        var bytes = draw.body
        upstream(body: &bytes)
        upstreamDidEnd()
    }

    // MARK: The client

    /// Whether the client takes more; while it does not, nothing more is read from the model server.
    func client(canTakeMore: Bool) { connection?.hold(!canTakeMore) }

    /// The client has left: the model server is told by closing the connection, and what was used so far is paid.
    func clientIsGone() {
        client = nil
        switch phase {
        case .logging, .over: return
        case .deciding, .reserving, .connecting:
            worker.cancel(reservation)
            reservation = nil
            finish()
        case .sent, .streaming, .collecting:
            interruption = .clientDisconnected
            leaveUpstream()
            worker.metrics.disconnects.add()
            settleAndLog()
        }
    }

    // MARK: The end

    /// Pays for what was used, writes the exchange down, and only then lets the client have the rest of the answer.
    func settleAndLog() {
        phase = .logging
        if isEventStream { meter.read(worker.reader, into: &answer) }
        worker.settle(self)
        let record = worker.record(of: self, refusal: nil)
        worker.log(record, of: self) {
            self.sendRest()
            self.finish()
        }
    }

    private func sendRest() {
        guard let client else { return }
        if isEventStream {
            output.writeBuffer(&ending)
            writeStream(ends: true)
        } else if interruption == nil {
            client.write(wholeAnswer(), flush: true)
        } else {
            client.close()
        }
    }

    private func finish() {
        if case .over = phase { return }
        phase = .over
        if isEventStream { worker.metrics.openStreams.add(-1) }
        worker.ended(self)
        let last = client
        client = nil
        last?.next()
    }

    var clientConnection: ClientConnection? { client }
}

/// What a request says, as far as it is needed after its body was read.
struct RequestFacts {
    var model = ""
    var isStream = false
    var signals = ExchangeSignals()
    /// Bits of Detection's categories.
    var categories: UInt32 = 0
    /// Tokens sent, estimated from the bytes of all text.
    var inputTokens: Int64 = 0
    /// The largest answer asked for.
    var maxTokens: Int64?
    /// The request's fields in the native form, where its text is not kept.
    var loggedFields: [UInt8]?
}
