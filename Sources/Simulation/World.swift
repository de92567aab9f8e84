import Foundation

/// Makes labelled worlds: logs of innocent accounts and of campaigns, with the truth about each account.
public struct World {
    /// Writes `exchanges.jsonl` in event-time order, `accounts.csv` and `labels.csv` into `settings.out`.
    ///
    /// The same settings and corpus give the same bytes. Memory grows with the number of exchanges by about 80 bytes
    /// each, and with the corpus.
    /// - Parameter progress: called with the number of exchanges written so far, every 10,000.
    /// - Throws: when the settings contradict themselves, the corpus is unusable or a file cannot be written.
    public static func write(_ settings: WorldSettings, progress: ((Int) -> Void)? = nil)
        throws(SimulationError) -> WorldSummary
    {
        try settings.validate()
        let kinds = try settings.campaignKinds()
        let pool = TextPool()
        let corpus: Corpus
        if let folder = settings.corpus {
            corpus = try CorpusReader(folder: folder, pool: pool).read()
        } else {
            let size = min(12_000, max(150, settings.accounts * 3))
            corpus = Grammar(pool: pool, seed: settings.seed).corpus(size: size)
        }
        let plan = makePlan(settings, corpus, pool, kinds)
        do {
            try FileManager.default.createDirectory(
                atPath: settings.out, withIntermediateDirectories: true)
        } catch {
            throw .unwritable(path: settings.out)
        }
        return try WorldFiles(plan).write(progress)
    }

    /// Plans once for natural volumes, or with scaled volumes until the total is close to the one asked for.
    private static func makePlan(
        _ settings: WorldSettings, _ corpus: Corpus, _ pool: TextPool, _ kinds: [CampaignKind]
    ) -> WorldPlan {
        var honest = 1.0
        var campaign = 1.0
        guard let wanted = settings.exchanges ?? settings.innocentExchanges else {
            return fill(settings, corpus, pool, kinds, honest, campaign)
        }
        // Nine requests an account and day are usual; a close first guess saves planning a large world in vain.
        honest = min(1, max(0.002, Double(wanted) / Double(settings.accounts * settings.days * 9)))
        var plan = fill(settings, corpus, pool, kinds, honest, campaign)
        for _ in 0..<3 {
            let byCampaigns = plan.events.count { plan.isCampaign($0) }
            let byHonest = plan.events.count - byCampaigns
            let total = Double(wanted)
            if settings.innocentExchanges != nil {
                if abs(Double(byHonest) - total) < 0.1 * total { return plan }
                honest *= min(50, max(0.002, total / Double(max(1, byHonest))))
                plan = fill(settings, corpus, pool, kinds, honest, campaign)
                continue
            }
            if abs(Double(plan.events.count) - total) < 0.03 * total { return plan }
            // Campaigns keep their natural volume unless that would leave less than half for the innocent.
            let unscaled = Double(byCampaigns) / campaign
            campaign = min(1, 0.5 * total / max(1, unscaled))
            let left = total - unscaled * campaign
            honest *= min(50, max(0.002, left / Double(max(1, byHonest))))
            plan = fill(settings, corpus, pool, kinds, honest, campaign)
        }
        return plan
    }

    private static func fill(
        _ settings: WorldSettings, _ corpus: Corpus, _ pool: TextPool, _ kinds: [CampaignKind],
        _ honest: Double, _ campaign: Double
    ) -> WorldPlan {
        let plan = WorldPlan(
            settings, corpus: corpus, pool: pool, honestScale: honest, campaignScale: campaign)
        plan.addInnocents()
        plan.addCampaigns(kinds)
        plan.sortEvents()
        return plan
    }
}

extension WorldPlan {
    func isCampaign(_ event: Event) -> Bool {
        !accounts[Int(sessions[Int(event.session)].account)].campaign.isEmpty
    }

    /// By time; requests of the same millisecond in the order they were planned.
    func sortEvents() {
        var order = events.indices.map { (events[$0].time, Int32($0)) }
        order.sort { $0 < $1 }
        events = order.map { events[Int($0.1)] }
    }
}
