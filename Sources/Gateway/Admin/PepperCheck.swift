import Enforcement
import Store

/// Whether the pepper is the one that the store's keys were made with; another one would refuse every key.
enum PepperCheck {
    private static let kind = "pepper.check"
    /// Two gateways may start at once, and each may note its pepper before it sees the other's.
    private static let entries = 16

    static func run(_ store: Store, _ pepper: KeyPepper) throws {
        let label = Array("stillwatch pepper check, version 1".utf8)
        let own = APIError.quoted(
            String(decoding: label.withUnsafeBytes { pepper.textDigest(of: $0) }, as: UTF8.self))
        var first = try store.audit(after: 0, limit: entries).first { $0.kind == kind }
        if first == nil {
            _ = try store.append(
                kind: kind, actor: "gateway", subject: "pepper", detail: own,
                at: Moment.nowMicroseconds())
            first = try store.audit(after: 0, limit: entries).first { $0.kind == kind }
        }
        guard first?.detail == own else {
            throw GatewayError.setting(
                "the pepper is not the one that \(store.name) was begun with, so no key would be accepted: "
                    + "gateways that share a store need the same pepper_file")
        }
    }
}
