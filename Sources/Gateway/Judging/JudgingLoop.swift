import Detection
import Dispatch
import Enforcement
import Foundation
import Logging
import Sketches
import Store
import Synchronization

/// Brings profiles to the store, and judges what all gateways have brought.
///
/// Every gateway brings its own profiles; one of them, whoever holds the lease, judges for all.
final class JudgingLoop: @unchecked Sendable {
    // Used by one thread, the one that calls `flush` and `judge`.

    private let store: Store
    private let writer: LogWriter
    private let budgets: Budgets
    private let settings: GatewaySettings
    private let gateway: String
    private let metrics: Metrics
    private let log: Logger
    /// Profiles that could not be brought yet.
    private var unbrought: [(day: Int, profiles: ProfileSet)] = []
    private var broughtPosition: LogPosition?
    /// What the store has, by day.
    private var days: [Int: [String: [UInt8]]] = [:]
    private var sets: [Int: ProfileSet] = [:]
    private var seen: Int64 = 0
    private var held: HeldFindings
    private static let page = 2000

    init(
        store: Store, writer: LogWriter, budgets: Budgets, settings: GatewaySettings,
        gateway: String, metrics: Metrics, log: Logger
    ) {
        self.store = store
        self.writer = writer
        self.budgets = budgets
        self.settings = settings
        self.gateway = gateway
        self.metrics = metrics
        self.log = log
        held = HeldFindings(
            seconds: settings.holdSeconds, confirmations: settings.confirmations)
    }

    /// Brings what was written since the last time to the store, with the place in the log up to which it goes and the
    /// budgets of that moment: one transaction, so that a gateway that is killed goes on exactly from there.
    func flush() {
        let done = DispatchSemaphore(value: 0)
        let taken = Mutex<(DayTables, LogPosition)?>(nil)
        writer.takeProfiles { tables, position in
            taken.withLock { $0 = (tables, position) }
            done.signal()
        }
        done.wait()
        guard let (tables, position) = taken.withLock({ $0 }) else { return }
        for (day, profiles) in tables.take(threads: 1) { unbrought.append((day, profiles)) }
        if unbrought.isEmpty, position == broughtPosition { return }
        do throws(StoreError) {
            try bring(position)
            unbrought = []
            broughtPosition = position
        } catch {
            metrics.storeFailures.add()
            log.error("profiles cannot be stored and are kept in memory: \(error)")
        }
    }

    private func bring(_ position: LogPosition) throws(StoreError) {
        var batch: [(day: Int, account: String, bytes: [UInt8])] = []
        for (day, profiles) in unbrought {
            for index in profiles.indices {
                let account = String(decoding: profiles.head(at: index).account, as: UTF8.self)
                batch.append((day, account, Array(profiles.bytes(at: index))))
            }
        }
        let saved: [CounterRow]
        switch budgets {
        case .own(let book):
            saved = book.counters(now: Moment.nowMicroseconds()).map {
                CounterRow(key: $0.key, level: $0.level, updated: $0.updated)
            }
        case .shared: saved = []
        }
        try store.addProfiles(
            batch, gateway: gateway, position: position, counters: saved, merge: Self.merged)
    }

    /// Two serialised profiles of one account as one.
    private static func merged(_ stored: [UInt8], _ new: [UInt8]) throws -> [UInt8] {
        var storedReader = ByteReader(stored)
        var newReader = ByteReader(new)
        var profile = try AccountProfile(from: &storedReader)
        profile.merge(try AccountProfile(from: &newReader))
        var writer = ByteWriter()
        profile.write(to: &writer)
        return writer.bytes
    }

    /// Judges, if this gateway is the one to do it.
    /// - Returns: whether it did.
    @discardableResult
    func judge() -> Bool {
        do throws(StoreError) {
            let seconds = Int(max(30, settings.judgeSeconds * 3))
            guard
                try store.lease(
                    name: "judge", holder: gateway, seconds: seconds,
                    now: Moment.nowMicroseconds())
            else { return false }
            guard try load() else { return true }
            try publish(judgement())
            metrics.judgements.add()
            return true
        } catch {
            metrics.storeFailures.add()
            log.error("accounts cannot be judged: \(error)")
            return false
        }
    }

    /// Reads what has changed.
    /// - Returns: whether anything has.
    private func load() throws(StoreError) -> Bool {
        var isNew = false
        while true {
            let rows = try store.profiles(changedAfter: seen, limit: Self.page)
            for row in rows {
                days[row.day, default: [:]][row.account] = row.bytes
                sets[row.day] = nil
                seen = max(seen, row.revision)
                isNew = true
            }
            if rows.count < Self.page { break }
        }
        guard let newest = days.keys.max() else { return false }
        let first = newest - settings.windowDays + 1
        for day in days.keys where day < first {
            days[day] = nil
            sets[day] = nil
        }
        if isNew { try store.deleteProfiles(before: first) }
        return isNew
    }

