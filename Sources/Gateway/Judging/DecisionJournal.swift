import Enforcement
import Store
import Synchronization

/// Decisions on their way from workers to the store: each new one of an account once, since every request's own stands in
/// the exchange log.
final class DecisionJournal: Sendable {
    private struct Contents {
        var last: [String: String] = [:]
        var entries: [AuditEntry] = []
        var approvals: Set<PendingApproval> = []
        var asked: Set<String> = []
    }

    private static let mostAccounts = 1 << 20
    private static let mostEntries = 1 << 16
    private let contents = Mutex(Contents())

    /// Notes what was decided for a request.
    func note(_ account: String, _ decision: Decision) {
        let text =
            "{\"gate\":\"\(Self.name(decision.gate))\",\"rules\":\(Self.list(decision.matched)),"
            + "\"changes\":\(!decision.changes.isEmpty),"
            + "\"shadow\":\"\(Self.name(decision.shadowed.gate))\","
            + "\"shadow_rules\":\(Self.list(decision.shadowed.rules)),"
            + "\"pending\":\(Self.list(decision.pendingApprovals.map(\.id)))}"
        contents.withLock { contents in
            for approval in decision.pendingApprovals where !contents.asked.contains(approval.id) {
                contents.asked.insert(approval.id)
                contents.approvals.insert(approval)
            }
            if contents.last[account] == text { return }
            if contents.last.count >= Self.mostAccounts { contents.last = [:] }
            contents.last[account] = text
            guard contents.entries.count < Self.mostEntries else { return }
            contents.entries.append(
                AuditEntry(
                    kind: "policy.decision", actor: "policy", subject: account, detail: text,
                    at: Moment.nowMicroseconds()))
        }
    }

    private static func list(_ names: [String]) -> String {
        "[" + names.map(APIError.quoted).joined(separator: ",") + "]"
    }

    private static func name(_ gate: Gate) -> String {
        switch gate {
        case .allow: "allow"
        case .log: "log"
        case .throttle: "throttle"
        case .challenge: "challenge"
        case .block: "block"
        }
    }

    /// What is new; the caller gives it back if it cannot be stored.
    func take() -> (entries: [AuditEntry], approvals: [PendingApproval]) {
        contents.withLock { contents in
            defer {
                contents.entries = []
                contents.approvals = []
            }
            return (contents.entries, contents.approvals.sorted { $0.id < $1.id })
        }
    }

    /// Takes back what could not be stored.
    func giveBack(entries: [AuditEntry], approvals: [PendingApproval]) {
        contents.withLock { contents in
            contents.entries = entries + contents.entries
            contents.approvals.formUnion(approvals)
        }
    }
}
