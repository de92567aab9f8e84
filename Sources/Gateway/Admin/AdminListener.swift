import CCrypto
import Enforcement
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle
import Store

extension Gateway {
    /// The operators' listener; `nil` without one in the settings.
    public func adminService() throws -> (any Service)? {
        guard let address = settings.admin, let file = settings.adminTokenFile else { return nil }
        let token = try Self.token(file)
        let listener = AdminListener(
            gateway: self, operations: Operations(store: store, pepper: pepper), token: token)
        return Application(
            router: listener.router(),
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: address.port), serverName: "stillwatch"),
            logger: log)
    }

    private static func token(_ path: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path), data.count <= 4096 else {
            throw GatewayError.setting(
                "\(path): cannot be read; write the operators' token into it, one line of 16 or more characters"
            )
        }
        let text = String(decoding: data, as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        guard text.utf8.count >= 16 else {
            throw GatewayError.setting("\(path): the token must have 16 or more characters")
        }
        return Array(text.utf8)
    }
}

/// What operators reach: health, metrics, and everything of `Operations`.
struct AdminListener: Sendable {
    let gateway: Gateway
    let operations: Operations
    let token: [UInt8]
    private static let largestBody = 64 << 10

    typealias Context = BasicRequestContext

    func router() -> Router<Context> {
        let router = Router(context: Context.self)
        router.get("/healthz") { _, _ in Self.text("ok\n") }
        router.get("/readyz") { [gateway] _, _ in
            let reason = gateway.unreadyReason
            return Self.text(
                (reason ?? "ready") + "\n", status: reason == nil ? .ok : .serviceUnavailable)
        }
        router.get("/metrics") { [gateway] _, _ in
            Self.text(gateway.metrics.text, type: "text/plain; version=0.0.4")
        }
        let admin = router.group("/admin").add(middleware: TokenCheck(token: token))
        addKeys(admin.group("/keys"))
        addAccounts(admin.group("/accounts"))
        addCampaigns(admin.group("/campaigns"))
        addApprovals(admin.group("/approvals"))
        addSwitches(admin.group("/switches"))
        admin.get("/audit") { [operations] request, _ in
            let after = try Self.number("after", in: request) ?? 0
            let limit = try Self.number("limit", in: request) ?? 100
            return try await Self.answer {
                try operations.audit(after: after, limit: Int(min(max(limit, 1), 10_000)))
            }
        }
        admin.post("/judge") { [gateway, operations] _, _ in
            await gateway.judge()
            return try await Self.answer { try operations.campaigns() }
        }
        admin.post("/policy/reload") { [gateway] _, _ in
            if let fault = await gateway.reload() { throw HTTPError(.badRequest, message: fault) }
            return try await Self.answer { ["reloaded": true] }
        }
        admin.get("/status") { [gateway, operations] _, _ in
            try await Self.answer {
                Status(
                    gateway: gateway.id, version: Gateway.version,
                    openRequests: gateway.metrics.openRequests.value,
                    gateways: try operations.gateways(now: Moment.nowMicroseconds()))
            }
        }
        return router
    }

    private struct Status: Encodable {
        let gateway: String
        let version: String
        let openRequests: Int
        let gateways: [Operations.GatewayListing]
    }

    private func addKeys(_ keys: RouterGroup<Context>) {
        struct Create: Decodable, Sendable {
            var account: String
            var organization: String?
            var plan: String?
            var name: String?
            var expiresSeconds: Double?
        }
        struct Rotate: Decodable, Sendable { var graceSeconds: Double? }
        keys.post { [operations] request, _ in
            let wish = try await Self.body(
                request, as: Create.self,
                fields: ["account", "organization", "plan", "name", "expires_seconds"])
            return try await Self.answer(status: .created) {
                try operations.createKey(
                    account: wish.account, name: wish.name ?? "", organization: wish.organization,
                    plan: wish.plan, expiresSeconds: wish.expiresSeconds, actor: "admin")
            }
        }
        keys.get { [operations] request, _ in
            let account = request.uri.queryParameters["account"].map(String.init)
            return try await Self.answer { try operations.keys(account: account) }
        }
        keys.post(":id/rotate") { [operations] request, context in
            let wish = try await Self.body(request, as: Rotate.self, fields: ["grace_seconds"])
            let id = try context.parameters.require("id")
            return try await Self.answer(status: .created) {
                try operations.rotateKey(
                    id, graceSeconds: wish.graceSeconds ?? 0, actor: "admin")
            }
        }
        keys.delete(":id") { [operations] _, context in
            let id = try context.parameters.require("id")
            return try await Self.answer {
                try operations.revokeKey(id, actor: "admin")
                return ["revoked": id]
            }
        }
    }

