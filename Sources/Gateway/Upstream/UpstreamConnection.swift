import NIOCore
import NIOHTTP1

/// What becomes of an exchange at a model server; told on the event loop.
protocol UpstreamListener: AnyObject {
    /// The answer's head has come.
    func upstream(head: HTTPResponseHead)
    /// Some of the answer's body has come.
    func upstream(body: inout ByteBuffer)
    /// What could be read at once has been told.
    func upstreamDidRead()
    /// The answer is whole.
    func upstreamDidEnd()
    /// The answer can never be whole.
    func upstream(failed failure: UpstreamFailure)
}

/// Why a model server gave no whole answer.
enum UpstreamFailure: Error, Equatable {
    /// It could not be reached.
    case unreachable
    /// A connection that was open from an earlier exchange ended before anything of an answer came: it may be tried anew.
    case closedBeforeAnswer
    /// The connection ended in mid-answer.
    case closed
    /// What it sent is no HTTP.
    case malformed
    /// Too many connections are open and too many requests wait.
    case crowded
}

/// One connection to a model server, with at most one exchange at a time.
final class UpstreamConnection: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    /// Whom it tells; `nil` while idle.
    private(set) var listener: (any UpstreamListener)?
    private(set) var context: ChannelHandlerContext?
    private unowned let pool: UpstreamPool
    /// Exchanges that were begun on it.
    private var begun = 0
    private var hasAnswerBegun = false
    private var isReusable = true
    /// The client takes nothing at the moment, so nothing is read.
    private var isHeld = false
    private var isReadWanted = false
    private(set) var isOpen = true
    /// When it became idle.
    var idleSince = NIODeadline.now()

    init(pool: UpstreamPool) { self.pool = pool }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    /// Sends a request.
    func begin(_ listener: any UpstreamListener, _ head: HTTPRequestHead, body: ByteBuffer?) {
        guard let context, isOpen else {
            return listener.upstream(failed: .closedBeforeAnswer)
        }
        self.listener = listener
        begun += 1
        hasAnswerBegun = false
        isHeld = false
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if let body { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    /// Whether the client can take more.
    func hold(_ held: Bool) {
        isHeld = held
        if !held, isReadWanted {
            isReadWanted = false
            context?.read()
        }
    }

    func read(context: ChannelHandlerContext) {
        if isHeld { isReadWanted = true } else { context.read() }
    }

    /// Ends the exchange before its answer is whole; the connection with it.
    func cancel() {
        listener = nil
        isReusable = false
        context?.close(promise: nil)
    }

    /// Gives back a connection that nothing was sent over.
    func settleUnused() { pool.giveBack(self) }

    /// Closes an idle connection.
    func close() { context?.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            hasAnswerBegun = true
            if !head.isKeepAlive { isReusable = false }
            listener?.upstream(head: head)
        case .body(var buffer):
            listener?.upstream(body: &buffer)
        case .end:
            guard let listener else { return context.close(promise: nil) }
            self.listener = nil
            let keeps = isReusable && isOpen
            listener.upstreamDidEnd()
            if keeps { pool.giveBack(self) } else { context.close(promise: nil) }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        listener?.upstreamDidRead()
        context.fireChannelReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
        isOpen = false
        pool.closed(self)
        fail(.closed)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        isReusable = false
        fail(error is HTTPParserError || error is NIOHTTPDecoderError ? .malformed : .closed)
        context.close(promise: nil)
    }

    private func fail(_ failure: UpstreamFailure) {
        guard let listener else { return }
        self.listener = nil
        let isStale = failure == .closed && begun > 1 && !hasAnswerBegun
        listener.upstream(failed: isStale ? .closedBeforeAnswer : failure)
    }
}