    private func judgement() -> Judgement {
        for (day, profiles) in days where sets[day] == nil {
            var builder = ProfileSet.Builder()
            for (_, bytes) in profiles {
                var reader = ByteReader(bytes)
                do throws(ByteCodingError) {
                    builder.add(try AccountProfile(from: &reader))
                } catch {
                    log.error("a profile in the store is damaged and is left out")
                }
            }
            sets[day] = builder.finish()
        }
        let merged = ProfileSet.merged(sets.sorted { $0.key < $1.key }.map(\.value))
        return Judge(settings: JudgeSettings(fdr: settings.fdr, threads: settings.threads))
            .judge(merged)
    }

    private func publish(_ judgement: Judgement) throws(StoreError) {
        let names = try CampaignNames(store: store).names(for: judgement.campaigns)
        let now = Moment.nowMicroseconds()
        var renamed: [String: String] = [:]
        var campaigns: [CampaignRow] = []
        for (group, name) in zip(judgement.campaigns, names) {
            renamed[group.id] = name
            campaigns.append(
                CampaignRow(
                    id: name, verdict: group.verdict.rawValue, members: group.members.count,
                    exchanges: Int64(group.exchanges), qValue: group.qValue,
                    detail: Self.detail(group)))
        }
        let found = judgement.accounts.map { account in
            VerdictRow(
                account: account.account, verdict: account.verdict.rawValue, score: account.score,
                pValue: account.pValue, qValue: account.qValue,
                campaign: account.campaign.flatMap { renamed[$0] },
                indicators: IndicatorNames.write(account.indicators.map(\.name)),
                firstFlagged: account.firstFlaggedMicroseconds)
        }
        if !held.isLoaded { try held.load(from: store, now: now) }
        let (verdicts, all) = held.keep(found, campaigns, now: now)
        let accused = verdicts.count { $0.verdict == Verdict.distillation.rawValue }
        let written = try store.putJudgement(verdicts: verdicts, campaigns: all, at: now)
        metrics.accusedAccounts.set(accused)
        if written.verdicts > 0 {
            log.notice(
                "judged",
                metadata: [
                    "accounts": "\(verdicts.count)", "campaigns": "\(all.count)",
                    "accused": "\(accused)", "changed": "\(written.verdicts)",
                ])
        }
    }

    private static func detail(_ group: JudgedGroup) -> String {
        let indicators = group.indicators.map { indicator in
            "{\"name\":\(APIError.quoted(indicator.name)),\"value\":\(finite(indicator.value)),"
                + "\"threshold\":\(finite(indicator.threshold)),"
                + "\"p_value\":\(indicator.pValue.map(finite) ?? "null")}"
        }
        return "{\"indicators\":[\(indicators.joined(separator: ","))],"
            + "\"output_tokens\":\(group.outputTokens),\"p_value\":\(finite(group.pValue))}"
    }

    private static func finite(_ value: Double) -> String { value.isFinite ? "\(value)" : "null" }
}

/// Names of campaigns that stay from one judgement to the next.
struct CampaignNames {
    let store: Store

    /// A group goes on from the campaign it shares most accounts with, if that is at least half of the smaller one; others
    /// get the next number. Stronger groups choose first.
    func names(for groups: [JudgedGroup]) throws(StoreError) -> [String] {
        let known = try store.campaigns()
        var largest = 0
        var owners: [String: String] = [:]
        var sizes: [String: Int] = [:]
        for campaign in known {
            largest = max(largest, Int(campaign.id.dropFirst(2)) ?? 0)
            guard campaign.ended == nil else { continue }
            let members = try store.members(of: campaign.id)
            sizes[campaign.id] = members.count
            for member in members { owners[member] = campaign.id }
        }
        var taken: Set<String> = []
        return groups.map { group in
            var shared: [String: Int] = [:]
            for member in group.members {
                if let owner = owners[member.account] { shared[owner, default: 0] += 1 }
            }
            let best = shared.filter { name, count in
                !taken.contains(name)
                    && count * 2 >= min(group.members.count, sizes[name] ?? 0)
            }.max { ($0.value, $1.key) < ($1.value, $0.key) }
            if let best {
                taken.insert(best.key)
                return best.key
            }
            largest += 1
            let digits = String(largest)
            return "C-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        }
    }
}
