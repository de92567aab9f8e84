import Foundation

extension Score {
    /// The score as text for a terminal: totals, campaigns, then innocent classes with any accusation first.
    public func table() -> String {
        var text = """
            accounts \(accounts)  guilty \(guilty)  accused \(accused)  suspicious \(suspicious)
            precision \(Self.decimal(precision))  recall \(Self.decimal(recall))  \
            false accusations \(falselyAccused) (\(Self.decimal(falsePositiveRate * 100, 3)) %)  \
            AUROC \(Self.decimal(auroc))

            """
        if withoutVerdict > 0 { text += "accounts without a verdict: \(withoutVerdict)\n" }
        if unlabelled > 0 { text += "verdicts without a label: \(unlabelled)\n" }
        if !campaigns.isEmpty {
            text += "\n"
            text += Self.row(["campaign", "accounts", "recall", "reported", "coverage", "purity"])
            for campaign in campaigns {
                text += Self.row([
                    campaign.name, String(campaign.accounts), Self.decimal(campaign.recall),
                    campaign.bestReportedCampaign.isEmpty ? "-" : campaign.bestReportedCampaign,
                    Self.decimal(campaign.coverage), Self.decimal(campaign.purity),
                ])
            }
        }
        text += "\n"
        text += Self.row(["innocent class", "accounts", "accused", "suspicious"])
        let worst = falseAccusations.sorted {
            ($1.accused, $1.suspicious, $0.class) < ($0.accused, $0.suspicious, $1.class)
        }
        for found in worst {
            text += Self.row([
                found.class, String(found.accounts), String(found.accused),
                String(found.suspicious),
            ])
        }
        return text
    }

    private static func decimal(_ value: Double, _ digits: Int = 4) -> String {
        String(format: "%.\(digits)f", value)
    }

    private static func row(_ cells: [String]) -> String {
        var line = ""
        for (index, cell) in cells.enumerated() {
            let width = index == 0 ? 28 : 12
            let gap = String(repeating: " ", count: max(1, width - cell.count))
            line += index == 0 ? cell + gap : gap + cell
        }
        return line + "\n"
    }
}
