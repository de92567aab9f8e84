import Detection
import Enforcement
import Foundation
import Logging
import NIOCore
import Store
import Synchronization

/// Brings what the store says to every worker, some times a second, and what workers decided to the store.
final class Refresher: @unchecked Sendable {
    // Used by one thread, the one that calls `refresh`.

    /// From one look at the store to the next, seconds.
    static let interval = 0.5
    private static let page = 5000

    private let store: Store
    private let workers: [Worker]
    private let gateway: String
    private let journal: DecisionJournal
    private let metrics: Metrics
    private let log: Logger
    private var seen: [Topic: Int64] = [:]
    private var principals: [String: AccountRow] = [:]
    private var keyRows: [String: [KeyRow]] = [:]
    private let policyFile: PolicyFile?
    private var hasFailed = false
    private var isFirst = true
    /// What was wrong with the policy when it was read last.
    private var policyFault: SettingsError?

    init(
        store: Store, workers: [Worker], gateway: String, journal: DecisionJournal,
        metrics: Metrics, policyFile: PolicyFile?, log: Logger
    ) {
        self.store = store
        self.workers = workers
        self.gateway = gateway
        self.journal = journal
        self.metrics = metrics
        self.policyFile = policyFile
        self.log = log
    }

    /// Looks once. Errors of the store leave everything as it was known.
    func refresh() {
        do throws(StoreError) {
            try look()
            if hasFailed {
                hasFailed = false
                log.notice("the store can be reached again")
            }
        } catch {
            metrics.storeFailures.add()
            if !hasFailed { log.error("the store cannot be used: \(error)") }
            hasFailed = true
        }
    }

    /// Looks once, at the policy's file too where it is as it was.
    /// - Returns: what is wrong with the policy.
    func reloadPolicy() -> SettingsError? {
        policyFile?.forget()
        policyFault = nil
        refresh()
        return policyFault
    }

    private func look() throws(StoreError) {
        let revisions = try store.revisions()
        var change = KnowledgeChange()
        func isNew(_ topic: Topic) -> Bool { (revisions[topic] ?? 0) > (seen[topic] ?? 0) }
        if isNew(.accounts) { change.accounts = try accounts() }
        if isNew(.keys) { try keys(into: &change) }
        if !change.accounts.isEmpty { renewPrincipals(of: change.accounts, in: &change) }
        if isNew(.verdicts) { change.verdicts = try verdicts() }
        if isNew(.blocks) {
            change.blocked = try store.blockedAccounts(changedAfter: seen[.blocks] ?? 0)
            seen[.blocks] = change.blocked.map(\.revision).max() ?? revisions[.blocks]
        }
        if isNew(.switches) {
            change.switches = try store.switches(changedAfter: seen[.switches] ?? 0)
            seen[.switches] = change.switches.map(\.revision).max() ?? revisions[.switches]
        }
        if isNew(.approvals) {
            change.approvals = try store.approvals(changedAfter: seen[.approvals] ?? 0)
            seen[.approvals] = change.approvals.map(\.revision).max() ?? revisions[.approvals]
        }
        if let policyFile {
            do throws(SettingsError) {
                if let policy = try policyFile.readIfChanged() {
                    change.policy = policy
                    log.notice("the policy was read anew")
                }
            } catch {
                policyFault = error
                log.error("\(error); the policy in force stays")
            }
        }
        change.isFirst = isFirst
        isFirst = false
        deliver(change)
        try tellJournal()
    }

    private func accounts() throws(StoreError) -> [AccountRow] {
        var rows: [AccountRow] = []
        while true {
            let page = try store.accounts(
                changedAfter: seen[.accounts] ?? 0, limit: Self.page)
            rows += page
            guard let last = page.map(\.revision).max() else { break }
            seen[.accounts] = last
            if page.count < Self.page { break }
        }
        for row in rows { principals[row.id] = row }
        return rows
    }

    private func verdicts() throws(StoreError) -> [VerdictRow] {
        var rows: [VerdictRow] = []
        while true {
            let page = try store.verdicts(changedAfter: seen[.verdicts] ?? 0, limit: Self.page)
            rows += page
            guard let last = page.map(\.revision).max() else { break }
            seen[.verdicts] = last
            if page.count < Self.page { break }
        }
        return rows
    }

    private func keys(into change: inout KnowledgeChange) throws(StoreError) {
        let rows = try store.keys(changedAfter: seen[.keys] ?? 0)
        for row in rows {
            keyRows[row.account, default: []].removeAll { $0.id == row.id }
            keyRows[row.account, default: []].append(row)
            if let entry = entry(row) { change.keys.append(entry) }
        }
        if let last = rows.map(\.revision).max() { seen[.keys] = last }
    }

    private func renewPrincipals(of accounts: [AccountRow], in change: inout KnowledgeChange) {
        for account in accounts {
            for row in keyRows[account.id] ?? [] {
                if let entry = entry(row) { change.keys.append(entry) }
            }
        }
    }

    private func entry(_ row: KeyRow) -> KeyRing.Entry? {
        guard let identifier = KeyIdentifier(row.id), let digest = try? KeyDigest(row.digest) else {
            log.error(
                "a key in the store is damaged and is not accepted", metadata: ["key": "\(row.id)"])
            return nil
        }
        let account = principals[row.account]
        return KeyRing.Entry(
            identifier: identifier, digest: digest,
            principal: Principal(
                keyID: row.id, account: row.account, organization: account?.organization ?? "",
                plan: account?.plan ?? "", country: account?.country ?? "",
                nationality: account?.nationality ?? "", contract: account?.contract ?? "",
                isTrusted: account?.trusted ?? false),
            expires: row.expires, revoked: row.revoked)
    }

    private func deliver(_ change: KnowledgeChange) {
        guard !change.isEmpty else { return }
        let group = DispatchGroup()
        for worker in workers {
            group.enter()
            worker.loop.execute {
                worker.apply(change)
                group.leave()
            }
        }
        // Once every worker has it, no request can pass any more that was decided without it.
        group.wait()
        let inForce = Moment.nowMicroseconds()
        for row in change.switches {
            do throws(StoreError) {
                try store.acknowledge(
                    switch: row.id, revision: row.revision, gateway: gateway, at: inForce)
            } catch {
                log.error("a switch is in force, but that could not be noted: \(error)")
            }
        }
    }

    private func tellJournal() throws(StoreError) {
        let (entries, approvals) = journal.take()
        guard !entries.isEmpty || !approvals.isEmpty else { return }
        do throws(StoreError) {
            for approval in approvals {
                _ = try store.request(
                    ApprovalRow(
                        id: approval.id, rule: approval.rule, stage: approval.stage,
                        scope: approval.scope, subject: approval.subject,
                        action: approval.action, requested: Moment.nowMicroseconds()),
                    actor: "policy")
            }
            if !entries.isEmpty { _ = try store.append(entries) }
        } catch {
            journal.giveBack(entries: entries, approvals: approvals)
            throw error
        }
    }
}
