/// How the innocent accounts of a world divide into classes.
struct InnocentShares {
    /// Look-alike groups: the share of all accounts and the least number. Individuals take the rest.
    static let groups: [(kind: InnocentClass, share: Double, least: Int)] = [
        (.company, 0.085, 6), (.openSourceTool, 0.08, 8), (.course, 0.03, 5),
        (.classroom, 0.025, 5), (.vendorKeys, 0.03, 5), (.carrierNAT, 0.025, 3),
        (.vpnExit, 0.025, 3), (.viralPrompt, 0.02, 4), (.freeAccounts, 0.0075, 5),
        (.benchmark, 0.004, 1), (.nightlyEvaluation, 0.004, 1), (.pipeline, 0.005, 1),
        (.chatProduct, 0.004, 1), (.aggregator, 0.0015, 1), (.licensedSynthetic, 0.0015, 1),
        (.fallbackRouter, 0.002, 1), (.embeddingBackfill, 0.002, 1), (.driftMonitor, 0.002, 1),
        (.reasoningAudit, 0.002, 1), (.modelJudge, 0.004, 1),
        (.deviceFleet, 0.015, 3), (.callCentre, 0.015, 3), (.hackathon, 0.02, 3),
        (.workspaceBot, 0.02, 3),
    ]

    /// Individuals: their share of what groups leave.
    static let individuals: [(kind: InnocentClass, share: Double)] = [
        (.hobby, 0.40), (.developer, 0.25), (.student, 0.13), (.oneOff, 0.12), (.agentUser, 0.07),
        (.powerUser, 0.03),
    ]

    /// The number of accounts of each class; together `total`.
    static func counts(total: Int) -> [InnocentClass: Int] {
        var counts: [InnocentClass: Int] = [:]
        var left = total
        for (kind, share, least) in groups {
            // A tiny world keeps room for individuals.
            let wanted = max(min(least, max(1, total / 12)), Int((Double(total) * share).rounded()))
            let count = max(1, min(wanted, left - individuals.count))
            counts[kind] = count
            left -= count
        }
        let rest = left
        for (kind, share) in individuals.dropFirst() {
            let count = max(1, Int(Double(rest) * share))
            counts[kind] = count
            left -= count
        }
        counts[.hobby] = max(1, left)
        return counts
    }
}

extension WorldPlan {
    /// Fills the world with every innocent class that is not left out.
    func addInnocents() {
        let counts = InnocentShares.counts(total: settings.accounts)
        for kind in InnocentClass.allCases where !settings.withoutClasses.contains(kind) {
            let group = addGroup(kind.rawValue, isCampaign: false)
            let count = counts[kind] ?? 0
            var random = random("innocent/" + kind.rawValue)
            switch kind {
            case .hobby, .developer, .student, .powerUser, .oneOff, .agentUser:
                for _ in 0..<count { addIndividual(kind, group, &random) }
            case .company: addCompanies(group, count, &random)
            case .classroom: addClassrooms(group, count, &random)
            case .course: addCourse(group, count, &random)
            case .carrierNAT: addStrangersBehindCarrier(group, count, &random)
            case .vpnExit: addStrangersBehindVPN(group, count, &random)
            case .viralPrompt: addViralPrompt(group, count, &random)
            case .freeAccounts: addFreeAccounts(group, count, &random)
            case .openSourceTool: addOpenSourceTools(group, count, &random)
            case .vendorKeys: addVendors(group, count, &random)
            case .benchmark: addBenchmarks(group, count, &random)
            case .nightlyEvaluation: addNightlyEvaluations(group, count, &random)
            case .pipeline: addPipelines(group, count, &random)
            case .chatProduct: addChatProducts(group, count, &random)
            case .aggregator: addAggregators(group, count, &random)
            case .licensedSynthetic: addLicensedSynthesis(group, count, &random)
            case .fallbackRouter: addFallbackRouters(group, count, &random)
            case .embeddingBackfill: addEmbeddingBackfills(group, count, &random)
            case .driftMonitor: addDriftMonitors(group, count, &random)
            case .reasoningAudit: addReasoningAudits(group, count, &random)
            case .modelJudge: addModelJudges(group, count, &random)
            case .deviceFleet: addDeviceFleets(group, count, &random)
            case .callCentre: addCallCentres(group, count, &random)
            case .hackathon: addHackathon(group, count, &random)
            case .workspaceBot: addWorkspaceBots(group, count, &random)
            }
        }
    }
}
