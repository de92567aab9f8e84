import Enforcement
import Exchanges

/// Where a listener is bound.
public struct ListenAddress: Sendable, Equatable {
    /// A name or a textual address.
    public var host: String
    /// Zero asks the system for a free one.
    public var port: Int

    /// Makes an address.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }
}

/// A model server that requests are passed to.
public struct UpstreamSettings: Sendable, Equatable {
    /// Whether the connection is encrypted.
    public var isTLS: Bool
    /// Name or address to connect to; also the Host header and the name that a certificate must bear.
    public var host: String
    /// Port to connect to.
    public var port: Int
    /// What stands before the request's own path; empty or with a leading and without a trailing slash.
    public var basePath: String
    /// Whether routes of OpenAI's API go there.
    public var servesOpenAI: Bool
    /// Whether routes of Anthropic's API go there.
    public var servesAnthropic: Bool
    /// PEM file with the certificates of authorities that are believed; `nil` for the system's.
    public var authorities: String?
    /// The credential sent there; `nil` sends none.
    public var credential: String?
    /// Longest time to connect, seconds.
    public var connectSeconds: Double
    /// Longest silence before the answer begins, seconds.
    public var firstByteSeconds: Double
    /// Longest silence within an answer, seconds.
    public var idleSeconds: Double
    /// Most open connections, over all threads.
    public var connections: Int
}

/// What becomes of exchanges when they cannot be written down.
public enum LogOverflow: String, Sendable {
    /// Requests are refused with status 503 until they can be written down.
    case refuse
    /// Requests go on, and what is not written is counted.
    case drop
}

/// The exchange log.
public struct LogSettings: Sendable, Equatable {
    /// Its folder.
    public var folder: String
    /// `keep`, `hash` or `drop`.
    public var text: String
    /// Whether an answer's end waits until its exchange is written.
    public var waitsForWrite: Bool
    /// Bytes that may wait for being written.
    public var queueBytes: Int
    /// What happens when they are exceeded or the disk fails.
    public var overflow: LogOverflow
    /// Size from which on a segment is closed and compressed.
    public var segmentBytes: Int64
    /// Age at which a segment is closed and compressed, seconds.
    public var segmentSeconds: Double
    /// Age at which segments are deleted, seconds; `nil` keeps them.
    public var retentionSeconds: Double?
}

/// Bounds on what a client or a model server may send, and on waiting for either.
public struct ProtectionSettings: Sendable, Equatable {
    /// Bytes of a request's or an answer's head.
    public var headerBytes = 64 << 10
    /// Bytes of a request body.
    public var bodyBytes = 32 << 20
    /// Bytes of an answer that is not streamed.
    public var answerBytes = 64 << 20
    /// Bytes of one event of a stream.
    public var eventBytes = 8 << 20
    /// From a head's first byte to its end, seconds.
    public var headerSeconds = 10.0
    /// From a head's end to the body's, seconds.
    public var bodySeconds = 60.0
    /// Between two requests of a connection, seconds.
    public var keepAliveSeconds = 75.0
    /// Longest time that a client may take nothing of an answer, seconds.
    public var stallSeconds = 60.0
    /// Most open client connections.
    public var connections = 16_384
    /// Longest wait for open requests when the gateway is told to end, seconds.
    public var drainSeconds = 30.0

    /// The defaults.
    public init() {}
}

/// What a model's tokens cost, in US dollars a million.
public struct ModelPrice: Sendable, Equatable {
    /// A name, with `*` for any characters.
    package var pattern: GlobPattern
    /// Tokens sent.
    public var input: Double
    /// Tokens answered.
    public var output: Double
}

/// Everything that `stillwatch.yaml` says.
public struct GatewaySettings: Sendable {
    /// The file it was read from.
    public var path: String
    /// Where clients connect.
    public var listen: ListenAddress
    /// Certificate chain and private key, PEM files; `nil` for plain HTTP.
    public var tls: (certificate: String, key: String)?
    /// Where operators connect; `nil` for no such listener.
    public var admin: ListenAddress?
    /// File with the operators' token.
    public var adminTokenFile: String?
    /// Folder for the pepper, the log and SQLite's file.
    public var state: String
    /// File with the secret under which keys are stored; gateways that share a store need the same.
    public var pepperFile: String
    /// The store's URL.
    public var store: String
    /// The model servers.
    public var upstreams: [UpstreamSettings]
    /// The exchange log.
    public var log: LogSettings
    /// Budgets and rates.
    public var limits: [Limit]
    /// A Redis or Valkey server that several gateways share budgets in.
    public var sharedBudgets: String?
    /// How many gateways share them: what each may grant by itself while the server is away.
    public var gateways: Int
    /// List prices.
    public var prices: [ModelPrice]
    /// The policy's file.
    public var policy: String?
    /// Manifest and keys of the mark by candidates; `nil` for keys that follow from the pepper.
    public var watermark: (manifest: String, keys: String)?
    /// Seconds from one judgement to the next.
    public var judgeSeconds: Double
    /// Judgements in a row that must make a finding before it counts.
    public var confirmations: Int
    /// Seconds that a finding stands after the last judgement that made it.
    public var holdSeconds: Double
    /// Days that are judged.
    public var windowDays: Int
    /// False-discovery bound of judgements.
    public var fdr: Double
    /// Networks whose `X-Forwarded-For` counts.
    public var trustedProxies: [AddressBlock]
    /// Header with the client's country, believed behind trusted proxies only; lower case.
    public var countryHeader: String?
    /// Bounds.
    public var protection: ProtectionSettings
    /// Whether other routes under `/v1/` are passed on.
    public var passesOtherRoutes: Bool
    /// Where traces go, an OTLP/HTTP endpoint; `nil` for nowhere.
    public var traces: String?
    /// Event loops.
    public var threads: Int
}