    private func addAccounts(_ accounts: RouterGroup<Context>) {
        accounts.put(":id") { [operations] request, context in
            let id = try context.parameters.require("id")
            let facts = try await Self.body(
                request, as: Operations.Account.self,
                fields: [
                    "organization", "plan", "country", "nationality", "contract", "created",
                    "email_domain", "payment_fingerprint", "signup_path", "trusted",
                ])
            return try await Self.answer {
                try operations.setAccount(id, facts, actor: "admin")
                return try operations.account(id)
            }
        }
        accounts.get(":id") { [operations] _, context in
            let id = try context.parameters.require("id")
            return try await Self.answer { try operations.account(id) }
        }
    }

    private struct Reason: Decodable, Sendable {
        var by: String
        var reason: String?
        var expiresSeconds: Double?
    }

    private func addCampaigns(_ campaigns: RouterGroup<Context>) {
        campaigns.get { [operations] _, _ in
            try await Self.answer { try operations.campaigns() }
        }
        campaigns.post(":id/block") { [operations] request, context in
            let id = try context.parameters.require("id")
            let wish = try await Self.body(
                request, as: Reason.self, fields: ["by", "reason", "expires_seconds"])
            return try await Self.answer {
                [
                    "accounts": try operations.block(
                        campaign: id, by: wish.by, reason: wish.reason ?? "",
                        expiresSeconds: wish.expiresSeconds)
                ]
            }
        }
        campaigns.post(":id/unblock") { [operations] request, context in
            let id = try context.parameters.require("id")
            let wish = try await Self.body(
                request, as: Reason.self, fields: ["by", "reason", "expires_seconds"])
            return try await Self.answer {
                [
                    "accounts": try operations.unblock(
                        campaign: id, by: wish.by, reason: wish.reason ?? "")
                ]
            }
        }
    }

    private func addApprovals(_ approvals: RouterGroup<Context>) {
        struct Wish: Decodable, Sendable {
            var id: String?
            var decision: String
            var by: String
            var note: String?
        }
        approvals.get { [operations] _, _ in
            try await Self.answer { try operations.approvals() }
        }
        // A step's id has slashes, so it may be given in the path with %2F or in the body.
        approvals.post("**") { [operations] request, context in
            let wish = try await Self.body(
                request, as: Wish.self, fields: ["id", "decision", "by", "note"])
            let path = context.parameters.getCatchAll().joined(separator: "/")
            let id = wish.id ?? path.removingPercentEncoding ?? path
            guard wish.decision == "approve" || wish.decision == "deny" else {
                throw HTTPError(.badRequest, message: "decision is 'approve' or 'deny'")
            }
            return try await Self.answer {
                try operations.decide(
                    approval: id, approve: wish.decision == "approve", by: wish.by,
                    note: wish.note ?? "")
                return ["decided": id]
            }
        }
    }

    private func addSwitches(_ switches: RouterGroup<Context>) {
        struct Wish: Decodable, Sendable {
            var countries: [String]?
            var nationalities: [String]?
            var on: Bool
            var by: String
            var reason: String?
        }
        switches.get { [operations] _, _ in
            try await Self.answer { try operations.switches() }
        }
        switches.put(":id") { [operations] request, context in
            let id = try context.parameters.require("id")
            let wish = try await Self.body(
                request, as: Wish.self,
                fields: ["countries", "nationalities", "on", "by", "reason"])
            return try await Self.answer {
                try operations.setSwitch(
                    id, countries: wish.countries ?? [], nationalities: wish.nationalities ?? [],
                    on: wish.on, by: wish.by, reason: wish.reason ?? "")
            }
        }
        switches.get(":id/proof") { [operations] _, context in
            let id = try context.parameters.require("id")
            return try await Self.answer { try operations.proofs(of: id) }
        }
    }

