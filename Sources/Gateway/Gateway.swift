import Detection
import Dispatch
import Enforcement
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import ServiceLifecycle
import Store
import Synchronization
import Watermarking

/// The inline proxy: listeners, workers, and the threads that keep them up to date.
public final class Gateway: Service, @unchecked Sendable {
    // Set up once before it runs; what changes later belongs to its threads.

    /// The program's version.
    public static let version = "0.1.0"

    let settings: GatewaySettings
    let store: Store
    let id: String
    let metrics = Metrics()
    let pepper: KeyPepper
    let log: Logger
    private let writer: LogWriter
    private let folder: LogFolder
    private let budgets: Budgets
    private let spans: SpanExporter?
    private let journal = DecisionJournal()
    private let group: MultiThreadedEventLoopGroup
    private let serverTLS: NIOSSLContext?
    let workers: [Worker]
    private let refresher: Refresher
    private let judging: JudgingLoop
    private let background = DispatchQueue(label: "gateway-refresh")
    private let judgeQueue = DispatchQueue(label: "gateway-judge")
    private let isEnding = Atomic<Bool>(false)
    private let bound = Mutex<Int?>(nil)

    /// Sets everything up: opens the store, reads policy and keys, goes through what an earlier run left in the log.
    /// - Throws: what a person has to mend; nothing is listened on then.
    public init(settings: GatewaySettings, log: Logger) throws {
        self.settings = settings
        self.log = log
        try FileManager.default.createDirectory(
            atPath: settings.state, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        store = try Store(url: settings.store)
        pepper = try KeyPepper(path: settings.pepperFile)
        try PepperCheck.run(store, pepper)
        id = try Self.identity(settings.state)
        folder = try LogFolder(
            path: settings.log.folder, gateway: id, retentionSeconds: settings.log.retentionSeconds)
        try folder.recover()
        writer = LogWriter(
            settings: settings.log, folder: folder, metrics: metrics, messages: log)
        if let shared = settings.sharedBudgets {
            let address = try RedisAddress(url: shared)
            budgets = .shared(
                try SharedBudget(
                    limits: settings.limits,
                    configuration: SharedBudget.Configuration(
                        address: address, gateways: settings.gateways)))
        } else {
            budgets = .own(try BudgetBook(limits: settings.limits))
        }
        let metrics = metrics
        spans = try settings.traces.map { try SpanExporter(url: $0, metrics: metrics) }
        let rules = try RuleSet(Rule.defaults)
        serverTLS = try settings.tls.map(Self.serverContext)
        let clientTLS = try settings.upstreams.map(Self.clientContext)
        group = MultiThreadedEventLoopGroup(numberOfThreads: settings.threads)
        let choice = try Self.candidateChoice(settings, pepper, store)
        var workers: [Worker] = []
        for loop in group.makeIterator() {
            workers.append(
                try Worker(
                    loop: loop, settings: settings, metrics: metrics, log: writer, spans: spans,
                    budgets: budgets, pepper: pepper, journal: journal, rules: rules,
                    candidateChoice: choice, tls: clientTLS))
        }
        self.workers = workers
        var policyFile: PolicyFile?
        var policy = try PolicyFile.empty()
        if let path = settings.policy {
            let file = PolicyFile(path: path)
            policy = try file.read()
            policyFile = file
        }
        refresher = Refresher(
            store: store, workers: workers, gateway: id, journal: journal, metrics: metrics,
            policyFile: policyFile, log: log)
        judging = JudgingLoop(
            store: store, writer: writer, budgets: budgets, settings: settings, gateway: id,
            metrics: metrics, log: log)
        let first = policy
        for worker in workers { worker.loop.execute { worker.knowledge.policy = first } }
        try recover(rules)
    }

    /// A name of this gateway that stays over restarts.
    /// The mark by candidates: the manifest's, whose keys a detector has, or one that follows from the pepper. The audit
    /// says since when a manifest was in use, with its commitment to the keys.
    private static func candidateChoice(
        _ settings: GatewaySettings, _ pepper: KeyPepper, _ store: Store
    ) throws -> CandidateChoice {
        guard let files = settings.watermark else {
            let label = Array("stillwatch candidate mark, version 1".utf8)
            return CandidateChoice(
                secret: label.withUnsafeBytes { pepper.digest(of: $0)?.bytes } ?? label)
        }
        let manifest = try WatermarkManifest(contentsOf: files.manifest)
        let choice = try CandidateChoice(
            manifest: manifest, keys: WatermarkKeys(contentsOf: files.keys, for: manifest))
        _ = try store.append(
            kind: "watermark.use", actor: "gateway", subject: manifest.fingerprint,
            detail: "{\"key_commitment\":\"\(manifest.keyCommitment.lowercased())\"}",
            at: Moment.nowMicroseconds())
        return choice
    }

    private static func identity(_ state: String) throws -> String {
        let path = state + "/gateway-id"
        if let data = FileManager.default.contents(atPath: path) {
            let text = String(decoding: data, as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            if text.utf8.count == 16, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x7A }) {
                return text
            }
        }
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        let name = String(repeating: "0", count: 16 - digits.count) + digits
        guard
            FileManager.default.createFile(
                atPath: path, contents: Data((name + "\n").utf8),
                attributes: [.posixPermissions: 0o600])
        else { throw GatewayError.system("\(path) cannot be written; check the folder") }
        return name
    }

