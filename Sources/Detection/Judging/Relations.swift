/// Finds campaigns that belong together: one rises as another is blocked, or both show the same rare artefact.
struct Relations {
    let population: Population

    /// Two pools of one operator ask the same kind of thing.
    private static let similarContent: Float = 0.5

    func connect(_ campaigns: inout [JudgedGroup], decisions: [Judge.Decision]) {
        let centroids = decisions.map { population.content.centroid(of: $0.candidate.members) }
        for a in campaigns.indices {
            for b in campaigns.indices where a != b {
                if let relation = failover(
                    from: decisions[a].candidate.members, to: decisions[b].candidate.members,
                    cosine: ContentSpace.dot(centroids[a], centroids[b]))
                {
                    campaigns[a].relations.append(
                        CampaignRelation(
                            campaign: campaigns[b].id, kind: "failover",
                            reason: "\(campaigns[b].id) takes over: \(relation)"))
                    campaigns[b].relations.append(
                        CampaignRelation(
                            campaign: campaigns[a].id, kind: "failover",
                            reason: "takes over from \(campaigns[a].id): \(relation)"))
                } else if a < b, let artefact = common(campaigns[a], campaigns[b]) {
                    for (own, other) in [(a, b), (b, a)] {
                        campaigns[own].relations.append(
                            CampaignRelation(
                                campaign: campaigns[other].id, kind: "shared_artefact",
                                reason: "both show the same \(artefact.replacing("_", with: " "))"))
                    }
                }
            }
        }
    }

    private func failover(from a: [Int], to b: [Int], cosine: Float) -> String? {
        guard cosine > Self.similarContent else { return nil }
        let end = Statistics.median(
            a.map { Double(population.profiles.head(at: $0).lastMicroseconds) / Population.day })
        let start = Statistics.median(
            b.map { Double(population.profiles.head(at: $0).firstMicroseconds) / Population.day })
        guard abs(start - end) < 2 else { return nil }
        let first = a.map { account in
            let profile = population.profiles[account]
            return (refused: Double(profile.refused), exchanges: Double(profile.exchanges))
        }
        let refused = first.reduce(0.0) { $0 + $1.refused }
        let total = first.reduce(0.0) { $0 + $1.exchanges }
        // Within two days, and with refusals beyond what every busy account sees.
        guard refused / max(1, total) > 0.01 else { return nil }
        return
            "same content, first exchanges within two days of the other's last, of which \(Explanations.percent(refused / max(1, total))) were refused"
    }

    private func common(_ a: JudgedGroup, _ b: JudgedGroup) -> String? {
        let own = Set(a.sharedArtefacts.map { $0.kind + "\u{0}" + $0.value })
        return b.sharedArtefacts.first { artefact in
            guard let kind = ArtefactKind(rawValue: artefact.kind) else { return false }
            return (kind.isIdentity || kind.isText || kind == .signature)
                && own.contains(artefact.kind + "\u{0}" + artefact.value)
        }?.kind
    }
}