    // MARK: Bodies

    private static func body<T: Decodable & Sendable>(
        _ request: Request, as type: T.Type, fields: [String]
    ) async throws -> T {
        let buffer: ByteBuffer
        do {
            buffer = try await request.body.collect(upTo: largestBody)
        } catch {
            throw HTTPError(.contentTooLarge, message: "a body has at most \(largestBody) bytes")
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            let given = Data(buffer.readableBytesView)
            let data = given.isEmpty ? Data("{}".utf8) : given
            let names = (try JSONSerialization.jsonObject(with: data) as? [String: Any])?.keys
            if let unknown = names?.sorted().first(where: { !fields.contains($0) }) {
                throw HTTPError(
                    .badRequest,
                    message:
                        "unknown field '\(unknown)'; known are \(fields.joined(separator: ", "))")
            }
            return try decoder.decode(type, from: data)
        } catch let error as HTTPError {
            throw error
        } catch let DecodingError.keyNotFound(key, _) {
            throw HTTPError(.badRequest, message: "the body lacks '\(key.stringValue)'")
        } catch let DecodingError.typeMismatch(_, context) {
            let name = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw HTTPError(.badRequest, message: "'\(name)' has the wrong type")
        } catch {
            throw HTTPError(.badRequest, message: "the body is not a JSON object")
        }
    }

    /// Runs work that waits for the store on a thread of its own, not on an event loop.
    private static func answer<T: Encodable & Sendable>(
        status: HTTPResponse.Status = .ok, _ work: @escaping @Sendable () throws -> T
    ) async throws -> Response {
        let result = await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: Result { try work() }) }
        }
        switch result {
        case .success(let value):
            return text(try Operations.json(value) + "\n", status: status, type: "application/json")
        case .failure(let error as OperationError):
            let code: HTTPResponse.Status =
                switch error {
                case .unknown: .notFound
                case .invalid: .badRequest
                case .store(let fault):
                    Self.status(of: fault)
                }
            throw HTTPError(code, message: "\(error)")
        case .failure(let error): throw error
        }
    }

    private static func number(_ name: String, in request: Request) throws -> Int64? {
        guard let text = request.uri.queryParameters[Substring(name)] else { return nil }
        guard let number = Int64(text), number >= 0 else {
            throw HTTPError(.badRequest, message: "\(name) is a whole number")
        }
        return number
    }

    private static func status(of fault: StoreError) -> HTTPResponse.Status {
        switch fault {
        case .unknown: .notFound
        case .unusable: .badRequest
        case .exists, .conflict, .alreadyDecided: .conflict
        default: .serviceUnavailable
        }
    }

    private static func text(
        _ text: String, status: HTTPResponse.Status = .ok, type: String = "text/plain"
    ) -> Response {
        Response(
            status: status, headers: [.contentType: type, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}

/// Lets requests through that bear the operators' token.
struct TokenCheck<Context: RequestContext>: RouterMiddleware {
    let token: [UInt8]

    func handle(
        _ request: Request, context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let value = request.headers[.authorization] ?? ""
        let given = Array(value.utf8)
        let expected = Array("Bearer ".utf8) + token
        // The length is no secret; the rest takes the same time whatever differs.
        guard given.count == expected.count,
            given.withUnsafeBytes({ given in
                expected.withUnsafeBytes {
                    CRYPTO_memcmp(given.baseAddress, $0.baseAddress, $0.count)
                }
            }) == 0
        else {
            throw HTTPError(.unauthorized, message: "send the operators' token as a bearer token")
        }
        return try await next(request, context)
    }
}