    private static func serverContext(
        _ files: (certificate: String, key: String)
    ) throws -> NIOSSLContext {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(files.certificate)
            let key = try NIOSSLPrivateKey(file: files.key, format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw GatewayError.setting(
                "tls: \(files.certificate) and \(files.key) cannot be used: \(error)")
        }
    }

    private static func clientContext(_ upstream: UpstreamSettings) throws -> NIOSSLContext? {
        guard upstream.isTLS else { return nil }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let file = upstream.authorities { configuration.trustRoots = .file(file) }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw GatewayError.setting(
                "ca_file \(upstream.authorities ?? "of the system") cannot be used: \(error)")
        }
    }

    /// Goes through what the log has beyond what the store knows, so that profiles and budgets are those of all that was
    /// acknowledged.
    private func recover(_ rules: RuleSet) throws {
        let position = try store.position(gateway: id)
        if case .own(let book) = budgets {
            book.restore(
                try store.counters(gateway: id).map {
                    (key: $0.key, level: $0.level, updated: $0.updated)
                })
        }
        var facts: [String: AccountRow] = [:]
        let replay = LogReplay(folder: folder, rules: rules, writer: writer) {
            account, key, tokens, model in
            guard case .own(let book) = self.budgets else { return }
            if facts[account] == nil {
                facts[account] =
                    (try? self.store.account(id: account))
                    ?? AccountRow(id: account)
            }
            let row = facts[account]
            let price = self.settings.prices.first { $0.pattern.matches(model) }
            let cost = price.map { Int64(Double(tokens) * max($0.input, $0.output)) } ?? 0
            let now = Moment.nowMicroseconds()
            let subject = book.subject(
                key: key, account: account, organization: row?.organization ?? "",
                campaign: "", plan: row?.plan ?? "", now: now)
            // What was used is charged even where it is more than is left.
            if case .granted(let reservation) = book.reserve(
                subject, requests: 1, tokens: 1, microUSD: 1, streams: 0, now: now)
            {
                book.settle(reservation, tokens: tokens, microUSD: cost, now: now)
            }
        }
        let count = try replay.run(after: position)
        if count > 0 {
            log.notice(
                "exchanges of an earlier run were taken in from the log",
                metadata: ["exchanges": "\(count)"])
        }
        folder.packEarlier()
    }

    /// The port that clients connect to, once it is listened on.
    public var port: Int? { bound.withLock { $0 } }

    /// Serves until the task is cancelled or a graceful shutdown is asked for.
    public func run() async throws {
        writer.start()
        let server = try await listen()
        bound.withLock { $0 = server.localAddress?.port }
        log.notice(
            "listening",
            metadata: [
                "address": "\(settings.listen.host):\(server.localAddress?.port ?? 0)",
                "gateway": "\(id)", "store": "\(store.name)",
            ])
        let heart = startThreads()
        await gracefulShutdownOrCancellation()
        try? await server.close()
        await drain()
        isEnding.store(true, ordering: .relaxed)
        heart.cancel()
        await withCheckedContinuation { done in
            judgeQueue.async { [self] in
                judging.flush()
                background.async { [self] in
                    refresher.refresh()
                    spans?.flush()
                    done.resume()
                }
            }
        }
        writer.stop()
        if case .shared(let shared) = budgets { shared.close() }
        try? await group.shutdownGracefully()
        log.notice("ended")
    }

    private func gracefulShutdownOrCancellation() async {
        try? await gracefulShutdown()
    }

    private func listen() async throws -> any Channel {
        let workers = workers
        let tls = serverTLS
        let metrics = metrics
        let settings = settings
        let byLoop = Dictionary(
            uniqueKeysWithValues: workers.map { (ObjectIdentifier($0.loop), $0) })
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 4)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let worker = byLoop[ObjectIdentifier(channel.eventLoop)],
                        metrics.openConnections.value < settings.protection.connections
                    else { return channel.close(promise: nil) }
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
                    var limits = NIOHTTPDecoderLimitConfiguration()
                    limits.maxHeaderFieldSize = settings.protection.headerBytes
                    limits.maxHeaderListSize = settings.protection.headerBytes
                    try pipeline.addHandler(
                        ByteToMessageHandler(
                            HTTPRequestDecoder(
                                leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)))
                    try pipeline.addHandler(ClientConnection(worker: worker))
                }
            }
        do {
            return try await bootstrap.bind(
                host: settings.listen.host, port: settings.listen.port
            ).get()
        } catch {
            throw GatewayError.listen(
                address: "\(settings.listen.host):\(settings.listen.port)", reason: "\(error)")
        }
    }

    private func startThreads() -> any DispatchSourceTimer {
        let timer = DispatchSource.makeTimerSource(queue: background)
        timer.schedule(deadline: .now(), repeating: Refresher.interval)
        let started = Moment.nowMicroseconds()
        var beats = 0
        timer.setEventHandler { [self] in
            refresher.refresh()
            spans?.flush()
            if case .shared(let shared) = budgets {
                metrics.budgetFailures.set(shared.status.failures.values.reduce(0, +))
            }
            if beats % 10 == 0 {
                try? store.heartbeat(
                    GatewayRow(
                        id: id, started: started, seen: Moment.nowMicroseconds(),
                        version: Self.version,
                        address: "\(settings.listen.host):\(port ?? 0)"))
            }
            beats += 1
        }
        timer.resume()
        for worker in workers {
            worker.loop.scheduleRepeatedTask(
                initialDelay: .milliseconds(200), delay: .milliseconds(200)
            ) { _ in worker.sweep() }
        }
        judgeLater()
        return timer
    }

    /// Profiles go to the store more often than they are judged, so that little is to be done again after a kill.
    private func judgeLater() {
        let every = settings.judgeSeconds
        judgeQueue.asyncAfter(deadline: .now() + every) { [self] in
            if isEnding.load(ordering: .relaxed) { return }
            judgeNow()
            judgeLater()
        }
    }

    private func judgeNow() {
        judging.flush()
        judging.judge()
    }

    /// Looks for a changed policy and for what the store has, at once.
    /// - Returns: what is wrong with the policy; the one before stays in force then.
    func reload() async -> String? {
        await withCheckedContinuation { done in
            background.async { [self] in
                done.resume(returning: refresher.reloadPolicy().map { "\($0)" })
            }
        }
    }

    /// Judges at once; returns when the verdicts are in the store.
    func judge() async {
        await withCheckedContinuation { done in
            judgeQueue.async { [self] in
                judgeNow()
                done.resume()
            }
        }
    }

    private func drain() async {
        for worker in workers { worker.loop.execute { worker.drain() } }
        let deadline = ContinuousClock.now + .seconds(settings.protection.drainSeconds)
        while metrics.openRequests.value > 0, ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(20))
        }
        if metrics.openRequests.value > 0 {
            for worker in workers { worker.loop.execute { worker.cutAll() } }
            let last = ContinuousClock.now + .seconds(3)
            while metrics.openRequests.value > 0, ContinuousClock.now < last {
                try? await Task.sleep(for: .milliseconds(20))
            }
        }
        for worker in workers { worker.loop.execute { worker.closeAll() } }
    }

    /// Why requests cannot be served, if they cannot.
    var unreadyReason: String? {
        if port == nil { return "starting" }
        if writer.refusal != nil { return "the exchange log cannot be written" }
        return nil
    }
}
