import NIOCore
import NIOHTTP1

/// One connection of a client: requests one after another, each answered before the next is looked at.
final class ClientConnection: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        /// For a request's head.
        case waiting
        /// For the rest of a body that will be judged.
        case reading(Request)
        /// For the rest of a body that will not: the answer is known.
        case discarding(APIError, APIStyle, Endpoint)
        /// For an answer.
        case answering(Turn)
        case closed
    }

    /// A request whose body is still coming.
    final class Request {
        let head: HTTPRequestHead
        let endpoint: Endpoint
        let style: APIStyle
        let account: AccountState
        let key: KeyState
        let arrived: Moment
        var body: ByteBuffer?

        init(
            head: HTTPRequestHead, endpoint: Endpoint, style: APIStyle, account: AccountState,
            key: KeyState, arrived: Moment
        ) {
            self.head = head
            self.endpoint = endpoint
            self.style = style
            self.account = account
            self.key = key
            self.arrived = arrived
        }
    }

    unowned let worker: Worker
    private(set) var context: ChannelHandlerContext?
    private(set) var peer = ""
    private var phase = Phase.waiting
    private var isKeepAlive = true
    private var speaksHTTP10 = false
    /// Parts of requests that came before the answer to the one at hand was given.
    private var pipelined: [HTTPServerRequestPart] = []
    private var pipelinedBytes = 0
    private var isReadWanted = false
    private static let mostPipelinedBytes = 256 << 10

    /// When the phase is taken to last too long; `nil` while an answer is being given.
    private(set) var deadline: NIODeadline?
    /// When the client began to take nothing; `nil` while it does.
    private var stalledSince: NIODeadline?
    /// Place in the worker's list.
    var position = -1

    init(worker: Worker) { self.worker = worker }

    // MARK: Connection

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        peer = context.channel.remoteAddress?.ipAddress ?? ""
        deadline = .now() + .milliseconds(Int64(worker.protection.headerSeconds * 1000))
        worker.opened(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) { gone() }

    func channelInactive(context: ChannelHandlerContext) {
        gone()
        context.fireChannelInactive()
    }

    private func gone() {
        guard context != nil else { return }
        context = nil
        let last = phase
        phase = .closed
        pipelined = []
        worker.closed(self)
        if case .answering(let turn) = last { turn.clientIsGone() }
    }

    func close() { context?.close(promise: nil) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError || error is NIOHTTPDecoderError else {
            return context.close(promise: nil)
        }
        isKeepAlive = false
        switch phase {
        case .waiting, .reading, .discarding:
            let isLarge =
                (error as? HTTPParserError) == .headerOverflow
                || "\(error)".contains("exceeds")
            let answer =
                isLarge
                ? APIError(.headersTooLarge, "The request's headers are too large.")
                : APIError(.badRequest, "The request is not valid HTTP/1.1.")
            refuse(answer, .openAI, .other)
        case .answering:
            // The answer at hand is still owed; nothing after it can be understood.
            break
        case .closed:
            context.close(promise: nil)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let isWritable = context.channel.isWritable
        stalledSince = isWritable ? nil : .now()
        if case .answering(let turn) = phase { turn.client(canTakeMore: isWritable) }
        context.fireChannelWritabilityChanged()
    }

    /// Whether the client takes what is written.
    var isWritable: Bool { context?.channel.isWritable ?? false }

    func read(context: ChannelHandlerContext) {
        if pipelinedBytes > Self.mostPipelinedBytes {
            isReadWanted = true
        } else {
            context.read()
        }
    }

    /// Acts on a phase that lasts too long.
    func sweep(_ now: NIODeadline) {
        if let stalledSince,
            now - stalledSince > .milliseconds(Int64(worker.protection.stallSeconds * 1000))
        {
            worker.metrics.slowClients.add()
            return close()
        }
        guard let deadline, now > deadline else { return }
        switch phase {
        case .waiting: close()
        case .reading, .discarding:
            isKeepAlive = false
            refuse(
                APIError(.timeout, "The request's body did not arrive in time."), style, .other)
        case .answering, .closed: break
        }
    }

    private var style: APIStyle {
        switch phase {
        case .reading(let request): request.style
        case .discarding(_, let style, _): style
        case .answering(let turn): turn.style
        case .waiting, .closed: .openAI
        }
    }

    /// Closes the connection unless a request is being answered.
    func closeIfIdle() {
        switch phase {
        case .waiting: close()
        default: isKeepAlive = false
        }
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        take(unwrapInboundIn(data))
    }

    private func take(_ part: HTTPServerRequestPart) {
        if case .answering = phase {
            pipelined.append(part)
            if case .body(let buffer) = part { pipelinedBytes += buffer.readableBytes }
            pipelinedBytes += 256
            return
        }
        switch part {
        case .head(let head): begin(head)
        case .body(let buffer): add(buffer)
        case .end: end()
        }
    }

    private func begin(_ head: HTTPRequestHead) {
        guard case .waiting = phase else { return close() }
        speaksHTTP10 = head.version.minor == 0
        isKeepAlive = head.isKeepAlive && head.version.major == 1 && !worker.isDraining
        let speaksAnthropic = head.headers.contains(name: "anthropic-version")
        if let problem = Self.framingProblem(head) {
            isKeepAlive = false
            return refuse(problem, speaksAnthropic ? .anthropic : .openAI, .other)
        }
        let now = Moment.now()
        deadline = now.tick + .milliseconds(Int64(worker.protection.bodySeconds * 1000))
        switch Route(target: head.uri, speaksAnthropic: speaksAnthropic) {
        case .health: answer(.ok, worker.isDraining ? "draining\n" : "ok\n")
        case .ready:
            let reason = worker.unreadyReason
            answer(reason == nil ? .ok : .serviceUnavailable, (reason ?? "ready") + "\n")
        case .malformed:
            discard(
                APIError(
                    .badRequest,
                    "The request target must be a path such as /v1/messages, without dots, escapes or a host."
                ), .openAI, .other)
        case .notFound:
            discard(
                APIError(.notFound, "There is nothing here. Paths begin with /v1/."),
                speaksAnthropic ? .anthropic : .openAI, .other)
        case .api(let endpoint, let style):
            begin(head, endpoint, style, now)
        }
        if head.headers.contains(name: "expect"), deadline != nil, isWaitingForBody {
            write(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n"), flush: true)
        }
    }

    /// What a lenient server in between could read otherwise than we do (RFC 9112, sections 3.2 and 6.1).
    private static func framingProblem(_ head: HTTPRequestHead) -> APIError? {
        let hosts = head.headers["host"]
        if hosts.count != 1, head.version.minor >= 1 || hosts.count > 1 {
            return APIError(.badRequest, "The request must have one Host header.")
        }
        let codings = head.headers["transfer-encoding"]
        guard !codings.isEmpty else { return nil }
        if codings.count > 1 || codings[0].lowercased() != "chunked" || head.version.minor == 0
            || head.headers.contains(name: "content-length")
        {
            return APIError(
                .badRequest,
                "Of transfer codings only 'chunked' is understood, and without a length.")
        }
        return nil
    }

    private var isWaitingForBody: Bool {
        if case .reading = phase { return true }
        return false
    }

    private func begin(
        _ head: HTTPRequestHead, _ endpoint: Endpoint, _ style: APIStyle, _ now: Moment
    ) {
        if let length = head.headers.first(name: "content-length").flatMap(Int.init),
            length > worker.protection.bodyBytes
        {
            isKeepAlive = false
            return refuse(tooLarge, style, endpoint)
        }
        do throws(AuthenticationFailure) {
            let (key, account) = try worker.authenticate(head.headers, now)
            let request = Request(
                head: head, endpoint: endpoint, style: style, account: account, key: key,
                arrived: now)
            if let problem = Self.problem(head, endpoint, worker) {
                return discard(problem, style, endpoint)
            }
            phase = .reading(request)
        } catch {
            worker.metrics.authenticationFailures[error].add()
            discard(APIError(.invalidKey, error.message), style, endpoint)
        }
    }

    private static func problem(
        _ head: HTTPRequestHead, _ endpoint: Endpoint, _ worker: Worker
    ) -> APIError? {
        if worker.isDraining {
            return APIError(
                .unavailable, "The gateway is shutting down; another one will answer.",
                retryAfterSeconds: 1)
        }
        for value in head.headers[canonicalForm: "content-encoding"] where value != "identity" {
            return APIError(
                .unsupportedEncoding, "Request bodies must be sent without content-encoding.")
        }
        switch endpoint {
        case .models:
            if head.method != .GET {
                return APIError(.methodNotAllowed, "\(endpoint.path) takes GET.")
            }
        case .other:
            if !worker.passesOtherRoutes {
                return APIError(.notFound, "This gateway does not pass on this route.")
            }
            switch head.method {
            case .GET, .POST, .PUT, .PATCH, .DELETE, .HEAD: break
            default: return APIError(.methodNotAllowed, "The method is not allowed.")
            }
        default:
            if head.method != .POST {
                return APIError(.methodNotAllowed, "\(endpoint.path) takes POST.")
            }
        }
        return nil
    }

    private var tooLarge: APIError {
        APIError(
            .tooLarge, "The request's body is larger than \(worker.protection.bodyBytes) bytes.")
    }

    private func add(_ buffer: ByteBuffer) {
        guard case .reading(let request) = phase else { return }
        var buffer = buffer
        if request.body == nil {
            // The decoder's slice keeps the whole receive buffer alive; a copy keeps what is needed.
            let expected =
                request.head.headers.first(name: "content-length").flatMap(Int.init)
                ?? buffer.readableBytes
            request.body = worker.allocator.buffer(
                capacity: max(buffer.readableBytes, min(expected, worker.protection.bodyBytes)))
        }
        request.body?.writeBuffer(&buffer)
        if (request.body?.readableBytes ?? 0) > worker.protection.bodyBytes {
            isKeepAlive = false
            refuse(tooLarge, request.style, request.endpoint)
        }
    }

    private func end() {
        switch phase {
        case .reading(let request):
            deadline = nil
            let turn = Turn(request, client: self, worker: worker)
            phase = .answering(turn)
            turn.start()
        case .discarding(let error, let style, let endpoint):
            refuse(error, style, endpoint)
        case .waiting, .answering, .closed: break
        }
    }

    /// Answers with an error once the body has come.
    private func discard(_ error: APIError, _ style: APIStyle, _ endpoint: Endpoint) {
        phase = .discarding(error, style, endpoint)
    }

    /// Answers with an error at once. A body that has not wholly come ends the connection.
    private func refuse(_ error: APIError, _ style: APIStyle, _ endpoint: Endpoint) {
        if case .closed = phase { return }
        write(
            ResponseBytes.error(
                error, style, requestID: worker.nextRequestID(), isKeepAlive: isKeepAlive),
            flush: true)
        worker.metrics.count(endpoint, error.refusal)
        next()
    }

    private func answer(_ status: HTTPResponseStatus, _ text: String) {
        write(ResponseBytes.plain(status, text, isKeepAlive: isKeepAlive), flush: true)
        phase = .waiting
        deadline = .now() + .milliseconds(Int64(worker.protection.keepAliveSeconds * 1000))
        if !isKeepAlive { closeAfterWrites() }
    }

    // MARK: Answers

    /// Whether the next request may come over this connection.
    var keepsAlive: Bool { isKeepAlive }
    /// Whether the client does not know chunked answers.
    var isHTTP10: Bool { speaksHTTP10 }

    func write(_ buffer: ByteBuffer, flush: Bool) {
        guard let context else { return }
        if flush {
            context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
        } else {
            context.write(wrapOutboundOut(buffer), promise: nil)
        }
    }

    /// The answer at hand cannot be ended so that another one could follow.
    func endsWithAnswer() { isKeepAlive = false }

    /// Goes on with the next request.
    func next() {
        if case .closed = phase { return }
        phase = .waiting
        deadline = .now() + .milliseconds(Int64(worker.protection.keepAliveSeconds * 1000))
        guard isKeepAlive else { return closeAfterWrites() }
        guard !pipelined.isEmpty else { return }
        let parts = pipelined
        pipelined = []
        pipelinedBytes = 0
        for part in parts { take(part) }
        if isReadWanted, pipelinedBytes <= Self.mostPipelinedBytes {
            isReadWanted = false
            context?.read()
        }
    }

    private func closeAfterWrites() {
        phase = .waiting
        guard let context else { return }
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolatedUnsafeUnchecked().whenComplete { _ in self.close() }
        context.writeAndFlush(
            wrapOutboundOut(worker.allocator.buffer(capacity: 0)), promise: promise)
    }
}
