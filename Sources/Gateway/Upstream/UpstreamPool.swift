import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import NIOPosix
import NIOSSL

/// Connections of one event loop to one model server. Used on that loop alone.
final class UpstreamPool {
    let settings: UpstreamSettings
    private let loop: any EventLoop
    private let headerBytes: Int
    private let answerBytes: Int
    private let tls: NIOSSLContext?
    private let limit: Int
    /// Last used last, so that those not needed grow old.
    private var idle: [UpstreamConnection] = []
    private var open = 0
    private var waiting: [Waiting] = []
    private var firstWaiting = 0
    private static let mostWaiting = 4096
    /// Model servers close idle connections after 5 to 75 seconds; ours go first.
    private static let idleLimit = TimeAmount.seconds(55)

    private struct Waiting {
        weak var listener: (any UpstreamListener)?
        let start: (UpstreamConnection) -> Void
        let fail: (UpstreamFailure) -> Void
    }

    init(
        settings: UpstreamSettings, loop: any EventLoop, share: Int, headerBytes: Int,
        answerBytes: Int,
        tls: NIOSSLContext?
    ) {
        self.settings = settings
        self.loop = loop
        self.headerBytes = headerBytes
        self.answerBytes = answerBytes
        self.tls = tls
        limit = max(1, settings.connections / share)
    }

    /// Hands out a connection, an idle one if there is one and it is not to be fresh.
    /// - Parameters:
    ///   - fresh: whether an idle connection will not do, since the last one turned out to be closed.
    ///   - listener: nothing is called any more once this is gone.
    func withConnection(
        fresh: Bool, for listener: any UpstreamListener,
        _ start: @escaping (UpstreamConnection) -> Void,
        fail: @escaping (UpstreamFailure) -> Void
    ) {
        if fresh {
            // Where one was closed the others will be too.
            for connection in idle { connection.close() }
            idle.removeAll(keepingCapacity: true)
        }
        while let connection = idle.popLast() {
            if connection.isOpen { return start(connection) }
        }
        if open >= limit {
            guard waiting.count - firstWaiting < Self.mostWaiting else { return fail(.crowded) }
            waiting.append(Waiting(listener: listener, start: start, fail: fail))
            return
        }
        connect(Waiting(listener: listener, start: start, fail: fail))
    }

    private func connect(_ waiting: Waiting) {
        open += 1
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(.milliseconds(Int64(settings.connectSeconds * 1000)))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { [tls, settings, headerBytes, answerBytes] channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        let name = IPAddress(settings.host) == nil ? settings.host : nil
                        try pipeline.addHandler(
                            NIOSSLClientHandler(context: tls, serverHostname: name))
                    }
                    var limits = NIOHTTPDecoderLimitConfiguration()
                    limits.maxHeaderFieldSize = headerBytes
                    limits.maxHeaderListSize = headerBytes
                    try pipeline.addHandler(HTTPRequestEncoder())
                    try pipeline.addHandler(
                        ByteToMessageHandler(
                            HTTPResponseDecoder(
                                leftOverBytesStrategy: .dropBytes,
                                informationalResponseStrategy: .drop,
                                limitConfiguration: limits)))
                    // It is asked not to compress; some do all the same.
                    try pipeline.addHandler(
                        NIOHTTPResponseDecompressor(limit: .size(answerBytes)))
                }
            }
        let connected = bootstrap.connect(host: settings.host, port: settings.port)
        connected.assumeIsolatedUnsafeUnchecked().whenComplete { result in
            switch result {
            case .failure:
                self.open -= 1
                if waiting.listener != nil { waiting.fail(.unreachable) }
                self.serveNext()
            case .success(let channel):
                let connection = UpstreamConnection(pool: self)
                do {
                    try channel.pipeline.syncOperations.addHandler(connection)
                } catch {
                    self.open -= 1
                    waiting.fail(.unreachable)
                    return
                }
                if waiting.listener != nil {
                    waiting.start(connection)
                } else {
                    self.giveBack(connection)
                }
            }
        }
    }

    /// Takes a connection whose exchange is over.
    func giveBack(_ connection: UpstreamConnection) {
        while firstWaiting < waiting.count {
            let next = waiting[firstWaiting]
            firstWaiting += 1
            if next.listener == nil { continue }
            next.start(connection)
            return compact()
        }
        compact()
        connection.idleSince = .now()
        idle.append(connection)
    }

    private func compact() {
        if firstWaiting > 64, firstWaiting * 2 > waiting.count {
            waiting.removeFirst(firstWaiting)
            firstWaiting = 0
        } else if firstWaiting == waiting.count {
            waiting.removeAll(keepingCapacity: true)
            firstWaiting = 0
        }
    }

    /// Notes that a connection is gone.
    func closed(_ connection: UpstreamConnection) {
        open -= 1
        idle.removeAll { $0 === connection }
        serveNext()
    }

    private func serveNext() {
        while open < limit, firstWaiting < waiting.count {
            let next = waiting[firstWaiting]
            firstWaiting += 1
            if next.listener != nil { connect(next) }
        }
        compact()
    }

    /// Closes what has been idle for long.
    func sweep(_ now: NIODeadline) {
        while let oldest = idle.first, now - oldest.idleSince > Self.idleLimit {
            idle.removeFirst()
            oldest.close()
        }
    }

    /// Closes all idle connections.
    func closeIdle() {
        for connection in idle { connection.close() }
        idle = []
    }
}
